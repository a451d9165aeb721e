"""Alarms: what looks wrong in tonight's set beside the nights before it. Pure; whoever seals a set asks here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from lyncdr_helpers.backups.manifest import Alarm, AlarmKind, Manifest, UserRecord
from lyncdr_helpers.backups.rotation import Key, key_of
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.params.backups import Alarms

NAMED = 100
"""How many users of a pool are named for one kind of alarm; who lost most comes first, and the others are counted."""

PartKey = tuple[str, str]
"""(kind, pool)."""


def beside(earlier: Sequence[Manifest]) -> Manifest | None:
    """The set to compare with: the newest COMPLETE one, for one that lacks users hides what was lost; else the newest.

    earlier: oldest first.
    """
    return next((one for one in reversed(earlier) if one.complete), earlier[-1] if earlier else None)


def compare(earlier: Sequence[Manifest], tonight: Manifest, rule: Alarms) -> tuple[Alarm, ...]:
    """What people should look at: the clock first, then totals, users by name, and parts. Nothing on the first night.

    earlier: sets of the nights before, oldest first. Totals and parts are compared with the newest COMPLETE one, each
    user with the newest one that has them. A fall counts when it is more than the rule's percentage.
    """
    before = beside(earlier)
    if before is None:
        return ()
    return (
        *_clock(earlier, tonight),
        *_totals(before, tonight, rule),
        *_users(earlier, tonight),
        *_lost_parts(before, tonight),
        *_smaller_parts(before, tonight, rule),
    )


# -- the deployment and its pools --------------------------------------------------------------------------------------
def _clock(earlier: Iterable[Manifest], tonight: Manifest) -> Iterator[Alarm]:
    newest = max(earlier, key=lambda one: parse_stamp(one.made_at))
    if parse_stamp(tonight.made_at) < parse_stamp(newest.made_at):
        text = f"made at {tonight.made_at}, before set {newest.name} of {newest.made_at}: a clock is or was wrong"
        yield Alarm(kind="clock", pool="", address="", text=text)


def _totals(before: Manifest, tonight: Manifest, rule: Alarms) -> Iterator[Alarm]:
    """Users and contacts of each pool that was in the set before, and of all pools where those are several.

    Contacts of users whose contacts live in Exchange now are left out on both sides: they went, and are not lost.
    """
    away = {key_of(one) for one in tonight.users if one.contact_store == "exchange"}
    users: tuple[dict[str, int], dict[str, int]] = ({}, {})
    contacts: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for side, manifest in enumerate((before, tonight)):
        for one in manifest.users:
            users[side][one.pool] = users[side].get(one.pool, 0) + 1
            listed = 0 if key_of(one) in away else one.contacts
            contacts[side][one.pool] = contacts[side].get(one.pool, 0) + listed
    yield from _fallen("users", *users, rule.users_percent, before.name)
    yield from _fallen("contacts", *contacts, rule.contacts_percent, before.name)


def _fallen(
    kind: AlarmKind, before: Mapping[str, int], now: Mapping[str, int], percent: float, name: str
) -> Iterator[Alarm]:
    pools = [(pool, before[pool], now.get(pool, 0)) for pool in sorted(before)]
    everything = [("", sum(before.values()), sum(now.values()))] if len(before) > 1 else []
    for pool, had, has in (*everything, *pools):
        if fall := _fall(had, has, percent):
            yield Alarm(kind=kind, pool=pool, address="", text=f"{has:,} {kind}, {fall} than {had:,} in set {name}")


def _fall(had: int, has: int, percent: float) -> str:
    """`12 fewer (24 %)`, or empty where it is no more than the percentage."""
    lost = had - has
    return f"{lost:,} fewer ({100 * lost / had:.1f} %)" if lost > 0 and 100 * lost > percent * had else ""


# -- users, by name ----------------------------------------------------------------------------------------------------
def _users(earlier: Iterable[Manifest], tonight: Manifest) -> Iterator[Alarm]:
    known: dict[Key, tuple[UserRecord, str]] = {}
    for manifest in earlier:
        known |= {key_of(one): (one, manifest.name) for one in manifest.users}
    emptied: list[tuple[int, Alarm]] = []
    ungrouped: list[tuple[int, Alarm]] = []
    for one in tonight.users:
        before, name = known.get(key_of(one), (one, ""))
        if one.contact_store == "exchange":
            continue
        alarm = partial(Alarm, pool=one.pool, address=one.address)
        if before.contacts and not one.contacts:
            text = f"has no contacts; had {before.contacts:,} in set {name}"
            emptied.append((before.contacts, alarm(kind="no-contacts", text=text)))
        elif one.groups < before.groups:
            text = f"has {one.groups:,} groups; had {before.groups:,} in set {name}"
            ungrouped.append((before.groups - one.groups, alarm(kind="groups", text=text)))
    yield from _named(emptied, "no-contacts", "have no contacts any more")
    yield from _named(ungrouped, "groups", "have fewer groups than before")


def _named(found: Iterable[tuple[int, Alarm]], kind: AlarmKind, what: str) -> Iterator[Alarm]:
    """Pool by pool, who lost most first; after the NAMED-th of a pool, how many there are besides."""
    pools: dict[str, list[tuple[int, Alarm]]] = {}
    for lost, alarm in found:
        pools.setdefault(alarm.pool, []).append((lost, alarm))
    for pool, alarms in sorted(pools.items()):
        ranked = sorted(alarms, key=lambda one: (-one[0], one[1].address))
        yield from (alarm for _, alarm in ranked[:NAMED])
        if (more := len(ranked) - NAMED) > 0:
            yield Alarm(kind=kind, pool=pool, address="", text=f"{more:,} more users {what}")


# -- parts -------------------------------------------------------------------------------------------------------------
def _lost_parts(before: Manifest, tonight: Manifest) -> Iterator[Alarm]:
    """Parts that the set before has and tonight's has not, each with why."""
    why: dict[PartKey, str] = {(one.kind, one.pool): f"{one.why}: {one.reason}" for one in tonight.absent}
    for kind, pool in sorted(_sizes(before).keys() - _sizes(tonight).keys()):
        reason = why.get((kind, pool), "nothing says why")
        text = f"no {kind}, which set {before.name} has ({reason})"
        yield Alarm(kind="part", pool=pool, address="", text=text)


def _smaller_parts(before: Manifest, tonight: Manifest, rule: Alarms) -> Iterator[Alarm]:
    now = _sizes(tonight)
    for (kind, pool), had in sorted(_sizes(before).items()):
        has = now.get((kind, pool), had)
        if 100 * (had - has) > rule.size_percent * had:
            text = f"{kind} has {has:,} bytes, {100 * (had - has) / had:.1f} % fewer than {had:,} in set {before.name}"
            yield Alarm(kind="size", pool=pool, address="", text=text)


def _sizes(manifest: Manifest) -> dict[PartKey, int]:
    """Of each part, all its files together."""
    found: dict[PartKey, int] = {}
    for part in manifest.parts:
        found[part.kind, part.pool] = found.get((part.kind, part.pool), 0) + part.size
    return found
