"""Earlier recoveries are told by the deployment's own journals, and by nobody else's."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_scene import (
    FAILED,
    activation,
    cut_off,
    done,
    end,
    fact,
    plan,
    read,
    refused,
    run,
    step,
    verification,
    withheld,
)

from lyncdr_helpers.phases.earlier.recoveries import BETWEEN
from lyncdr_helpers.phases.earlier.spent import DECIDE, Spent

HOUR = 1 / 24


def test_a_live_run_and_its_verification(tmp_path: Path) -> None:
    """What each step took, both passes of a step together, how long the decision took, and the whole to the proof."""
    activation(tmp_path)
    verification(tmp_path, HOUR)
    (one,) = read(tmp_path)
    assert (one.kind, one.users) == ("live", 100)
    assert one.steps["evidence"] == Spent(10.0)
    assert one.steps[DECIDE] == Spent(60.0)
    assert one.steps["move users"] == Spent(10.0, 100)
    assert one.steps["restore contacts"] == Spent(20.0, 100)
    assert one.steps["verify contacts"] == Spent(2.0)
    assert one.seconds == pytest.approx(3600 + 12)
    assert sum(took.seconds for took in one.steps.values()) == pytest.approx(one.seconds)


def test_never_proven(tmp_path: Path) -> None:
    """Without a verification that was done there is no time, and no step of a verification."""
    activation(tmp_path)
    verification(tmp_path, HOUR, ending=[end("check failed", 3, step="verdict")])
    (one,) = read(tmp_path)
    assert one.seconds is None
    assert not {BETWEEN, "verify contacts"} & set(one.steps)


def test_the_first_proof_counts(tmp_path: Path) -> None:
    """Of several verifications it is the first that was done; one of another day, or of the next activation, is not."""
    activation(tmp_path)
    verification(tmp_path, HOUR, ending=[end("check failed", 3)])
    verification(tmp_path, 2 * HOUR)
    verification(tmp_path, 3 * HOUR)
    activation(tmp_path, 4 * HOUR)
    activation(tmp_path, 5 * HOUR)
    verification(tmp_path, 6 * HOUR)
    activation(tmp_path, 7 * HOUR)
    verification(tmp_path, 3)
    assert [one.seconds and round(one.seconds / 3600) for one in read(tmp_path)] == [2, None, 1, None]


def test_a_rehearsal(tmp_path: Path) -> None:
    """It has a time for each step and brought nothing about."""
    run(
        tmp_path,
        "activate",
        *step("plan", 2.0, plan()),
        *step("move users", 0.5, *withheld("move users", 100)),
        end("rehearsed"),
        mode="rehearse",
    )
    (one,) = read(tmp_path)
    assert (one.kind, one.seconds, one.steps["move users"].done) == ("rehearsal", None, 0)


def test_a_drill_counts_for_its_own_lab(tmp_path: Path) -> None:
    """A drill's time is its own count from the loss; the lab that it is played in is another deployment."""
    steps = [fact("rto_seconds", 95.5), end()]
    folder = run(tmp_path, "drill", *steps, deployment="lab")
    activation(folder / "lab" / "runs", HOUR, deployment="lab")
    verification(folder / "lab" / "runs", 2 * HOUR, deployment="lab")
    (one,) = read(tmp_path, "lab")
    assert (one.run, one.kind, one.seconds) == (folder.name, "drill", 95.5)
    assert DECIDE not in one.steps
    assert read(tmp_path) == ()


@pytest.mark.parametrize(("deployment", "pool"), [("fabrikam", FAILED), ("contoso", "pool02.example.org")])
def test_others_tell_nothing(tmp_path: Path, deployment: str, pool: str) -> None:
    """Runs of another deployment in the same folder, and of other pools, are none of this one's."""
    activation(tmp_path)
    assert read(tmp_path, deployment, pool) == ()


def test_a_journal_that_was_changed(tmp_path: Path) -> None:
    """Nothing rests on it; the others count as before."""
    activation(tmp_path, 1)
    before = read(tmp_path)
    path = activation(tmp_path) / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"seconds":5.0', b'"seconds":0.1'))
    assert read(tmp_path) == before


def test_a_crash(tmp_path: Path) -> None:
    """The step that a crash cut off is left out: nobody knows how long it took, and what it did is counted."""
    run(
        tmp_path,
        "activate",
        *step("plan", 2.0, plan()),
        cut_off("move users"),
        *done("move users", 60),
        ("resume", {}, 0.0),
        *step("plan", 0.5),
        *step("move users", 1.0, *done("move users", 40)),
        end(),
    )
    (one,) = read(tmp_path)
    assert one.steps == {"plan": Spent(2.5)}


def test_an_orderly_stop(tmp_path: Path) -> None:
    """A step that stopped with an error counts up to there, with what the next execution found of it."""
    run(
        tmp_path,
        "activate",
        *step("plan", 2.0, plan()),
        ("step", {"name": "move users", "state": "started"}, 7.0),
        end("unknown", 6, step="move users"),
        ("resume", {}, 0.0),
        *step("move users", 3.0, *done("move users", 100)),
        end(),
    )
    (one,) = read(tmp_path)
    assert one.steps["move users"] == Spent(10.0, 100)


def test_another_gate_is_no_decision(tmp_path: Path) -> None:
    """Only who waited for the approval of the plan decided; what a closed gate of another kind cost is no such time."""
    run(
        tmp_path,
        "activate",
        plan(),
        *refused(60.0),
        *refused(600.0, "backup-age"),
        *step("move users", 1.0, *done("move users", 1)),
        end(),
    )
    (one,) = read(tmp_path)
    assert one.steps[DECIDE] == Spent(60.0)


@pytest.mark.parametrize("entries", [refused(60.0), [plan(), *refused(60.0)], [plan(), end("failed", 1)]])
def test_nothing_was_changed(tmp_path: Path, entries: list[object]) -> None:
    """A live run that never came past its gate is no recovery."""
    run(tmp_path, "activate", *entries)  # type: ignore[arg-type]
    assert read(tmp_path) == ()
