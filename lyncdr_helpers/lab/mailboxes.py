"""The lab's Exchange: whose contacts are in the unified contact store, in an SQLite database that no pool's loss takes.

A mailbox that is not here holds no contacts: its user's are in Lync.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from lyncdr_helpers.contacts import dbimpexp
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.lab.seed import Deployment

Mode = Literal["Disabled", "Ready To Migrate", "Migrating", "Migrated"]
"""UcsMode, as the cmdlet has it. "Migrating" is the lab's word: only the counts of a pool tell of such users."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS mailbox (user TEXT PRIMARY KEY, mode TEXT NOT NULL, element BLOB,
    corrupt INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID
"""
WAIT_SECONDS = 30


class Mailboxes:
    """One connection to it, for one thread; the database is made where there is none. Close it, or use `with`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        self._database.execute(SCHEMA)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Mailboxes:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def fill(self, deployment: Deployment) -> None:
        """Put in what the deployment's first day has."""
        for found in deployment.lists_in_exchange():
            self.take(found)

    def take(self, found: ContactList) -> None:
        """The user's contacts are in Exchange from now on."""
        self._database.execute(
            "INSERT OR REPLACE INTO mailbox VALUES (?, 'Migrated', ?, 0)", (found.user, found.element)
        )

    def give_back(self, user: str) -> ContactList:
        """The user's contacts are in Exchange no more; the list."""
        (element,) = self._database.execute("SELECT element FROM mailbox WHERE user = ?", (user,)).fetchone()
        self.give_up(user)
        return dbimpexp.parse(element)

    def set_mode(self, user: str, mode: Mode) -> None:
        """Make the cmdlet say so of a user whose contacts are in Lync."""
        self._database.execute("INSERT OR REPLACE INTO mailbox VALUES (?, ?, NULL, 0)", (user, mode))

    def give_up(self, user: str) -> None:
        """Forget a user, whose contacts are in Lync."""
        self._database.execute("DELETE FROM mailbox WHERE user = ?", (user,))

    def modes(self, users: Iterable[str]) -> dict[str, Mode]:
        """The mode of each of these users."""
        known = dict(self._database.execute("SELECT user, mode FROM mailbox"))
        return {user: known.get(user, "Disabled") for user in users}

    def meddle(self, user: str) -> None:
        """Something was imported for the user into Lync: that corrupts what is in Exchange, as Microsoft warns."""
        self._database.execute("UPDATE mailbox SET corrupt = 1 WHERE user = ? AND mode = 'Migrated'", (user,))

    def corrupt(self) -> list[str]:
        """The users whose contacts were corrupted."""
        return [user for (user,) in self._database.execute("SELECT user FROM mailbox WHERE corrupt ORDER BY user")]
