"""A phase in a process of its own, without papermill around it: to be killed as a power cut would kill it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from dr_scene import Scene
from fork_server import apart
from phase_scene import Ended, activated, backed_up, run

from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import activate, backup

PATIENCE = 60.0


def activation(params: Path, digest: str) -> Ended:
    """What the same command does each time: begin, or go on, with this digest for the gate."""
    return run(activate.begin(params, mode="live", approve=digest), partial(activated, digest=digest))


def planned(scene: Scene) -> str:
    """The digest of the plan that an activation without one stops at."""
    stopped = activation(scene.params, "")
    assert stopped.code == 5, stopped.text
    return stopped.summary.plan


def kill_at(scene: Scene, digest: str, reached: Callable[[Line], bool]) -> str:
    """Activate until the newest run's journal gets such a line, then kill -9; the line's digest."""
    with started(scene.params, digest) as process:
        return wait_for(scene, reached, process.is_alive)


def wait_for(scene: Scene, reached: Callable[[Line], bool], alive: Callable[[], bool]) -> str:
    """The digest of the first such line that comes into the newest run's journal while its process is alive."""
    newest = scene.runs()[-1].run
    journal, size = scene.blueprint.folder / "runs" / newest / "journal.jsonl", 0
    known = len(scene.lines(newest))
    until = time.monotonic() + PATIENCE
    while alive() and time.monotonic() < until:
        if journal.stat().st_size > size:
            size = journal.stat().st_size
            fresh = scene.lines(newest)[known:]
            known += len(fresh)
            if found := next(filter(reached, fresh), None):
                return found.digest
        time.sleep(0.001)
    last = scene.lines(newest)[-1]
    raise AssertionError(f"it ended, or took too long, before it got there: {last.kind} {last.facts}")


@contextmanager
def started(params: Path, digest: str) -> Iterator[BaseProcess]:
    """An activation under way, which does not outlive the block."""
    with apart(_activation, params, digest) as process:
        yield process


@contextmanager
def started_backup(params: Path) -> Iterator[BaseProcess]:
    """A backup under way, which does not outlive the block."""
    with apart(_backup, params) as process:
        yield process


def _activation(params: Path, digest: str) -> None:
    with _quietly():
        activation(params, digest)


def _backup(params: Path) -> None:
    """As the kernel of a backup meets it: an interrupt ends it in order."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with _quietly():
        run(backup.begin(params), backed_up)


@contextmanager
def _quietly() -> Iterator[None]:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        yield
