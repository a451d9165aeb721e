"""From what must work again to what the DR site lacks, by the published topology; and whether it could carry it all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from lyncdr_helpers.backups import sets
from lyncdr_helpers.checks import Check, Checklist, Severity, Verdict, judge, unknown
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology import capacity, gaps, pools, requirements, todo
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.gaps import Failover, Gap
from lyncdr_helpers.topology.pools import Pool
from lyncdr_helpers.topology.todo import Situation, Step

AREA = "archiving"
QUEUE = "archiving queue"


@dataclass
class Requirements(Checklist):
    """The checks; what DR must hold, piece by piece; and what is to be done, in order. failover: None without a topology."""

    failover: Failover | None = None
    gaps: tuple[Gap, ...] = ()
    steps: tuple[Step, ...] = ()


def check(session: Session, topology: Topology | None, inventory: Inventory | None) -> Requirements:
    """Nothing without a topology: that it cannot be had is a check of its own. inventory: None where it cannot be had."""
    found, params = Requirements(), session.params
    if topology is None:
        return found
    found.failover = failover = Failover(topology, params.failed_pool.fqdn, params.target_pool.fqdn)
    found.gaps = gaps.gaps(failover, requirements.components(params.requirements, params.generation))
    situation = Situation(failover, params.generation, params.management_host.exchange.path_there)
    found.steps = todo.steps(situation, found.gaps)
    found.add(*_no_must_unproven(gap.check() for gap in found.gaps))
    found.add(*_kept(failover, "archiving"), *_kept(failover, "monitoring"), *_queue(session, failover))
    found.add(*_no_must_unproven(_capacity(session, failover, inventory)))
    session.keep(
        "to do", [{"step": step.title, "where": step.where, "do": "; ".join(step.lines)} for step in found.steps]
    )
    return found


def _no_must_unproven(checks: Iterable[Check]) -> Iterable[Check]:
    """What a document cannot tell, and what nobody has published, is to be looked at, and holds nothing back."""
    for check in checks:
        soft = check.verdict in (Verdict.UNKNOWN, Verdict.WARN)
        yield replace(check, severity=Severity.SHOULD) if soft else check


# -- archiving and monitoring -----------------------------------------------------------------------------------------
def _kept(failover: Failover, what: str) -> Iterable[Check]:
    """Whether what the lost pool does is done by the standby as well, without the lost site, whoever asks for it."""
    lost, standby = _services(failover, failover.lost, what), _services(failover, failover.standby, what)
    away = [one for one in standby if not failover.in_dr(one.partition(":")[2].partition("\\")[0])]
    seen = ", ".join(standby) or "none"
    if away:
        seen = f"{', '.join(away)}: not in DR"
    expected = "of the DR site, as the lost pool has it" if lost else f"none: {failover.lost} has none"
    remedy = (
        f"Give {failover.standby} {what} of its own site, or say to whom it must answer that it ends with the site."
    )
    ok = not away and (bool(standby) or not lost)
    yield judge(AREA, f"{what} of {failover.standby}", ok, seen=seen, expected=expected, remedy=remedy, soft=True)


def _services(failover: Failover, fqdn: str, what: str) -> tuple[str, ...]:
    found = pools.pool(failover.topology, fqdn)
    return (found.archiving if what == "archiving" else found.monitoring) if found else ()


def _queue(session: Session, failover: Failover) -> Iterable[Check]:
    """What waits while the archive is away. Nobody documents how it is asked for from outside."""
    if not _services(failover, failover.standby, "archiving"):
        return
    remedy = "Look at the events of LS Storage Service on each Front End."
    if session.params.generation == "lync2010":
        remedy = r"Look on each Front End: Get-Counter '\MSMQ Queue(*)\Messages in Queue'"
    seen = "nobody can ask for it from here"
    yield unknown(AREA, QUEUE, seen=seen, expected="nothing waits in it", remedy=remedy, soft=True)


# -- capacity ---------------------------------------------------------------------------------------------------------
def _capacity(session: Session, failover: Failover, inventory: Inventory | None) -> Iterable[Check]:
    """Whether the standby carries those who arrive: by published numbers, and by an estimate from the newest set."""
    pool = pools.pool(failover.topology, failover.standby)
    if pool is None or inventory is None:
        return
    arriving, there = len(inventory.movable(failover.lost)), len(inventory.movable(failover.standby))
    contacts = _contacts(session)
    load = capacity.Load(arriving, there, contacts or 0)
    generation = session.params.generation
    carries = failover.lost in pool.backups
    yield replace(capacity.users(pool, load, generation, carries=carries), name=f"{pool.fqdn} carries its users")
    if contacts is None:
        seen, remedy = "no set tells how many contacts there are", "Run: lyncdr run backup"
        expected = "what would arrive fits into it"
        yield unknown(capacity.AREA, _database(pool), seen=seen, expected=expected, remedy=remedy, soft=True)
    else:
        yield capacity.database(pool, load, generation)


def _database(pool: Pool) -> str:
    return f"database of {pool.fqdn}"


def _contacts(session: Session) -> int | None:
    """How many contacts the newest set has; None where there is none, or the store cannot be asked."""
    try:
        found = sets.list_sets(session.store, session.params.deployment)
    except OperationError:
        return None
    return found[-1].contacts if found else None
