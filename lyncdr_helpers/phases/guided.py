"""Steps that a person does by hand: told exactly, answered on record, and proven where the facts can be read back.

The journal's kind `guided` has, for each step, what was asked and then what came of it. `state`: asked, done (somebody
says so, and nothing contradicts), skipped (with a reason), found (it is so, and nobody had to say it), withheld (a
rehearsal), unproven (somebody says so, and the facts do not show it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath
from typing import Any, NoReturn

from lyncdr_helpers import files
from lyncdr_helpers.answers import Answer, Attachment, refuse_secrets
from lyncdr_helpers.checks import Check, not_green
from lyncdr_helpers.errors import CheckFailed, Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.session import Session

KIND = "guided"
ASKED, DONE, SKIPPED, FOUND, WITHHELD, UNPROVEN = "asked", "done", "skipped", "found", "withheld", "unproven"
EVIDENCE = "evidence"
"""The folder in the run folder where attached files are kept."""

See = Callable[[], Iterable[Check]]
"""Reads the facts that a step is to bring about."""


@dataclass(frozen=True)
class Instruction:
    """One thing to do, in words, and the exact command where there is one."""

    text: str
    command: str = ""


@dataclass(frozen=True)
class GuidedStep:
    """What a person is to do.

    name: what --did and --skip call it. title: what it is, in a few words. why: why a person, and why at all. where:
    the machine, the program, the account. do: in this order. proof: how it is known to be done. skippable: whether a
    reason is enough to go on without it.
    """

    name: str
    title: str
    why: str
    where: str
    do: tuple[Instruction, ...]
    proof: str
    skippable: bool = True

    @property
    def text(self) -> str:
        """All of it, as lines to read and commands to copy."""
        lines = [f"By hand: {self.title} ({self.name})", f"  Why: {self.why}", f"  Where: {self.where}"]
        for number, one in enumerate(self.do, start=1):
            lines.append(f"  {number}. {one.text}")
            lines += [f"       {line}" for line in one.command.splitlines()]
        return "\n".join([*lines, f"  Proof: {self.proof}"])

    @property
    def how_to_answer(self) -> str:
        """What to run next."""
        skip = f', or with --skip {self.name}="the reason"' if self.skippable else ""
        return f'Do it, then run the same command with --did {self.name}="what was seen"{skip}.'

    @property
    def facts(self) -> dict[str, Any]:
        """What the journal has of it."""
        told = {name: value for name, value in asdict(self).items() if name != "name"}
        return {**told, "do": [asdict(one) for one in self.do], "step": self.name}


@dataclass(frozen=True)
class Account:
    """What became of a step. state: as in the journal, but never asked. said: what was seen, or why it was skipped."""

    step: str
    state: str
    said: str
    by: str = ""
    at: str = ""

    @property
    def holds(self) -> bool:
        """Whether the step has been carried out."""
        return self.state in (DONE, FOUND)

    @property
    def text(self) -> str:
        who = f" by {self.by}, {self.at}" if self.by else ""
        return f"{self.step}: {self.state}{who}: {self.said}"


def guide(session: Session, step: GuidedStep, see: See | None = None, answer: Answer | None = None) -> Account:
    """Have a person do the step, unless it is so already; what came of it is on record.

    answer: what was given in a form; without one, what the run's parameters say. Raises Refusal when nobody has
    answered yet, and CheckFailed when somebody says that it is done and the facts do not show it. A rehearsal tells the
    step and withholds it.
    """
    seen = tuple(see()) if see else ()
    session.record(*seen)
    proven = bool(seen) and not not_green(seen)
    given = answer or session.answers.get(step.name)
    says_done = given is not None and bool(given.seen)
    earlier = account(session, step.name)
    if earlier and (proven or not see if earlier.state == DONE else not proven and not says_done):
        session.tell(f"Already on record: {earlier.text}")
        return earlier
    if proven and not (says_done and session.mode == "live"):
        return _close(session, step, FOUND, "; ".join(f"{one.name}: {one.seen}" for one in seen))
    if session.mode != "live":
        return _withhold(session, step)
    if given is None or (given.skipped and not step.skippable):
        _ask(session, step, refused=given is not None)
    return _take(session, step, given, seen)


def account(session: Session, name: str) -> Account | None:
    """What an earlier execution of this run, or an earlier call, came to; None while nobody has answered."""
    lines = [line for line in session.journal.of_kind(KIND) if line.facts["step"] == name]
    return of_line(lines[-1]) if lines and lines[-1].facts["state"] in (DONE, SKIPPED) else None


def was_asked(session: Session, name: str) -> bool:
    """Whether this run has put the step before anybody."""
    return any(line.facts["step"] == name for line in session.journal.of_kind(KIND))


def of_line(line: Line) -> Account:
    """What a line of the journal says of its step."""
    facts = line.facts
    by = "{user}@{host}".format(**facts["by"]) if facts["state"] in (DONE, SKIPPED, UNPROVEN) else ""
    return Account(facts["step"], facts["state"], facts.get("said", ""), by, line.at)


def _withhold(session: Session, step: GuidedStep) -> Account:
    session.tell(step.text)
    session.journal.write("withheld", what=f"by hand: {step.title}", objects=len(step.do))
    return _close(session, step, WITHHELD, "a live run would wait here until somebody has done it", step.facts)


def _ask(session: Session, step: GuidedStep, *, refused: bool) -> NoReturn:
    """Tell what is to be done, put it on record once, and stop. refused: an answer was given that is none."""
    session.tell(step.text)
    told = [line.facts for line in session.journal.of_kind(KIND) if line.facts["step"] == step.name]
    asked = {**step.facts, "state": ASKED}
    if not told or {name: value for name, value in told[-1].items() if name != "by"} != asked:
        session.journal.write(KIND, **asked, by=files.whoami())
    why = "cannot be skipped" if refused else "is for a person, and nobody says yet that it is done"
    closed = Refusal(f"{step.title} ({step.name}) {why}.", step.how_to_answer)
    session.stop_at(f"by hand: {step.name}", closed)
    raise closed


def _take(session: Session, step: GuidedStep, given: Answer, seen: Iterable[Check]) -> Account:
    """Put an answer on record with its evidence, and hold it against the facts."""
    refuse_secrets(session.loaded, step.name, given)
    kept = _keep(session, step.name, given.attached)
    if given.skipped:
        return _close(session, step, SKIPPED, given.skipped, {"evidence": kept})
    if wrong := not_green(seen):
        _close(session, step, UNPROVEN, given.seen, {"evidence": kept})
        rows = "; ".join(f"{one.name}: {one.seen}, expected {one.expected}" for one in wrong)
        raise CheckFailed(
            f"{step.title} ({step.name}) is said to be done, and the facts do not show it. {rows}.", wrong[0].remedy
        )
    return _close(session, step, DONE, given.seen, {"evidence": kept})


def _close(
    session: Session, step: GuidedStep, state: str, said: str, more: Mapping[str, object] | None = None
) -> Account:
    facts = {**(more or {}), "step": step.name, "title": step.title, "state": state, "said": said, "by": files.whoami()}
    found = of_line(session.journal.write(KIND, **facts))
    session.tell(found.text)
    return found


def _keep(session: Session, name: str, attached: Iterable[Attachment]) -> list[dict[str, object]]:
    """Copy evidence into the run folder: `[{"file", "sha256", "size"}]`, paths relative to that folder."""
    kept: list[dict[str, object]] = []
    for one in attached:
        sha256 = files.digest(one.content)
        path = Path(EVIDENCE) / _as_name(name) / f"{sha256[:8]}-{_as_name(PureWindowsPath(one.name).name)}"
        files.replace(session.folder.path / path, one.content)
        kept.append({"file": path.as_posix(), "sha256": sha256, "size": len(one.content)})
    return kept


def _as_name(text: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w.-]+", "_", text).strip(".")[-80:] or "file"
