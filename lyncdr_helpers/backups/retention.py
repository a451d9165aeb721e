"""Retention: which sets stay and which may go, each with its reason. Pure; whoever removes asks here first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice

from lyncdr_helpers.params.backups import Retention

UNKEPT = "none of the rules keeps it"
YOUNG = dt.timedelta(days=1)
"""A folder that is not published and younger than this may still be in the making, here or on another machine."""


@dataclass(frozen=True)
class Candidate:
    """What the rules look at. made_at: aware, or None for a set that cannot be read.

    published: no for what failed or was cut short. It is no set, no rule counts it, and it is never complete.
    """

    name: str
    made_at: dt.datetime | None
    complete: bool
    published: bool = True


@dataclass(frozen=True)
class Decision:
    """What becomes of one set, and why."""

    name: str
    kept: bool
    reason: str

    def __str__(self) -> str:
        return f"{'kept' if self.kept else 'removed'}: {self.reason}"


@dataclass(frozen=True)
class _Rule:
    """Keep the newest set of each of the `count` newest buckets that have one. `bucket` spells a set's bucket."""

    count: int
    bucket: Callable[[_Dated], str]
    reason: str


@dataclass(frozen=True)
class _Dated:
    """A published set that can be read and was not made in the future."""

    name: str
    moment: dt.datetime
    complete: bool


def decide(
    sets: Iterable[Candidate],
    policy: Retention,
    now: dt.datetime,
    in_use: Mapping[str, str] | None = None,
    running: str = "",
) -> tuple[Decision, ...]:
    """One decision per set, oldest first; those that cannot be read come last.

    in_use: set -> the run that rests on it. running: the backup that is at work, or empty.

    Buckets are calendar days, ISO weeks and months in UTC; a bucket without a set uses up no place (restic's rules). A
    rule goes once over all sets, where a COMPLETE set is a bucket's keeper before any INCOMPLETE one, and once over
    the COMPLETE ones alone: no number of INCOMPLETE nights pushes a COMPLETE set out. Whatever the rules say, these
    stay: the last COMPLETE set, one in use, one that cannot be read, and one made in the future, which keeps no bucket.
    What never became a set goes once a later set is COMPLETE and it cannot be in the making any more.
    """
    given = sorted(sets, key=lambda one: (one.made_at is None, one.made_at or now, one.name))
    past = [
        _Dated(one.name, one.made_at.astimezone(dt.UTC), one.complete)
        for one in given
        if one.published and one.made_at and one.made_at <= now
    ]
    newest = next((one for one in reversed(past) if one.complete), None)
    reasons: dict[str, str] = {}
    for name, reason in (
        *_special(given, now, in_use or {}),
        *_last_complete(newest),
        *_by_rules(past, policy),
        *_waiting(given, now, newest, running),
    ):
        reasons.setdefault(name, reason)
    superseded = f"it never became a set, and {newest.name} is COMPLETE" if newest else UNKEPT
    return tuple(
        Decision(one.name, one.name in reasons, reasons.get(one.name, UNKEPT if one.published else superseded))
        for one in given
    )


def _special(given: Sequence[Candidate], now: dt.datetime, in_use: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The sets that are outside the rules."""
    for one in given:
        if one.made_at is None and one.published:
            yield one.name, "it cannot be read, and nobody knows what it holds"
        elif one.made_at is None:
            yield one.name, "its name is none that a backup gives: nobody knows whose it is"
        elif one.name in in_use:
            yield one.name, f"run {in_use[one.name]} rests on it and is not finished"
        elif one.made_at > now:
            yield one.name, "made in the future: a clock was wrong, and its age is unknown"


def _waiting(
    given: Sequence[Candidate], now: dt.datetime, newest: _Dated | None, running: str
) -> Iterator[tuple[str, str]]:
    """What never became a set, and must not go yet."""
    for one in given:
        if one.published or one.made_at is None:
            continue
        if one.name == running:
            yield one.name, "its run is at work"
        elif one.made_at > now - YOUNG:
            yield one.name, "younger than a day: it may still be in the making"
        elif newest is None or newest.moment <= one.made_at:
            yield one.name, "no set after it is COMPLETE: it may be all there is of that night"


def _by_rules(past: Sequence[_Dated], policy: Retention) -> Iterator[tuple[str, str]]:
    for rule in _rules(policy):
        for among in (past, [one for one in past if one.complete]):
            for bucket, keeper in islice(_keepers(among, rule), rule.count):
                yield keeper.name, rule.reason.format(bucket)


def _rules(policy: Retention) -> tuple[_Rule, ...]:
    return (
        _Rule(policy.last, lambda one: one.name, f"one of the {policy.last} newest"),
        _Rule(policy.daily, lambda one: f"{one.moment:%Y-%m-%d}", "newest of day {}"),
        _Rule(policy.weekly, lambda one: f"{one.moment:%G-W%V}", "newest of week {}"),
        _Rule(policy.monthly, lambda one: f"{one.moment:%Y-%m}", "newest of month {}"),
    )


def _keepers(among: Sequence[_Dated], rule: _Rule) -> Iterator[tuple[str, _Dated]]:
    """Each bucket with the set that stands for it, newest bucket first."""
    for bucket, sets in groupby(reversed(among), rule.bucket):
        yield bucket, max(sets, key=lambda one: (one.complete, one.moment, one.name))


def _last_complete(newest: _Dated | None) -> Iterator[tuple[str, str]]:
    if newest:
        yield newest.name, "the last COMPLETE set"
