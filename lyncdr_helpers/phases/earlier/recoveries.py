"""Earlier recoveries of a deployment, as their journals tell them: what each step took, when service was proven.

A recovery is an activation and the verification that first proved service after it. A drill is a run whose phases are
runs of their own below it, in a lab: it counts for that lab, by its deployment's name, and for nobody else.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lyncdr_helpers import journal, runfolder
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import activation_plan
from lyncdr_helpers.phases.earlier import spent
from lyncdr_helpers.phases.earlier.spent import Spent
from lyncdr_helpers.runfolder import RunFolder, RunSummary

Kind = Literal["live", "drill", "rehearsal"]

VERIFY = "verify "
"""In front of the names of a verification's steps: an activation has steps of the same names."""

BETWEEN = "between"
"""What a proven recovery took beside its steps: each notebook's start, and people going from command to command."""

RTO = "rto_seconds"
"""The fact of a drill that says how long it was from the loss to proven service."""

PROVEN_WITHIN = dt.timedelta(hours=24)
"""A verification that begins later after an activation says nothing of how long that one took."""


@dataclass(frozen=True)
class Recovery:
    """One recovery. users: of its plan. steps: step -> what was spent in it.

    seconds: until service was proven, in a drill from the loss, in a live run from its first line; None: never proven.
    """

    run: str
    kind: Kind
    began: dt.datetime
    users: int
    seconds: float | None
    steps: Mapping[str, Spent]


@dataclass(frozen=True)
class _Run:
    summary: RunSummary
    lines: Sequence[Line]

    @property
    def facts(self) -> dict[str, Any]:
        return {line.facts["name"]: line.facts["value"] for line in self.lines if line.kind == "fact"}

    @property
    def is_activation(self) -> bool:
        return self.summary.phase == "activate"

    @property
    def is_live(self) -> bool:
        """Whether it changed the deployment; a run that never came past its gate did not."""
        return self.is_activation and self.summary.mode == "live" and self.summary.acted

    @property
    def proves(self) -> bool:
        return self.summary.phase == "verify" and self.summary.finished


def read(runs_folder: Path, deployment: str, failed: str, target: str) -> tuple[Recovery, ...]:
    """Every recovery of the pool `failed` by the pool `target` on record in the runs folder, oldest first.

    Runs of another deployment, of other pools, and runs whose journal somebody changed tell nothing here.
    """
    whose = f"{failed} -> {target},"
    found = list(_recoveries(runs_folder, deployment, whose))
    for run in _runs(runs_folder, deployment, ("drill",)):
        found += _drill(run, runs_folder / run.summary.run, deployment, whose)
    return tuple(sorted(found, key=lambda one: (one.began, one.run)))


def _recoveries(runs_folder: Path, deployment: str, whose: str) -> Iterator[Recovery]:
    runs = list(_runs(runs_folder, deployment, ("activate", "verify")))
    for place, run in enumerate(runs):
        if not run.is_activation or not (plan := _plan(run, whose)):
            continue
        users = int(plan.get("counts", {}).get(activation_plan.MOVE, 0))
        began, steps = parse_stamp(run.summary.began), spent.of(run.lines)
        if run.is_live:
            proof = _proof(run, runs[place + 1 :])
            ended = parse_stamp(proof.lines[-1].at) if proof else None
            steps |= {f"{VERIFY}{name}": one for name, one in spent.of(proof.lines).items()} if proof else {}
            seconds = (ended - began).total_seconds() if ended else None
            yield Recovery(run.summary.run, "live", began, users, seconds, _whole(steps, seconds))
        elif run.summary.mode != "live":
            yield Recovery(run.summary.run, "rehearsal", began, users, None, steps)


def _proof(activation: _Run, after: Sequence[_Run]) -> _Run | None:
    """The first verification that proved service, before anybody activated again; a later one proves another day."""
    limit = parse_stamp(activation.lines[-1].at) + PROVEN_WITHIN
    for run in after:
        if run.is_live or parse_stamp(run.summary.began) > limit:
            return None
        if run.proves:
            return run
    return None


def _drill(run: _Run, folder: Path, deployment: str, whose: str) -> Iterator[Recovery]:
    """What the drill's own activation spent; nobody decided anything in it: the drill approves its own plan."""
    for below in sorted(folder.glob("*/runs")):
        for one in _recoveries(below, deployment, whose):
            if one.kind == "live":
                seconds = run.facts.get(RTO)
                steps = {name: took for name, took in one.steps.items() if name not in (spent.DECIDE, BETWEEN)}
                began = parse_stamp(run.summary.began)
                yield Recovery(run.summary.run, "drill", began, one.users, seconds, _whole(steps, seconds))


def _whole(steps: Mapping[str, Spent], seconds: float | None) -> Mapping[str, Spent]:
    """The steps, and where the whole is known what it took beside them."""
    if seconds is None:
        return steps
    return {**steps, BETWEEN: Spent(max(seconds - sum(took.seconds for took in steps.values()), 0.0))}


def _runs(runs_folder: Path, deployment: str, phases: Sequence[str]) -> Iterator[_Run]:
    """Oldest first."""
    for run in runfolder.all_runs(runs_folder):
        if run.deployment == deployment and run.phase in phases:
            try:
                lines, _ = journal.read(RunFolder(runs_folder / run.run).journal)
            except InputError:
                continue  # somebody changed it this very moment
            yield _Run(run, lines)


def _plan(run: _Run, whose: str) -> Mapping[str, Any]:
    """The run's last plan, if it is about these pools; empty otherwise."""
    plans = [line.facts for line in run.lines if line.kind == "plan"]
    return plans[-1] if plans and str(plans[-1].get("scope", "")).startswith(whose) else {}
