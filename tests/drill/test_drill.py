"""Whole drills: real servers on loopback, real kernels, the same phases as for a real deployment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from lyncdr_helpers import journal
from lyncdr_helpers.drill import STEPS, Order, Watcher, drill
from lyncdr_helpers.drill_score import NUMBERS, Score, judge
from lyncdr_helpers.lab import lifecycle, members
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.pools import PoolStore

SUBNETS = range(82, 86)
USERS = 30

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Saboteur(Watcher):
    """Does something to the lab when a step of the drill is over."""

    def __init__(self, after: str, act: Callable[[], None]) -> None:
        self._after = after
        self._act = act

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        if step == self._after:
            self._act()


@pytest.fixture(scope="module")
def another_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blueprint]:
    """A lab of somebody else, on the first subnet that the drills would take."""
    blueprint = Blueprint(tmp_path_factory.mktemp("other") / "lab", f"127.53.{SUBNETS[0]}", users=20)
    lifecycle.up(blueprint, os.getpid())
    yield blueprint
    lifecycle.down(blueprint.folder)


def lab_of(folder: Path) -> Path:
    return next(folder.glob("*-drill-*/lab"))


def nothing_runs(folder: Path) -> bool:
    """Whether every process that knows the folder has ended."""
    return not any(str(folder) in " ".join(_command(process)) for process in psutil.process_iter())


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.pid != os.getpid() else []
    except psutil.Error:
        return []


def endings(score: Score) -> list[tuple[str, str, int]]:
    return [(phase["phase"], phase["outcome"], phase["exit_code"]) for phase in score.phases]


def test_beside_another_lab(another_lab: Blueprint, tmp_path: Path) -> None:
    """Every user, contact, Response Group and record comes back, while another lab stands; then all is tidied up."""
    score = drill(tmp_path, Order(users=USERS), subnets=SUBNETS)
    numbers = score.numbers
    assert (score.outcome, score.exit_code, numbers["lost"]) == ("done", 0, 0), score.message
    assert numbers["users_rehomed"] == numbers["users_on_failed_pool"] == USERS
    assert numbers["endpoints_rehomed"] == numbers["endpoints_on_failed_pool"] == 9
    assert numbers["conference_directories_rehomed"] == numbers["conference_directories_expected"] == 2
    assert numbers["contacts_restored"] == numbers["contacts_expected"]
    assert numbers["contacts_expected"] is not None
    assert numbers["contacts_expected"] > 1000
    assert numbers["response_groups_restored"] == numbers["response_groups_expected"] == 9
    assert numbers["group_chat_restored"] == numbers["group_chat_expected"] == 297  # rows and files
    assert numbers["dns_records_moved"] == numbers["dns_records_expected"] == 6
    assert endings(score) == [
        ("prepare", "done", 0),
        ("backup", "done", 0),
        ("plan", "refused", 5),
        ("activate", "done", 0),
        ("verify", "done", 0),
    ]
    assert score.rto_seconds is not None
    assert 0 < score.rto_seconds < score.seconds
    lines = journal.read(score.folder.journal)[0]
    assert [line.facts["name"] for line in lines if line.facts.get("state") == "done"] == list(STEPS)
    assert score.folder.report.stat().st_size > 10_000
    assert [path.name for path in (score.folder.path / "lab").iterdir()] == ["runs"]
    assert all(row.state == "answers" for row in lifecycle.status(another_lab.folder))
    assert nothing_runs(tmp_path)


def test_a_loss_is_seen(tmp_path: Path) -> None:
    """What is gone after the activation is counted, and the drill is not done: exit code 4, no time to recovery."""

    def lose_a_workflow() -> None:
        blueprint = Blueprint.load(lab_of(tmp_path))
        with PoolStore(blueprint.pool_store(DR_POOL)) as store:
            workflows = [one for one in store.response_groups() if one.kind == "Workflow"]
            store.remove_response_groups(workflows[:1])

    score = drill(tmp_path, Order(users=20), Saboteur("activate", lose_a_workflow), SUBNETS)
    assert (score.outcome, score.exit_code) == ("incomplete", 4)
    assert (score.numbers["lost"], score.numbers["response_groups_restored"]) == (1, 8)
    assert score.rto_seconds is None
    assert "✗" in score.folder.report.read_text(encoding="utf-8")


def test_a_phase_that_fails_ends_the_drill(tmp_path: Path) -> None:
    """A directory that dies before the backup: the phase's exit code, no number made up, no lab left."""

    def kill_the_directory() -> None:
        process = members.main_process(lab_of(tmp_path), "directory")
        assert process is not None
        process.kill()
        process.wait(10)

    score = drill(tmp_path, Order(users=20), Saboteur("prepare", kill_the_directory), SUBNETS)
    assert endings(score)[-1][0] == "backup"
    assert score.exit_code == endings(score)[-1][2] != 0
    assert set(score.numbers.values()) == {None}
    assert "backup" in score.message
    assert score.folder.report.exists()
    assert nothing_runs(tmp_path)


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
    command = [sys.executable, "-m", "lyncdr_helpers", "drill", "--users", "20", *options]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_a_phase(folder: Path) -> None:
    """Return when the first phase of the drill is at work: its journal has a step."""
    patience = time.monotonic() + 60
    while not any(b'"step"' in one.read_bytes() for one in folder.glob("runs/*-drill-*/lab/runs/*/journal.jsonl")):
        assert time.monotonic() < patience
        time.sleep(0.05)


def test_the_command(another_lab: Blueprint, tmp_path: Path) -> None:
    """`lyncdr drill --json --keep`, after that one: exit code 0, the numbers as the last line of stdout, the lab left
    as it was, and nothing of the other one touched.
    """
    with start(tmp_path, "--json", "--keep") as process:
        stdout, stderr = process.communicate(timeout=240)
    lab = lab_of(tmp_path / "runs")
    try:
        assert process.returncode == 0, stderr
        facts = json.loads(stdout.splitlines()[-1])
        assert {"outcome", "rto_seconds", "seconds", "report", "phases", *NUMBERS} <= set(facts)
        assert (facts["outcome"], facts["lost"]) == ("done", 0)
        assert Path(facts["report"]).is_file()
        assert Path(facts["report"]).is_relative_to(tmp_path / "runs")
        assert f"lyncdr lab down --folder {lab}" in stderr
        states = {row.server: row.state for row in lifecycle.status(lab)}
        assert (states["pool01.lync.test"], states["drse01.lync.test"]) == ("site lost", "answers")
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
    assert nothing_runs(tmp_path)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_killed(tmp_path: Path) -> None:
    """A drill that is killed takes its lab and its kernel with it."""
    with start(tmp_path) as process:
        wait_for_a_phase(tmp_path)
        process.kill()
        process.communicate(timeout=60)
    patience = time.monotonic() + 15
    while not nothing_runs(tmp_path):
        assert time.monotonic() < patience
        time.sleep(0.1)
