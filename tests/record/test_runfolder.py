"""Run folders: which run a command continues, and what a run came to."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

import pytest

from lyncdr_helpers import runfolder
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import Journal

START = dt.datetime(2026, 3, 1, 2, 14, 9, tzinfo=dt.UTC)
DIGEST = "0123456789abcdef" * 4
BEGIN: dict[str, Any] = {
    "phase": "activate",
    "deployment": "lab",
    "mode": "live",
    "who": {"user": "ana", "host": "mgmt02", "pid": 7},
}


def run(runs: Path, clock: SetClock, *lines: tuple[str, dict[str, Any]], **begin: Any) -> str:
    """A run with a plan and these further lines; the clock moves on a second."""
    folder = runfolder.new_run(runs, begin.get("phase", "activate"), clock)
    journal = Journal.open(folder.journal, clock)
    journal.write("begin", **{**BEGIN, **begin})
    for kind, facts in lines:
        journal.write(kind, **facts)
    clock.sleep(0.25)
    return folder.run


def chosen(runs: Path, approve: str = "", mode: str = "live") -> str:
    return runfolder.choose(runs, "activate", "lab", mode, approve, SetClock(START)).run


PLAN = ("plan", {"digest": DIGEST})
INTENT = ("intent", {"act": "move users", "targets": []})
REFUSED = ("end", {"outcome": "refused", "exit_code": 5})
DONE = ("end", {"outcome": "done", "exit_code": 0})


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


def test_names_sort_by_their_moment(tmp_path: Path, clock: SetClock) -> None:
    """Also of nights that follow each other within one second: whoever reads names alone takes the newest."""
    names = [run(tmp_path, clock) for _ in range(12)]
    assert names == sorted(names)
    assert names[0].startswith("20260301-021409-activate-")


def test_two_of_one_moment_have_a_folder_each(tmp_path: Path, clock: SetClock) -> None:
    """A clock that stands still gives no two runs one name."""
    assert len({runfolder.new_run(tmp_path, "activate", clock).run for _ in range(100)}) == 100


def test_a_run_that_acted_is_continued(tmp_path: Path, clock: SetClock) -> None:
    """After a crash the same command takes up the run that acted, also without a digest."""
    left = run(tmp_path, clock, PLAN, INTENT)
    assert chosen(tmp_path) == left


def test_a_run_that_only_planned_is_continued_by_its_digest_alone(tmp_path: Path, clock: SetClock) -> None:
    """A plan that nobody approved is no unfinished business: only its digest, whole or short, leads back to it."""
    planned = run(tmp_path, clock, PLAN, REFUSED)
    assert chosen(tmp_path) != planned
    assert chosen(tmp_path, DIGEST[:12].upper()) == planned
    assert chosen(tmp_path, DIGEST[:11]) != planned


def test_a_used_digest_is_refused(tmp_path: Path, clock: SetClock) -> None:
    """The digest of a finished run opens nothing, and the message says whose run it was."""
    used = run(tmp_path, clock, PLAN, INTENT, DONE)
    with pytest.raises(Refusal, match=f"{used} of ana@mgmt02"):
        chosen(tmp_path, DIGEST)
    assert chosen(tmp_path) != used


@pytest.mark.parametrize("other", [{"deployment": "contoso"}, {"mode": "rehearse"}, {"phase": "backup"}])
def test_runs_of_others_are_left_alone(tmp_path: Path, clock: SetClock, other: dict[str, Any]) -> None:
    """Another deployment's, mode's or phase's run is never continued, by digest or without."""
    theirs = run(tmp_path, clock, PLAN, INTENT, **other)
    assert chosen(tmp_path) != theirs
    assert chosen(tmp_path, DIGEST) != theirs


def test_order_is_by_beginning(tmp_path: Path, clock: SetClock) -> None:
    """Runs that began within one second stand in the order they began, whatever their names."""
    began = [run(tmp_path, clock, phase=phase) for phase in ("verify", "backup", "activate")]
    assert [one.run for one in runfolder.all_runs(tmp_path)] == began


def test_a_broken_journal_keeps_nobody_from_the_others(tmp_path: Path, clock: SetClock) -> None:
    """A journal that somebody edited is shown as broken and never continued; the other runs stay usable."""
    broken = run(tmp_path, clock, PLAN, INTENT)
    journal = tmp_path / broken / "journal.jsonl"
    journal.write_text(journal.read_text().replace("ana", "eve"))
    left = run(tmp_path, clock, PLAN, INTENT)
    outcomes = {one.run: one.outcome for one in runfolder.all_runs(tmp_path)}
    assert outcomes == {broken: "broken journal", left: "unfinished"}
    assert chosen(tmp_path) == left
    assert chosen(tmp_path, DIGEST) == left


def test_a_list_is_never_older_than_the_journals(tmp_path: Path, clock: SetClock) -> None:
    """Each journal is read once while nobody writes to it: a line more, an edited letter and a folder gone are seen."""
    first, second = run(tmp_path, clock, PLAN, INTENT), run(tmp_path, clock, PLAN, INTENT)
    before = runfolder.all_runs(tmp_path)
    assert all(one is other for one, other in zip(before, runfolder.all_runs(tmp_path), strict=True))
    Journal.open(tmp_path / first / "journal.jsonl", clock).write("end", outcome="done", exit_code=0)
    edited = tmp_path / second / "journal.jsonl"
    edited.write_text(edited.read_text().replace("ana", "eve"))
    assert [one.outcome for one in runfolder.all_runs(tmp_path)] == ["done", "broken journal"]
    shutil.rmtree(edited.parent)
    assert [one.run for one in runfolder.all_runs(tmp_path)] == [first]


@pytest.mark.parametrize("name", ["nowhere", "../lab", "", "."])
def test_a_run_that_is_not_there(tmp_path: Path, name: str) -> None:
    """A name that is no run, or that leads out of the runs folder, is bad input."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "lab").mkdir()
    with pytest.raises(InputError):
        runfolder.existing(tmp_path / "runs", name)
