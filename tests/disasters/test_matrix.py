"""An activation that meets whatever can go wrong: what it says, and that the same command then ends it, nothing twice.

Each fault comes about on real sockets, in one lab that is put back between them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fork_server
import pytest
from disasters import (
    AFTER,
    CUT_AND_BACK,
    ELSEWHERE,
    FAULTS,
    KILLED,
    KILLED_MEANWHILE,
    MEANWHILE,
    NEWCOMER,
    NOBODY,
    PLANNED_ANEW,
    SECOND_OPERATOR,
    STAGES,
    Fault,
    change,
    enable_newcomer,
    of_first_day,
    table,
)
from fire import Fire, Hit, Point, moved_twice, not_read_back, on_fire, points, unanswered
from phase_scene import Ended, run, variant, verified

from lyncdr_helpers import files
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.phases import activate, verify

pytestmark = pytest.mark.timeout(300)

ACTED, TOLD = {"intent", "result"}, {"step", "check", "fact", "found"}
"""The kinds of lines that a run writes more than once: what a later run goes by, and what only people are told."""


@dataclass(frozen=True)
class Undisturbed:
    """What an activation that nobody disturbs writes down and leaves behind."""

    lines: list[Line]
    state: dict[str, Any]


@pytest.fixture(scope="module")
def burning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fire]:
    with on_fire(tmp_path_factory.mktemp("burning")) as lab:
        yield lab


@pytest.fixture(scope="module")
def uninterrupted(burning: Fire) -> Undisturbed:
    burning.rewind()
    ended = burning.activate()
    assert ended.code == 0, ended.text
    return Undisturbed(ended.lines, burning.state())


@pytest.fixture
def fire(burning: Fire, uninterrupted: Undisturbed) -> Fire:
    burning.rewind()
    return burning


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.what}, {fault.when}")
def test_a_fault_and_the_same_command_again(fire: Fire, uninterrupted: Undisturbed, fault: Fault) -> None:
    """The run that meets the fault says what the table says of it. With its cause gone, the same command ends done, and
    leaves exactly what an undisturbed activation leaves: no user moved twice, no contact lost or doubled, every intent
    with its result, and every unknown outcome was the end of its run and read back by the next.
    """
    met = fault.bring(fire)
    ended = fire.activate(meanwhile=met.meanwhile, params=met.params)
    assert (ended.code, ended.summary.outcome) == (fault.code, fault.outcome), ended.text
    assert fault.says in ended.text
    assert fire.meddling.met, "it did not come to pass"
    met.end()
    if ended.code:
        ended = fire.activate()
        assert (ended.code, ended.summary.outcome) == (0, "done"), ended.text
    assert fire.state() == uninterrupted.state
    assert proven(fire, ended) == ([], [], [])


def proven(fire: Fire, ended: Ended) -> tuple[list[str], list[Any], list[Any]]:
    """What the record says that it must not: users moved twice, intents without result, unknowns not read back."""
    return moved_twice(fire.lines), unanswered(ended.lines), not_read_back(ended.lines)


@pytest.mark.timeout(900)
def test_killed_at_every_line_that_counts(fire: Fire, uninterrupted: Undisturbed) -> None:
    """Killed at every intent and every result that an undisturbed run writes, between the two, and at every other kind
    of line, one after the other: the last run ends it, and everything is as if nobody had disturbed it.

    A kill at any other line is the same as one at the line before it: no run looks for lines of its kind.
    """
    fire.looked_for.clear()
    where = points(uninterrupted.lines)
    kinds = {line.kind for line in uninterrupted.lines}
    assert kinds - {one.kind for one in where} == {"begin"}
    for point in where:
        digest = next((one.plan for one in reversed(fire.scene.runs()) if one.plan), None)
        ended = fire.activate(digest, killed=point)
        assert ended.code == KILLED.code, f"it ended before {point}: {ended.text}"
    ended = fire.activate(digest)
    assert ended.code == 0, ended.text
    assert fire.state() == uninterrupted.state
    assert proven(fire, ended) == ([], [], [])
    more_than_once = {kind for kind, times in Counter(line.kind for line in uninterrupted.lines).items() if times > 1}
    assert more_than_once - ACTED == TOLD
    assert fire.looked_for >= ACTED
    assert not fire.looked_for & TOLD


@pytest.mark.parametrize("before", [True, False], ids=["before it is on record", "once it is on record"])
def test_every_fault_and_a_kill(fire: Fire, uninterrupted: Undisturbed, before: bool) -> None:
    """One activation meets every fault, and is killed each time while the fault is there: before any line of it is on
    disk, or after the first. With the cause gone, the next run meets the next fault. The last run ends it, and
    everything is as if nobody had disturbed it.
    """
    params = variant(fire.scene, ("batch_users: 8", "batch_users: 2"))
    digest = fire.activate("", params=params).summary.plan
    for fault in sorted(FAULTS, key=lambda one: STAGES.index(one.when)):
        met = fault.bring(fire)
        ended = fire.activate(digest, met.meanwhile, Hit(lambda: fire.meddling.met, before), met.params or params)
        assert ended.code == KILLED_MEANWHILE.code, f"{fault.what}: {ended.text}"
        met.end()
    ended = fire.activate(digest, params=params)
    assert ended.code == 0, ended.text
    assert fire.state() == uninterrupted.state
    assert proven(fire, ended) == ([], [], [])


def test_the_line_between_the_sites(fire: Fire, uninterrupted: Undisturbed) -> None:
    """The primary lives, and the line to it is cut. When it is back in the middle of the move, the same command is
    refused, for the primary answers; cut again, it goes on to the same end.
    """
    lab = fire.scene.blueprint.folder
    lifecycle.fail(lab, "wan")
    lifecycle.heal(lab, "primary")
    assert fire.activate(killed=Point("result", "move users")).code == KILLED.code
    lifecycle.heal(lab, "wan")
    half, homes = fire.activate(), fire.scene.homes()
    assert half.code == CUT_AND_BACK.code
    assert CUT_AND_BACK.says in half.text
    assert fire.scene.homes() == homes
    lifecycle.fail(lab, "wan")
    ended = fire.activate()
    assert ended.code == 0, ended.text
    assert fire.state() == uninterrupted.state
    assert proven(fire, ended) == ([], [], [])


def test_a_second_operator(fire: Fire) -> None:
    """While one activation is at work, the same command elsewhere is refused with its run and its operator."""
    first = activate.begin(fire.scene.params, "live")
    try:
        with ProcessPoolExecutor(1, fork_server.server()) as elsewhere:
            code, said = elsewhere.submit(second_operator, fire.scene.params).result(60)
    finally:
        first.close()
    assert code == SECOND_OPERATOR.code
    assert SECOND_OPERATOR.says in said
    assert f"Run {first.folder.run} of {files.whoami()['user']} on" in said


def second_operator(params: Path) -> tuple[int, str]:
    try:
        activate.begin(params, "live").close()
    except LyncdrError as error:
        return error.exit_code, str(error)
    return 0, "let in"


@pytest.mark.parametrize(("what", "when"), MEANWHILE)
def test_somebody_changes_a_user_meanwhile(fire: Fire, what: str, when: str) -> None:
    """A user who is not any more what the plan saw is refused, planned anew, or named; never silently wrong."""
    story, user = MEANWHILE[what, when], sorted(fire.scene.lists("pool01.lync.test"))[0]
    owners = {"enabled": {user}, "renamed": {user, "new.name@lync.test"}, "new": {NEWCOMER}}
    if what == "enabled":
        change(fire, user, NOBODY)
    digest = fire.activate("").summary.plan
    if when == AFTER:
        assert fire.activate(digest, killed=Point("approval", "")).code == KILLED.code
    if what == "new":
        enable_newcomer(fire)
    else:
        change(
            fire,
            user,
            {
                "enabled": of_first_day(fire, user),
                "disabled": NOBODY,
                "moved": ELSEWHERE,
                "renamed": {"PrimaryUserAddress": "sip:new.name@lync.test"},
            }[what],
        )
    ended = fire.activate(digest)
    assert (ended.code, story.says in ended.text) == (story.code, True), ended.text
    if story.code == 5:
        assert not any(line.kind == "result" and line.facts["done"] for line in ended.lines)
    if story.after == PLANNED_ANEW:
        assert ended.summary.plan != digest
        assert ended.summary.plan[:12] in ended.text
    if ended.code == 4:
        assert all(one in ended.text for one in owners[what])
        looked = run(verify.begin(fire.scene.params), verified)
        assert looked.code == 3
        assert {one["owner"] for one in looked.table("lost")} == owners[what]


def test_the_document_says_what_the_matrix_does() -> None:
    """docs/under-fire.md holds the table of these tests, row by row; python tests/scenes/disasters.py writes it."""
    text = (Path(__file__).parents[2] / "docs" / "under-fire.md").read_text(encoding="utf-8")
    assert table() in text
