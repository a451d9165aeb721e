"""The backup store, through fsspec: today a path or a UNC share."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import fsspec

from lyncdr_helpers import files
from lyncdr_helpers.errors import OperationError, Refusal, Unreachable

ASIDE = ".incoming-"
REMOVED = ".removed-"


class FolderStore:
    """A store in one folder of a file system. An upload grows in `.incoming-<name>` and is renamed when it is whole."""

    def __init__(self, root: str) -> None:
        self._root = root.rstrip("/\\")
        self._fs = fsspec.filesystem("file")

    def sets(self) -> list[str]:
        with self._speaking("listed"):
            found = self._fs.ls(self._root, detail=True)
        names = (Path(entry["name"]).name for entry in found if entry["type"] == "directory")
        return sorted(name for name in names if not name.startswith("."))

    def files(self, name: str) -> list[str]:
        with self._speaking("listed"):
            root = Path(self._at(name))
            found = self._fs.find(str(root), on_error="raise")  # left to itself, it calls an unreadable folder empty
            return sorted(Path(path).relative_to(root).as_posix() for path in found)

    def read(self, path: str) -> bytes:
        with self._speaking("read"):
            content: bytes = self._fs.cat_file(self._at(path))
            return content

    def download(self, path: str, to: Path) -> None:
        with self._speaking("read"):
            to.parent.mkdir(parents=True, exist_ok=True)
            self._fs.get_file(self._at(path), str(to))

    def upload(self, source: Path, name: str) -> None:
        with self._speaking("written"):
            aside = self._at(name, published=False)
            if self._fs.exists(aside):
                self._fs.rm(aside, recursive=True)
            for path in sorted(file for file in source.rglob("*") if file.is_file()):
                target = f"{aside}/{path.relative_to(source).as_posix()}"
                self._fs.makedirs(str(PurePosixPath(target).parent), exist_ok=True)
                self._fs.put_file(str(path), target)

    def digest(self, name: str, file: str, *, published: bool = True) -> str:
        with self._speaking("read"):
            total = hashlib.sha256()
            with self._fs.open(self._at(f"{name}/{file}", published=published), "rb") as content:
                while piece := content.read(files.CHUNK):
                    total.update(piece)
            return total.hexdigest()

    def publish(self, name: str) -> None:
        with self._speaking("written"):
            if self._fs.exists(self._at(name)):
                raise Refusal(f"The store holds a set {name} already.", "Nothing is overwritten; run the backup again.")
            Path(self._at(name, published=False)).rename(self._at(name))

    def remove(self, name: str) -> None:
        if not name or name.startswith(".") or set(name) & set("/\\"):
            raise OperationError(f"{name!r} is not the name of a set.", "Name a set as `lyncdr backups list` does.")
        published, removed = self._at(name), f"{self._root}/{REMOVED}{name}"
        with self._speaking("rid of a set"):
            if self._fs.exists(removed):
                self._fs.rm(removed, recursive=True)
            if self._fs.exists(published):
                Path(published).rename(removed)
                self._fs.rm(removed, recursive=True)

    def _at(self, path: str, *, published: bool = True) -> str:
        if ".." in PurePosixPath(path.replace("\\", "/")).parts:
            raise OperationError(f"The path {path} leads out of the store.", "The set's manifest is not trustworthy.")
        return f"{self._root}/{'' if published else ASIDE}{path}"

    @contextmanager
    def _speaking(self, verb: str) -> Iterator[None]:
        if not self._fs.isdir(self._root):  # also before a write, which would make the folder where a share should be
            raise Unreachable(
                f"The backup store {self._root} is not there.", "Check backup.store, and that the share is mounted."
            )
        try:
            yield
        except OSError as cause:
            which = f" ({cause.filename})" if cause.filename else ""
            raise OperationError(
                f"The backup store {self._root} could not be {verb}: {cause.strerror or cause}{which}.",
                "Check backup.store, its free space and who may write there.",
            ) from cause
