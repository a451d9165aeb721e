"""How far a run is, by the lines of its journal alone: whoever can read its folder may watch, from anywhere. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from lyncdr_helpers.clock import parse_stamp, spell
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases.acts import moves
from lyncdr_helpers.phases.earlier.durations import BY_PEOPLE, STAGES, Estimate, RecoveryTime, Stage
from lyncdr_helpers.phases.earlier.spent import REFUSED
from lyncdr_helpers.phases.pace import Work
from lyncdr_helpers.runfolder import UNFINISHED

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


@dataclass(frozen=True)
class Forecast:
    """When service will be proven, in seconds from the run's first line. unknown: stages that no earlier run measured:
    with them it takes longer.
    """

    seconds: float
    target: float
    unknown: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        return self.seconds <= self.target

    @property
    def sign(self) -> str:
        """✓: within the target; ✗: beyond it; ?: within it, as far as anything is known."""
        return "✓" if self.fits and not self.unknown else "?" if self.fits else "✗"

    @property
    def text(self) -> str:
        more = f", and longer: no earlier run has {', '.join(self.unknown)}" if self.unknown else ""
        proven = f"service proven {spell(self.seconds)} after the first command{more}"
        return f"{self.sign} {proven}; {spell(self.target)} are promised"


@dataclass
class Progress:
    """A run so far. state: `unfinished`, or its outcome. step: the one at work, empty between two. Moments are UTC.

    users_back: how many the run has proven to be home again. gate: what it waits for, empty when it does not.
    """

    run: str = ""
    phase: str = ""
    mode: str = ""
    by: str = ""
    began: dt.datetime = NEVER
    latest: dt.datetime = NEVER
    state: str = UNFINISHED
    step: str = ""
    step_began: dt.datetime = NEVER
    steps: list[str] = field(default_factory=list)
    works: dict[str, Work] = field(default_factory=dict)
    gate: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it came to its end; one that was refused waits for somebody to come back to it."""
        return self.state not in (UNFINISHED, REFUSED)

    @property
    def users_back(self) -> int:
        work = self.works.get(moves.ACT)
        return work.already + work.done if work else 0


def of(lines: Sequence[Line]) -> Progress:
    """What the lines say. Of a run that was resumed, each change counts once: what was done is found as done."""
    found = Progress()
    sent: dict[int, Line] = {}
    for line in lines:
        _take(found, line, sent)
    return found


def forecast(found: Progress, now: dt.datetime, expected: RecoveryTime) -> Forecast:
    """What was spent, what is left of the act at work, and what earlier runs took for the rest.

    expected: this deployment's estimate, stage by stage; phases/earlier/durations.py.
    """
    seconds, unknown = (now - found.began).total_seconds(), list[str]()
    estimates = {one.stage: one for one in expected.stages}
    come_to = {*found.steps, found.step}
    reached = max((place for place, stage in enumerate(STAGES) if come_to & set(stage.steps)), default=0)
    for stage in STAGES[reached:]:
        if stage.name in BY_PEOPLE or stage.name not in estimates:
            continue
        left = _left(stage, estimates[stage.name], found, now)
        if left is None:
            unknown.append(stage.name)
        seconds += left or 0.0
    return Forecast(seconds, expected.target, tuple(unknown))


def _left(stage: Stage, estimate: Estimate, found: Progress, now: dt.datetime) -> float | None:
    if stage.steps and set(stage.steps) <= set(found.steps):
        return 0.0
    if found.step in stage.steps:
        work = found.works.get(found.step)
        if work and work.left is not None:
            return work.left
        spent = (now - found.step_began).total_seconds()
        return None if estimate.typical is None else max(estimate.typical - spent, 0.0)
    return estimate.typical


def _take(found: Progress, line: Line, sent: dict[int, Line]) -> None:
    facts, found.latest = line.facts, parse_stamp(line.at)
    match line.kind:
        case "begin":
            found.run, found.phase, found.mode = (str(facts.get(name, "")) for name in ("run", "phase", "mode"))
            found.began, found.by = found.latest, "{user}@{host}".format(**facts["who"])
        case "resume":
            found.state, found.gate, found.step = UNFINISHED, "", ""
        case "step" if facts["state"] == "started":
            found.step, found.step_began = facts["name"], found.latest
        case "step":
            found.steps.append(facts["name"])
            found.step = ""
            if facts["name"] in found.works:
                found.works[facts["name"]].over = True
        case "gate":
            found.gate = f"{facts['gate']}: {facts['message']}"
        case "end":
            found.state, found.step = str(facts["outcome"]), ""
        case _:
            _take_of_act(found.works, line, sent)


def _take_of_act(works: dict[str, Work], line: Line, sent: dict[int, Line]) -> None:
    facts = line.facts
    match line.kind:
        case "found":
            works[facts["act"]] = Work(facts["act"], total=facts["of"], already=facts["count"])
        case "intent":
            sent[line.n] = line
        case "result" if facts["act"] in works and facts["intent"] in sent:
            _settle(works[facts["act"]], line, sent[facts["intent"]])


def _settle(work: Work, result: Line, intent: Line) -> None:
    if result.facts.get("read_back"):
        return  # an intent of the execution before: what it did is found as done
    work.done += len(result.facts.get("done", ()))
    work.failed += len(result.facts.get("failed", ()))
    work.withheld += int(result.facts.get("withheld", 0))
    work.seconds += (parse_stamp(result.at) - parse_stamp(intent.at)).total_seconds()
