"""Everybody's contact lists before, at the DR site and at home, out of whole exports; who differs is read whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.contacts.export import left_out, read_lists_of
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.contacts.merge import Difference, Merge, doubled, merge, missing, returned
from lyncdr_helpers.phases import exchange

NAMED = 5
Held = tuple[str, int]
"""(digest, number of contacts) of one list."""


@dataclass(frozen=True)
class Exports:
    """The files that are compared. dr: of the DR pool, the last one that has a user counts.

    restored: whose list in `base` came to the DR pool; None for everybody.
    """

    base: Path
    dr: tuple[Path, ...]
    primary: Path
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


def compare(exports: Exports, users: Collection[str]) -> Lists:
    """These users' lists. Who has none at the DR pool is in no result. Raises OperationError for a broken export."""
    base, dr, primary = _held([exports.base]), _held(exports.dr), _held([exports.primary])
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
    held = _held([now])
    others = {user for user in users if user not in held or held[user][0] != lists.digests[user]}
    found, wanted, stale = _read([now], others), lists.wanted(others), _read([lists.exports.primary], others)
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
    dr, found = _read(lists.exports.dr, {user})[user], _read([now], {user}).get(user)
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
    return ", ".join(parts[:NAMED]) + (", ..." if len(parts) > NAMED else "")


def _is_alike(base: Held | None, dr: Held, primary: Held | None) -> bool:
    return base == dr and primary in (None, base)


def _held(paths: Sequence[Path]) -> dict[str, Held]:
    return {row.user: (row.digest, row.contacts) for path in paths for row in exchange.read_rows(path, left_out)}


def _read(paths: Sequence[Path], users: Collection[str]) -> dict[str, ContactList]:
    return {one.user: one for path in paths for one in read_lists_of(path, users)} if users else {}
