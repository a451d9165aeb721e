"""Which sets are in use: an activation rests on one, a backup makes one. Nobody takes a set away from under a run."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lyncdr_helpers import files, journal, runfolder
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.runfolder import BROKEN, RunFolder, RunSummary


def sets_in_use(loaded: LoadedParams) -> dict[str, str]:
    """Set -> the live activation that chose it and is not finished, from the runs kept on this machine.

    An activation that waits at its gate counts too: its digest may still be given. Where a journal is broken, the
    plan beside it speaks.
    """
    runs_folder = loaded.locate(loaded.params.runs_folder)
    found: dict[str, str] = {}
    for run in runfolder.all_runs(runs_folder):
        if _is_open(run, loaded.params.deployment):
            found |= dict.fromkeys(_names(RunFolder(runs_folder / run.run), run), run.run)
    return found


def running(loaded: LoadedParams) -> str:
    """The backup that is at work on this machine, by the lock that it holds; empty where none is."""
    lock = files.Lock(loaded.locate(loaded.params.runs_folder) / "backup.lock", SystemClock())
    return str(lock.holder().get("run", "")) if lock.is_held() else ""


def _is_open(run: RunSummary, deployment: str) -> bool:
    if run.outcome == BROKEN:
        return "-activate-" in run.run
    return (run.phase, run.mode, run.deployment) == ("activate", "live", deployment) and not run.finished


def _names(folder: RunFolder, run: RunSummary) -> Iterator[str]:
    if run.outcome != BROKEN:
        lines, _ = journal.read(folder.journal)
        yield from (line.facts["value"] for line in lines if line.kind == "fact" and line.facts.get("name") == "backup")
    elif folder.plan.exists():
        try:
            yield json.loads(folder.plan.read_text(encoding="utf-8"))["basis"]["backup"]
        except (ValueError, KeyError, TypeError):
            return
