"""Retention: what stays, what may go, and why; and what holds for any sets, any policy and any hour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.backups.retention import Candidate, Decision, decide
from lyncdr_helpers.params.backups import Retention

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)  # a Sunday
LAST_ONLY = Retention(last=1, daily=0, weekly=0, monthly=0)


def night(days: float, state: str = "COMPLETE") -> Candidate:
    """The set made so many days before NOW."""
    made_at = NOW - dt.timedelta(days=days)
    return Candidate(f"{made_at:%m%d-%H%M}", made_at, state == "COMPLETE")


def reasons(decisions: Iterable[Decision]) -> dict[str, str]:
    return {one.name: str(one) for one in decisions}


def kept(decisions: Iterable[Decision]) -> set[str]:
    return {one.name for one in decisions if one.kept}


# -- by example --------------------------------------------------------------------------------------------------------
def test_each_rule_says_what_it_keeps() -> None:
    """Last, day, week and month: the newest set of each bucket that has one, with the bucket's name; else removed."""
    policy = Retention(last=1, daily=2, weekly=2, monthly=2)
    found = decide([night(days) for days in (0, 0.2, 1, 2, 6, 7, 29, 30, 60)], policy, NOW)
    assert reasons(found) == {
        "1231-1200": "removed: none of the rules keeps it",
        "0130-1200": "removed: none of the rules keeps it",
        "0131-1200": "removed: none of the rules keeps it",
        "0222-1200": "kept: newest of week 2026-W08",
        "0223-1200": "removed: none of the rules keeps it",
        "0227-1200": "removed: none of the rules keeps it",
        "0228-1200": "kept: newest of day 2026-02-28",
        "0301-0712": "removed: none of the rules keeps it",
        "0301-1200": "kept: the last COMPLETE set",
    }


def test_a_month_is_kept_by_its_newest() -> None:
    """The monthly rule passes over months without a set and keeps the newest of the next one."""
    found = decide([night(days) for days in (0, 60, 61)], Retention(last=1, daily=0, weekly=0, monthly=2), NOW)
    assert reasons(found)["1231-1200"] == "kept: newest of month 2025-12"
    assert kept(found) == {"0301-1200", "1231-1200"}


def test_buckets_are_in_utc() -> None:
    """23:30 in New York is the next day: a server's time zone decides nothing."""
    new_york = dt.timezone(dt.timedelta(hours=-5))
    sets = [
        Candidate("late", dt.datetime(2026, 2, 27, 23, 30, tzinfo=new_york), True),
        Candidate("early", dt.datetime(2026, 2, 28, 3, 0, tzinfo=dt.UTC), True),
    ]
    found = decide(sets, Retention(last=1, daily=2, weekly=0, monthly=0), NOW)
    assert kept(found) == {"late"}


def test_a_year_ends_in_its_week() -> None:
    """29 December 2025 and 1 January 2026 are one ISO week, 2026-W01."""
    sets = [Candidate(f"{day}", dt.datetime(2025, 12, day, tzinfo=dt.UTC), True) for day in (28, 29, 31)]
    sets.append(Candidate("new year", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), True))
    found = decide(sets, Retention(last=1, daily=0, weekly=2, monthly=0), NOW)
    assert reasons(found)["28"] == "kept: newest of week 2025-W52"
    assert kept(found) == {"28", "new year"}


def test_a_complete_set_is_the_keeper() -> None:
    """In a bucket with both, the COMPLETE set stays, though an INCOMPLETE one is newer."""
    found = decide([night(1.1), night(1, "INCOMPLETE"), night(0)], Retention(last=1, daily=2, weekly=0, monthly=0), NOW)
    assert kept(found) == {night(1.1).name, night(0).name}


def test_incomplete_nights_push_no_complete_one_out() -> None:
    """Thirty INCOMPLETE nights later the seven newest COMPLETE sets and days are still there, and the newest nights."""
    sets = [night(days, "INCOMPLETE") for days in range(30)] + [night(days) for days in range(30, 60)]
    found = decide(sets, Retention(last=7, daily=7, weekly=0, monthly=0), NOW)
    assert kept(found) == {night(days).name for days in (*range(7), *range(30, 37))}


def test_the_last_complete_set_stays() -> None:
    """However old it is, and whatever came after it."""
    old = night(900)
    found = decide([night(901), old, *(night(days, "INCOMPLETE") for days in range(5))], LAST_ONLY, NOW)
    assert reasons(found)[old.name] == "kept: the last COMPLETE set"
    assert kept(found) == {old.name, night(0).name}


def test_what_cannot_be_read_stays() -> None:
    """Nobody knows what it holds, so nobody removes it; it comes last, and it says why."""
    found = decide([Candidate("broken", None, False), night(0)], LAST_ONLY, NOW)
    assert str(found[-1]) == "kept: it cannot be read, and nobody knows what it holds"


def test_what_is_in_use_stays() -> None:
    """The set of an activation that is not finished stays, with the run's name."""
    found = decide([night(0), night(400)], LAST_ONLY, NOW, {night(400).name: "20260228-activate"})
    assert reasons(found)[night(400).name] == "kept: run 20260228-activate rests on it and is not finished"


def test_the_future_takes_nobody_s_place() -> None:
    """A set from the future stays, and today's set is kept as if it were not there."""
    found = decide([night(-365), night(-1), night(0), night(1)], LAST_ONLY, NOW)
    assert kept(found) == {night(-365).name, night(-1).name, night(0).name}
    assert "future" in reasons(found)[night(-1).name]


def aside(days: float) -> Candidate:
    """What a night of so many days ago left, that never became a set."""
    made_at = NOW - dt.timedelta(days=days)
    return Candidate(f"failed-{made_at:%m%d-%H%M}", made_at, False, False)


def test_what_failed_goes_once_a_later_set_is_complete() -> None:
    """Until then it may be all there is of its night; and for a day it may still be in the making."""
    young, superseded, newer = aside(0.5), aside(3), aside(1.5)
    found = decide([young, superseded, newer, night(2), night(1, "INCOMPLETE")], LAST_ONLY, NOW)
    assert reasons(found) == {
        superseded.name: "removed: it never became a set, and 0227-1200 is COMPLETE",
        "0227-1200": "kept: the last COMPLETE set",
        newer.name: "kept: no set after it is COMPLETE: it may be all there is of that night",
        "0228-1200": "kept: one of the 1 newest",
        young.name: "kept: younger than a day: it may still be in the making",
    }


def test_what_is_being_made_stays() -> None:
    """A run that is at work for more than a day keeps its folder; so does a folder whose name says nothing."""
    slow, foreign = aside(2), Candidate("photos", None, False, False)
    found = decide([slow, foreign, night(1)], LAST_ONLY, NOW, running=slow.name)
    assert reasons(found)[slow.name] == "kept: its run is at work"
    assert reasons(found)["photos"] == "kept: its name is none that a backup gives: nobody knows whose it is"


def test_nothing_to_decide() -> None:
    """No sets, no decisions."""
    assert decide([], Retention(), NOW) == ()


def test_the_defaults() -> None:
    """A set every night for 400 nights leaves 14 days, 6 older Sundays and the ends of 10 older months."""
    found = decide([night(days) for days in range(400)], Retention(), NOW)
    assert len(kept(found)) == 14 + 6 + 10
    assert {night(days).name for days in range(14)} <= kept(found)


# -- for any ----------------------------------------------------------------------------------------------------------
SETS = st.lists(
    st.builds(
        Candidate,
        st.uuids().map(str),
        st.none()
        | st.datetimes(dt.datetime(2024, 11, 1), dt.datetime(2026, 4, 1), timezones=st.just(dt.UTC))
        | st.integers(-3, 20).map(lambda days: NOW - dt.timedelta(days=days)),
        st.booleans(),
    )
    | st.builds(
        Candidate,
        st.uuids().map(str),
        st.none() | st.integers(-3, 20).map(lambda hours: NOW - dt.timedelta(hours=6 * hours)),
        st.just(False),
        st.just(False),
    ),
    max_size=40,
    unique_by=lambda one: one.name,
)
COUNTS = st.integers(0, 6)
POLICIES = st.builds(Retention, last=st.integers(1, 6), daily=COUNTS, weekly=COUNTS, monthly=COUNTS)


@given(SETS, POLICIES)
def test_deciding_again_removes_nothing(sets: list[Candidate], policy: Retention) -> None:
    """Idempotent: once the rest is removed, everything is kept, for the same reasons."""
    first = decide(sets, policy, NOW)
    left = [one for one in sets if one.name in kept(first)]
    assert decide(left, policy, NOW) == tuple(one for one in first if one.kept)


@given(SETS, POLICIES, st.data())
def test_a_removal_cut_short_changes_nothing(sets: list[Candidate], policy: Retention, data: st.DataObject) -> None:
    """With some of the removals done, the others are still removed, and nothing else."""
    first = decide(sets, policy, NOW)
    gone = {one.name for one in first if not one.kept and data.draw(st.booleans())}
    again = decide([one for one in sets if one.name not in gone], policy, NOW)
    assert again == tuple(one for one in first if one.name not in gone)


@given(SETS, POLICIES, POLICIES)
def test_a_wider_policy_keeps_no_less(sets: list[Candidate], one: Retention, other: Retention) -> None:
    """Monotone: where every count is as great or greater, every set that was kept is kept."""
    wider = Retention(**{key: max(value, getattr(other, key)) for key, value in one.model_dump().items()})
    assert kept(decide(sets, one, NOW)) <= kept(decide(sets, wider, NOW))


@given(SETS, POLICIES)
def test_the_last_complete_set_is_always_kept(sets: list[Candidate], policy: Retention) -> None:
    """The newest COMPLETE set that can be read and is not of the future stays."""
    complete = [one for one in sets if one.complete and one.made_at and one.made_at <= NOW]
    if complete:
        assert max(complete, key=lambda one: (one.made_at, one.name)).name in kept(decide(sets, policy, NOW))


@given(SETS, POLICIES, st.randoms(use_true_random=False))
def test_the_order_of_the_sets_does_not_matter(sets: list[Candidate], policy: Retention, random: Random) -> None:
    """A store may list its folders as it likes."""
    turned = list(sets)
    random.shuffle(turned)
    assert decide(turned, policy, NOW) == decide(sets, policy, NOW)


@given(SETS, POLICIES)
def test_incomplete_sets_decide_nothing_for_complete_ones(sets: list[Candidate], policy: Retention) -> None:
    """A COMPLETE set that stays without the INCOMPLETE ones stays with them too."""
    alone = decide([one for one in sets if one.complete], policy, NOW)
    assert kept(alone) <= kept(decide(sets, policy, NOW))


@given(SETS, POLICIES)
def test_sets_of_the_future_decide_nothing(sets: list[Candidate], policy: Retention) -> None:
    """They stay themselves, and every other decision is as if they were not there."""
    future = {one.name for one in sets if one.made_at and one.made_at > NOW}
    found = decide(sets, policy, NOW)
    assert future <= kept(found)
    without = decide([one for one in sets if one.name not in future], policy, NOW)
    assert without == tuple(one for one in found if one.name not in future)


@given(SETS, POLICIES, st.data())
def test_in_use_is_kept_and_takes_nobody_s_place(sets: list[Candidate], policy: Retention, data: st.DataObject) -> None:
    """Naming a set as in use keeps it, and changes nothing for the others."""
    names: Mapping[str, str] = {one.name: "run" for one in sets if data.draw(st.booleans())}
    plain, used = decide(sets, policy, NOW), decide(sets, policy, NOW, names)
    assert kept(used) == kept(plain) | names.keys()


@given(SETS, POLICIES)
def test_what_failed_decides_nothing_for_sets(sets: list[Candidate], policy: Retention) -> None:
    """No rule counts it: every set is decided on as if it were not there."""
    without = decide([one for one in sets if one.published], policy, NOW)
    published = {one.name for one in sets if one.published}
    assert without == tuple(one for one in decide(sets, policy, NOW) if one.name in published)


@given(SETS, POLICIES)
def test_what_failed_goes_only_after_a_complete_set(sets: list[Candidate], policy: Retention) -> None:
    """Whatever of it is removed has a later COMPLETE set that is kept, and is more than a day old."""
    found = decide(sets, policy, NOW)
    complete = [one.made_at for one in sets if one.complete and one.made_at and one.name in kept(found)]
    for one in sets:
        if not one.published and one.name not in kept(found):
            assert one.made_at
            assert one.made_at <= NOW - dt.timedelta(days=1)
            assert any(one.made_at < moment <= NOW for moment in complete)
