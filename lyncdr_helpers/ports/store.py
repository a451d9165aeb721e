"""The place at the DR site where backup sets are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Folders of files; a file is addressed by its folder's name and a relative `/` path.

    A folder grows unpublished, file by file, and becomes visible under its name in one step (`publish`). What is
    published is never written again. Everything may be repeated. An empty list means the store answered and holds
    nothing. A store that was there and goes away is waited for, about a minute; one that never answered is not.
    Raises Unreachable when the store is not there, AccessDenied when it knows us not, Untrusted when it cannot prove
    who it is, OperationError when it is full, refuses, or has no such folder or file, Refusal (`send`, `publish`) when
    the name is published already. A name that Windows cannot hold, or that leads out, is an OperationError anywhere.
    """

    def sets(self) -> list[str]:
        """The names of the published folders, sorted."""

    def unpublished(self) -> list[str]:
        """The names of the folders that were begun and never published, sorted."""

    def files(self, name: str, *, published: bool = True) -> list[str]:
        """The files of a folder, as relative paths, sorted."""

    def read(self, name: str, file: str, *, published: bool = True) -> bytes:
        """One file."""

    def download(self, name: str, file: str, to: Path, *, published: bool = True) -> None:
        """Copy one file here."""

    def free(self) -> int | None:
        """How many bytes the store can still take; None where it cannot say."""

    def send(self, source: Path, name: str, file: str) -> None:
        """Copy one local file into an unpublished folder, in the place of what an earlier attempt left there.

        May be repeated, and goes on where a copy of the same content was cut short.
        """

    def digest(self, name: str, file: str, *, published: bool = True) -> str:
        """SHA-256 of a file, computed from what the store now holds."""

    def publish(self, name: str) -> None:
        """Give a folder its final name, in one step; of several who do so at once, one succeeds.

        Raises UnknownOutcome when the store went away for good after it was asked.
        """

    def remove(self, name: str, *, published: bool = True) -> None:
        """Take a folder out of sight in one step, then delete it: nobody ever sees half of it.

        May be repeated: that deletes what a removal that was cut short left behind. Removing what is nowhere is no
        error.
        """

    def note(self, file: str, content: bytes) -> None:
        """Leave a small file beside the sets, below a relative path; it is never part of one.

        May be repeated: the last one counts.
        """

    def notes(self, folder: str) -> dict[str, bytes]:
        """What was left below a path, by the whole of each path; empty where nothing was."""
