"""A pool's exported contact lists, whichever generation wrote them: dbimpexp's .xml, or Export-CsUserData's .zip."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from lyncdr_helpers.contacts import dbimpexp, userdata
from lyncdr_helpers.contacts.lists import ContactList

ZIP, XML = ".zip", ".xml"


def read_lists(path: Path) -> Iterator[ContactList]:
    """The users of an export, one at a time. Raises InputError as the readers do, and perhaps after many users."""
    return userdata.read_export(path) if _is_zip(path) else dbimpexp.read_export(path)


def write_import(path: Path, source: Path, users: Collection[str]) -> None:
    """The document that brings these users' lists back, made from the export `source`; both are of one kind."""
    if _is_zip(source):
        userdata.write_import(path, source, users)
    else:
        wanted = frozenset(users)
        dbimpexp.write_import(path, (found for found in dbimpexp.read_export(source) if found.user in wanted))


def written_by(path: Path) -> str:
    """The tool that writes such a file."""
    return "Export-CsUserData" if _is_zip(path) else "dbimpexp"


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ZIP
