"""A folder as one tar file, while people work in it: whatever changes under the reader's hands is an error."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from lyncdr_helpers import files
from lyncdr_helpers.errors import OperationError

AGAIN = "Run it again: people were at work there."
ASIDE = ".lyncdr-part"
"""What the name of a file ends with until it is whole; a file that was cut short is begun anew under the same name."""


@dataclass(frozen=True)
class Packed:
    """How many files, and how many bytes in them."""

    files: int
    size: int


def pack(folder: Path, archive: Path) -> Packed:
    """Write the folder's files and folders to an uncompressed tar: relative names, times and contents (POSIX.1-2001).

    Files are read in pieces. Owners and rights are not kept: they mean nothing on another machine. Raises
    OperationError for a file that changes or vanishes while it is read, and for what is neither file nor folder (a
    link could lead anywhere); OSError for what cannot be read or written.
    """
    packed = Packed(0, 0)
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _below(folder):
            with _watching(path):
                before = path.lstat()
                member = _member(path.relative_to(folder).as_posix(), before)
                if member.isdir():
                    tar.addfile(member)
                    continue
                with path.open("rb") as file:
                    tar.addfile(member, file)
                _require_unchanged(path, before, path.lstat())
            packed = Packed(packed.files + 1, packed.size + member.size)
    return packed


def _below(folder: Path) -> Iterator[Path]:
    """Everything below the folder, each folder before what is in it: whoever refuses a link is not led through it."""
    with _watching(folder):
        found = sorted(folder.iterdir())
    for path in found:
        yield path
        if path.is_dir():
            yield from _below(path)


@contextmanager
def _watching(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as cause:
        raise OperationError(f"{path} vanished while it was read.", AGAIN) from cause
    except OSError as cause:
        if cause.errno is not None:
            raise
        # tarfile's own error, without a number: the file ends before the size that it had
        raise OperationError(f"{path} became shorter while it was read.", AGAIN) from cause


def _member(name: str, seen: os.stat_result) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mtime = seen.st_mtime  # a fraction of a second is kept, in a header of its own
    if stat.S_ISDIR(seen.st_mode):
        member.type, member.mode = tarfile.DIRTYPE, 0o755
    elif stat.S_ISREG(seen.st_mode):
        member.size = seen.st_size
    else:
        raise OperationError(f"{name} is neither a file nor a folder.", "Take it out of the folder.")
    return member


def _require_unchanged(path: Path, before: os.stat_result, after: os.stat_result) -> None:
    def marks(seen: os.stat_result) -> tuple[int, int, int]:
        return seen.st_ino, seen.st_size, seen.st_mtime_ns

    if marks(before) != marks(after):
        raise OperationError(f"{path} changed while it was read.", AGAIN)


def listed(archive: Path) -> dict[str, int]:
    """The files in such a tar, by their relative names: how many bytes each has. Raises OperationError where it is none
    of ours: its names stay inside a folder, and it holds files and folders alone.
    """
    with _opened(archive) as tar:
        return {member.name: member.size for member in _members(tar) if member.isfile()}


def unpack(archive: Path, folder: Path) -> None:
    """Put everything in the tar into the folder, in the place of what has the same name; other files stay.

    Each file is whole or absent, and has its time. Raises OperationError as `listed`, OSError for what cannot be
    written.
    """
    with _opened(archive) as tar:
        for member in _members(tar):
            place = folder / member.name
            if member.isdir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            aside = place.with_name(f"{place.name}{ASIDE}")
            with aside.open("wb") as file:
                shutil.copyfileobj(_content(tar, member), file, files.CHUNK)
                files.sync(file)
            os.utime(aside, (member.mtime, member.mtime))
            aside.replace(place)


def missing(archive: Path, folder: Path) -> list[str]:
    """The files in the tar that are not in the folder, or have other contents there. Raises as `unpack`."""
    lacking = []
    with _opened(archive) as tar:
        for member in _members(tar):
            place = folder / member.name
            if member.isfile() and not (
                place.is_file()
                and place.stat().st_size == member.size
                and files.digest_file(place) == _digest(_content(tar, member))
            ):
                lacking.append(member.name)
    return lacking


@contextmanager
def _opened(archive: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(archive, "r:") as tar:
            yield tar
    except tarfile.TarError as cause:
        raise OperationError(f"{archive.name} cannot be read: {cause}.", "Choose another set.") from cause


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in tar:
        path = PurePosixPath(member.name)
        inside = not path.is_absolute() and ".." not in path.parts and not PureWindowsPath(member.name).drive
        if not inside or "\\" in member.name or not (member.isfile() or member.isdir()):
            raise OperationError(f"{member.name} leads out of its folder, or is no file.", "Choose another set.")
        yield member


def _digest(content: IO[bytes]) -> str:
    total = hashlib.sha256()
    while piece := content.read(files.CHUNK):
        total.update(piece)
    return total.hexdigest()


def _content(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    assert content is not None, "a file has content"
    return content
