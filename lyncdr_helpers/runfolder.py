"""Run folders: one per run, named by its moment and phase. What a run came to is read from its journal, never guessed.

`<runs folder>/20260301-021409-activate-3f2a/` holds journal.jsonl (the truth), notebook.ipynb, plan.json, undo.json,
tables/*.csv and report.html.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lyncdr_helpers import journal as journals
from lyncdr_helpers.clock import Clock, parse_stamp, stamp
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.plan import SHORT

UNFINISHED = "unfinished"
BROKEN = "broken journal"
DONE = ("done", "rehearsed")
APPROVAL_HOURS = 12
"""A plan that was approved longer ago, and of which nothing was done, is not gone on with unless somebody names it."""


@dataclass(frozen=True)
class RunFolder:
    """One run's folder."""

    path: Path

    @property
    def run(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def undo(self) -> Path:
        return self.path / "undo.json"

    @property
    def notebook(self) -> Path:
        return self.path / "notebook.ipynb"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    def table(self, name: str) -> Path:
        return self.path / "tables" / f"{name}.csv"


@dataclass(frozen=True)
class RunSummary:
    """One run in a few words, from its journal. `outcome`: done, rehearsed, failed, refused, …, or unfinished.

    approved: when somebody last approved its last plan, or empty.
    """

    run: str
    phase: str
    deployment: str
    mode: str
    began: str
    by: str
    outcome: str
    exit_code: int | None
    error: str
    plan: str
    acted: bool
    approved: str = ""

    @property
    def finished(self) -> bool:
        return self.outcome in DONE


def new_run(runs_folder: Path, phase: str, clock: Clock) -> RunFolder:
    """A folder for a new run."""
    while True:
        folder = RunFolder(runs_folder / new_name(phase, clock.now()))
        with suppress(FileExistsError):  # another one began in the same moment
            folder.path.mkdir(parents=True)
            return folder


def new_name(phase: str, now: dt.datetime) -> str:
    """A name that sorts by its moment, to 1/256 of a second: those are the first two of the hexadecimals at its end."""
    within = now.microsecond * 256 // 1_000_000
    return f"{now:%Y%m%d-%H%M%S}-{phase}-{within:02x}{secrets.token_hex(1)}"


def summarise(folder: RunFolder) -> RunSummary | None:
    """What the run came to, or None where no run ever began in that folder. Raises InputError on a broken journal."""
    lines, _ = journals.read(folder.journal)
    if not lines:
        return None
    begin = lines[0].facts
    last = next((line for line in reversed(lines) if line.kind in ("end", "begin", "resume")), lines[0])
    end: Mapping[str, Any] = last.facts if last.kind == "end" else {}
    plans = [line.facts["digest"] for line in lines if line.kind == "plan"]
    return RunSummary(
        run=folder.run,
        phase=begin["phase"],
        deployment=begin["deployment"],
        mode=begin["mode"],
        began=lines[0].at,
        by=f"{begin['who']['user']}@{begin['who']['host']}",
        outcome=end.get("outcome", UNFINISHED),
        exit_code=end.get("exit_code"),
        error=end.get("error", ""),
        plan=plans[-1] if plans else "",
        acted=any(_acts(line) for line in lines),
        approved=next(
            (one.at for one in reversed(lines) if one.kind == "approval" and one.facts["digest"] in plans[-1:]), ""
        ),
    )


def _acts(line: Line) -> bool:
    """Whether the line says that the deployment may have been changed; also by a person who was asked to."""
    return line.kind == "intent" or (line.kind == "guided" and line.facts["state"] in ("asked", "done", "unproven"))


def all_runs(runs_folder: Path) -> list[RunSummary]:
    """Every run, oldest first. One whose journal somebody changed is `broken`, and keeps nobody from the others."""
    folders = (RunFolder(path) for path in runs_folder.glob("*") if (path / "journal.jsonl").is_file())
    found = [summary for folder in folders if (summary := _summarised(folder))]
    return sorted(found, key=lambda run: (run.began, run.run))


def _summarised(folder: RunFolder) -> RunSummary | None:
    try:
        stat = folder.journal.stat()
        return _as_it_stands(folder, stat.st_size, stat.st_mtime_ns)
    except FileNotFoundError:  # somebody takes old runs away this very moment
        return None
    except InputError as error:
        began = stamp(dt.datetime.fromtimestamp(folder.path.stat().st_mtime, dt.UTC))
        return RunSummary(folder.run, "?", "?", "?", began, "?", BROKEN, None, str(error), "", acted=False)


@lru_cache(1024)
def _as_it_stands(folder: RunFolder, _size: int, _changed: int) -> RunSummary | None:
    """What a journal came to that nobody wrote since: a list of a year's nights reads each of them once."""
    return summarise(folder)


def choose(runs_folder: Path, phase: str, deployment: str, mode: str, approve: str, clock: Clock) -> RunFolder:
    """The folder in which a command works: the run it continues, or a new one.

    A digest continues the run whose plan it is. Without one, a run that has acted and is not finished is continued, or
    whose plan somebody approved this night: after a crash, the same command takes up where it stopped. Raises Refusal
    when the digest's run is finished.
    """
    runs = [run for run in all_runs(runs_folder) if (run.phase, run.deployment, run.mode) == (phase, deployment, mode)]
    approved = [run for run in runs if len(approve) >= SHORT and run.plan.startswith(approve.strip().lower())]
    if approved and approved[-1].finished:
        used = approved[-1]
        raise Refusal(
            f"The digest {approve[:SHORT]} was used: run {used.run} of {used.by} carried that plan out.",
            "Run the phase without --approve: it makes a new plan from the present facts.",
        )
    begun = [run for run in runs if not run.finished and (run.acted or _just_approved(run, clock))]
    continued = (approved or begun)[-1:]
    return RunFolder(runs_folder / continued[0].run) if continued else new_run(runs_folder, phase, clock)


def _just_approved(run: RunSummary, clock: Clock) -> bool:
    limit = dt.timedelta(hours=APPROVAL_HOURS)
    return bool(run.approved) and clock.now() - parse_stamp(run.approved) < limit


def existing(runs_folder: Path, run: str) -> RunFolder:
    """The folder of a run named by a person. Raises InputError where there is none."""
    folder = RunFolder(runs_folder / run)
    if not folder.path.is_dir() or folder.path.parent != runs_folder:
        raise InputError(f"There is no run {run} in {runs_folder}.", "See: lyncdr runs list")
    return folder
