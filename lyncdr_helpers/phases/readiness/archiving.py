"""Archiving and monitoring: what the lost pool does, does the standby too, without the lost site, and who waits?"""

from __future__ import annotations

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.ports import Reply
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets
from lyncdr_helpers.topology import pools
from lyncdr_helpers.topology.gaps import Failover

AREA = "archiving"
QUEUE, BLOCKED = "archiving queue", "messages while archiving is down"

STOP = "they stop: nobody may write what is not archived"
GO_ON = "they go on: archiving may follow"
LET_THEM_STOP = (
    "Until archiving works in DR, people could write what is not kept: Set-CsArchivingConfiguration -Identity global"
    " -BlockOnArchiveFailure $true"
)
LET_THEM_GO_ON = (
    "Without archiving in DR nobody can write a message: answer archiving.must_be_up_to_sign_in with true, or let them:"
    " Set-CsArchivingConfiguration -Identity global -BlockOnArchiveFailure $false"
)


def check(session: Session, failover: Failover) -> Checklist:
    """Whoever asks for it or not: a company that archives is seldom free to stop."""
    lost, standby = (pools.pool(failover.topology, fqdn) for fqdn in (failover.lost, failover.standby))
    checks = Checklist()
    if lost and standby:
        checks.add(
            _kept(failover, "archiving", lost.archiving, standby.archiving),
            _kept(failover, "monitoring", lost.monitoring, standby.monitoring),
        )
        if standby.archiving:
            checks.add(_queue(session))
    with checks.asking(AREA, BLOCKED, STOP if _must_be_up(session) else GO_ON, soft=True):
        checks.add(_blocked(session, session.shell.invoke(cmdlets.get_archiving_configuration())))
    return checks


def _must_be_up(session: Session) -> bool:
    return session.params.requirements.archiving.must_be_up_to_sign_in


def _blocked(session: Session, reply: Reply) -> Check:
    """Whether the deployment does what the business asks for: nothing unarchived, or work first."""
    must = _must_be_up(session)
    expected = STOP if must else GO_ON
    if reply.faults or not reply.output:
        seen = reply.faults[0].message if reply.faults else "nobody says how archiving is configured"
        return unknown(
            AREA, BLOCKED, seen=seen, expected=expected, remedy="Look there: Get-CsArchivingConfiguration", soft=True
        )
    blocking = [str(row.get("Identity")) for row in reply.output if row.get("BlockOnArchiveFailure") is True]
    seen = f"they stop: {', '.join(blocking)}" if blocking else "they go on"
    return judge(
        AREA,
        BLOCKED,
        bool(blocking) == must,
        seen=seen,
        expected=expected,
        remedy=LET_THEM_STOP if must else LET_THEM_GO_ON,
        soft=True,
    )


def _kept(failover: Failover, what: str, lost: tuple[str, ...], standby: tuple[str, ...]) -> Check:
    """lost, standby: the services of each pool, as cmdlets name them: `ArchivingServer:arch01.example.org`."""
    away = [one for one in standby if not failover.in_dr(host_of(one))]
    seen = f"{', '.join(away)}: not in DR" if away else ", ".join(standby) or "none"
    expected = "one of the DR site, as the lost pool has one" if lost else f"none: {failover.lost} has none"
    remedy = (
        f"Give {failover.standby} one of its own site, in Topology Builder, or agree that {what} ends with the site."
    )
    ok = not away and (bool(standby) or not lost)
    return judge(AREA, f"{what} of {failover.standby}", ok, seen=seen, expected=expected, remedy=remedy, soft=True)


def _queue(session: Session) -> Check:
    """What waits while the archive is away. From outside nobody can ask for it, by anything that is documented."""
    remedy = "Look at the events of LS Storage Service on each Front End."
    if session.params.generation == "lync2010":
        remedy = r"Look on each Front End: Get-Counter '\MSMQ Queue(*)\Messages in Queue'"
    seen = "nobody can ask for it from here"
    return unknown(AREA, QUEUE, seen=seen, expected="nothing waits in it", remedy=remedy, soft=True)


def host_of(service: str) -> str:
    r"""`ArchivingDatabase:sql01.example.org\lync` -> `sql01.example.org`."""
    return service.partition(":")[2].partition("\\")[0]
