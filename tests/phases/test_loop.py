"""The loop that every change goes through: nothing twice, nothing lost, whatever stops it and wherever."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import OperationError, Refusal, UnknownOutcome
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session, open_session

PARAMS = Path(__file__).parents[2] / "params" / "lab.yml"


class Killed(BaseException):
    """The process is gone: nothing after it runs, and nothing catches it."""


class World:
    """Where everything really is, and how often each target was acted on."""

    def __init__(self, count: int) -> None:
        self.changes = [Change("move-user", f"u{number}", "old", "new") for number in range(count)]
        self.values = {change.target: change.old for change in self.changes}
        self.acts: Counter[str] = Counter()
        self.faults: Iterator[str] = iter(())

    def see(self, some: Sequence[Change]) -> Mapping[str, str]:
        return {change.target: self.values[change.target] for change in some}

    def do(self, some: Sequence[Change]) -> Receipt:
        fault = next(self.faults, "")
        if fault == "refused before":
            raise OperationError("the host said no")
        if fault == "killed before":
            raise Killed
        reach = some[: len(some) // 2] if fault in ("half done", "lost after half") else some
        for change in reach if fault != "lost before" else ():
            self.values[change.target] = change.new
            self.acts[change.target] += 1
        if fault.startswith("lost"):
            raise UnknownOutcome("the answer is lost")
        if fault == "killed after":
            raise Killed
        return Receipt(faults={some[-1].target: "denied"} if fault == "half done" else {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deployment that nobody dials: the loop asks the functions it is given."""
    root = tmp_path_factory.mktemp("deployment")
    (root / "params").mkdir()
    lab = Blueprint(root / ".lab")
    pki.issue(lab)
    pki.make_secrets(lab)
    shutil.copy(PARAMS, root / "params" / "lab.yml")
    return root / "params" / "lab.yml"


def session_of(folder: Path, run: str = "") -> Session:
    return open_session(
        "activate", folder, mode="live", run=run, clock=SetClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    )


def attempt(session: Session, world: World) -> Tally:
    with session.step("move users"):
        return carry_out(session, "move users", world.changes, world.see, world.do, batch=3)


FAULTS = st.sampled_from(
    ["", "refused before", "killed before", "half done", "lost before", "lost after", "lost after half", "killed after"]
)


@settings(max_examples=60, deadline=None)
@given(faults=st.lists(FAULTS, max_size=12), count=st.integers(min_value=1, max_value=10))
def test_nothing_twice_nothing_lost(folder: Path, faults: list[str], count: int) -> None:
    """Whatever happens in whichever batch, the same command repeated ends where an uninterrupted run ends: every target
    is new, each was acted on exactly once, every intent has its result, and the undo file takes all of it back.
    """
    world = World(count)
    world.faults = iter(faults)
    session = session_of(folder, "new")
    for _ in range(len(faults) + 2):
        try:
            tally = attempt(session, world)
        except (OperationError, UnknownOutcome, Killed):
            session.close()
            session = session_of(folder, session.folder.run)
            continue
        if not tally.failed:
            break
    assert set(world.values.values()) == {"new"}
    assert set(world.acts.values()) == {1}
    assert not session.journal.open_intents("move users")
    undo = json.loads(session.folder.undo.read_text(encoding="utf-8"))
    assert Counter(one["target"] for one in undo) == Counter(world.acts)
    session.close()


@pytest.mark.parametrize("killed_at", range(1, 7))
@pytest.mark.parametrize("after_writing", [False, True])
def test_killed_at_every_journal_line(
    folder: Path, monkeypatch: pytest.MonkeyPatch, killed_at: int, after_writing: bool
) -> None:
    """Killed before or after any line of the journal is on disk, the next run of the same command finishes the work."""
    world = World(7)
    session = session_of(folder, "new")
    write, count = session.journal.write, 0

    def dying(kind: str, **facts: object) -> Line:
        nonlocal count
        count += 1
        if count == killed_at and not after_writing:
            raise Killed
        line = write(kind, **facts)
        if count == killed_at:
            raise Killed
        return line

    monkeypatch.setattr(session.journal, "write", dying)
    with pytest.raises(Killed):
        carry_out(session, "move users", world.changes, world.see, world.do, batch=3)
    monkeypatch.undo()
    session.close()
    again = session_of(folder, session.folder.run)
    attempt(again, world)
    again.close()
    assert set(world.acts.values()) == {1}
    assert set(world.values.values()) == {"new"}


def test_an_unknown_outcome_stops_the_phase(folder: Path) -> None:
    """A lost answer ends the run as `unknown`, exit 6, with the later batches not begun; nothing tries another way."""
    world = World(9)
    world.faults = iter(["", "lost after"])
    session = session_of(folder, "new")
    with pytest.raises(UnknownOutcome):
        attempt(session, world)
    end = session.journal.last("end")
    assert end is not None
    assert (end.facts["outcome"], end.facts["exit_code"]) == ("unknown", 6)
    assert sum(world.acts.values()) == 6


def test_a_stranger_refuses_the_whole_act(folder: Path) -> None:
    """A target that is neither old nor new means that somebody else is at work: refused by name, nothing acted on."""
    world = World(5)
    world.values["u3"] = "elsewhere"
    session = session_of(folder, "new")
    with pytest.raises(Refusal, match="u3 is elsewhere"):
        attempt(session, world)
    assert not world.acts


def test_a_batch_that_fails_whole_stops(folder: Path) -> None:
    """When a whole batch fails, the next ones are not tried: the cause is rarely one user's."""
    world = World(9)

    def do(some: Sequence[Change]) -> Receipt:
        world.acts.update(change.target for change in some)
        return Receipt(faults={"": "access denied"})

    session = session_of(folder, "new")
    with pytest.raises(OperationError, match="access denied"), session.step("move users"):
        carry_out(session, "move users", world.changes, world.see, do, batch=3)
    assert sum(world.acts.values()) == 3


def test_what_the_other_side_claims_is_not_believed(folder: Path) -> None:
    """No fault reported and nothing changed: failed, not done. The facts are read back, not the answer."""
    world = World(2)

    def do(some: Sequence[Change]) -> Receipt:
        world.values[some[0].target] = "new"
        return Receipt()

    session = session_of(folder, "new")
    tally = carry_out(session, "move users", world.changes, world.see, do, batch=3)
    session.close()
    assert (tally.done, set(tally.failed)) == (1, {"u1"})


def test_withheld_is_a_state_of_its_own(folder: Path) -> None:
    """A rehearsal's batches are withheld: neither done nor failed, and nothing is read back."""
    world = World(4)
    session = session_of(folder, "new")
    tally = carry_out(session, "move users", world.changes, world.see, lambda some: Receipt(withheld=True), batch=3)
    session.close()
    assert (tally.done, tally.withheld, tally.failed) == (0, 4, {})
