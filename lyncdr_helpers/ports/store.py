"""The place at the DR site where backup sets are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol


class Store(Protocol):
    """Folders of files, addressed by relative `/` paths.

    A folder becomes visible under its final name in one step (`publish`), and nothing is ever overwritten. Reads may be
    repeated. An empty list means the store answered and holds nothing. Raises Unreachable when the store is not there,
    OperationError when it is full or refuses, Refusal when a published name exists already.
    """

    def sets(self) -> list[str]:
        """The names of the published folders, sorted."""

    def files(self, name: str) -> list[str]:
        """The files of a published folder, as relative paths, sorted."""

    def read(self, path: str) -> bytes:
        """One file, `<folder>/<file>`."""

    def download(self, path: str, to: Path) -> None:
        """Copy one file here."""

    def upload(self, source: Path, name: str) -> None:
        """Copy a whole local folder beside the published ones, under a name that `sets` does not show."""

    def digest(self, name: str, file: str, *, published: bool = True) -> str:
        """SHA-256 of a file, computed from what the store now holds."""

    def publish(self, name: str) -> None:
        """Give an uploaded folder its final name, in one step."""

    def remove(self, name: str) -> None:
        """Take a published folder out of sight in one step, then delete it: nobody ever sees half of it.

        May be repeated: that deletes what a removal that was cut short left behind. Removing what is nowhere is no
        error.
        """
