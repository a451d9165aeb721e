"""The files of a record, wherever they lie: in a folder, or in a zip."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Protocol

JOURNAL = "journal.jsonl"
MANIFEST = "manifest.json"
SIGNATURE = "manifest.sig"
STAMP_REQUEST = "head.tsq"
STAMP = "head.tsr"
BESIDE = (MANIFEST, SIGNATURE, STAMP_REQUEST, STAMP)
"""What vouches for the manifest, and so stands in none."""

PIECE = 1 << 20


class Files(Protocol):
    """Files by their relative `/` names; what begins with a dot is not looked at."""

    def names(self) -> list[str]: ...

    def opened(self, name: str) -> Any:
        """A context manager that gives the file, open for reading."""


class Folder:
    """A folder of this machine."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        found = (path.relative_to(self._path) for path in self._path.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts))

    def opened(self, name: str) -> IO[bytes]:
        return (self._path / name).open("rb")


class Zipped:
    """What lies in a zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive

    def names(self) -> list[str]:
        return sorted(one.filename for one in self._archive.infolist() if not one.is_dir())

    def opened(self, name: str) -> IO[bytes]:
        return self._archive.open(name)


class Below:
    """What lies below a folder of other files."""

    def __init__(self, files: Files, folder: str) -> None:
        self._files = files
        self._folder = f"{folder}/"

    def names(self) -> list[str]:
        return [name[len(self._folder) :] for name in self._files.names() if name.startswith(self._folder)]

    def opened(self, name: str) -> Any:
        return self._files.opened(self._folder + name)


@contextmanager
def files_at(path: Path) -> Iterator[Files]:
    """The files of a folder or of a zip. Raises OSError or zipfile.BadZipFile where it is neither."""
    if path.is_dir():
        yield Folder(path)
        return
    with zipfile.ZipFile(path) as archive:
        yield Zipped(archive)


def content_of(files: Files, name: str) -> bytes:
    with files.opened(name) as file:
        content: bytes = file.read()
    return content


def sha256_of(files: Files, name: str) -> str:
    """SHA-256 of a file, read in pieces."""
    total = hashlib.sha256()
    with files.opened(name) as file:
        while piece := file.read(PIECE):
            total.update(piece)
    return total.hexdigest()


def document_of(files: Files, name: str) -> dict[str, Any]:
    """A JSON object. Raises ValueError or TypeError where the file is none."""
    return dict(json.loads(content_of(files, name)))
