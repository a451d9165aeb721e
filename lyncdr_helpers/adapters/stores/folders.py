"""A store in one folder of a file system: a path, a UNC path or an SMB share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeVar

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import names, pieces
from lyncdr_helpers.adapters.stores.patience import Patience
from lyncdr_helpers.errors import OperationError, Refusal, UnknownOutcome, Unreachable

ASIDE = ".incoming-"
REMOVED = ".removed-"
NOTES = ".notes"

T = TypeVar("T")


class Folders(Protocol):
    """One of fsspec's file systems, with what fsspec leaves to each: one folder of it, its disk, and its errors.

    What is nowhere is FileNotFoundError.
    """

    name: str
    """What people call the folder."""
    root: str
    """Its path."""
    errors: tuple[type[Exception], ...]
    """What may be raised; `explain` knows what it means."""

    def is_there(self) -> bool:
        """Whether the folder exists."""

    def info(self, path: str) -> dict[str, Any]: ...

    def ls(self, path: str, *, detail: bool) -> list[dict[str, Any]]: ...

    def find(self, path: str, *, on_error: str) -> list[str]: ...

    def makedirs(self, path: str, exist_ok: bool) -> None: ...

    def rm(self, path: str, recursive: bool) -> None: ...

    def mv(self, path1: str, path2: str) -> None:
        """Rename in one step, and never over something: FileExistsError. BlockingIOError: somebody else is at it."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Unbuffered, so that what is read comes from the store, and a read or a write may be short."""

    def sync(self, file: BinaryIO) -> None:
        """Wait until the store's disk has what was written."""

    def free(self) -> int:
        """How many bytes this account may still write."""

    def is_full(self, cause: Exception) -> bool:
        """Whether the error means that there is no room left."""

    def explain(self, cause: Exception, verb: str) -> OperationError:
        """The error in one line. `verb`: what the store could not be: listed, read, written."""


class FolderStore:
    """A set grows in `.incoming-<name>` and is renamed when it is whole; it goes away by way of `.removed-<name>`."""

    def __init__(self, system: Folders, patience: Patience) -> None:
        self._fs = system
        self._patience = patience

    def sets(self) -> list[str]:
        return sorted(name for name in self._folders() if names.is_set_name(name))

    def unpublished(self) -> list[str]:
        return sorted(name.removeprefix(ASIDE) for name in self._folders() if name.startswith(ASIDE))

    def files(self, name: str, *, published: bool = True) -> list[str]:
        folder = self._folder(name, published)
        # Left to itself, find calls an unreadable folder empty.
        found = self._ask("listed", lambda: self._fs.find(folder, on_error="raise"))
        return sorted(path.removeprefix(f"{folder}/") for path in found)

    def read(self, name: str, file: str, *, published: bool = True) -> bytes:
        return self._whole(self._file(name, file, published))

    def download(self, name: str, file: str, to: Path, *, published: bool = True) -> None:
        path = self._file(name, file, published)
        self._patience.outlast(lambda: pieces.save(self._pieces(path), to))

    def digest(self, name: str, file: str, *, published: bool = True) -> str:
        path = self._file(name, file, published)
        return self._patience.outlast(lambda: pieces.digest(self._pieces(path)))

    def free(self) -> int | None:
        return self._ask("read", self._fs.free)

    def send(self, source: Path, name: str, file: str) -> None:
        final, target = self._folder(name, True), self._file(name, file, False)

        def copy() -> None:
            if self._holds(final):
                raise _taken(name)
            self._copy(source, target)

        self._ask("written", copy)

    def publish(self, name: str) -> None:
        """Raises UnknownOutcome where the store went away for good with the request to rename."""
        aside, final = self._folder(name, False), self._folder(name, True)
        asked = False

        def rename() -> None:
            nonlocal asked
            if self._holds(final):
                if asked and not self._holds(aside):
                    return  # renamed by an earlier attempt, whose answer was lost
                raise _taken(name)
            asked = True
            try:
                self._fs.mv(aside, final)
            except (FileExistsError, FileNotFoundError, BlockingIOError) as cause:
                asked = False
                if self._holds(final):  # somebody else was a moment faster
                    raise _taken(name) from cause
                raise

        try:
            self._ask("written", rename)
        except Unreachable as cause:
            if not asked:
                raise
            raise UnknownOutcome(
                f"The backup store {self._fs.name} went away while {name} was being published: it may be there or not.",
                "When the store answers again, look with `lyncdr backups list`.",
            ) from cause

    def remove(self, name: str, *, published: bool = True) -> None:
        here, removed = self._folder(name, published), f"{self._fs.root}/{REMOVED}{name}"

        def remove() -> None:
            if self._holds(removed):
                self._fs.rm(removed, recursive=True)
            if self._holds(here):
                self._fs.mv(here, removed)
                self._fs.rm(removed, recursive=True)

        self._ask("cleared of a set", remove)

    def note(self, file: str, content: bytes) -> None:
        target = self._note(file)

        def write() -> None:
            with self._opened(target, "wb") as there:
                _write(there, content)
                self._fs.sync(there)

        self._ask("written", write)

    def notes(self, folder: str) -> dict[str, bytes]:
        path = self._note(folder)

        def found() -> list[str]:
            return self._fs.find(path, on_error="raise") if self._holds(path) else []

        root = f"{self._fs.root}/{NOTES}/"
        return {one.removeprefix(root): self._whole(one) for one in sorted(self._ask("listed", found))}

    # -- one file there ----------------------------------------------------------------------------------------------
    def _copy(self, source: Path, target: str) -> None:
        there = self._there(source, target)
        needed = pieces.size(source) - (there or 0)
        if needed > files.CHUNK and (free := self._fs.free()) < needed:
            raise self._full(target, needed, free)
        try:
            with self._opened(target, "wb" if there is None else "r+b") as content:
                if there is not None:
                    content.truncate(there)
                    content.seek(there)
                for piece in pieces.local(source, after=there or 0):
                    _write(content, piece)
                self._fs.sync(content)
        except self._fs.errors as cause:
            if self._fs.is_full(cause):
                raise self._full(target, needed, self._fs.free()) from cause
            raise

    def _opened(self, target: str, mode: str) -> BinaryIO:
        try:
            return self._fs.open(target, mode)
        except FileNotFoundError:
            self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            return self._fs.open(target, mode)

    def _there(self, source: Path, target: str) -> int | None:
        """How many bytes of the source are there already, in whole pieces: read and compared, not assumed.

        None: there is no such file.
        """
        there = 0
        try:
            with self._fs.open(target, "rb") as content:
                for piece in pieces.local(source):
                    if _read(content, len(piece)) != piece:
                        break
                    there += len(piece)
        except FileNotFoundError:
            return None
        return there

    def _whole(self, path: str) -> bytes:
        return self._patience.outlast(lambda: b"".join(self._pieces(path)))

    def _pieces(self, path: str) -> Iterator[bytes]:
        with self._speaking("read"), self._fs.open(path, "rb") as content:
            while piece := content.read(files.CHUNK):
                yield piece

    # -- the folder --------------------------------------------------------------------------------------------------
    def _folders(self) -> list[str]:
        found = self._ask("listed", lambda: self._fs.ls(self._fs.root, detail=True))
        return [entry["name"].rpartition("/")[2] for entry in found if entry["type"] == "directory"]

    def _holds(self, path: str) -> bool:
        try:
            self._fs.info(path)  # fsspec's exists() takes every error for a no
        except FileNotFoundError:
            return False
        return True

    def _folder(self, name: str, published: bool) -> str:
        return f"{self._fs.root}/{'' if published else ASIDE}{names.set_name(name)}"

    def _file(self, name: str, file: str, published: bool) -> str:
        return f"{self._folder(name, published)}/{names.file_path(file)}"

    def _note(self, file: str) -> str:
        return f"{self._fs.root}/{NOTES}/{names.file_path(file)}"

    def _ask(self, verb: str, act: Callable[[], T]) -> T:
        def once() -> T:
            with self._speaking(verb):
                return act()

        return self._patience.outlast(once)

    @contextmanager
    def _speaking(self, verb: str) -> Iterator[None]:
        try:
            if not self._fs.is_there():  # also before a write, which would make the folder where a share should be
                raise Unreachable(
                    f"The backup store {self._fs.name} is not there.",
                    "Check backup.store, that its folder exists, and that a share is mounted.",
                )
            yield
        except self._fs.errors as cause:
            raise self._fs.explain(cause, verb) from cause

    def _full(self, target: str, needed: int, free: int) -> OperationError:
        return OperationError(
            f"The backup store {self._fs.name} is full: {target.removeprefix(f'{self._fs.root}/{ASIDE}')} needs "
            f"{needed:,} more bytes, and {free:,} are free.",
            "Make room there (`lyncdr backups prune`), then run the backup again.",
        )


def _read(content: BinaryIO, size: int) -> bytes:
    """So many bytes, or all there are."""
    found = b""
    while len(found) < size and (piece := content.read(size - len(found))):
        found += piece
    return found


def _write(content: BinaryIO, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[content.write(left) :]


def _taken(name: str) -> Refusal:
    return Refusal(f"The store holds a set {name} already.", "Nothing is overwritten; run the backup again.")
