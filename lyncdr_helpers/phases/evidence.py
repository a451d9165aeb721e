"""Is the primary gone? Knocked at from several places. What still answers there may be half of a split brain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from urllib.parse import urlsplit

from lyncdr_helpers.checks import Check, Checklist, Severity, Verdict, judge, unknown
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases.readiness_probes import FromThere
from lyncdr_helpers.ports import Door
from lyncdr_helpers.probes.ports import Machine, Target
from lyncdr_helpers.probes.survey import Finding, survey
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets

AREA, GATE = "primary", "primary-answers"
HERE = "here"
OTHERS: Mapping[int, str] = {443: "web services", 445: "file shares", 135: "the machine itself"}
"""Ports of a machine that tell that it runs, though not that the pool serves: a fact, and no proof."""
SITE: Mapping[int, str] = {443: "a proxy, a load balancer or an Edge", 5061: "an Edge, or another pool"}
"""Ports of the site's other addresses."""


def look(session: Session) -> Checklist:
    """Every server of the primary from here and from the management host, and whether anybody can sign in.

    Only what proves that the pool serves, its SIP port or a sign-in, closes the gate. Anything else that answers warns
    by its name, and is kept as tables/split-brain.csv.
    """
    checks = Checklist(_judged(_from_here(session), HERE))
    host = session.params.management_host
    there = FromThere(session).look(targets(session.params))
    checks.add(*_judged(there, host.server_name or urlsplit(host.url).hostname or "the management host"))
    pool = session.params.failed_pool
    with checks.asking(AREA, f"Test-CsRegistration of {pool.fqdn}", "it cannot sign in"):
        checks.add(_no_sign_in(session, pool))
    _close(session, checks)
    return checks


def look_again(session: Session) -> Checklist:
    """Right before somebody is moved: from here alone, which takes seconds. The same gate, the same warnings."""
    checks = Checklist(_judged(_from_here(session), HERE))
    _close(session, checks)
    return checks


def targets(params: Params) -> list[Target]:
    """What to knock at: each server of the lost pool first, then what else the parameters know of the site."""
    return list({(one.machine.address, one.port): one for one in reversed(list(_all(params)))}.values())[::-1]


def _all(params: Params) -> Iterator[Target]:
    failed, site = params.failed_pool, params.sites.primary
    for pool in (failed, *(one for one in site.pools if one.fqdn != failed.fqdn)):
        severity = Severity.MUST if pool is failed else Severity.SHOULD
        for server in pool.servers:
            machine = Machine(server.fqdn, server.address, frozenset(), pool.fqdn)
            yield Target(machine, pool.sip_port, severity, ("clients sign in",))
            yield from (Target(machine, port, Severity.SHOULD, (what,)) for port, what in OTHERS.items())
    for address in site.addresses:
        machine = Machine(address, address, frozenset())
        yield from (Target(machine, port, Severity.SHOULD, (what,)) for port, what in SITE.items())


def _from_here(session: Session) -> list[Finding]:
    return survey(targets(session.params), session.dialer, session.clock)


# -- judging -----------------------------------------------------------------------------------------------------------
def _judged(found: Iterable[Finding], where: str) -> list[Check]:
    """A check for each SIP port of the pool, and one for all else of each machine."""
    checks = list[Check]()
    for machine, some in groupby(found, lambda one: one.target.machine):
        seen = list(some)
        serving = [one for one in seen if one.target.severity is Severity.MUST]
        checks += [_silent(one, where) for one in serving]
        checks += [_others(machine, [one for one in seen if one not in serving], where)]
    return checks


def _silent(found: Finding, where: str) -> Check:
    name, expected = f"{found.target.machine.fqdn} port {found.target.port} from {where}", "no answer"
    if found.door is None:
        # Elsewhere it is a second opinion; here it is the one that counts.
        soft = where != HERE
        return unknown(AREA, name, seen=found.error, expected=expected, remedy=found.remedy, soft=soft)
    return judge(
        AREA,
        name,
        found.door is not Door.OPEN,
        seen="it accepts connections" if found.door is Door.OPEN else str(found.door),
        expected=expected,
        remedy="Find out who still works there before anybody is moved.",
    )


def _others(machine: Machine, found: Sequence[Finding], where: str) -> Check:
    name, ports = f"{machine.fqdn} else from {where}", ", ".join(str(one.target.port) for one in found)
    alive = [f"{one.target.port} ({', '.join(one.target.purposes)})" for one in found if one.door is Door.OPEN]
    unseen = [one for one in found if one.door is None and not _spared(one)]
    expected = f"no answer on {ports}"
    if unseen and not alive:
        return unknown(AREA, name, seen=unseen[0].error, expected=expected, remedy=unseen[0].remedy, soft=True)
    return judge(
        AREA,
        name,
        not alive,
        seen=f"it answers on {', '.join(alive)}" if alive else "no answer",
        expected=expected,
        remedy="Part of the site lives. Should its pool come back meanwhile, both would serve: shut it off.",
        soft=True,
    )


def _spared(found: Finding) -> bool:
    """Whether nobody looked because the machine was silent before."""
    return found.error.startswith("It was silent")


def _no_sign_in(session: Session, pool: Pool) -> Check:
    reply = session.shell.invoke(cmdlets.test_registration(pool.fqdn))
    works = any(row.get("Result") == "Success" for row in reply.output)
    said = reply.faults[0].message if reply.faults else str(next((row.get("Error") for row in reply.output), ""))
    return judge(
        AREA,
        f"Test-CsRegistration of {pool.fqdn}",
        not works,
        seen="a test user signed in" if works else said or "it did not succeed",
        expected="it cannot sign in",
        remedy="The pool is alive as the management host sees it.",
    )


# -- the gate ----------------------------------------------------------------------------------------------------------
def _close(session: Session, checks: Checklist) -> None:
    session.record(*checks)
    odd = [check for check in checks if check.verdict is not Verdict.PASS]
    brain = [{"what": one.name, "seen": one.seen} for one in odd if one.verdict in (Verdict.WARN, Verdict.FAIL)]
    session.fact("still_answering", [one["what"] for one in brain])
    session.keep("split-brain", brain)
    for one in brain:
        session.tell(f"Split brain? {one['what']}: {one['seen']}")
    alive = [check for check in odd if check.severity is Severity.MUST]
    if alive:
        session.hold(
            GATE,
            Refusal(
                f"The primary pool is not proven dead: {'; '.join(f'{one.name}: {one.seen}' for one in alive)}.",
                'If users must move all the same, give the reason: --waive primary-answers="..."',
            ),
        )
