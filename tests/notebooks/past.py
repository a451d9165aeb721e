"""The nights before: real backups of a stage's lab, made on days gone by, so that tonight has something beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, parse
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.people import APOSTROPHE, NO_CONTACTS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.phases import backup
from lyncdr_helpers.session import open_session

NIGHTS = (9, 8, 7, 5, 4, 3, 2, 1)
"""So many days ago; one night is missing."""
WITHOUT_A_USER, WITHOUT_THE_SITE = 7, 3


class Earlier(SystemClock):
    """The machine's clock on a day gone by."""

    def __init__(self, days: int) -> None:
        self._ago = dt.timedelta(days=days)

    def now(self) -> dt.datetime:
        return super().now() - self._ago


def live_through(blueprint: Blueprint, params_file: Path) -> None:
    """A backup for each of NIGHTS: contacts grow, one night lacks a user, one fails, and tonight has lost a list."""
    with PoolStore(blueprint.pool_store(PRIMARY_POOL)) as pool:
        tonight = list(pool.lists())
        for days in NIGHTS:
            with _as_it_was(pool, tonight, days):
                if days == WITHOUT_THE_SITE:
                    lifecycle.fail(blueprint.folder, "primary")
                try:
                    with suppress(LyncdrError):
                        _back_up(params_file, days)
                finally:
                    lifecycle.heal(blueprint.folder, "primary")


@contextmanager
def _as_it_was(pool: PoolStore, tonight: list[ContactList], days: int) -> Iterator[None]:
    """The pool's lists so many days ago; afterwards they are tonight's again."""
    for one in tonight[:days]:
        pool.put(_with(one.user, len(one.contacts) // 2))
    pool.put(_with(NO_CONTACTS, 7))
    if days == WITHOUT_A_USER:
        pool.remove_user(APOSTROPHE)
    try:
        yield
    finally:
        for one in tonight:
            pool.put(one)


def _with(user: str, count: int) -> ContactList:
    contacts = "".join(f'<Contact Buddy="colleague{number}@lync.test"/>' for number in range(count))
    spelled = f'<HomedResource xmlns="{NAMESPACE}" UserAtHost="{user}"><Contacts>{contacts}</Contacts></HomedResource>'
    return parse(spelled.encode())


def _back_up(params_file: Path, days: int) -> None:
    session = open_session("backup", params_file, run="new", clock=Earlier(days))
    try:
        night = backup.take_inventory(session)
        backup.export_contacts(session, night)
        backup.export_settings(session, night)
        backup.copy_to_dr(session, night)
        backup.check_restore(session, night)
        backup.finish(session, backup.seal(session, night))
    finally:
        session.close()
