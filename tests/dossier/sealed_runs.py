"""Runs that were carried out and sealed, without a deployment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from journal_scene import START, check, done, end, fact, refused, run, step

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.dossier import sealing
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.runfolder import RunFolder

NAME = "20260301-020000-activate-0000"
PLAN = Plan.of(
    NAME, "contoso", "pool01 -> drse01, 2 users", {"backup": "s"}, [Change("move-user", "a@b.org", "1", "2")]
)
USERS = [{"user": "ana.meier@example.org", "pool": "drse01.example.org"}, {"user": "bo@example.org", "pool": ""}]


def cell(source: str, *texts: str) -> dict[str, Any]:
    """A code cell that said this."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": f"{text}\n"} for text in texts]
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": outputs, "execution_count": 1}


def notebook(*cells: dict[str, Any], **about: Any) -> bytes:
    said = {"run": NAME, "outcome": "done", "exit_code": 0, **about}
    document = {"cells": list(cells), "metadata": {"lyncdr": said}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


def honest() -> bytes:
    """What the runner keeps of the run below."""
    return notebook(
        cell("activate.approve(session, plan)", f"Approved: {PLAN.scope}, digest {PLAN.short}."),
        cell("tables.checks(activate.reach(session))", "verdict  area  name\n✓ pass   DNS   sip A  this"),
        cell("activate.move_users(session, plan)", "move users: 12 of 12 (71/s)\nmove users: 12 done"),
        cell("activate.finish(session)", "done: move users: 12 done"),
    )


def carried_out(runs: Path, *more: Any) -> RunFolder:
    """An activation with its gate, a table, a plan, and the notebook that the runner keeps; not sealed yet."""
    path = run(
        runs,
        "activate",
        *step("reach", 1.0, check("sip A"), fact("seen", "ünïcode \u2028 ✓")),
        ("plan", {"digest": PLAN.digest, "scope": PLAN.scope, "counts": PLAN.counts(), "basis": {}}, 0.0),
        *refused(60.0),
        ("approval", {"digest": PLAN.digest, "by": {"user": "meier", "host": "mgmt02", "pid": 7}}, 0.0),
        *step("move users", 2.0, *done("move users", 12)),
        *more,
    )
    folder = RunFolder(path)
    files.replace_json(folder.plan, PLAN.as_json())
    files.replace_csv(folder.table("users"), USERS)
    clock = SetClock(START)
    journal = Journal.open(folder.journal, clock)
    journal.write("kept", files=sealing.digests(folder))
    journal.write("end", outcome="done", exit_code=0)
    files.replace(folder.notebook, honest())
    return folder


def sealed(runs: Path, store: Path, keys: Keys | None = None) -> RunFolder:
    """The same, sealed and witnessed."""
    folder = carried_out(runs)
    assert list(sealing.seal(folder, SetClock(START), keys or Keys(), lambda: open_path(store))) == []
    return folder


__all__ = ["NAME", "PLAN", "carried_out", "cell", "end", "honest", "notebook", "sealed"]
