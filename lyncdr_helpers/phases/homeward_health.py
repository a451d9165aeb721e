"""Is the primary fit to take everybody back? Whatever a plain move and the days after it need is looked at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lyncdr_helpers.checks import Check, Checklist, Severity, judge
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import reachability
from lyncdr_helpers.phases.readiness import central_store, published
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, homeward
from lyncdr_helpers.topology import capacity, pools
from lyncdr_helpers.topology.document import Topology

AREA = "primary"
RUNNING = "running"


def check(session: Session, inventory: Inventory) -> Checklist:
    """Both pools answer, as a plain move needs both; the primary's services, replicas, certificate and room."""
    primary, dr = session.params.failed_pool, session.params.target_pool
    known = published.check(session)
    return Checklist(
        [
            *reachability.answers(session, dr),
            *reachability.registrar(session, primary),
            *_services(session, primary),
            *_replicas(session, primary),
            *central_store.check(session, known.topology),
            *_room(session, known.topology, inventory),
            _half_moved(inventory),
        ]
    )


def _services(session: Session, pool: Pool) -> Checklist:
    """Every Lync service of every machine runs."""
    checks = Checklist()
    for server in pool.servers:
        name, expected = f"services of {server.fqdn}", "every one runs"
        with checks.asking(AREA, name, expected):
            reply = session.shell.invoke(homeward.get_windows_services(server.fqdn))
            idle = [str(row.get("Name")) for row in reply.output if str(row.get("Status")).lower() != RUNNING]
            seen = f"not running: {', '.join(idle)}" if idle else f"{len(reply.output)} run"
            if reply.faults:
                seen = reply.faults[0].message
            ok = bool(reply.output) and not idle and not reply.faults
            remedy = "Start them: Start-CsWindowsService."
            checks.add(judge(AREA, name, ok, seen=seen, expected=expected, remedy=remedy))
    return checks


def _replicas(session: Session, pool: Pool) -> Checklist:
    """Every machine has the present topology and policies: it missed whatever was changed while it was away."""
    checks = Checklist()
    name, expected = f"replicas of {pool.fqdn}", "all up to date"
    with checks.asking(AREA, name, expected):
        reply = session.shell.invoke(cmdlets.replication_status())
        rows = {str(row.get("ReplicaFqdn", "")).lower(): row for row in reply.output}
        behind = [one.fqdn for one in pool.servers if rows.get(one.fqdn, {}).get("UpToDate") is not True]
        seen = f"not up to date: {', '.join(behind)}" if behind else f"{len(pool.servers)} up to date"
        if reply.faults:
            seen = reply.faults[0].message
        remedy = "Run Invoke-CsManagementStoreReplication, and look again when it is through."
        checks.add(judge(AREA, name, not (behind or reply.faults), seen=seen, expected=expected, remedy=remedy))
    return checks


def _room(session: Session, topology: Topology | None, inventory: Inventory) -> Iterable[Check]:
    """The primary carried them before; a published number that says otherwise is told, and holds nobody back."""
    primary, dr = session.params.failed_pool.fqdn, session.params.target_pool.fqdn
    if topology is None or (pool := pools.pool(topology, primary)) is None:
        return
    load = capacity.Load(len(inventory.movable(dr)), len(inventory.movable(primary)), 0)
    carried = capacity.users(pool, load, session.params.generation, carries=False)
    yield replace(carried, severity=Severity.SHOULD)


def _half_moved(inventory: Inventory) -> Check:
    found = [user.address for user in inventory.half_moved()]
    remedy = "Finish or undo these moves first: TargetHomeServer is still set."
    return judge(
        "directory", "half-done moves", not found, seen=", ".join(found[:5]) or "none", expected="none", remedy=remedy
    )
