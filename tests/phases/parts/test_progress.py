"""How far a run is: read off journals made by hand, second by second, and off what a real activation writes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from journal_scene import START, Entry, activation, plan, refused, run, step, verification

from lyncdr_helpers import journal
from lyncdr_helpers.phases import progress
from lyncdr_helpers.phases.earlier import durations, recoveries
from lyncdr_helpers.phases.progress import Progress

MOVES = "move users"


def found(count: int, of: int) -> Entry:
    return ("found", {"act": MOVES, "count": count, "of": of}, 0.0)


def batch(intent: int, done: int, seconds: float, **facts: Any) -> list[Entry]:
    """One batch: its intent is the line of that number."""
    said: Mapping[str, Any] = {
        "act": MOVES,
        "intent": intent,
        "done": list(map(str, range(done))),
        "failed": {},
        **facts,
    }
    return [("intent", {"act": MOVES, "targets": ["..."]}, seconds), ("result", said, 0.0)]


def so_far(folder: Path, *entries: Entry) -> Progress:
    return progress.of(journal.read(run(folder, "activate", *entries) / "journal.jsonl")[0])


STARTED: Entry = ("step", {"name": MOVES, "state": "started"}, 1.0)


def test_an_act_at_work(tmp_path: Path) -> None:
    """Two batches of a hundred in ten seconds: so many settled, the pace, and what the rest takes at it."""
    known = so_far(tmp_path, STARTED, found(50, 450), *batch(4, 100, 5.0), *batch(6, 100, 5.0))
    work = known.works[MOVES]
    assert (known.step, known.state, known.is_over) == (MOVES, "unfinished", False)
    assert (work.total, work.settled, work.done, work.a_second, work.left) == (450, 250, 200, 20.0, 10.0)
    assert known.users_back == 250


def test_before_the_first_batch_nobody_can_tell(tmp_path: Path) -> None:
    """No pace is made up: what is left is unknown, not nothing."""
    work = so_far(tmp_path, STARTED, found(0, 450)).works[MOVES]
    assert (work.a_second, work.left) == (None, None)


def test_what_failed_and_what_was_withheld(tmp_path: Path) -> None:
    """Both are settled, and neither is a user who is back."""
    known = so_far(
        tmp_path,
        *[STARTED, found(0, 30)],
        *batch(4, 8, 1.0, failed={"a": "no", "b": "no"}),
        *batch(6, 0, 1.0, withheld=10),
    )
    work = known.works[MOVES]
    assert (work.settled, work.failed, work.withheld, known.users_back) == (20, 2, 10, 8)


def test_a_resumed_run_counts_each_user_once(tmp_path: Path) -> None:
    """A crash after the first batch: the next execution finds those users, and what it reads back adds nothing."""
    crash: Entry = ("resume", {"who": {"user": "a", "host": "b", "pid": 1}}, 0.0)
    back = ("result", {"act": MOVES, "intent": 6, "done": ["x"], "failed": {}, "read_back": True}, 0.0)
    known = so_far(
        tmp_path,
        *[STARTED, found(0, 300), *batch(4, 100, 5.0), ("intent", {"act": MOVES, "targets": ["x"]}, 0.0)],
        *[crash, STARTED, back, found(101, 300), *batch(11, 99, 3.0)],
    )
    work = known.works[MOVES]
    assert (work.total, work.settled, work.done, known.users_back) == (300, 200, 99, 200)


def test_a_gate_and_an_end(tmp_path: Path) -> None:
    """A run that waits says at which gate; one that was taken up again waits no more."""
    entries = [*step("plan", 1.0, plan()), *refused(60.0)]
    stopped, resumed = so_far(tmp_path / "a", *entries[:-1]), so_far(tmp_path / "b", *entries)
    assert (stopped.gate, stopped.is_over, stopped.state) == ("approval: ", False, "refused")
    assert (resumed.gate, resumed.is_over) == ("", False)


# -- the forecast ------------------------------------------------------------------------------------------------------
@pytest.fixture
def expected(tmp_path: Path) -> durations.RecoveryTime:
    """What one proven recovery of a hundred users says of another hundred; 60 min are promised."""
    activation(tmp_path / "past")
    verification(tmp_path / "past", 0.01)
    past = recoveries.read(tmp_path / "past", "contoso", "pool01.example.org", "drse01.example.org")
    return durations.estimate(past, 100, 3600.0)


def test_what_is_left_goes_by_its_own_pace(tmp_path: Path, expected: durations.RecoveryTime) -> None:
    """Of the act at work what its pace says, of what is over nothing, of the others what they took before."""
    early = [*step("reach", 1.0), *step("evidence", 1.0), *step("backup", 1.0), *step("plan", 1.0)]
    known = so_far(tmp_path, *early, STARTED, found(0, 100), *batch(12, 20, 2.0))
    now = known.latest + dt.timedelta(seconds=1)
    typical = {one.stage: one.typical or 0.0 for one in expected.stages}
    later = list(typical)[list(typical).index(MOVES) + 1 :]
    foreseen = progress.forecast(known, now, expected)
    assert known.works[MOVES].left == 8.0
    assert foreseen.seconds == pytest.approx((now - START).total_seconds() + 8.0 + sum(typical[one] for one in later))
    assert foreseen.fits


def test_what_was_never_measured_is_named(tmp_path: Path) -> None:
    """Without an earlier run the forecast is a lower bound, and says of what it knows nothing."""
    known = so_far(tmp_path, *step("reach", 1.0), *step("evidence", 1.0), STARTED)
    foreseen = progress.forecast(known, known.latest, durations.estimate((), 100, 1.0))
    assert {MOVES, "restore contacts", "verify service"} <= set(foreseen.unknown)
    assert "detect" not in foreseen.unknown
    assert not foreseen.fits, "three seconds are over already"
