"""How much each user has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lyncdr_helpers.contacts.dbimpexp import read_export
from lyncdr_helpers.contacts.inventory import Holding, holdings
from lyncdr_helpers.contacts.lists import ContactList, Group, address

Export = Callable[..., Path]
"""The fixture `export`: writes HomedResources into a file."""


def test_counts(export: Export, ana: str) -> None:
    """Contacts, own groups and distribution groups are counted apart, and the digest is the list's."""
    (found,) = read_export(export(ana))
    mirrored = ContactList("eva@x.test", (Group(1, "~"), Group(2, "All", "all@x.test")), (), b"<x></x>")
    assert list(holdings([found, mirrored])) == [
        Holding("ana@example.test", 2, 2, 0, found.digest),
        Holding("eva@x.test", 0, 1, 1, mirrored.digest),
    ]


def test_digest(export: Export, ana: str) -> None:
    """An unknown attribute changes the digest, the order of attributes does not."""
    (plain,) = read_export(export(ana))
    (marked,) = read_export(export(ana.replace("<Contacts>", '<Contacts New="1">')))
    swapped = ana.replace('Number="1" DisplayName="fg=="', 'DisplayName="fg==" Number="1"')
    (reordered,) = read_export(export(swapped))
    assert marked.digest != plain.digest == reordered.digest


def test_address() -> None:
    """An address has one spelling, with or without its scheme."""
    assert address(" SIP:Ana@Example.test ") == address("ana@example.test") == "ana@example.test"
