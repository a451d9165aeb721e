"""Files on their way, piece by piece: what this machine reads and writes of them, and their digests."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from lyncdr_helpers import files
from lyncdr_helpers.errors import OperationError


@contextlib.contextmanager
def opened(source: Path) -> Iterator[BinaryIO]:
    """A local file, open for reading. Raises OperationError where this machine cannot."""
    try:
        content = source.open("rb")
    except OSError as cause:
        raise _local_trouble("read", source, cause) from cause
    with content:
        yield content


def local(source: Path, *, after: int = 0) -> Iterator[bytes]:
    """A local file from the byte `after` on. Raises OperationError where this machine cannot read it."""
    try:
        with source.open("rb") as content:
            content.seek(after)
            while piece := content.read(files.CHUNK):
                yield piece
    except OSError as cause:
        raise _local_trouble("read", source, cause) from cause


def size(source: Path) -> int:
    """Its size in bytes. Raises OperationError where there is no such file."""
    try:
        return source.stat().st_size
    except OSError as cause:
        raise _local_trouble("read", source, cause) from cause


def digest(pieces: Iterable[bytes]) -> str:
    """SHA-256, as 64 hexadecimal digits."""
    total = hashlib.sha256()
    for piece in pieces:
        total.update(piece)
    return total.hexdigest()


def save(pieces: Iterable[bytes], to: Path) -> None:
    """Write a local file that is whole or absent. Raises OperationError where this machine cannot."""
    aside = to.with_name(f".{to.name}.part")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as content:
            content.writelines(pieces)
        aside.replace(to)
    except OSError as cause:
        raise _local_trouble("write", to, cause) from cause
    finally:
        with contextlib.suppress(OSError):
            aside.unlink()


def _local_trouble(verb: str, path: Path, cause: OSError) -> OperationError:
    return OperationError(
        f"This machine cannot {verb} {path}: {cause.strerror or cause}.",
        "Check its disk, and who may use that folder.",
    )
