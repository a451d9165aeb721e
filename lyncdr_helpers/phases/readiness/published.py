"""The topology that everything is held against: as it is published, or as a file has it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases import topology_document
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology import pools, reading
from lyncdr_helpers.topology.document import Topology

AREA, NAME, FILE, WHOLE = "topology", "published topology", "topology file", "document fits together"
NAMED = 3
"""How many of what does not fit together a check names."""


@dataclass
class Published(Checklist):
    """The checks that say how it went, and the document; None where it cannot be had."""

    topology: Topology | None = None


def check(session: Session) -> Published:
    """Read the file that the parameters name, else ask the management host. Without either, the others go on."""
    file = session.params.topology_file
    name, expected = FILE if file else NAME, "a document that holds both pools"
    try:
        found, source = _read(session.loaded.locate(file)) if file else _asked(session)
    except (OperationError, InputError) as error:
        return Published([unknown(AREA, name, seen=error.message, expected=expected, remedy=error.remedy)])
    missing = [fqdn for fqdn in _both(session.params) if pools.pool(found, fqdn) is None]
    seen = f"it does not hold {', '.join(missing)}" if missing else f"{len(pools.pools(found))} pools"
    remedy = "Compare the pools under sites with what Topology Builder shows."
    held = judge(AREA, name, not missing, seen=f"{source}{seen}", expected=expected, remedy=remedy)
    return Published([held, _whole(found)], found)


def _read(path: Path) -> tuple[Topology, str]:
    """The topology in the file, and what to call it: a file of last year says how things were last year."""
    found = reading.read_topology(path)
    changed = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    return found, f"{path.name} of {changed:%Y-%m-%d}: "


def _asked(session: Session) -> tuple[Topology, str]:
    return reading.parse(topology_document.ask(session), "Get-CsTopology"), ""


def _whole(found: Topology) -> Check:
    """References that lead nowhere: what hangs on them is taken for missing."""
    wrong = found.findings
    more = f" And {len(wrong) - NAMED:,} more." if len(wrong) > NAMED else ""
    seen = " ".join(wrong[:NAMED]) + more if wrong else "everything in it"
    remedy = "Publish the topology again; what it refers to and does not hold, nobody can judge."
    return judge(
        AREA, WHOLE, not wrong, seen=seen, expected="every reference leads somewhere", remedy=remedy, soft=True
    )


def _both(params: Params) -> tuple[str, str]:
    return params.failed_pool.fqdn, params.target_pool.fqdn
