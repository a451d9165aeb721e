"""Everybody's contact lists before, at the DR site and at home, out of whole exports; who differs is read whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.checks import some_of
from lyncdr_helpers.contacts.export import left_out, read_lists_of
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.contacts.merge import Difference, Merge, doubled, merge, missing, returned
from lyncdr_helpers.phases import exchange

Held = tuple[str, int]
"""(digest, number of contacts) of one list."""


@dataclass(frozen=True)
class Export:
    """One file, and what is known of every list in it, by user."""

    path: Path
    held: Mapping[str, Held]


@dataclass(frozen=True)
class Exports:
    """What is compared. dr: of the DR pool, the last one that has a user counts.

    restored: whose list in `base` came to the DR pool; None for everybody.
    """

    base: Export
    dr: tuple[Export, ...]
    primary: Export
    restored: Collection[str] | None = None


@dataclass(frozen=True)
class Lists:
    """merges: whoever's three lists are not all the same, by user. digests, contacts: of everybody's wanted list."""

    exports: Exports
    merges: Mapping[str, Merge]
    digests: Mapping[str, str]
    contacts: Mapping[str, int]

    @property
    def differences(self) -> Iterator[Difference]:
        return (one for user in sorted(self.merges) for one in self.merges[user].differences)

    def wanted(self, users: Collection[str]) -> dict[str, ContactList]:
        """The lists that these users are to have at home."""
        plain = _read(self.exports.dr, set(users) - self.merges.keys())
        return {**plain, **{user: self.merges[user].wanted for user in users if user in self.merges}}


@dataclass(frozen=True)
class AtHome:
    """What the primary holds against what is wanted there, by user; whoever has just that is in none of the three.

    lacking: what an import must add. returned: removed at the DR site, and there again. doubled: there twice.
    """

    lacking: Mapping[str, ContactList]
    returned: Mapping[str, tuple[str, ...]]
    doubled: Mapping[str, tuple[str, ...]]


def read(path: Path) -> Export:
    """An export of which nothing is known yet. Raises OperationError where it was not written whole."""
    return Export(path, {row.user: (row.digest, row.contacts) for row in exchange.read_rows(path, left_out)})


def compare(exports: Exports, users: Collection[str]) -> Lists:
    """These users' lists; whose three digests agree, theirs is not parsed. Who has none at the DR pool is in no result.

    Raises InputError for a broken export.
    """
    base, primary = exports.base.held, exports.primary.held
    dr = {user: held for export in exports.dr for user, held in export.held.items()}
    known = base if exports.restored is None else {user: base[user] for user in exports.restored if user in base}
    wanted = [user for user in users if user in dr]
    differing = {user for user in wanted if not _is_alike(known.get(user), dr[user], primary.get(user))}
    before = _read([exports.base], differing & known.keys())
    there, here = _read(exports.dr, differing), _read([exports.primary], differing)
    merges = {user: merge(before.get(user), there[user], here.get(user)) for user in sorted(differing)}
    return Lists(
        exports,
        merges,
        {user: merges[user].wanted.digest if user in merges else dr[user][0] for user in wanted},
        {user: len(merges[user].wanted.contacts) if user in merges else dr[user][1] for user in wanted},
    )


def at_home(now: Path, lists: Lists, users: Collection[str]) -> AtHome:
    """What an export of the primary shows of these users. Raises OperationError where it was not written whole."""
    export = read(now)
    held = export.held
    others = {user for user in users if user not in held or held[user][0] != lists.digests[user]}
    found, wanted, stale = _read([export], others), lists.wanted(others), _read([lists.exports.primary], others)
    lacking = {user: lacks for user in sorted(others) if (lacks := missing(wanted[user], found.get(user)))}
    back = {user: returned(wanted[user], one, stale.get(user)) for user, one in sorted(found.items())}
    twice = {user: doubled(one) for user, one in sorted(found.items())}
    return AtHome(
        lacking,
        {user: names for user, names in back.items() if names},
        {user: names for user, names in twice.items() if names},
    )


def arrived(now: Path, lists: Lists, user: str) -> tuple[str, ...]:
    """What is wrong with one user's list at home after a plain move, in words: it carries the DR pool's list whole."""
    dr, found = _read(lists.exports.dr, {user})[user], _read([read(now)], {user}).get(user)
    lacks = missing(dr, found)
    wrong = [f"lacking {named(lacks)}"] if lacks else []
    if found:
        stale = _read([lists.exports.primary], {user}).get(user)
        wrong += [f"back again: {one}" for one in returned(lists.wanted({user})[user], found, stale)]
        wrong += [f"there twice: {one}" for one in doubled(found)]
    return tuple(wrong)


def named(lacks: ContactList) -> str:
    """What is in a list, for a message: contacts first, else groups, privacy, or what nobody understands."""
    parts = [contact.buddy for contact in lacks.contacts] or [
        group.external_uri or group.name for group in lacks.groups
    ]
    parts = parts or [str(member) for member in lacks.members] or ["an element that is carried unread"]
    return some_of(parts)


def _is_alike(base: Held | None, dr: Held, primary: Held | None) -> bool:
    return base == dr and primary in (None, base)


def _read(exports: Sequence[Export], users: Collection[str]) -> dict[str, ContactList]:
    return {one.user: one for export in exports for one in read_lists_of(export.path, users)} if users else {}
