"""A zip that somebody else wrote, opened with suspicion: nothing is unpacked, and what is read has a known size."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

from lyncdr_helpers.errors import InputError

REMEDY = "Export it again, and do not edit the file."
MOST_MEMBERS = 100
MOST_BYTES = 8 << 30
"""Of all members together, unpacked: a pool of 100,000 users is about 1 GB."""
MOST_RATIO = 200
"""Contact lists shrink to a tenth, empty ones in UTF-16 to a fiftieth; a bomb to a thousandth."""
HARMLESS_BYTES = 1 << 20
"""A member up to this size may shrink as it likes."""
ENCRYPTED = 1
READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
ZIP_MAGIC = b"PK\x03\x04"


@contextmanager
def opened(path: Path, most_members: int = MOST_MEMBERS) -> Iterator[zipfile.ZipFile]:
    """The zip, after a look at what it says of its members; a member never yields more bytes than it says.

    Raises InputError, also from within the block when reading a member shows that it is damaged: no zip or a truncated
    one, too many or too large members, unsafe names, a name twice, an encrypted member, a zip inside.
    """
    try:
        with _zip(path) as archive:
            _require_sane(archive.infolist(), path, most_members)
            _require_flat(archive, path)
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as cause:
        raise InputError(f"{path} is not a whole zip: {cause}.", REMEDY) from cause


def _zip(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause.strerror}.", "Check the path and who may read it.") from cause


def _require_sane(members: list[zipfile.ZipInfo], path: Path, most: int) -> None:
    if len(members) > most:
        raise InputError(f"{path} holds {len(members)} files, and may hold {most}.", REMEDY)
    seen: set[str] = set()
    for member in members:
        if why := _fault(member, seen):
            raise InputError(f"{path}: {member.filename!r} {why}.", REMEDY)
        seen.add(member.filename.casefold())
    total = sum(member.file_size for member in members)
    if total > MOST_BYTES:
        raise InputError(f"{path} unpacks to {total:,} bytes; the limit is {MOST_BYTES:,}.", REMEDY)


def _fault(member: zipfile.ZipInfo, seen: set[str]) -> str:
    """What is wrong with a member by its entry alone; empty when nothing."""
    if member.filename.casefold() in seen:
        return "is in it twice"
    if _leads_out(member.filename):
        return "is no name of a file in a folder"
    if member.flag_bits & ENCRYPTED:
        return "is encrypted"
    if member.compress_type not in READABLE:
        return f"is packed by method {member.compress_type}, and not deflated"
    if member.file_size > max(HARMLESS_BYTES, MOST_RATIO * member.compress_size):
        return f"says that {member.compress_size:,} bytes unpack to {member.file_size:,}: a zip bomb"
    return ""


def _leads_out(name: str) -> bool:
    """Whether the name, on any system, could mean a place outside the folder that one unpacks to."""
    windows = PureWindowsPath(name)
    return not name or bool(windows.anchor or windows.drive) or ".." in windows.parts or ":" in name


def _require_flat(archive: zipfile.ZipFile, path: Path) -> None:
    for member in archive.infolist():
        with archive.open(member) as file:
            if file.read(len(ZIP_MAGIC)) == ZIP_MAGIC:
                raise InputError(f"{path}: {member.filename!r} is a zip itself.", REMEDY)
