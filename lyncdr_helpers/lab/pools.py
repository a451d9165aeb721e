"""What one pool keeps: its users' contact lists, its Response Groups and its meetings, in an SQLite database.

Several processes use it at once (management host, lab commands, tests); every method is one transaction.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from lyncdr_helpers.contacts import dbimpexp
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.lab.merging import merged
from lyncdr_helpers.lab.response_groups import Meeting, ResponseGroup
from lyncdr_helpers.lab.seed import Deployment

SCHEMA = """
CREATE TABLE IF NOT EXISTS resource (user TEXT PRIMARY KEY, element BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS response_group (number TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL,
    owner TEXT NOT NULL, address TEXT NOT NULL, refers_to TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS response_group_setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meeting (number TEXT PRIMARY KEY, organizer TEXT NOT NULL, subject TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS stopped_service (name TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS meeting_of ON meeting (organizer);
"""
WAIT_SECONDS = 30
FRONT_END = "RTCSRV"
"""The Windows service of a Front End."""


class PoolStore:
    """One connection to a pool's database, for one thread; made where there is none. Close it, or use `with`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> PoolStore:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fill(self, deployment: Deployment, pool: str) -> None:
        """Put in what the deployment's first day has for the pool."""
        with self._writing() as database:
            database.executemany(
                "INSERT INTO resource VALUES (?, ?)",
                ((found.user, found.element) for found in deployment.contact_lists(pool)),
            )
            database.executemany(
                "INSERT INTO meeting VALUES (?, ?, ?)",
                ((meeting.number, meeting.organizer, meeting.subject) for meeting in deployment.meetings_of(pool)),
            )
        self.replace_response_groups(deployment.response_groups_of(pool), {"DefaultMusicOnHold": f"{pool}.wma"})

    # -- contact lists ----------------------------------------------------------------------------------------------

    def lists(self, user: str | None = None) -> Iterator[ContactList]:
        """Every user's list, or one user's, by address; nothing for a user the pool does not keep."""
        return map(dbimpexp.parse, self.elements(user))

    def elements(self, user: str | None = None) -> Iterator[bytes]:
        """The same lists as the canonical XML that the pool keeps."""
        which, values = ("", ()) if user is None else ("WHERE user = ?", (user,))
        rows = self._database.execute(f"SELECT element FROM resource {which} ORDER BY user", values)  # noqa: S608
        return (element for (element,) in rows)

    def add(self, found: ContactList) -> None:
        """Add a list to what is there: nothing the user has is taken away."""
        with self._writing() as database:
            row = database.execute("SELECT element FROM resource WHERE user = ?", (found.user,)).fetchone()
            element = merged(row[0], found.element) if row else found.element
            database.execute("INSERT OR REPLACE INTO resource VALUES (?, ?)", (found.user, element))

    def put(self, found: ContactList) -> None:
        """Put a list in the place of what is there."""
        with self._writing() as database:
            database.execute("INSERT OR REPLACE INTO resource VALUES (?, ?)", (found.user, found.element))

    def remove_user(self, user: str) -> None:
        """Forget everything of one user."""
        with self._writing() as database:
            _forget(database, user)

    def carry(self, user: str, to: PoolStore) -> None:
        """Hand everything of one user to another pool, in the place of whatever that one has of the user."""
        row = self._database.execute("SELECT element FROM resource WHERE user = ?", (user,)).fetchone()
        to._take(user, row[0] if row else None, self.meetings(user))
        self.remove_user(user)

    def _take(self, user: str, element: bytes | None, meetings: Iterable[Meeting]) -> None:
        with self._writing() as database:
            _forget(database, user)
            if element is not None:
                database.execute("INSERT INTO resource VALUES (?, ?)", (user, element))
            for meeting in meetings:
                row = (meeting.number, meeting.organizer, meeting.subject)
                database.execute("INSERT INTO meeting VALUES (?, ?, ?)", row)

    def meetings(self, organizer: str) -> list[Meeting]:
        """The meetings that one user scheduled."""
        rows = self._database.execute(
            "SELECT organizer, number, subject FROM meeting WHERE organizer = ? ORDER BY number", (organizer,)
        )
        return [Meeting(*row) for row in rows]

    # -- Response Groups --------------------------------------------------------------------------------------------

    def response_groups(self) -> list[ResponseGroup]:
        """What the pool runs, whoever owns it."""
        rows = self._database.execute(
            "SELECT number, kind, name, owner, address, refers_to FROM response_group ORDER BY kind, name"
        )
        return [
            ResponseGroup(number, kind, name, owner, address, tuple(json.loads(refers_to)))
            for number, kind, name, owner, address, refers_to in rows
        ]

    def response_group_settings(self) -> dict[str, str]:
        """The service's own settings on this pool."""
        return dict(self._database.execute("SELECT name, value FROM response_group_setting ORDER BY name"))

    def replace_response_groups(self, groups: Iterable[ResponseGroup], settings: Mapping[str, str]) -> None:
        """Put in groups, each in the place of one with its number, and replace the given settings; all or nothing."""
        rows = [(g.number, g.kind, g.name, g.owner, g.address, json.dumps(g.refers_to)) for g in groups]
        with self._writing() as database:
            database.executemany("INSERT OR REPLACE INTO response_group VALUES (?, ?, ?, ?, ?, ?)", rows)
            database.executemany("INSERT OR REPLACE INTO response_group_setting VALUES (?, ?)", settings.items())

    def remove_response_groups(self, groups: Iterable[ResponseGroup]) -> None:
        """Forget these groups."""
        with self._writing() as database:
            database.executemany("DELETE FROM response_group WHERE number = ?", ((g.number,) for g in groups))

    # -- services ---------------------------------------------------------------------------------------------------

    @property
    def front_end_runs(self) -> bool:
        """Whether the pool's Front End services run, as they do from the first day on."""
        return self._database.execute("SELECT 1 FROM stopped_service WHERE name = ?", (FRONT_END,)).fetchone() is None

    def stop_front_end(self) -> None:
        with self._writing() as database:
            database.execute("INSERT OR IGNORE INTO stopped_service VALUES (?)", (FRONT_END,))

    def start_front_end(self) -> None:
        with self._writing() as database:
            database.execute("DELETE FROM stopped_service WHERE name = ?", (FRONT_END,))

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, begun at once so that it waits for others instead of failing half way."""
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _forget(database: sqlite3.Connection, user: str) -> None:
    database.execute("DELETE FROM resource WHERE user = ?", (user,))
    database.execute("DELETE FROM meeting WHERE organizer = ?", (user,))
