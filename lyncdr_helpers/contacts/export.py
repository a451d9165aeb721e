"""A pool's exported contact lists, whichever generation wrote them: dbimpexp's .xml, or Export-CsUserData's .zip."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from lyncdr_helpers.contacts import dbimpexp, inventory, slices, userdata
from lyncdr_helpers.contacts.inventory import Holding
from lyncdr_helpers.contacts.lists import Broken, ContactList
from lyncdr_helpers.errors import InputError

ZIP, XML = ".zip", ".xml"


def read_lists(path: Path, broken: Broken | None = None) -> Iterator[ContactList]:
    """The users of an export, one at a time. Raises InputError as the readers do, and perhaps after many users."""
    return userdata.read_export(path, broken) if _is_zip(path) else dbimpexp.read_export(path, broken)


def read_lists_of(path: Path, users: Collection[str]) -> Iterator[ContactList]:
    """These users' lists of an export that was read to its end before: `read_lists` in a fraction of the time."""
    return userdata.read_export(path, left_out, users) if _is_zip(path) else slices.read_lists_of(path, users)


def read_holdings(path: Path, broken: Broken | None = None) -> Iterator[Holding]:
    """One row per user of an export: what the proof of a backup needs of `read_lists`, and faster."""
    return inventory.holdings(read_lists(path, broken)) if _is_zip(path) else inventory.read_holdings(path, broken)


def left_out(_user: str, _reason: str) -> None:
    """For a stored export, whose broken records are known: no manifest counts them."""


def write_import(path: Path, source: Path, users: Collection[str]) -> None:
    """The document that brings these users' lists back, made from the export `source`; both are of one kind.

    Raises InputError as the readers do, and when a user is not in the source.
    """
    if _is_zip(source):
        userdata.write_import(path, source, users)
    else:
        dbimpexp.write_import(path, _picked(source, users))


def write_lists(path: Path, source: Path, lists: Mapping[str, ContactList]) -> None:
    """The document that adds these lists to what a pool has; `source`: an export that holds their users.

    Raises InputError as `write_import` does.
    """
    if _is_zip(source):
        userdata.write_import(path, source, lists.keys(), lists)
    else:
        dbimpexp.write_import(path, lists.values())


def importable(source: Path, found: ContactList) -> ContactList:
    """A list of the export `source` as its import document holds it: without the user as a contact of themself."""
    return userdata.importable(found) if _is_zip(source) else dbimpexp.importable(found)


def _picked(source: Path, users: Collection[str]) -> Iterator[ContactList]:
    wanted = frozenset(users)
    left = set(wanted)
    for found in slices.read_lists_of(source, wanted):
        yield found
        left.discard(found.user)
    if left:
        raise InputError(f"{source} holds no list of {', '.join(sorted(left))}.", "Give the set they are in.")


def written_by(path: Path) -> str:
    """The tool that writes such a file."""
    return "Export-CsUserData" if _is_zip(path) else "dbimpexp"


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ZIP
