"""Which sets are in use: an activation or a fail back rests on some, a backup makes one. Nobody takes one away."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lyncdr_helpers import files, journal, runfolder
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.phases import failed_over
from lyncdr_helpers.runfolder import BROKEN, RunFolder, RunSummary

PHASES = ("activate", "failback")
FACTS = ("backup", "backup of both pools")
"""Under which a run says what it rests on."""


def sets_in_use(loaded: LoadedParams) -> dict[str, str]:
    """Set -> the live activation or fail back that rests on it, from the runs kept on this machine.

    One that waits at its gate counts too: its digest may still be given. So does an activation from which nobody has
    come home: its set says what users had before. Where a journal is broken, the plan beside it speaks.
    """
    runs_folder = loaded.locate(loaded.params.runs_folder)
    runs, found = runfolder.all_runs(runs_folder), dict[str, str]()
    away = {run.run for run in failed_over.since_the_last_way_home(runs, loaded.params.deployment)}
    for run in runs:
        if run.run in away or _is_open(run, loaded.params.deployment):
            found |= dict.fromkeys(_names(RunFolder(runs_folder / run.run), run), run.run)
    return found


def running(loaded: LoadedParams) -> str:
    """The backup that is at work on this machine, by the lock that it holds; empty where none is."""
    lock = files.Lock(loaded.locate(loaded.params.runs_folder) / "backup.lock", SystemClock())
    return str(lock.holder().get("run", "")) if lock.is_held() else ""


def _is_open(run: RunSummary, deployment: str) -> bool:
    if run.outcome == BROKEN:
        return any(f"-{phase}-" in run.run for phase in PHASES)
    return run.phase in PHASES and (run.mode, run.deployment) == ("live", deployment) and not run.finished


def _names(folder: RunFolder, run: RunSummary) -> Iterator[str]:
    if run.outcome != BROKEN:
        lines, _ = journal.read(folder.journal)
        yield from (line.facts["value"] for line in lines if line.kind == "fact" and line.facts.get("name") in FACTS)
    elif folder.plan.exists():
        try:
            basis = json.loads(folder.plan.read_text(encoding="utf-8"))["basis"]
            yield from filter(None, (basis["backup"], basis.get("both")))
        except (ValueError, KeyError, TypeError):
            return
