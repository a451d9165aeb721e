"""Whole drills: real servers on loopback, real kernels, the same phases as for a real deployment.

One goes there and back by its command, the others fail, or are ended from outside.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import brought_back
import pytest

from lyncdr_helpers import journal
from lyncdr_helpers.drill import STEPS, THERE_AND_BACK, Order, Watcher, drill
from lyncdr_helpers.drill_score import NUMBERS, Score, judge
from lyncdr_helpers.lab import lifecycle, members
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import claim_subnet

SUBNETS = range(82, 86)
USERS = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Saboteur(Watcher):
    """Does something to the lab when a step of the drill is over."""

    def __init__(self, after: str, act: Callable[[], None]) -> None:
        self._after = after
        self._act = act

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        if step == self._after:
            self._act()


@pytest.fixture
def another_lab(tmp_path: Path) -> Iterator[Blueprint]:
    """A lab of somebody else, on the first subnet that a drill would take."""
    claim = claim_subnet(Blueprint(tmp_path / "other" / "lab", users=20))
    lifecycle.up(claim.blueprint, os.getpid(), claim=claim)
    yield claim.blueprint
    lifecycle.down(claim.blueprint.folder)


def lab_of(folder: Path) -> Path:
    return next(folder.glob("*-drill-*/lab"))


def endings(score: Score) -> list[tuple[str, str, int]]:
    return [(phase["phase"], phase["outcome"], phase["exit_code"]) for phase in score.phases]


def test_a_phase_that_fails_ends_the_drill(tmp_path: Path) -> None:
    """A directory that dies before the backup: the phase's exit code, no number made up, no lab left."""

    def kill_the_directory() -> None:
        process = members.main_process(lab_of(tmp_path), "directory")
        assert process is not None
        process.kill()
        process.wait(10)

    score = drill(tmp_path, Order(users=USERS), Saboteur("prepare", kill_the_directory), SUBNETS)
    assert endings(score)[-1][0] == "backup"
    assert score.exit_code == endings(score)[-1][2] != 0
    assert set(score.numbers.values()) == {None}
    assert "backup" in score.message
    assert score.folder.report.exists()
    assert brought_back.nothing_runs(tmp_path)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [({}, ("done", 0)), ({"lost": None}, ("incomplete", 4)), ({"lost": 1}, ("incomplete", 4))],
)
def test_what_was_not_counted_is_not_done(changed: dict[str, int | None], expected: tuple[str, int]) -> None:
    """A number that the verification did not give is never taken for good."""
    numbers: dict[str, int | None] = {**dict.fromkeys(NUMBERS, 0), **changed}
    assert judge(numbers, "done", 0, "")[:2] == expected


# -- the command -------------------------------------------------------------------------------------------------------
def start(folder: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "lyncdr_helpers", "drill", "--users", str(USERS), *options]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_a_phase(folder: Path) -> None:
    """Return when the first phase of the drill is at work: its journal has a step."""
    patience = time.monotonic() + 60
    while not any(b'"step"' in one.read_bytes() for one in folder.glob("runs/*-drill-*/lab/runs/*/journal.jsonl")):
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_there_and_back(another_lab: Blueprint, tmp_path: Path) -> None:
    """`lyncdr drill --failback --keep --json`, on the first subnet that is free: exit code 0, and as the last line of
    stdout that every user, contact, Response Group and record came back, and went home with what was done in DR. The
    lab is left as it was, with every server; nothing of the other one is touched.
    """
    with start(tmp_path, "--failback", "--keep", "--json") as process:
        stdout, stderr = process.communicate(timeout=240)
    lab = lab_of(tmp_path / "runs")
    try:
        assert process.returncode == 0, stderr
        facts = json.loads(stdout.splitlines()[-1])
        assert Blueprint.load(lab).subnet != another_lab.subnet
        assert {"outcome", "rto_seconds", "seconds", "report", "phases", *NUMBERS} <= set(facts)
        assert facts["outcome"] == "done"
        brought_back.in_dr(facts, USERS)
        brought_back.at_home(facts, USERS)
        assert [(one["phase"], one["outcome"], one["exit_code"]) for one in facts["phases"]] == [
            ("prepare", "done", 0),
            ("backup", "done", 0),
            ("plan", "refused", 5),
            ("activate", "done", 0),
            ("verify", "done", 0),
            ("plan of the way home", "refused", 5),
            ("failback", "done", 0),
        ]
        assert 0 < facts["rto_seconds"] < facts["seconds"]
        lines = journal.read(Path(facts["folder"]) / "journal.jsonl")[0]
        assert [line.facts["name"] for line in lines if line.facts.get("state") == "done"] == [
            *STEPS[:-1],
            *THERE_AND_BACK,
        ]
        report = Path(facts["report"])
        assert report.is_relative_to(tmp_path / "runs")
        assert "added at the DR site, and kept" in report.read_text(encoding="utf-8")
        assert f"lyncdr lab down --folder {lab}" in stderr
        states = {row.state for row in lifecycle.status(lab)}
        assert states == {"answers"}
    finally:
        lifecycle.down(lab)
    assert all(row.state == "answers" for row in lifecycle.status(another_lab.folder))


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals to send")
def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C in the middle of a phase: exit code 130, the record kept, nothing left running."""
    with start(tmp_path, "--json") as process:
        wait_for_a_phase(tmp_path)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    facts = json.loads(stdout.splitlines()[-1])
    assert (facts["outcome"], facts["lost"]) == ("interrupted", None)
    assert Path(facts["report"]).is_file()
    assert brought_back.nothing_runs(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_killed(tmp_path: Path) -> None:
    """A drill that is killed takes its lab and its kernel with it."""
    with start(tmp_path) as process:
        wait_for_a_phase(tmp_path)
        process.kill()
        process.communicate(timeout=60)
    patience = time.monotonic() + 15
    while not brought_back.nothing_runs(tmp_path):
        assert time.monotonic() < patience
        time.sleep(0.1)
