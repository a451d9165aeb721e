"""The calendar of nights: what each day comes to, and that a missing day is seen."""

from __future__ import annotations

import datetime as dt
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.backups.calendar import ORDER, Backup, Day, Mark, Ran, backups, calendar, growth
from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.runfolder import BROKEN, RunSummary

NOW = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)  # a Wednesday


def name(moment: dt.datetime) -> str:
    return f"{moment:%Y%m%d-%H%M%S}-backup-0000"


def at(days: float) -> dt.datetime:
    """So many days ago, at 02:00."""
    return NOW.replace(hour=2) - dt.timedelta(days=days)


def kept(days: float, state: str = "COMPLETE", **more: Any) -> StoredSet:
    return StoredSet(name(at(days)), state, at(days), **{"users": 40, "contacts": 900, **more})  # type: ignore[arg-type]


def failed(days: float, reason: str = "The share went away.", state: str = "FAILED") -> StoredSet:
    return kept(days, state, reason=reason, published=False)


def ran(days: float, outcome: str = "done", **facts: Any) -> Ran:
    run = RunSummary(
        name(at(days)), "backup", "lab", "live", stamp(at(days)), "a@b", outcome, None, "", "", acted=False
    )
    return Ran(run, {key.replace("_", " "): value for key, value in facts.items()})


def marks(days: tuple[Day, ...]) -> str:
    """A letter a day, weeks apart."""
    letters = {mark: mark.name[0] for mark in Mark} | {Mark.DUE: ".", Mark.UNKNOWN: "?"}
    text = "".join(letters[day.mark] for day in days)
    return " ".join(text[start : start + 7] for start in range(0, len(text), 7))


def shown(*found: StoredSet | Ran, running: str = "", weeks: int = 2) -> str:
    sets = [one for one in found if isinstance(one, StoredSet)]
    return marks(calendar(backups(sets, [one for one in found if isinstance(one, Ran)], running), NOW, weeks))


# -- days --------------------------------------------------------------------------------------------------------------
def test_two_weeks() -> None:
    """Monday first, this week last: every state; days before the first backup and after today are no reproach."""
    found = shown(
        kept(8), kept(7, alarms=2), kept(6, "INCOMPLETE"), failed(5), kept(3), kept(2), ran(1, "failed"), kept(0)
    )
    assert found == "?CAIFMC CFC...."
    assert shown(kept(60), weeks=3) == "MMMMMMM MMMMMMM MM....."


def test_today_is_not_over() -> None:
    """A day without a backup is missing only when it is past."""
    assert shown(kept(2)) == "CM....."


def test_nothing_at_all() -> None:
    """A deployment without a backup has no missing nights yet."""
    assert shown() == "??....."


def test_the_best_of_a_day_counts() -> None:
    """A night that failed and was run again is COMPLETE; alarms are not overlooked for a later set without any."""
    assert shown(failed(-0.1), kept(-0.2)) == "??C...."
    assert shown(kept(-0.1, alarms=1), kept(-0.2)) == "??A...."


def test_a_backup_at_work() -> None:
    """What holds the lock is running, whatever the store has of it; today it outranks what failed before."""
    now = failed(0, "It was begun, and nothing says that it ended.")
    assert shown(now, running=now.name) == "??R...."
    assert shown(now) == "??F...."
    assert shown(ran(0, "unfinished"), running=name(at(0))) == "??R...."
    assert shown(ran(0, "unfinished")) == "??F...."


def test_days_are_in_utc() -> None:
    """23:30 in New York is the next day."""
    new_york = dt.timezone(dt.timedelta(hours=-5))
    late = StoredSet("late", "COMPLETE", dt.datetime(2026, 3, 2, 23, 30, tzinfo=new_york))
    assert marks(calendar(backups([late], []), NOW, 1)) == "?C....."


# -- sets and runs -----------------------------------------------------------------------------------------------------
def test_a_set_and_its_run_are_one_backup() -> None:
    """The set says more; a run whose set was removed since still tells of its night."""
    found = backups([kept(1)], [ran(1), ran(2, users_homed_on_pool01=39, contacts_on_pool01=880, alarms=["x", "y"])])
    assert [(one.name, one.mark, one.users, one.contacts) for one in found] == [
        (name(at(2)), Mark.ALARMS, 39, 880),
        (name(at(1)), Mark.COMPLETE, 40, 900),
    ]


@pytest.mark.parametrize(
    ("outcome", "mark", "text"),
    [
        ("done", Mark.COMPLETE, ""),
        ("incomplete", Mark.INCOMPLETE, ""),
        ("failed", Mark.FAILED, "failed"),
        ("interrupted", Mark.FAILED, "interrupted"),
        ("unfinished", Mark.FAILED, "cut short"),
        (BROKEN, Mark.FAILED, BROKEN),
    ],
)
def test_a_run_without_a_set(outcome: str, mark: Mark, text: str) -> None:
    """Its outcome speaks; one that nobody can trust is not taken for done."""
    (one,) = backups([], [ran(0, outcome)])
    assert (one.mark, one.text) == (mark, text)


def test_what_cannot_be_read_is_no_complete_night() -> None:
    """A damaged set is FAILED with what is wrong; one that has no date has no day."""
    damaged = StoredSet(name(at(1)), "UNREADABLE", at(1), trouble="its manifest.json is gone")
    (one,) = backups([damaged, StoredSet("photos", "UNREADABLE")], [])
    assert (one.mark, one.text) == (Mark.FAILED, "its manifest.json is gone")


def test_the_words_of_a_day() -> None:
    """The date, what it came to, and each backup with what is to be said of it."""
    day = calendar(backups([failed(0), kept(-0.1, alarms=2)], []), NOW, 1)[2]
    assert day.text == (
        f"2026-03-04: COMPLETE with alarms; {name(at(0))}: The share went away.; {name(at(-0.1))}: 2 alarms"
    )


def test_growth() -> None:
    """A point for every night whose numbers are known, INCOMPLETE ones too; none for what failed."""
    found = backups([kept(3, users=38), kept(2, "INCOMPLETE", users=12), failed(1), kept(0, users=41)], [ran(5)])
    assert [(one.day.day, one.users, one.mark is Mark.COMPLETE) for one in growth(found)] == [
        (1, 38, True),
        (2, 12, False),
        (4, 41, True),
    ]


# -- for any -----------------------------------------------------------------------------------------------------------
FOUND = st.lists(
    st.builds(Backup, st.uuids().map(str), st.integers(-3, 60).map(at), st.sampled_from(ORDER[:5])), max_size=30
).map(lambda found: sorted(found, key=lambda one: (one.moment, one.name)))


@given(FOUND, st.integers(1, 8))
def test_every_day_is_there_once(found: list[Backup], weeks: int) -> None:
    """Whole weeks from a Monday to the Sunday of this week, no more than asked for, each day with its backups."""
    days = calendar(found, NOW, weeks)
    assert (days[0].date.weekday(), days[-1].date, len(days) % 7) == (0, dt.date(2026, 3, 8), 0)
    assert len(days) == 7 * weeks or days[0].date <= min([NOW.date(), *(one.day for one in found)])
    assert [day.date for day in days] == [days[0].date + dt.timedelta(days=number) for number in range(len(days))]
    assert [one for day in days for one in day.backups] == [
        one for one in found if days[0].date <= one.day <= days[-1].date
    ]


@given(FOUND, st.integers(1, 8))
def test_a_gap_is_never_green(found: list[Backup], weeks: int) -> None:
    """A day shows COMPLETE, with alarms or without, only where a backup of it was."""
    for day in calendar(found, NOW, weeks):
        if day.mark in (Mark.COMPLETE, Mark.ALARMS):
            assert day.mark in {one.mark for one in day.backups}
        if not day.backups:
            assert day.mark in (Mark.MISSING, Mark.DUE, Mark.UNKNOWN)


@given(FOUND, st.randoms(use_true_random=False))
def test_the_order_of_sets_does_not_matter(found: list[Backup], random: Random) -> None:
    """A store may list its folders as it likes."""
    sets = [StoredSet(one.name, "COMPLETE", one.moment) for one in found]
    assert backups(sets, []) == backups(random.sample(sets, len(sets)), [])
