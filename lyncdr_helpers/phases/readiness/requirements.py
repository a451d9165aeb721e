"""From what must work again to what the DR site lacks, by the published topology; and what to do about it, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lyncdr_helpers.checks import Check, Checklist, Severity, Verdict
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.requirements import Requirements as Asked
from lyncdr_helpers.phases.readiness import archiving, capacity
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology import gaps, requirements, todo
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.gaps import Failover, Gap
from lyncdr_helpers.topology.todo import Situation, Step


@dataclass(kw_only=True)
class Requirements(Checklist):
    """The checks; what DR must hold, piece by piece; what to do, in order.

    asked: what must work again, as the parameters say. failover: None without a topology.
    """

    asked: Asked
    generation: Generation
    failover: Failover | None = None
    gaps: tuple[Gap, ...] = ()
    steps: tuple[Step, ...] = ()


def check(session: Session, topology: Topology | None, inventory: Inventory | None) -> Requirements:
    """What the topology shows. Without one there is nothing: that it cannot be had is a check of its own.

    inventory: who is homed where; None where the directory cannot be asked.
    """
    params = session.params
    found = Requirements(asked=params.requirements, generation=params.generation)
    if topology is None:
        return found
    found.failover = failover = Failover(topology, params.failed_pool.fqdn, params.target_pool.fqdn)
    found.gaps = gaps.gaps(failover, requirements.components(params.requirements, params.generation))
    situation = Situation(failover, params.generation, params.management_host.exchange.path_there)
    found.steps = todo.steps(situation, found.gaps)
    found.add(*_softened(gap.check() for gap in found.gaps), *archiving.check(session, failover))
    if inventory:
        found.add(*_softened(capacity.check(session, failover, inventory)))
    rows = [{"step": one.title, "where": one.where, "do": "; ".join(one.lines)} for one in found.steps]
    session.keep("todo", rows)
    return found


def _softened(checks: Iterable[Check]) -> Iterator[Check]:
    """What no document tells and nobody has published is for people to look at, and holds nothing back."""
    for one in checks:
        proven = one.verdict in (Verdict.PASS, Verdict.FAIL)
        yield one if proven else replace(one, severity=Severity.SHOULD)
