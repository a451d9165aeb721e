"""What one run spent in each of its steps, from the lines of its journal. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import OUTCOMES, Refusal
from lyncdr_helpers.journal import Line

DECIDE = "decide"
"""Beside the steps: how long the run waited at its gate until a person gave the approval."""

REFUSED = OUTCOMES[Refusal.exit_code]
APPROVAL = "approval"


@dataclass(frozen=True)
class Spent:
    """One step. seconds: all its executions together. done: how many changes it brought about, each read back."""

    seconds: float
    done: int = 0


@dataclass
class _Clockwork:
    """The journal, line by line."""

    spent: dict[str, Spent]
    cut: set[str]
    step: Line | None = None
    gate: str = ""
    waits: Line | None = None

    def take(self, line: Line) -> None:
        match line.kind:
            case "step":
                self._step(line)
            case "gate":
                self.gate = str(line.facts.get("gate", ""))
            case "result" if self.step:
                self._add(str(self.step.facts["name"]), 0.0, len(line.facts.get("done", ())))
            case "end":
                self._end(line)
            case "begin" | "resume":
                self._resume(line)

    def close(self) -> None:
        """Whatever is open now was cut off by a crash."""
        if self.step:
            self.cut.add(str(self.step.facts["name"]))
        self.step = None

    def _step(self, line: Line) -> None:
        name = str(line.facts["name"])
        if line.facts.get("state") == "started":
            self.close()
            self.step = line
        else:
            self._add(name, float(line.facts.get("seconds", 0.0)))
            self.step = None

    def _end(self, line: Line) -> None:
        if self.step:
            self._add(str(self.step.facts["name"]), _seconds(self.step, line))
            self.step = None
        if line.facts.get("outcome") == REFUSED and self.gate == APPROVAL:
            self.waits = line

    def _resume(self, line: Line) -> None:
        self.close()
        if self.waits:
            self._add(DECIDE, _seconds(self.waits, line))
        self.waits, self.gate = None, ""

    def _add(self, name: str, seconds: float, done: int = 0) -> None:
        before = self.spent.get(name, Spent(0.0))
        self.spent[name] = Spent(before.seconds + seconds, before.done + done)


def of(lines: Iterable[Line]) -> dict[str, Spent]:
    """Step -> what the run spent in it, executions that stopped in good order included.

    A step that a crash cut off is left out altogether: nobody knows how long it took, and its changes may be counted.
    """
    clockwork = _Clockwork({}, set())
    for line in lines:
        clockwork.take(line)
    clockwork.close()
    return {name: spent for name, spent in clockwork.spent.items() if name not in clockwork.cut}


def _seconds(one: Line, other: Line) -> float:
    return (parse_stamp(other.at) - parse_stamp(one.at)).total_seconds()
