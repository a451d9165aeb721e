"""What a backup came to, as a Prometheus textfile: for alarms on nights that failed, and on nights that never were.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/ and node_exporter's textfile collector, which takes
no timestamps beside the values and wants files that are whole or absent.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.journal import Line

PREFIX = "lyncdr_backup_"
LAST_SUCCESS = "last_success_timestamp_seconds"
NEWEST = "newest_complete_set_timestamp_seconds"
"""A moment and no age: an age would stand still where no backup runs."""
CARRIED = (LAST_SUCCESS, NEWEST)

MEANINGS = {
    "last_run_timestamp_seconds": "When the last backup ended, however it did.",
    LAST_SUCCESS: "When the last backup ended that is proven complete; 0 if none is known.",
    "exit_code": "How the last backup ended: 0 is complete, the others are those of lyncdr --help.",
    "duration_seconds": "How long the last backup took.",
    "users": "Users homed on the primary pools; absent where the last backup stored no set.",
    "contacts": "Contacts in the set of the last backup; absent where it stored none.",
    "differences": "Users homed on the primary pools and not in the set; absent where there is no set.",
    "alarms": "What looks wrong in the set beside the nights before; absent where there is no set.",
    "absent_parts": "Parts that were wanted and are not in the set; absent where there is no set.",
    "size_bytes": "Of all parts of the set; absent where there is no set.",
    "rebuilt_users": "Users whose import file was rebuilt from the copy; absent where the backup did not come so far.",
    NEWEST: "When the newest COMPLETE set was made, as far as is known. time() less this is its age.",
}
"""Metric -> its help. All are gauges with one label, deployment."""

NEWEST_SET = "newest COMPLETE set made at"
REBUILT = "users rebuilt from the copy"
COUNTED = {"differences": "differences", "absent_parts": "failed parts", "size_bytes": "size"}
"""Metric -> the fact that has it, of a night that stored a set."""

READABLE = 0o644
"""The exporter is another user than lyncdr."""


def write(
    path: Path, deployment: str, lines: Iterable[Line], exit_code: int, seconds: float, ended: dt.datetime
) -> None:
    """Replace the textfile with the numbers of the backup that just ended.

    lines: its journal. What was known before is carried on from the earlier file: the last success, the newest set.
    Raises OperationError where it cannot be written.
    """
    try:
        before = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        known = {name: value for name in CARRIED if (value := told(before, deployment, name))}
        values = measured(lines, exit_code, seconds, ended, known)
        aside = path.with_name(f".{path.name}.new")
        files.replace(aside, exposition(deployment, values).encode())
        aside.chmod(READABLE)
        aside.replace(path)
    except OSError as cause:
        raise OperationError(
            f"The metrics file {path} cannot be written: {cause.strerror}.", "Prometheus shows the run before this one."
        ) from cause


def measured(
    lines: Iterable[Line], exit_code: int, seconds: float, ended: dt.datetime, known: Mapping[str, float]
) -> dict[str, float]:
    """Metric -> value. What the journal cannot say is left out: a zero would be a statement. known: of CARRIED."""
    facts: dict[str, Any] = {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"}
    moment = ended.timestamp()
    values = {
        "last_run_timestamp_seconds": moment,
        LAST_SUCCESS: moment if exit_code == 0 else known.get(LAST_SUCCESS, 0),
        "exit_code": exit_code,
        "duration_seconds": seconds,
    }
    newest = parse_stamp(facts[NEWEST_SET]).timestamp() if NEWEST_SET in facts else known.get(NEWEST)
    values |= {NEWEST: newest} if newest else {}
    values |= {"rebuilt_users": facts[REBUILT]} if REBUILT in facts else {}
    if "set" not in facts:
        return values
    counted = {metric: facts[name] for metric, name in COUNTED.items() if name in facts}
    return values | {
        "users": _total(facts, "users homed on "),
        "contacts": _total(facts, "contacts on "),
        **counted,
        **({"alarms": len(facts["alarms"])} if "alarms" in facts else {}),
    }


def exposition(deployment: str, values: Mapping[str, float]) -> str:
    """The values in Prometheus' text format, version 0.0.4."""
    return "".join(
        f"# HELP {PREFIX}{name} {MEANINGS[name]}\n# TYPE {PREFIX}{name} gauge\n{_series(name, deployment)} {value!r}\n"
        for name, value in values.items()
    )


def told(text: str, deployment: str, name: str) -> float:
    """What an earlier textfile tells of the deployment under that name; 0 where it tells nothing."""
    found = re.search(rf"^{re.escape(_series(name, deployment))} ([0-9.]+)$", text, re.MULTILINE)
    try:
        return float(found[1]) if found else 0
    except ValueError:
        return 0


def _series(name: str, deployment: str) -> str:
    label = deployment.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'{PREFIX}{name}{{deployment="{label}"}}'


def _total(facts: Mapping[str, Any], beginning: str) -> int:
    return sum(int(value) for name, value in facts.items() if name.startswith(beginning))
