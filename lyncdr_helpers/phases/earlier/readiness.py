"""How ready a deployment was at each readiness check: verdicts counted, must-haves that failed by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyncdr_helpers import journal, runfolder
from lyncdr_helpers.checks import Check, Severity, Verdict, not_green
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.runfolder import RunFolder

TEXTS = ("area", "name", "seen", "expected", "remedy")


@dataclass(frozen=True)
class Tally:
    """Checks counted by verdict, every verdict named. failed: the must-haves that are not green, `area: name`."""

    verdicts: Mapping[str, int]
    failed: tuple[str, ...]

    @property
    def total(self) -> int:
        return sum(self.verdicts.values())

    @property
    def text(self) -> str:
        """`31 pass, 2 warn, 1 fail, 0 unknown`."""
        return ", ".join(f"{count:,} {verdict}" for verdict, count in self.verdicts.items())


@dataclass(frozen=True)
class Readiness:
    """One readiness check. ended: whether the run came to its own end; one that did not has not asked everything."""

    run: str
    began: dt.datetime
    tally: Tally
    ended: bool

    @property
    def is_ready(self) -> bool:
        return self.ended and self.tally.total > 0 and not self.tally.failed

    @property
    def state(self) -> str:
        """ready, not ready, or cut short: nothing failed so far, and that proves nothing."""
        if self.tally.failed:
            return "not ready"
        return "ready" if self.is_ready else "cut short"


def tally(checks: Iterable[Check]) -> Tally:
    """The checks counted."""
    made = list(checks)
    counts = {str(verdict): sum(one.verdict is verdict for one in made) for verdict in Verdict}
    return Tally(counts, tuple(f"{one.area}: {one.name}" for one in not_green(made)))


def checks_of(lines: Iterable[Line]) -> tuple[Check, ...]:
    """The checks in a journal, each as it was last made, in the order in which they were first made."""
    found: dict[tuple[str, str], Check] = {}
    for line in lines:
        if line.kind == "check":
            made = _check(line.facts)
            found[made.area, made.name] = made
    return tuple(found.values())


def read(runs_folder: Path, deployment: str, present: str = "") -> tuple[Readiness, ...]:
    """Every readiness check of the deployment in the runs folder, oldest first.

    present: the run at work, which counts as it stands. A run that made no check, or whose journal somebody changed,
    is left out.
    """
    return tuple(one for one in _all(runs_folder, deployment, present) if one.tally.total)


def since(runs: Sequence[Readiness]) -> Readiness | None:
    """The first run of the newest unbroken row of one state; None where there is none."""
    first = None
    for one in reversed(runs):
        if one.state != runs[-1].state:
            break
        first = one
    return first


def _all(runs_folder: Path, deployment: str, present: str) -> Iterator[Readiness]:
    for run in runfolder.all_runs(runs_folder):
        if (run.phase, run.deployment) == ("prepare", deployment):
            try:
                lines, _ = journal.read(RunFolder(runs_folder / run.run).journal)
            except InputError:
                continue  # somebody changed it this very moment
            ended = run.run == present or run.finished or lines[-1].facts.get("step") == "verdict"
            yield Readiness(run.run, parse_stamp(run.began), tally(checks_of(lines)), ended)


def _check(facts: Mapping[str, Any]) -> Check:
    """A check as the journal has it. Before there were severities each was a must; a strange verdict proves nothing."""
    area, name, seen, expected, remedy = (str(facts.get(key, "")) for key in TEXTS)
    verdict, severity = str(facts.get("verdict")), str(facts.get("severity", Severity.MUST))
    return Check(
        area,
        name,
        Verdict(verdict) if verdict in set(Verdict) else Verdict.UNKNOWN,
        seen,
        expected,
        remedy,
        Severity(severity) if severity in set(Severity) else Severity.MUST,
    )
