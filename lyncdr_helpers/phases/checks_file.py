"""checks.json of a run: every check it made, for programs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.checks import Check
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.phases.earlier import readiness
from lyncdr_helpers.session import Session

NAME = "checks.json"


def keep(session: Session, checks: Iterable[Check]) -> Path:
    """Write the file: `{"format", "run", "deployment", "phase", "at", "verdicts", "must_haves_failed", "checks"}`.

    verdicts: how many of each. must_haves_failed: `area: name` of each MUST that is not green. checks: a row for each,
    with area, name, verdict, severity, seen, expected, remedy.
    """
    made = list(checks)
    counted = readiness.tally(made)
    content: dict[str, Any] = {
        "format": 1,
        "run": session.folder.run,
        "deployment": session.params.deployment,
        "phase": session.phase,
        "at": stamp(session.clock.now()),
        "verdicts": dict(counted.verdicts),
        "must_haves_failed": list(counted.failed),
        "checks": [one.as_row() for one in made],
    }
    path = session.folder.path / NAME
    files.replace_json(path, content)
    return path
