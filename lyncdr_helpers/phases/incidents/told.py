"""Runs as their journals tell them. One whose journal is broken is among them: it has a name, and tells nothing."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from lyncdr_helpers import journal, plan, runfolder
from lyncdr_helpers.checks import Check
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases.earlier import readiness
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.runfolder import BROKEN, RunFolder, RunSummary

NAMED = "%Y%m%d-%H%M%S"
"""How the name of a run's folder begins: runfolder.new_name."""


@dataclass(frozen=True)
class Told:
    """One run. lines: none where its journal is broken."""

    folder: RunFolder
    summary: RunSummary
    lines: tuple[Line, ...] = ()

    @property
    def run(self) -> str:
        return self.summary.run

    @property
    def is_broken(self) -> bool:
        return self.summary.outcome == BROKEN

    @cached_property
    def phase(self) -> str:
        """Of a broken run the phase that its folder is named by."""
        return "-".join(self.run.split("-")[2:-1]) if self.is_broken else self.summary.phase

    @cached_property
    def began(self) -> dt.datetime:
        """When it began; of a broken run as its folder's name says, for nothing else is left to be believed."""
        if self.is_broken:
            with suppress(ValueError):
                return dt.datetime.strptime(self.run[:15], NAMED).replace(tzinfo=dt.UTC)
        return parse_stamp(self.summary.began)

    @cached_property
    def ended(self) -> dt.datetime:
        """When its last line was written, whether or not that ended it."""
        return parse_stamp(self.lines[-1].at) if self.lines else self.began

    @property
    def seconds(self) -> float:
        return (self.ended - self.began).total_seconds()

    @property
    def is_live(self) -> bool:
        return self.summary.mode == "live"

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The latest of each name."""
        return {str(line.facts["name"]): line.facts["value"] for line in self.of_kind("fact")}

    @cached_property
    def checks(self) -> tuple[Check, ...]:
        """Each as it was last made."""
        return readiness.checks_of(self.lines)

    @cached_property
    def plan(self) -> Plan | None:
        """The last plan, whole; None where there is none, or plan.json is not the one that the journal tells of."""
        path = self.folder.plan
        with suppress(OSError):
            return _kept(path, path.stat().st_mtime_ns, self.summary.plan) if self.summary.plan else None
        return None

    def of_kind(self, *kinds: str) -> Iterator[Line]:
        return (line for line in self.lines if line.kind in kinds)


@lru_cache(maxsize=4)
def _kept(path: Path, _changed: int, digest: str) -> Plan | None:
    """The plan in that file, as it was changed at that moment: a plan of 10,000 users takes a second to read."""
    try:
        kept = plan.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, Refusal):
        return None
    return kept if kept.digest == digest else None


def read(runs_folder: Path, deployment: str, but: str = "") -> tuple[Told, ...]:
    """Every run of the deployment, the drills beside them, and every broken run, oldest first. but: a run left out."""
    found = [
        _told(RunFolder(runs_folder / one.run), one)
        for one in runfolder.all_runs(runs_folder)
        if one.run != but and (one.deployment == deployment or one.phase == "drill" or one.outcome == BROKEN)
    ]
    return tuple(sorted(found, key=lambda one: (one.began, one.run)))


def named(runs: Sequence[Told], run: str) -> Told:
    """The run of that name. Raises InputError where there is none, or its journal tells nothing."""
    found = next((one for one in runs if one.run == run), None)
    if found is None:
        raise InputError(f"There is no run {run!r} of this deployment here.", "See: lyncdr runs list")
    if found.is_broken:
        raise InputError(f"The journal of {run} is broken: {found.summary.error}", "Nothing in it can be believed.")
    return found


def _told(folder: RunFolder, summary: RunSummary) -> Told:
    if summary.outcome == BROKEN:
        return Told(folder, summary)
    try:
        return Told(folder, summary, tuple(journal.read(folder.journal)[0]))
    except InputError as error:  # somebody changed it this very moment
        broken = RunSummary(summary.run, "?", "?", "?", summary.began, "?", BROKEN, None, str(error), "", acted=False)
        return Told(folder, broken)
