"""How each step of a run stands: read off journals made by hand."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from journal_scene import WHO, Entry, activation, cut_off, end, refused, run, step

from lyncdr_helpers import journal
from lyncdr_helpers.phases import activate, approval, audit, backup, failback, if_it_died, prepare, steps, verify
from lyncdr_helpers.phases.steps import STEPS, State, Step

ANNA = {"user": "anna", "host": "laptop7", "pid": 9}


def of(folder: Path, *entries: Entry, phase: str = "verify") -> dict[str, Step]:
    lines = journal.read(run(folder, phase, *entries) / "journal.jsonl")[0]
    return {one.name: one for one in steps.of(lines)}


def states(found: dict[str, Step]) -> dict[str, State]:
    return {name: one.state for name, one in found.items()}


def test_nothing_yet(tmp_path: Path) -> None:
    """A run that has only begun has every step of its phase before it, in the notebook's order."""
    assert states(of(tmp_path)) == dict.fromkeys(STEPS["verify"], State.TO_COME)
    assert steps.of([]) == ()


def test_at_work(tmp_path: Path) -> None:
    """What is over, what is at work, what was left out, and what is to come; by whom, and how long it took."""
    found = of(tmp_path, *step("expectation", 2.5), *step("endpoints", 1.0), cut_off("contacts"))
    assert (found["expectation"].state, found["expectation"].seconds, found["expectation"].by) == (
        State.DONE,
        2.5,
        "meier@mgmt02",
    )
    assert found["contacts"].state is State.RUNNING
    assert found["users"].state is State.SKIPPED
    assert found["service"].state is State.TO_COME


def test_at_its_gate_and_after(tmp_path: Path) -> None:
    """A step that was refused waits, with what the gate said; whoever goes on is named beside what they did."""
    waits = [*step("plan", 1.0), *refused(60.0)[:2]]
    found = of(tmp_path / "a", *waits, phase="activate")
    assert found["approval"].state is State.WAITS
    goes_on = ("resume", {"who": ANNA}, 0.0)
    found = of(tmp_path / "b", *waits, goes_on, *step("approval", 1.0), cut_off("move users"), phase="activate")
    assert (found["approval"].state, found["approval"].by) == (State.DONE, "anna@laptop7")
    assert (found["plan"].by, found["move users"].state) == ("meier@mgmt02", State.RUNNING)


def test_a_step_that_was_cut_short(tmp_path: Path) -> None:
    """A crash leaves a step at work that nobody is at: whoever resumes sees that it did not end."""
    found = of(tmp_path, cut_off("users"), ("resume", {"who": WHO}, 0.0))
    assert found["users"].state is State.CUT_SHORT


@pytest.mark.parametrize(("outcome", "code", "state"), [("refused", 5, State.WAITS), ("failed", 1, State.FAILED)])
def test_a_run_that_ended_in_a_step(tmp_path: Path, outcome: str, code: int, state: State) -> None:
    """What ended it stands beside the step, and the rest is to come."""
    found = of(tmp_path, cut_off("users"), end(outcome, code, step="users", message="Nobody answers."))
    assert (found["users"].state, found["users"].said) == (state, "Nobody answers.")
    assert found["contacts"].state is State.TO_COME


def test_a_run_that_is_over(tmp_path: Path) -> None:
    """Nothing is to come any more: what was not done was left out."""
    found = of(tmp_path, *step("users", 1.0), end())
    assert set(states(found).values()) == {State.DONE, State.SKIPPED}


def test_a_step_that_only_some_runs_have(tmp_path: Path) -> None:
    """It stands where it happened, not at the end."""
    found = list(of(tmp_path, *step("users", 1.0), *step("something else", 1.0), *step("endpoints", 1.0)))
    assert found.index("something else") == found.index("users") + 1


def test_a_whole_activation(tmp_path: Path) -> None:
    """What an activation writes from its first line to its last: nothing at work, nothing waiting."""
    lines = journal.read(activation(tmp_path) / "journal.jsonl")[0]
    assert {one.state for one in steps.of(lines)} == {State.DONE, State.SKIPPED, State.WAITS}


SOURCES: dict[str, tuple[ModuleType, ...]] = {
    "prepare": (prepare, if_it_died),
    "backup": (backup,),
    "activate": (activate, approval),
    "verify": (verify,),
    "failback": (failback, approval),
    "audit": (audit,),
}
BUT_SOMETIMES = {"age of the set of both pools"}


@pytest.mark.parametrize("phase", STEPS)
def test_the_list_is_what_the_phase_does(phase: str) -> None:
    """Every step that a phase's code begins is in its list, and nothing else is."""
    begun = set[str]()
    for module in SOURCES[phase]:
        text = Path(str(module.__file__)).read_text(encoding="utf-8")
        for inside in re.findall(r"(?:\.step\(|_step\(session, )([\w.]+|\"[^\"]+\")", text):
            begun.add(eval(inside, {}, vars(module)) if inside != "name" else "")
    assert begun - {""} - BUT_SOMETIMES == set(STEPS[phase])
