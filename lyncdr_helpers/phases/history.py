"""The history of nights: what the store and the runs on this machine tell of the last weeks. It reads, and no more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import journal, runfolder
from lyncdr_helpers.backups import alarms, calendar, changes, stored
from lyncdr_helpers.backups.calendar import Backup, Day, Ran
from lyncdr_helpers.backups.changes import UserChange
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.phases.night import Night
from lyncdr_helpers.phases.sets_in_use import running
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import BROKEN, RunFolder
from lyncdr_helpers.session import Session

WEEKS = 6


@dataclass(frozen=True)
class History:
    """The days of the last weeks, and the backups whose users are known. trouble: why the store tells nothing."""

    deployment: str
    days: tuple[Day, ...]
    growth: tuple[Backup, ...]
    trouble: str = ""


@dataclass(frozen=True)
class Changed:
    """What is other than in the set of a night before: its name, or empty where there is none."""

    since: str
    users: tuple[UserChange, ...]


def look_back(session: Session, weeks: int = WEEKS) -> History:
    """The nights up to now."""
    return of(session.loaded, session.store, session.clock.now(), weeks)


def of(loaded: LoadedParams, store: Store, now: dt.datetime, weeks: int = WEEKS) -> History:
    """The history of a deployment. A store that cannot be asked is said so: a picture ends no night."""
    deployment, trouble = loaded.params.deployment, ""
    try:
        sets = stored.glance(store, deployment)
    except OperationError as error:
        sets, trouble = [], str(error)
    ran = _ran(loaded.locate(loaded.params.runs_folder), deployment)
    found = calendar.backups(sets, ran, running(loaded))
    days = calendar.calendar(found, now, weeks)
    grown = [one for one in calendar.growth(found) if one.day >= days[0].date]
    return History(deployment, days, tuple(grown), trouble)


def changed(night: Night, made: Manifest) -> Changed:
    """What is other tonight, user by user, than in the set that the night is held against."""
    before = alarms.beside(night.earlier)
    return Changed(before.name, changes.between(before, made)) if before else Changed("", ())


def _ran(runs_folder: Path, deployment: str) -> Iterator[Ran]:
    """The deployment's backups on this machine. One whose journal somebody changed counts as one, and tells nothing."""
    for run in runfolder.all_runs(runs_folder):
        if run.outcome == BROKEN and "-backup-" in run.run:
            yield Ran(run)
        elif (run.phase, run.deployment) == ("backup", deployment):
            lines, _ = journal.read(RunFolder(runs_folder / run.run).journal)
            yield Ran(run, {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"})
