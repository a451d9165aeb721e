"""Archiving before users come back, where nobody may sign in without it: a person links it, the topology proves it.

Which Archiving the DR pool uses is in the published topology. Whether it takes what is written, nobody can ask from
outside: the person who links it looks at that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.checks import Checklist, judge
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.phases import topology_document
from lyncdr_helpers.phases.guided import GuidedStep, Instruction, guide
from lyncdr_helpers.phases.readiness.archiving import AREA, LET_THEM_STOP, host_of
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, homeward, preparation
from lyncdr_helpers.shell.script import line
from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.gaps import Failover
from lyncdr_helpers.topology.todo import stands_in_dr

STEP = "archiving"
LINK = "archiving the DR pool uses"
EXPECTED = "one that stands in the DR site"


def by_hand(session: Session) -> list[GuidedStep]:
    """What a person does before users come back; nothing where they may sign in before archiving works."""
    if not session.params.requirements.archiving.must_be_up_to_sign_in:
        return []
    try:
        service = stands_in_dr(
            _failover(session), session.params.generation, roles.ARCHIVING_SERVER, roles.ARCHIVING_STORE
        )
    except OperationError:
        service = ""  # the check says why nobody can tell
    return [_step(session, service)]


def bring(session: Session, answers: Mapping[str, Answer] | None = None) -> str:
    """Have the DR pool archive in its own site, unless it does; nobody is let in before that is proven.

    Raises Refusal until somebody says that it is done, and CheckFailed while the topology does not show it.
    """
    for step in by_hand(session):
        return guide(session, step, partial(see, session), (answers or {}).get(step.name)).text
    return "Nobody waits for archiving: by the parameters, users may sign in before it works."


def see(session: Session) -> Checklist:
    """Where the DR pool archives to, by the published topology."""
    checks = Checklist()
    with checks.asking(AREA, LINK, EXPECTED):
        failover = _failover(session)
        standby = pools.pool(failover.topology, failover.standby)
        used = standby.archiving if standby else ()
        away = [one for one in used if not failover.in_dr(host_of(one))]
        seen = f"{', '.join(away)}: not in DR" if away else ", ".join(used) or "none"
        remedy = f"Run what the step {STEP} tells, and have the replicas follow."
        checks.add(judge(AREA, LINK, bool(used) and not away, seen=seen, expected=EXPECTED, remedy=remedy))
    return checks


def _failover(session: Session) -> Failover:
    """What the published topology says of it. Raises OperationError where it cannot be had."""
    return Failover(topology_document.read(session), session.params.failed_pool.fqdn, session.params.target_pool.fqdn)


# -- what a person does ----------------------------------------------------------------------------------------------
def _step(session: Session, service: str) -> GuidedStep:
    pool = session.params.target_pool.fqdn
    return GuidedStep(
        name=STEP,
        title=f"Have {pool} archive in the DR site",
        why="By the parameters nobody may sign in before archiving works, and next the names lead users to the DR "
        "site.",
        where="the management shell of a server that the Central Management Store is on, as a member of "
        "RTCUniversalServerAdmins",
        do=tuple(_do(session, pool, service)),
        proof=f"the published topology says that {pool} archives to a service of the DR site; whether it takes what is "
        "written, only whoever looks at it knows",
    )


def _do(session: Session, pool: str, service: str) -> Iterator[Instruction]:
    if service:
        link = preparation.set_archiving(pool, service, session.params.generation)
        yield Instruction("Have the pool archive there.", line(link))
    else:
        yield Instruction(
            "The published topology holds no Archiving in the DR site. In Topology Builder define one there, have "
            f"{pool} use it, and publish. Then make its databases: Install-CsDatabase -ConfiguredDatabases, with the "
            "name of the SQL Server that it was given."
        )
    yield Instruction("Give the servers what the topology says.", line(preparation.enable_topology()))
    yield Instruction("Have every replica follow, and see that it does.", line(preparation.replicate()))
    if service and session.params.generation == "lync2010":
        yield Instruction("See that its services run.", line(homeward.get_windows_services(host_of(service))))
    yield Instruction(
        f"See what becomes of messages that no archive takes. {LET_THEM_STOP}",
        line(cmdlets.get_archiving_configuration()),
    )
