"""kill -9 of an activation at any moment: the same command finishes it, and nothing is done twice."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene, make_scene
from moments import end_group, is_act, is_step

from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import lifecycle

pytestmark = [
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX"),
    pytest.mark.timeout(300),
]


MOMENTS = {
    "while looking at the primary": lambda: is_step("evidence"),
    "while planning": lambda: is_step("plan"),
    "at the approval": lambda: is_step("approval"),
    "between the first move and its result": lambda: is_act("intent", "move users"),
    "after the second batch": lambda: is_act("result", "move users", 2),
    "between the contact import and its result": lambda: is_act("intent", "restore contacts"),
    "between the Response Group import and its result": lambda: is_act("intent", "restore response groups"),
    "between the DNS update and its result": lambda: is_act("intent", "repoint DNS"),
}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an activation that nobody disturbs leaves behind."""
    scene = make_scene(tmp_path_factory.mktemp("uninterrupted") / "lab")
    try:
        scene.lose_primary()
        code, _, _ = scene.run("activate", "--mode", "live", "--approve", digest_of(scene))
        assert code == 0
        return scene.state()
    finally:
        lifecycle.down(scene.blueprint.folder)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_same_command_goes_on(scene: Scene, uninterrupted: dict[str, Any], moment: str) -> None:
    """Killed at that moment, the same command resumes the same run, ends `done`, and leaves exactly what an
    uninterrupted run leaves; every user was moved by one command, and every intent has its result.
    """
    scene.lose_primary()
    approved = ("activate", "--mode", "live", "--approve", digest_of(scene))
    killed_at = kill_at(scene, approved, MOMENTS[moment]())
    code, said, errors = scene.run(*approved)
    assert (code, said["outcome"]) == (0, "done"), errors
    lines = scene.lines(said["run"])
    assert killed_at in [line.digest for line in lines], "it began anew instead of going on"
    assert scene.state() == uninterrupted
    assert answered_twice(lines) == []


def digest_of(scene: Scene) -> str:
    code, said, _ = scene.run("activate", "--mode", "live")
    assert code == 5
    return str(said["plan"])


def kill_at(scene: Scene, arguments: tuple[str, ...], reached: Callable[[Line], bool]) -> str:
    """Run until the journal has the line, kill -9 everything at once; the line's digest."""
    run = scene.runs()[-1].run
    before = len(scene.lines(run))
    process = scene.start(*arguments)
    try:
        while process.poll() is None:
            for line in scene.lines(run)[before:]:
                before += 1
                if reached(line):
                    return line.digest
            time.sleep(0.001)
        last = scene.lines(run)[-1]
        raise AssertionError(f"it ended with {process.returncode} before it got there: {last.kind} {last.facts}")
    finally:
        end_group(process)


def answered_twice(lines: list[Line]) -> list[str]:
    """Users whom two results claim to have moved."""
    moved = Counter(
        target
        for line in lines
        if line.kind == "result" and line.facts["act"] == "move users"
        for target in line.facts["done"]
    )
    return [target for target, times in moved.items() if times > 1]


def test_killed_in_the_middle_of_a_batch(tmp_path: Path, uninterrupted: dict[str, Any]) -> None:
    """Killed while the management host is moving the users of one big batch: the next run waits until the facts stand
    still, then does what is left.
    """
    scene = make_scene(tmp_path / "lab", batch=1000)
    try:
        scene.lose_primary()
        approved = ("activate", "--mode", "live", "--approve", digest_of(scene))
        kill_at(scene, approved, is_act("intent", "move users"))
        code, said, errors = scene.run(*approved)
        assert (code, said["outcome"]) == (0, "done"), errors
        assert scene.state() == uninterrupted
        assert answered_twice(scene.lines(said["run"])) == []
    finally:
        lifecycle.down(scene.blueprint.folder)
