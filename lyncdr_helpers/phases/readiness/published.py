"""The published topology, as far as the management host gives it."""

from __future__ import annotations

from dataclasses import dataclass

from lyncdr_helpers.checks import Checklist, judge, unknown
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases import topology_document
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology import pools, reading
from lyncdr_helpers.topology.document import Topology

AREA, NAME = "topology", "published topology"


@dataclass
class Published(Checklist):
    """The check that says how it went, and the document; None where it cannot be had."""

    topology: Topology | None = None


def check(session: Session) -> Published:
    """Ask for it. Whoever cannot have it goes on without."""
    expected = "a document that holds both pools"
    try:
        found = reading.parse(topology_document.ask(session), "Get-CsTopology")
    except (OperationError, InputError) as error:
        return Published([unknown(AREA, NAME, seen=error.message, expected=expected, remedy=error.remedy)])
    missing = [fqdn for fqdn in _both(session.params) if pools.pool(found, fqdn) is None]
    seen = f"it does not hold {', '.join(missing)}" if missing else f"{len(pools.pools(found))} pools"
    remedy = "Compare the pools under sites with what Topology Builder shows."
    return Published([judge(AREA, NAME, not missing, seen=seen, expected=expected, remedy=remedy)], found)


def _both(params: Params) -> tuple[str, str]:
    return params.failed_pool.fqdn, params.target_pool.fqdn
