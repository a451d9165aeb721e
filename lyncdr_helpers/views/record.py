"""A run as its journal tells it: what a report shows, with nothing added."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lyncdr_helpers import journal
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.runfolder import DONE, UNFINISHED, RunFolder

MOVE_USERS = "move users"


@dataclass(frozen=True)
class Step:
    """One step. `state`: done, unfinished, or the outcome of the run that ended in it."""

    name: str
    began: dt.datetime
    seconds: float
    state: str


@dataclass(frozen=True)
class Act:
    """What became of each target of one act: done, withheld, failed or unknown; the last word on it counts."""

    name: str
    states: Mapping[str, str]
    reasons: Mapping[str, str]
    already: int

    def count(self, state: str) -> int:
        return sum(one == state for one in self.states.values())


@dataclass(frozen=True)
class Table:
    """A table of the run folder. `rows`: the first of them, `total`: how many there are."""

    file: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: int


@dataclass(frozen=True)
class Record:
    """One run. `broken`: why the journal cannot be trusted, or empty; then there are no lines."""

    folder: RunFolder
    lines: tuple[Line, ...]
    broken: str
    torn: bool

    @classmethod
    def of(cls, folder: RunFolder) -> Record:
        """Read a run's journal; an edited one gives a record that says so."""
        try:
            lines, torn = journal.read(folder.journal)
        except InputError as error:
            return cls(folder, (), str(error), torn=False)
        return cls(folder, tuple(lines), "", bool(torn) or folder.journal.with_suffix(".torn").exists())

    def of_kind(self, *kinds: str) -> list[Line]:
        return [line for line in self.lines if line.kind in kinds]

    @property
    def begin(self) -> Mapping[str, Any]:
        return self.lines[0].facts if self.lines else {}

    @property
    def phase(self) -> str:
        return str(self.begin.get("phase", "run"))

    @property
    def head(self) -> str:
        return self.lines[-1].digest if self.lines else ""

    @property
    def began(self) -> dt.datetime | None:
        return parse_stamp(self.lines[0].at) if self.lines else None

    @property
    def ended(self) -> dt.datetime | None:
        """When the last line was written, whether or not it ended the run."""
        return parse_stamp(self.lines[-1].at) if self.lines else None

    @property
    def outcome(self) -> str:
        """The word of the last end line, unless the run went on after it."""
        last = next((line for line in reversed(self.lines) if line.kind in ("end", "begin", "resume")), None)
        if self.broken:
            return "not to be trusted"
        return str(last.facts.get("outcome", UNFINISHED)) if last and last.kind == "end" else UNFINISHED

    @property
    def is_done(self) -> bool:
        return self.outcome in DONE

    @cached_property
    def facts(self) -> dict[str, Any]:
        """Numbers and names on record; the latest of each name."""
        return {str(line.facts.get("name")): line.facts.get("value") for line in self.of_kind("fact")}

    @cached_property
    def steps(self) -> list[Step]:
        """Every step in order, also those of an execution that was cut short."""
        found: list[Step] = []
        open_: Line | None = None
        for line in self.of_kind("step", "end", "resume"):
            if open_:
                found.append(_step(open_, line, _STEP_ENDS[line.kind](line.facts)))
            open_ = line if line.facts.get("state") == "started" else None
        if open_:
            found.append(_step(open_, self.lines[-1], "unfinished"))
        return found

    @cached_property
    def acts(self) -> list[Act]:
        """What was done, act by act, in the order they began."""
        names = dict.fromkeys(str(line.facts.get("act")) for line in self.of_kind("intent", "found"))
        return [self._act(name) for name in names]

    def users_back(self) -> list[tuple[dt.datetime, int]]:
        """How many users were home again at each moment, rising; the first point is the first order to move, and 0."""
        moves = [line for line in self.of_kind("intent", "result") if line.facts.get("act") == MOVE_USERS]
        back: set[str] = set()
        points = [(parse_stamp(line.at), 0) for line in moves[:1]]
        for line in moves:
            if line.kind == "result" and line.facts.get("done"):
                back.update(map(str, line.facts["done"]))
                points.append((parse_stamp(line.at), len(back)))
        return points if back else []

    def tables(self, limit: int) -> Iterator[Table]:
        """The tables that the run kept, each with its first rows."""
        for path in sorted(self.folder.path.glob("tables/*.csv")):
            yield _table(path, limit)

    def _act(self, name: str) -> Act:
        states: dict[str, str] = {}
        reasons: dict[str, str] = {}
        already = 0
        targets: dict[Any, list[str]] = {}
        for line in self.of_kind("intent", "result", "unknown", "found"):
            facts = line.facts
            if facts.get("act") != name:
                continue
            if line.kind == "intent":
                targets[line.n] = [str(one) for one in facts.get("targets", [])]
                states |= dict.fromkeys(targets[line.n], "unknown")
            elif line.kind == "found":
                already = int(facts.get("count", 0))
            elif line.kind == "unknown":
                reasons |= dict.fromkeys(targets.get(facts.get("intent"), []), str(facts.get("message", "")))
            else:
                outcome = _result(facts, targets.get(facts.get("intent"), []))
                states |= {target: state for target, (state, _) in outcome.items()}
                reasons |= {target: why for target, (_, why) in outcome.items()}
        return Act(name, states, {target: why for target, why in reasons.items() if why}, already)


def _result(facts: Mapping[str, Any], targets: list[str]) -> dict[str, tuple[str, str]]:
    """Target -> (state, reason) as one result line has them."""
    if facts.get("withheld"):
        return dict.fromkeys(targets, ("withheld", ""))
    if "faults" in facts:
        why = "; ".join(map(str, facts["faults"]))
        return dict.fromkeys(targets, ("failed", why) if why else ("done", ""))
    failed = {str(target): ("failed", str(why)) for target, why in dict(facts.get("failed", {})).items()}
    return {**{str(target): ("done", "") for target in facts.get("done", [])}, **failed}


_STEP_ENDS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "step": lambda facts: "unfinished" if facts.get("state") == "started" else str(facts.get("state")),
    "end": lambda facts: str(facts.get("outcome")),
    "resume": lambda _: "unfinished",
}


def _step(started: Line, ended: Line, state: str) -> Step:
    began = parse_stamp(started.at)
    seconds = ended.facts.get("seconds") if state == "done" else None
    elapsed = (parse_stamp(ended.at) - began).total_seconds()
    return Step(str(started.facts.get("name", "?")), began, float(elapsed if seconds is None else seconds), state)


def _table(path: Path, limit: int) -> Table:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        head = tuple(next(rows, ()))
        kept: list[tuple[str, ...]] = []
        total = 0
        for row in rows:
            total += 1
            if total <= limit:
                kept.append(tuple(row))
    return Table(path.name, head, tuple(kept), total)
