"""The RTO clock, read off the journals of an incident made by hand."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from incident_scene import HOUR, MINUTE, USERS, acted, activation, backup, everybody, failback, look, verification
from journal_scene import FAILED, START, end, fact, refused, run, step

from lyncdr_helpers.phases import rto
from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.incident import incidents
from lyncdr_helpers.phases.rto import RtoClock

LATER = START + dt.timedelta(minutes=30)


def clock(folder: Path, now: dt.datetime = LATER, this: str = "") -> RtoClock | None:
    runs = told.read(folder, "contoso")
    found = rto.current(incidents(runs), this, now)
    return rto.clock(found, runs, FAILED) if found else None


def read(folder: Path, now: dt.datetime = LATER) -> dict[str, tuple[str, float | None]]:
    found = clock(folder, now)
    assert found is not None
    return {part.name: (part.state, part.seconds(now)) for part in found.parts}


def test_the_whole_of_it(tmp_path: Path) -> None:
    """An hour of doubt, a minute to decide, 35 seconds to act, and until the proof; together they are what it took."""
    backup(tmp_path)
    activation(tmp_path, *everybody())
    verification(tmp_path)
    found = clock(tmp_path)
    assert found is not None
    spent = read(tmp_path)
    assert spent["detect"] == ("done", pytest.approx(3600 - 5))
    assert spent["decide"] == ("done", 62.0)
    assert spent["act"] == ("done", 35.0)
    assert spent["verify"] == ("done", pytest.approx(600 - 97 + 4, abs=0.1))
    assert found.seconds(LATER) == pytest.approx(604.0)
    assert sum(part.seconds(LATER) or 0 for part in found.parts[1:]) == pytest.approx(found.seconds(LATER))
    assert (found.users, len(found.moved), len(found.back)) == (3, 3, 3)
    assert [(moment - START).total_seconds() for moment in found.moved] == [72.0] * 3
    assert [(moment - START).total_seconds() for moment in found.back] == [97.0] * 3


def test_while_users_move(tmp_path: Path) -> None:
    """It runs in one part at a time; what is not begun has no time, and service is not proven."""
    activation(tmp_path, *step("move users", 0.0, *acted("move users", USERS)), ending=fact("x", 1))
    spent = read(tmp_path)
    assert spent["act"] == ("running", 1800 - 62)
    assert spent["verify"] == ("to come", None)
    found = clock(tmp_path)
    assert found is not None
    assert (found.proven, found.seconds(LATER), len(found.moved), len(found.back)) == (None, 1800.0, 3, 0)


def test_while_a_person_decides(tmp_path: Path) -> None:
    """Between the declaration and the approval nothing else goes on."""
    declared = ("declaration", {"because": "fire", "pool": FAILED, "by": {"user": "u", "host": "h"}}, 0.0)
    run(tmp_path, "activate", declared, *step("plan", 3.0), *refused(60.0)[:2])
    spent = read(tmp_path, START + dt.timedelta(seconds=30))
    assert (spent["decide"], spent["act"]) == (("running", 30.0), ("to come", None))


def test_nobody_knows_when_it_was_lost(tmp_path: Path) -> None:
    """Where no run ever saw the pool alive, detection is unknown: no number is made up."""
    activation(tmp_path, *everybody())
    assert read(tmp_path)["detect"] == ("unknown", None)


def test_the_last_sign_of_life_counts(tmp_path: Path) -> None:
    """A look that found the pool serving is a later sign of life than the night's export."""
    backup(tmp_path)
    run(
        tmp_path,
        "activate",
        look("it accepts connections", "fail"),
        end("refused", 5),
        days=-10 * MINUTE,
    )
    activation(tmp_path, *everybody())
    assert read(tmp_path)["detect"] == ("done", pytest.approx(600.0))


def test_declared_before_it_was_lost(tmp_path: Path) -> None:
    """The pool still served after somebody had declared it lost: what counts is when a look found it silent."""
    declared = ("declaration", {"because": "fire", "pool": FAILED, "by": {"user": "u", "host": "h"}}, 5.0)
    alive = ("end", {"outcome": "refused", "exit_code": 5, "step": "evidence"}, 40.0)
    went_on = ("resume", {"who": {"user": "u", "host": "h"}}, 1.0)
    first = look("it accepts connections", "fail")
    run(tmp_path, "activate", declared, first, alive, went_on, look(), *step("plan", 3.0), *refused(60.0)[:2])
    spent = read(tmp_path, START + dt.timedelta(seconds=60))
    assert spent["detect"] == ("done", 41.0)
    assert spent["decide"] == ("running", 60.0 - 46.0)


def test_two_activations_are_one_clock(tmp_path: Path) -> None:
    """What a second command did belongs to the same incident: acting lasts until the last cutover."""
    activation(tmp_path, *step("move users", 0.0, *acted("move users", USERS[:2])), ending=end("failed", 1))
    activation(tmp_path, *everybody(), days=5 * MINUTE)
    spent = read(tmp_path)
    assert spent["decide"] == ("done", 62.0)
    assert spent["act"] == ("done", pytest.approx(300 + 35, abs=0.1))


def test_no_disaster(tmp_path: Path) -> None:
    """No clock runs on an ordinary day, nor when everybody is home; for the runs of an incident it stands for good."""
    backup(tmp_path)
    assert clock(tmp_path) is None
    path = activation(tmp_path, *everybody())
    verification(tmp_path)
    failback(tmp_path, days=2 * HOUR)
    assert clock(tmp_path) is None
    assert clock(tmp_path, this=path.name) is not None


def test_what_came_to_nothing_is_forgotten(tmp_path: Path) -> None:
    """Somebody declared a loss and went no further: a day later no clock runs."""
    activation(tmp_path, ending=end("refused", 5, step="evidence"))
    assert clock(tmp_path) is not None
    assert clock(tmp_path, START + dt.timedelta(days=2)) is None
