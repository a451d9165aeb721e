"""The calendar of nights: what became of each day's backup, and how many users and contacts each set holds. Pure.

Days are days in UTC, as in retention: a server's time zone decides nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any

from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import OUTCOMES, Incomplete
from lyncdr_helpers.runfolder import UNFINISHED, RunSummary

WEEK = 7


class Mark(StrEnum):
    """What became of a day, the word that decides first: a day with alarms shows them, whatever else it had."""

    ALARMS = "COMPLETE with alarms"
    COMPLETE = "COMPLETE"
    RUNNING = "running"
    INCOMPLETE = "INCOMPLETE"
    FAILED = "FAILED"
    MISSING = "missing"
    DUE = "not yet"
    UNKNOWN = "not known"


ORDER = tuple(Mark)


@dataclass(frozen=True)
class Ran:
    """A backup run on this machine, as its journal tells it. facts: name -> value."""

    run: RunSummary
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Backup:
    """One backup: its set, its run, or both. users, contacts: of the set; None where nobody knows or there is none."""

    name: str
    moment: dt.datetime
    mark: Mark
    text: str = ""
    users: int | None = None
    contacts: int | None = None

    @property
    def day(self) -> dt.date:
        return self.moment.astimezone(dt.UTC).date()


@dataclass(frozen=True)
class Day:
    """One day and its backups, oldest first."""

    date: dt.date
    mark: Mark
    backups: tuple[Backup, ...] = ()

    @property
    def text(self) -> str:
        """`2026-03-01: COMPLETE with alarms; 20260301-021409-backup-3f2a: 2 alarms`."""
        return "; ".join([f"{self.date}: {self.mark}", *(_spoken(one) for one in self.backups)])


def backups(sets: Iterable[StoredSet], ran: Iterable[Ran], running: str = "") -> tuple[Backup, ...]:
    """Every backup that left a set or a run, oldest first. A set says more than its run, and may be another machine's.

    running: the one that is at work, or empty.
    """
    runs = {one.run.run: one for one in ran}
    kept = {one.name: one for one in sets if one.made_at}
    found = [_of_set(one, running) for one in kept.values()]
    found += [_of_run(one, running) for name, one in runs.items() if name not in kept]
    return tuple(sorted(found, key=lambda one: (one.moment, one.name)))


def calendar(found: Sequence[Backup], now: dt.datetime, weeks: int) -> tuple[Day, ...]:
    """The days of at most so many weeks, Monday first: from the week of the first backup of all to the present one.

    A day without a backup is missing once it is over, and not known before the first backup.
    """
    days = {day: tuple(some) for day, some in groupby(found, key=lambda one: one.day)}
    today = now.astimezone(dt.UTC).date()
    first = min([*days, today])
    began, last = _monday(first), _monday(today)
    monday = max(began, last - dt.timedelta(weeks=weeks - 1))
    count = (last - monday).days + WEEK
    dates = [monday + dt.timedelta(days=number) for number in range(count)]
    return tuple(_day(date, days.get(date, ()), first, today) for date in dates)


def growth(found: Iterable[Backup]) -> tuple[Backup, ...]:
    """The backups whose users and contacts are known, oldest first."""
    return tuple(one for one in found if one.users is not None and one.contacts is not None)


def _monday(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=date.weekday())


def _day(date: dt.date, some: tuple[Backup, ...], first: dt.date, today: dt.date) -> Day:
    if some:
        return Day(date, min((one.mark for one in some), key=ORDER.index), some)
    if date >= today:
        return Day(date, Mark.DUE)
    return Day(date, Mark.MISSING if date > first else Mark.UNKNOWN)


# -- one backup --------------------------------------------------------------------------------------------------------
def _of_set(one: StoredSet, running: str) -> Backup:
    assert one.made_at
    if not one.published:
        mark = Mark.RUNNING if one.name == running else Mark.FAILED
        return Backup(one.name, one.made_at, mark, "" if mark is Mark.RUNNING else one.reason)
    if one.state == "INCOMPLETE":
        lacks = [(one.differences, "user"), (one.failed_parts, "part")]
        text = f"without {' and '.join(_count(number, noun) for number, noun in lacks if number)}"
        return Backup(one.name, one.made_at, Mark.INCOMPLETE, text, one.users, one.contacts)
    if one.state != "COMPLETE":
        return Backup(one.name, one.made_at, Mark.FAILED, one.trouble or one.reason)
    return Backup(one.name, one.made_at, *_complete(one.alarms), one.users, one.contacts)


def _of_run(one: Ran, running: str) -> Backup:
    """A run without a set: it made none, or its set was removed since."""
    run, facts = one.run, one.facts
    moment = parse_stamp(run.began)
    if run.run == running:
        return Backup(run.run, moment, Mark.RUNNING)
    if run.finished:
        users, contacts = _total(facts, "users homed on "), _total(facts, "contacts on ")
        return Backup(run.run, moment, *_complete(len(facts.get("alarms", ()))), users, contacts)
    if run.outcome == OUTCOMES[Incomplete.exit_code]:
        return Backup(run.run, moment, Mark.INCOMPLETE)
    return Backup(run.run, moment, Mark.FAILED, "cut short" if run.outcome == UNFINISHED else run.outcome)


def _complete(alarms: int) -> tuple[Mark, str]:
    return (Mark.ALARMS, _count(alarms, "alarm")) if alarms else (Mark.COMPLETE, "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _total(facts: Mapping[str, Any], beginning: str) -> int | None:
    found = [int(value) for name, value in facts.items() if name.startswith(beginning)]
    return sum(found) if found else None


def _spoken(one: Backup) -> str:
    return f"{one.name}: {one.text or one.mark}"
