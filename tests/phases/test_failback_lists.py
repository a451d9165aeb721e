"""Everybody's three lists: whoever's are all the same costs nothing but a look at three digests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE
from lyncdr_helpers.contacts.lists import Contact, ContactList, Group
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.phases import failback_lists
from lyncdr_helpers.phases.failback_lists import Export, Exports

ALIKE, CHANGED = "alike@x.test", "changed@x.test"
BEGIN = f'<?xml version="1.0" encoding="utf-8"?><HomedResources xmlns="{NAMESPACE}">'.encode()
UNREADABLE = b'<HomedResource UserAtHost="alike@x.test"><Contacts><Contact Buddy=""/></Contacts></HomedResource>'
"""Its document is whole, and no list: whoever reads it is told so."""


def listed(user: str, *buddies: str) -> ContactList:
    return render(user, [Group(1, "~")], [Contact(buddy) for buddy in buddies])


def export(path: Path, lists: Iterable[ContactList]) -> Export:
    """What its manifest would know of it; in the file nobody can read the list of ALIKE."""
    found = list(lists)
    texts = [UNREADABLE if one.user == ALIKE else one.element for one in found]
    path.write_bytes(BEGIN + b"".join(texts) + b"</HomedResources>")
    return Export(path, {one.user: (one.digest, len(one.contacts)) for one in found})


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    alike, changed = listed(ALIKE, "ben@x.test"), listed(CHANGED, "ben@x.test")
    base = export(tmp_path / "base.xml", [alike, changed])
    dr = export(tmp_path / "dr.xml", [alike, listed(CHANGED, "ben@x.test", "eve@x.test")])
    return Exports(base, (dr,), export(tmp_path / "primary.xml", [alike, changed]))


def test_who_changed_nothing_is_not_parsed(exports: Exports) -> None:
    """Their list cannot be read in any of the three files, and nobody minds; who changed something is read whole."""
    found = failback_lists.compare(exports, [ALIKE, CHANGED])
    assert found.digests[ALIKE] == exports.base.held[ALIKE][0]
    assert found.contacts == {ALIKE: 1, CHANGED: 2}
    assert [(one.user, str(one.what), one.name) for one in found.differences if one.kind == "contact"] == [
        (CHANGED, "added in DR", "eve@x.test")
    ]


def test_a_file_of_which_nothing_is_known_is_read(exports: Exports) -> None:
    """So the list that nobody can read would be missed: it is in what was exported, and in nothing that is known."""
    assert failback_lists.read(exports.base.path).held.keys() == {CHANGED}


def test_an_export_that_was_cut_off(tmp_path: Path) -> None:
    """It is of no use, and says so."""
    path = tmp_path / "cut.xml"
    path.write_bytes(BEGIN + listed(CHANGED, "ben@x.test").element)
    with pytest.raises(OperationError, match="of no use"):
        failback_lists.read(path)
