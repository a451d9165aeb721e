"""A night that is ended from outside: nothing that could pass for a set, nothing left here, earlier sets untouched."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import forked
import pytest
from dr_scene import Scene
from moments import end_group, is_step
from night_scene import store_of
from phase_scene import backed_up, tree
from phase_scene import run as run_phase

from lyncdr_helpers.backups import sets
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import backup

pytestmark = [pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals"), pytest.mark.timeout(180)]

STEPS = ("inventory", "contact export", "copy to DR", "manifest")


@pytest.fixture
def night(standing: Scene) -> Iterator[Callable[..., Any]]:
    """Start a backup, in a process of its own or by its command with a kernel, and return once its journal has that
    step. The sets of before stay as they are.
    """
    before = tree(standing.blueprint.store)
    with ExitStack() as ending:

        def begin(step: str, *, command: bool = False) -> Any:
            known = {one.run for one in standing.runs()}
            if command:
                ending.callback(end_group, process := standing.start("backup"))
                alive = lambda: process.poll() is None  # noqa: E731
            else:
                process = ending.enter_context(forked.started_backup(standing.params))
                alive = process.is_alive
            reached, patience = is_step(step), time.monotonic() + 60
            while not any(map(reached, new_lines(standing, known))):
                assert alive(), "it ended before it got there"
                assert time.monotonic() < patience
                time.sleep(0.001)
            return process

        yield begin
    after = tree(standing.blueprint.store)
    assert {name: after.get(name) for name in before} == before


def new_lines(standing: Scene, known: set[str]) -> list[Line]:
    folder = standing.blueprint.folder / "runs"
    names = [path.parent.name for path in folder.glob("*-backup-*/journal.jsonl")]
    return [line for name in names if name not in known for line in standing.lines(name)]


def what_the_store_says(standing: Scene, run: str) -> dict[str, Any]:
    """The manifest of the night, published or aside; a FAILED one where the night never came to the store."""
    found = next(standing.blueprint.store.glob(f"*{run}/manifest.json"), None)
    if found is None:
        return {"state": "FAILED", "reason": "nothing says that it ended"}
    said: dict[str, Any] = json.loads(found.read_text(encoding="utf-8"))
    assert (said["state"] == "FAILED") == found.parent.name.startswith("."), "only FAILED sets lie aside"
    return said


def leftovers(standing: Scene, run: str) -> list[Path]:
    place = standing.blueprint
    return [*(place.folder / "work").glob(f"*{run}*"), *(place.drive_c / "lyncdr").glob(f"{run}*")]


@pytest.mark.parametrize(("step", "name"), [("contact export", "SIGTERM"), ("copy to DR", "SIGINT")])
def test_a_night_that_is_told_to_end(standing: Scene, night: Callable[..., Any], step: str, name: str) -> None:
    """The scheduler's SIGTERM, or Ctrl-C: exit 130, the set aside says so, nothing is left here, the next night is
    not hindered. A night that was told too late is whole.
    """
    process = night(step, command=True)
    process.send_signal(getattr(signal, name))
    assert process.wait(timeout=60) == (130 if told_in_time(standing, step) else 0)


@pytest.mark.parametrize("step", STEPS)
def test_a_night_that_is_interrupted(standing: Scene, night: Callable[..., Any], step: str) -> None:
    """What a signal to the command is for its kernel, in each step: the same of the set, and of what is left here."""
    process = night(step)
    os.kill(process.pid, signal.SIGINT)
    process.join(60)
    assert (process.exitcode != 0) == told_in_time(standing, step)


def told_in_time(standing: Scene, step: str) -> bool:
    """Whether the newest night ended because it was told to; it is as such a night must be, or whole."""
    run = standing.runs()[-1].run
    said = what_the_store_says(standing, run)
    ended = said["state"] == "FAILED"
    if ended:
        assert said["reason"].startswith("Interrupted during") or "nothing says that it ended" in said["reason"]
    else:
        assert step in ("copy to DR", "manifest"), "it had time to end"
        assert sets.damage(store_of(standing), sets.read_manifest(store_of(standing), run)) == []
    assert said["reason"].count("during") == 0 or leftovers(standing, run) == []
    return ended


def test_nights_that_are_killed(standing: Scene, night: Callable[..., Any]) -> None:
    """kill -9 in the middle: what lies aside says FAILED; the next night clears up here and is COMPLETE."""
    for step in STEPS[1:3]:
        process = night(step)
        process.kill()
        process.join()
        run = standing.runs()[-1].run
        said = what_the_store_says(standing, run)
        assert said["state"] in ("FAILED", "COMPLETE")
        assert said["state"] == "COMPLETE" or "nothing says that it ended" in said["reason"]
    killed = [one.run for one in standing.runs()[-2:]]
    ended = run_phase(backup.begin(standing.params), backed_up)
    assert (ended.code, ended.summary.outcome) == (0, "done"), ended.text
    assert not any(leftovers(standing, run) for run in killed)


def test_two_nights_at_once(standing: Scene, night: Callable[..., Any]) -> None:
    """The second is locked out (exit 7), is told by whom and since when, and disturbs nothing of the first."""
    process = night("contact export")
    first = standing.runs()[-1].run
    os.kill(process.pid, signal.SIGSTOP)
    try:
        code, said, errors = standing.run("backup")
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert (code, said["outcome"]) == (7, "locked")
    assert first in errors
    assert "since" in errors
    process.join(60)
    assert process.exitcode == 0
    assert what_the_store_says(standing, first)["state"] == "COMPLETE"
