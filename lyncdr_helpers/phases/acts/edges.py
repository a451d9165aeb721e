"""Where the DR site's Edge Servers hand on what comes in from outside: to the pool that lives, and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers.checks import Checklist
from lyncdr_helpers.phases import topology_document
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets
from lyncdr_helpers.topology import pools

ACT = "point the Edge to DR"
HOME = "point the Edge home"


def next_hops(session: Session) -> dict[str, str]:
    """Edge pool -> the pools that are its next hop, of the Edges at the DR site, by the published topology.

    Raises OperationError where that cannot be had.
    """
    found = topology_document.read(session)
    here = found.central_site(session.params.target_pool.fqdn)
    edges = [one for one in pools.edges(found) if here and found.central_site(one.fqdn) == here]
    return {one.fqdn: ", ".join(one.next_hops) for one in edges}


def to_change(session: Session) -> dict[str, str]:
    """`next_hops`, for a plan; none where nobody can say: people outside are no reason to keep those inside waiting."""
    checks, found = Checklist(), dict[str, str]()
    with checks.asking("edge", "next hop of the Edges", "known", soft=True):
        found = next_hops(session)
    session.record(*checks)
    return found


def point(session: Session, changes: Sequence[Change], act: str = ACT) -> Tally:
    """Give every Edge of the plan its new next hop. People inside do not wait for it: a failure is counted."""

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        now = next_hops(session)
        return {one.target: now.get(one.target, "") for one in some}

    def do(some: Sequence[Change]) -> Receipt:
        (one,) = some
        reply = session.shell.invoke(cmdlets.set_edge_next_hop(one.target, one.new))
        return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})

    return carry_out(session, act, changes, see, do, batch=1, vital=False) if changes else Tally(act)
