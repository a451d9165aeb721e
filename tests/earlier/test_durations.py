"""How long a recovery would take is what earlier ones took, scaled by users where it scales; and unknown otherwise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_scene import START, activation, plan, read, run, step, verification, withheld

from lyncdr_helpers.phases.earlier import durations
from lyncdr_helpers.phases.earlier.durations import NOTICE, RECENT, STAGES, Estimate, RecoveryTime, estimate
from lyncdr_helpers.phases.earlier.recoveries import Kind, Recovery
from lyncdr_helpers.phases.earlier.spent import DECIDE, Spent

TARGET = 3600.0


def recovery(steps: Mapping[str, Spent], kind: Kind = "live", users: int = 100, day: int = 0) -> Recovery:
    return Recovery(f"run {day}", kind, START + dt.timedelta(days=day), users, None, steps)


def moved(rate: float, users: int = 100, kind: Kind = "live", day: int = 0) -> Recovery:
    return recovery({"move users": Spent(users / rate, users)}, kind, users, day)


def stage(found: RecoveryTime, name: str) -> Estimate:
    return next(one for one in found.stages if one.stage == name)


def test_nothing_on_record() -> None:
    """No run: no number anywhere, and nothing is known."""
    found = estimate([], 1204, TARGET)
    assert [one.stage for one in found.stages] == [one.name for one in STAGES] == list(found.unknown)
    assert {one.typical for one in found.stages} == {None}
    assert not found.is_known
    assert all("unknown" in one.how for one in found.stages if one.stage != NOTICE)


def test_users_scale_and_the_rest_does_not(tmp_path: Path) -> None:
    """100 users went home at 10/s: 1,200 take twelve times as long. DNS and the decision take as long as they took."""
    activation(tmp_path, users=100, rate=10)
    verification(tmp_path, 1 / 24, users=100)
    found = estimate(read(tmp_path), 1200, TARGET)
    assert stage(found, "move users").typical == pytest.approx(120)
    assert stage(found, "restore contacts").typical == pytest.approx(240)
    assert stage(found, "repoint DNS").typical == 1.0
    assert stage(found, DECIDE).typical == 60.0
    assert stage(found, "detect").typical == 12.0
    assert stage(found, "verify users and contacts").typical == pytest.approx(48)
    assert found.unknown == (NOTICE,)
    assert (
        "1 run of 100 users, 10 users/s; 1,200 users now; one alone shows no spread" in stage(found, "move users").how
    )


def test_low_typical_and_high() -> None:
    """The quickest, the median and the slowest run, each as a rate of its own."""
    found = estimate([moved(rate, day=day) for day, rate in enumerate((5, 20, 10))], 1000, TARGET)
    one = stage(found, "move users")
    assert (one.low, one.typical, one.high) == (50, 100, 200)
    assert one.how == "3 runs of 100 users, 5 to 20 users/s; 1,000 users now"


def test_the_estimate_is_the_whole_of_the_run_it_rests_on(tmp_path: Path) -> None:
    """For as many users as that run had, the stages add up to what it took from its first line to the proof."""
    activation(tmp_path, users=100)
    verification(tmp_path, 1 / 24, users=100)
    assert estimate(read(tmp_path), 100, TARGET).typical == pytest.approx(read(tmp_path)[0].seconds)


def test_a_rehearsal_tells_of_questions_only() -> None:
    """It has asked, and it has moved nobody: acts stay unknown, and a live run outweighs it."""
    asked = {"reach": Spent(1), "evidence": Spent(2), "move users": Spent(0.1), "repoint DNS": Spent(0.1)}
    rehearsed = recovery(asked, "rehearsal")
    found = estimate([rehearsed], 100, TARGET)
    assert (stage(found, "detect").typical, stage(found, "move users").typical) == (3, None)
    assert "1 rehearsal" in stage(found, "detect").how
    assert stage(found, "repoint DNS").typical is None
    live = recovery({"reach": Spent(10), "evidence": Spent(20)})
    assert stage(estimate([rehearsed, live], 100, TARGET), "detect").typical == 30


def test_a_rehearsal_as_its_journal_has_it(tmp_path: Path) -> None:
    """What is withheld takes no time, and is no measure of anything."""
    acts = step("move users", 0.5, *withheld("move users", 100))
    run(
        tmp_path,
        "activate",
        *step("backup", 1.0),
        *step("restorability", 0.0),
        *step("plan", 2.0, plan()),
        *acts,
        mode="rehearse",
    )
    found = estimate(read(tmp_path), 100, TARGET)
    assert (stage(found, "plan").typical, stage(found, "move users").typical) == (3.0, None)


def test_nothing_was_left_to_do() -> None:
    """A run that found everything so already says nothing of how long it takes."""
    assert stage(estimate([recovery({"repoint DNS": Spent(0.01, 0)})], 100, TARGET), "repoint DNS").typical is None


def test_nobody_could_count_the_users() -> None:
    """What scales is then unknown, whatever was measured; and what does not is known."""
    measured = [recovery({"move users": Spent(10, 100), "repoint DNS": Spent(1, 6)})]
    found = estimate(measured, None, TARGET)
    assert stage(found, "move users").how == "nobody could count the users"
    assert (stage(found, "move users").typical, stage(found, "repoint DNS").typical) == (None, 1)


def test_only_the_newest_runs_count() -> None:
    """A network of years ago is another one."""
    old = [moved(1, day=day) for day in range(5)]
    new = [moved(100, day=day + 5) for day in range(RECENT)]
    assert stage(estimate([*old, *new], 100, TARGET), "move users").high == 1


def test_what_there_is_nothing_to_do_for_is_left_out() -> None:
    """A deployment without Response Groups waits for none."""
    found = estimate([], 100, TARGET, ["restore response groups"])
    assert "restore response groups" not in found.unknown


def test_against_the_target() -> None:
    """What is left is counted from the slowest."""
    found = estimate([moved(1), moved(2, day=1)], 1800, TARGET)
    assert (found.typical, found.high, found.left) == (1350, 1800, 1800)
    assert estimate([moved(0.1)], 1800, TARGET).left < 0


spent = st.builds(Spent, st.floats(0, 1e5), st.integers(0, 5000))
names = sorted({step for one in STAGES for step in one.steps})
some = st.builds(
    recovery,
    st.dictionaries(st.sampled_from(names), spent),
    st.sampled_from(["live", "drill", "rehearsal"]),
    st.integers(0, 5000),
    st.integers(0, 3000),
)


@given(st.lists(some, max_size=15), st.none() | st.integers(0, 10**5))
def test_whatever_is_on_record(past: list[Recovery], users: int | None) -> None:
    """Every stage has three numbers in order, or none of them and a reason; the whole is the sum of what is known."""
    found = estimate(past, users, TARGET)
    for one in found.stages:
        numbers = (one.low, one.typical, one.high)
        assert one.how
        assert numbers == (None, None, None) or all(value is not None for value in numbers)
        if one.low is not None and one.typical is not None and one.high is not None:
            assert 0 <= one.low <= one.typical * (1 + 1e-9)
            assert one.typical <= one.high * (1 + 1e-9)
    assert found.typical == pytest.approx(sum(one.typical or 0 for one in found.stages))
    assert NOTICE in found.unknown


@given(st.lists(st.floats(0.1, 1000), min_size=1, max_size=8), st.integers(1, 10**5), st.integers(1, 10**5))
def test_more_users_never_take_less(rates: list[float], few: int, more: int) -> None:
    """It grows with the users, in proportion."""
    past = [moved(rate, day=day) for day, rate in enumerate(rates)]
    one, other = (stage(estimate(past, users, TARGET), "move users").typical for users in (few, few + more))
    assert one is not None
    assert other == pytest.approx(one * (few + more) / few)


def test_every_step_of_a_stage_must_be_there() -> None:
    """Half a stage is not quicker than a whole one: it is none."""
    assert stage(estimate([recovery({"reach": Spent(1)})], 1, TARGET), "detect").typical is None
    assert durations.STAGES[1].steps == ("reach", "evidence")
