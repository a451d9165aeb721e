"""kill -9 of an activation at any moment: the same command finishes it, and nothing is done twice."""

from __future__ import annotations

import signal
from collections import Counter
from typing import Any

import forked
import pytest
from dr_scene import Scene
from moments import end_group, is_act, is_step
from rewind import Moment, everything

from lyncdr_helpers.journal import Line

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
def uninterrupted(begun: Moment) -> dict[str, Any]:
    """What an activation that nobody disturbs leaves behind."""
    begun.rewind()
    ended = forked.activation(begun.scene.params, forked.planned(begun.scene))
    assert ended.code == 0, ended.text
    return everything(begun.scene)


@pytest.fixture
def scene(begun: Moment, uninterrupted: dict[str, Any]) -> Scene:
    """The lab as it was when its primary was lost, once it is known where an activation ends."""
    assert uninterrupted
    begun.rewind()
    return begun.scene


def test_killed_again_and_again(scene: Scene, uninterrupted: dict[str, Any]) -> None:
    """One activation, killed at every moment of the list, one after the other, between each act and its result among
    them: the same command resumes the same run, the last one ends `done`, and leaves exactly what an uninterrupted run
    leaves; every user was moved by one command, and no intent is answered twice.
    """
    digest = forked.planned(scene)
    killed_at = [forked.kill_at(scene, digest, reached()) for reached in MOMENTS.values()]
    ended = forked.activation(scene.params, digest)
    assert ended.code == 0, ended.text
    assert {line.digest for line in ended.lines}.issuperset(killed_at)
    assert len(set(killed_at)) == len(MOMENTS)
    assert everything(scene) == uninterrupted
    assert answered_twice(ended.lines) == []


def test_the_command_and_its_kernel(scene: Scene, uninterrupted: dict[str, Any]) -> None:
    """On the command line, where the command and the notebook's kernel are killed at once."""
    digest = forked.planned(scene)
    approved = ("activate", "--mode", "live", "--approve", digest)
    process = scene.start(*approved)
    try:
        killed_at = forked.wait_for(scene, is_act("intent", "restore contacts"), lambda: process.poll() is None)
    finally:
        end_group(process)
    code, said, errors = scene.run(*approved)
    assert (code, said["outcome"]) == (0, "done"), errors
    lines = scene.lines(said["run"])
    assert killed_at in [line.digest for line in lines], "it began anew instead of going on"
    assert everything(scene) == uninterrupted
    assert answered_twice(lines) == []


def test_killed_in_the_middle_of_a_batch(scene: Scene, uninterrupted: dict[str, Any]) -> None:
    """Killed while the management host is moving the users of one big batch: the next run waits until the facts stand
    still, then does what is left.
    """
    text = scene.params.read_text(encoding="utf-8")
    scene.params.write_text(text.replace("batch_users: 10", "batch_users: 1000"), encoding="utf-8")
    digest = forked.planned(scene)
    forked.kill_at(scene, digest, is_act("intent", "move users"))
    ended = forked.activation(scene.params, digest)
    assert ended.code == 0, ended.text
    assert everything(scene) == uninterrupted
    assert answered_twice(ended.lines) == []


def answered_twice(lines: list[Line]) -> list[str]:
    """Users whom two results claim to have moved."""
    moved = Counter(
        target
        for line in lines
        if line.kind == "result" and line.facts["act"] == "move users"
        for target in line.facts["done"]
    )
    return [target for target, times in moved.items() if times > 1]
