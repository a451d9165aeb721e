"""What would be lost if the pool died now: who is not in the newest set, and how many lists changed since. Pure.

Who is not in the set is a fact. How many changed their list since it was made nobody knows before the pool is asked:
that is an estimate, from how many records were others from one night to the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from lyncdr_helpers.backups.manifest import Manifest, UserRecord
from lyncdr_helpers.clock import parse_stamp

Why = Literal["not in the set", "nothing to restore", "held back", "no set"]
"""held back: the contacts went from Lync to Exchange or the other way since the set was made."""

APART_HOURS = 12.0
"""Two sets closer together are no two nights: a few minutes say nothing about a day."""

NIGHTS = 7
"""How many nights the estimate looks at: a week has workdays and a weekend."""


@dataclass(frozen=True, order=True)
class AtRisk:
    """One user whose contacts would not come back. contacts: how many the set counted, None where it has no record."""

    address: str
    why: Why
    text: str
    contacts: int | None


@dataclass(frozen=True)
class Night:
    """From one set to a later one: of `users` whose record both hold, `changed` have another. hours: between them."""

    before: str
    after: str
    hours: float
    users: int
    changed: int

    @property
    def per_hour(self) -> float:
        """How readily a list changes, as a rate that does not depend on the hours; infinite where every list did."""
        same = self.users - self.changed
        return math.log(self.users / same) / self.hours if same else math.inf

    @property
    def text(self) -> str:
        return f"{self.changed:,} of {self.users:,} in {self.hours:.1f} h"


@dataclass(frozen=True)
class ChangedSince:
    """How many of `users` lists are others than in a set of that age: an estimate, never a fact.

    low, typical, high: by the calmest, the median and the busiest of the nights; None where there are no two sets.
    """

    users: int
    age_hours: float
    nights: tuple[Night, ...]
    low: float | None = None
    typical: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """`about 38 of 1,204 (21 to 60)`."""
        if self.low is None or self.typical is None or self.high is None:
            return "unknown: no two nights to compare"
        low, high = f"{self.low:,.0f}", f"{self.high:,.0f}"
        about = "fewer than 1" if 0 < self.typical < 0.5 else f"about {self.typical:,.0f}"
        return f"{about} of {self.users:,}{f' ({low} to {high})' if low != high else ''}"

    @property
    def how(self) -> str:
        """How the estimate was made, in one sentence."""
        if not self.nights:
            return f"It takes two COMPLETE sets, {APART_HOURS:g} hours apart or more, to see how often lists change."
        count = len(self.nights)
        seen = f"{count} nights" if count > 1 else "one night, so without a spread"
        return (
            f"From the records that differed from set to set, over {seen} since {self.nights[0].before}, carried over "
            f"to the {self.age_hours:.1f} hours since the newest set; a list that changes twice counts once."
        )


def at_risk(
    homed: Iterable[str], newest: Manifest | None, pool: str, held: Mapping[str, str], faults: Sequence[str] = ()
) -> tuple[AtRisk, ...]:
    """The users homed on the pool now whose contacts would not come back, by address.

    homed: their addresses. newest: the set that an activation would choose, None where there is none. held: user -> why
    an activation would not import their list. faults: why nobody may rely on the set; empty where it is whole.
    """
    records = newest.users_of(pool) if newest else {}
    why_all = _why_all(newest, faults)
    return tuple(sorted(one for user in homed if (one := _judge(user, records.get(user), newest, held, why_all))))


def nights(sets: Iterable[Manifest], pool: str) -> tuple[Night, ...]:
    """From set to set, oldest first: the last NIGHTS that lie APART_HOURS or more apart and share users of the pool.

    sets: COMPLETE ones of one deployment, in any order.
    """
    later: Manifest | None = None
    found: list[Night] = []
    for one in sorted(sets, key=lambda one: parse_stamp(one.made_at), reverse=True):
        if later is None or _hours(one, later) >= APART_HOURS:
            found += _night(one, later, pool) if later else []
            later = one
        if len(found) == NIGHTS:
            break
    return tuple(reversed(found))


def changed_since(past: Sequence[Night], users: int, age_hours: float) -> ChangedSince:
    """The estimate. users: how many have a record in the newest set. age_hours: how old it is; the future is no age.

    Each list is taken to change at the nights' rate, whenever it changed last: of those that are still as they were,
    every hour takes the same share.
    """
    age = max(age_hours, 0.0)
    if not past:
        return ChangedSince(users, age, ())
    rates = sorted(one.per_hour for one in past)
    low, typical, high = (_changed(users, rate, age) for rate in (rates[0], median(rates), rates[-1]))
    return ChangedSince(users, age, tuple(past), low, typical, high)


def _changed(users: int, per_hour: float, hours: float) -> float:
    return users * -math.expm1(-per_hour * hours) if hours else 0.0


def _why_all(newest: Manifest | None, faults: Sequence[str]) -> str:
    """Why nobody's contacts would come back, or empty."""
    if newest is None:
        return "there is no COMPLETE set"
    return f"set {newest.name} is not to be relied on: {'; '.join(faults)}" if faults else ""


def _judge(
    user: str, record: UserRecord | None, newest: Manifest | None, held: Mapping[str, str], why_all: str
) -> AtRisk | None:
    contacts = record.contacts if record else None
    if newest is None or why_all:
        return AtRisk(user, "no set", why_all, contacts)
    if record is None:
        return AtRisk(user, "not in the set", f"homed on the pool, and not in set {newest.name}", None)
    if user in held:
        return AtRisk(user, "held back", held[user], contacts)
    if not record.digest and record.contact_store != "exchange":
        return AtRisk(user, "nothing to restore", f"set {newest.name} names the user and holds no record", contacts)
    return None


def _night(before: Manifest, after: Manifest, pool: str) -> Iterator[Night]:
    had, has = _digests(before, pool), _digests(after, pool)
    both = had.keys() & has.keys()
    if both:
        changed = sum(had[user] != has[user] for user in both)
        yield Night(before.name, after.name, _hours(before, after), len(both), changed)


def _digests(manifest: Manifest, pool: str) -> dict[str, str]:
    """Of the users whose record is in the set: whose contacts Exchange alone holds has none."""
    return {user: one.digest for user, one in manifest.users_of(pool).items() if one.digest}


def _hours(before: Manifest, after: Manifest) -> float:
    return (parse_stamp(after.made_at) - parse_stamp(before.made_at)).total_seconds() / 3600
