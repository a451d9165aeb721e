"""The directory on disk: one SQLite table, one statement per write, so that a killed server loses no answered write."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

Row = tuple[str, dict[str, list[bytes]]]
"""(DN, attributes)."""


class Database:
    """The file in the folder; made when it is not there. For one thread at a time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(folder / "directory.sqlite", isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")  # outlives a killed process; a lab need not outlive more
        self._connection.execute("CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, dn TEXT, attributes TEXT)")

    def rows(self) -> Iterator[Row]:
        for dn, attributes in self._connection.execute("SELECT dn, attributes FROM entry ORDER BY rowid"):
            yield dn, {name: [_bytes(value) for value in values] for name, values in json.loads(attributes).items()}

    def write(self, rows: Iterable[tuple[str, Row]]) -> None:
        """Put the rows there, all or none; each with its key."""
        self._connection.execute("BEGIN")
        with self._connection:
            self._connection.executemany(
                "INSERT INTO entry VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET attributes = excluded.attributes",
                ((key, dn, _json(attributes)) for key, (dn, attributes) in rows),
            )

    def remove(self, key: str) -> None:
        self._connection.execute("DELETE FROM entry WHERE key = ?", (key,))

    def close(self) -> None:
        self._connection.close()


def _json(attributes: dict[str, list[bytes]]) -> str:
    """Latin-1 gives each byte one character, so that any value survives."""
    return json.dumps({name: [value.decode("latin-1") for value in values] for name, values in attributes.items()})


def _bytes(text: str) -> bytes:
    return text.encode("latin-1")
