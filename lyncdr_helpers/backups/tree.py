"""A folder as one tar file, while people work in it: whatever changes under the reader's hands is an error."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.errors import OperationError

AGAIN = "Run it again: people were at work there."


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
