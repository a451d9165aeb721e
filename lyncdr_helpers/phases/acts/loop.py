"""Acting: the one loop through which every change of a deployment goes.

Look first; settle what an earlier run left open; leave alone what is done; refuse what nobody expected. Then batch by
batch: the undo file, the intent on disk, the act, the facts read back, the result on disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from lyncdr_helpers import files
from lyncdr_helpers.checks import some_of
from lyncdr_helpers.errors import OperationError, Refusal, UnknownOutcome
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases.pace import Work
from lyncdr_helpers.plan import Change, undo
from lyncdr_helpers.ports import Command
from lyncdr_helpers.session import Session

STILL_SECONDS = 2.0
"""How long facts must stay the same after a lost answer."""


@dataclass(frozen=True)
class Receipt:
    """What the other side said of a batch: faults by target (what happened is read back all the same), or withheld."""

    withheld: bool = False
    faults: Mapping[str, str] = field(default_factory=dict)


See = Callable[[Sequence[Change]], Mapping[str, str]]
"""The present value of each change's target, by target."""
Do = Callable[[Sequence[Change]], Receipt]
"""One batch, done once. Raises OperationError (nothing happened) or UnknownOutcome."""


@dataclass(frozen=True)
class Tally:
    """What an act came to, in changes. failed: target -> reason."""

    act: str
    done: int = 0
    already: int = 0
    withheld: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        parts = [f"{self.done} done"]
        parts += [f"{self.already} were so already"] if self.already else []
        parts += [f"{self.withheld} withheld"] if self.withheld else []
        parts += [f"{len(self.failed)} FAILED"] if self.failed else []
        return f"{self.act}: {', '.join(parts)}"


def together(act: str, tallies: Sequence[Tally]) -> Tally:
    """What the parts of one act came to."""
    return Tally(
        act,
        sum(one.done for one in tallies),
        sum(one.already for one in tallies),
        sum(one.withheld for one in tallies),
        {target: why for one in tallies for target, why in one.failed.items()},
    )


def what_failed(tallies: Iterable[Tally]) -> str:
    """The changes of a plan that failed: how many, and the first of them with its reason; empty where none did."""
    failed = {target: why for one in tallies for target, why in one.failed.items()}
    named = some_of([f"{target}: {why}" for target, why in failed.items()], "; ")
    return f"{len(failed)} changes of the plan failed. {named}." if failed else ""


def carry_out(
    session: Session,
    act: str,
    changes: Sequence[Change],
    see: See,
    do: Do,
    *,
    batch: int,
    undoable: bool = True,
    vital: bool = True,
) -> Tally:
    """Bring every change about, at most once, `batch` at a time. undoable: whether the old values can be put back.

    vital: a batch that fails whole ends the run; otherwise the act goes on, and what comes after it is not kept back.

    Raises Refusal when a target holds neither the old nor the new value, OperationError when a whole batch failed,
    UnknownOutcome when an answer was lost: the next run of the same command reads the facts back and goes on.
    """
    seen = _settled(session, act, changes, see)
    refuse_strangers(act, changes, seen)
    todo = [change for change in changes if seen[change.target] != change.new]
    already = len(changes) - len(todo)
    session.journal.write("found", act=act, count=already, of=len(changes))
    if undoable and session.mode == "live":
        write_undo(session, todo)
    done, withheld, failed = 0, 0, dict[str, str]()
    began = session.clock.monotonic()
    for some in _batched(todo, batch):
        result = _one_batch(session, act, some, see, do)
        if vital and len(result.failed) == len(some):
            first = next(iter(result.failed.values()))
            raise OperationError(
                f"{act}: all {len(some)} of a batch failed. {first}",
                "Mend what it names, then run the same command again.",
            )
        done, withheld, failed = done + result.done, withheld + result.withheld, {**failed, **result.failed}
        spent = session.clock.monotonic() - began
        session.pace(act, Work(act, len(changes), already, done, len(failed), withheld, spent).text)
    tally = Tally(act, done, already, withheld, failed)
    session.tell(tally.text)
    return tally


def command(session: Session, act: str, one: Command) -> None:
    """One command that has no value to read back and may be repeated. Raises OperationError when it fails.

    Its result answers for the attempts, too, of which an earlier run never heard.
    """
    left_open = session.journal.open_intents(act)
    intent = session.journal.write("intent", act=act, targets=[str(one)])
    reply = session.shell.invoke(one)
    faults = [fault.message for fault in reply.faults]
    session.journal.write("result", intent=intent.n, act=act, withheld=int(reply.withheld), faults=faults)
    if faults:
        raise OperationError(
            f"{one.cmdlet} failed: {faults[0]}", "Mend what it names, then run the same command again."
        )
    for earlier in left_open:
        session.journal.write("result", intent=earlier.n, act=act, repeated=True, faults=[])


def _one_batch(session: Session, act: str, some: Sequence[Change], see: See, do: Do) -> Tally:
    intent = session.journal.write("intent", act=act, targets=[change.target for change in some])
    try:
        receipt = do(some)
    except UnknownOutcome as error:
        session.journal.write("unknown", intent=intent.n, act=act, message=error.message)
        raise
    except (OperationError, Refusal) as error:
        session.journal.write(
            "result", intent=intent.n, act=act, done=[], failed=dict.fromkeys(_targets(some), str(error))
        )
        raise
    if receipt.withheld:
        session.journal.write("result", intent=intent.n, act=act, withheld=len(some))
        return Tally(act, withheld=len(some))
    return _judge(session, act, intent.n, some, _read_back(session, some, see, receipt), receipt)


def _read_back(session: Session, some: Sequence[Change], see: See, receipt: Receipt) -> Mapping[str, str]:
    """The facts after a batch. What is not there although nobody complained may be on its way: looked at once more."""
    seen = see(some)
    if any(seen[one.target] != one.new and not _said_of(one, some, receipt) for one in some):
        session.clock.sleep(STILL_SECONDS)
        seen = see(some)
    return seen


def _said_of(change: Change, some: Sequence[Change], receipt: Receipt) -> str:
    """The fault of a change: its own, else the first that names none of the batch, such as a server that is gone."""
    own = {one.target for one in some}
    general = (message for target, message in receipt.faults.items() if target not in own)
    return receipt.faults.get(change.target) or next(general, "")


def _judge(
    session: Session, act: str, intent: int, some: Sequence[Change], seen: Mapping[str, str], receipt: Receipt
) -> Tally:
    """The batch's result from the facts, not from what the other side said."""
    done = [change.target for change in some if seen[change.target] == change.new]
    failed = {
        change.target: _said_of(change, some, receipt) or "no error was reported, and it is not there"
        for change in some
        if seen[change.target] != change.new
    }
    session.journal.write("result", intent=intent, act=act, done=done, failed=failed)
    return Tally(act, done=len(done), failed=failed)


def _settled(session: Session, act: str, changes: Sequence[Change], see: See) -> Mapping[str, str]:
    """The facts, after answering from them the intents that a crash or a lost answer left open."""
    seen = see(changes)
    left_open = session.journal.open_intents(act)
    while left_open:
        # What was sent may still be at work over there: facts count when they stand still.
        session.clock.sleep(STILL_SECONDS)
        before, seen = seen, see(changes)
        if before == seen:
            break
    for intent in left_open:
        _answer(session, act, intent, {one.target: one.new for one in changes}, seen)
    return seen


def _answer(session: Session, act: str, intent: Line, wanted: Mapping[str, str], seen: Mapping[str, str]) -> None:
    targets = [target for target in intent.facts["targets"] if target in wanted]
    done = [target for target in targets if seen[target] == wanted[target]]
    undone = {target: "nothing happened" for target in targets if target not in done}
    session.journal.write("result", intent=intent.n, act=act, done=done, failed=undone, read_back=True)


def refuse_strangers(act: str, changes: Sequence[Change], seen: Mapping[str, str]) -> None:
    """Raise Refusal where a target is neither as the plan saw it nor as it wants it."""
    strangers = [change for change in changes if seen[change.target] not in (change.old, change.new)]
    if strangers:
        named = some_of([f"{one.target} is {seen[one.target] or 'gone'}" for one in strangers], "; ")
        raise Refusal(
            f"{act}: {len(strangers)} targets are neither as the plan saw them nor as it wants them. {named}.",
            "Somebody changed them meanwhile: run the phase with --run new for a plan from the present facts.",
        )


def write_undo(session: Session, todo: Sequence[Change]) -> None:
    """The undo file covers every batch before the first of them is acted on: newest first, each change once."""
    path = session.folder.undo
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    fresh = [one for one in undo(todo) if one not in kept]
    files.replace_json(path, fresh + kept)


def _targets(some: Iterable[Change]) -> list[str]:
    return [change.target for change in some]


def _batched(changes: Sequence[Change], size: int) -> Iterator[Sequence[Change]]:
    return (changes[start : start + size] for start in range(0, len(changes), size))
