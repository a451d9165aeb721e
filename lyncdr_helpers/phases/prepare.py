"""1_prepare: could this site take over now? Reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from lyncdr_helpers.checks import Check, Checklist, Verdict, judge, require
from lyncdr_helpers.phases import checks_file
from lyncdr_helpers.phases import if_it_died as outlook
from lyncdr_helpers.phases.if_it_died import IfItDied
from lyncdr_helpers.phases.readiness import (
    backups,
    central_store,
    domain_controller,
    group_chat,
    homes,
    pairing,
    published,
)
from lyncdr_helpers.phases.readiness import dr_site as site
from lyncdr_helpers.phases.readiness import names as dns
from lyncdr_helpers.phases.readiness import preflight as tools
from lyncdr_helpers.phases.readiness import requirements as needs
from lyncdr_helpers.phases.readiness.dr_site import DrSite
from lyncdr_helpers.phases.readiness.homes import Homes
from lyncdr_helpers.phases.readiness.names import Names
from lyncdr_helpers.phases.readiness.published import Published
from lyncdr_helpers.phases.readiness.requirements import Requirements
from lyncdr_helpers.ports import Reply
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets

Found = TypeVar("Found", bound=Checklist)


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin a readiness check."""
    return open_session("prepare", params_file, run=run or "new", locked=False)


def topology(session: Session) -> Published:
    """What is published: which pools there are, where, and who manages them."""
    return _step(session, "topology", published.check)


def directory(session: Session) -> Homes:
    """The pinned domain controller, and who is homed where: who would move, who is in the way, what stays behind."""

    def look(session: Session) -> Homes:
        controller, found = domain_controller.check(session), homes.check(session)
        found.checks = [*controller, *found]
        return found

    return _step(session, "directory", look)


def requirements(session: Session, known: Published, homed: Homes) -> Requirements:
    """What must work again, held against what the topology has in DR: gaps, steps, and whether it carries everybody."""
    return _step(session, "requirements", lambda session: needs.check(session, known.topology, homed.inventory))


def management(session: Session, known: Published) -> Checklist:
    """Both pools published, the Central Management Store homed in DR and everybody agreed on it, pairing."""

    def look(session: Session) -> Checklist:
        store = central_store.check(session, known.topology)
        return Checklist([*_pools(session), *store, *pairing.check(session)])

    return _step(session, "management host", look)


def preflight(session: Session) -> Checklist:
    """Every cmdlet, parameter and program that the playbook would use, PowerShell, and the shared folder."""
    return _step(session, "preflight", tools.check)


def dr_site(session: Session, known: Published) -> DrSite:
    """The DR site's machines: their ports, their certificates, and whether the registrar lets clients sign in."""
    return _step(session, "DR site", lambda session: site.check(session, known.topology))


def names(session: Session) -> Names:
    """DNS: every record that clients use, on every server, and whether the zones take our updates."""
    return _step(session, "DNS", dns.check)


def standby(session: Session) -> Checklist:
    """What Group Chat would be restored on."""
    return _step(session, "Group Chat", group_chat.check)


def store(session: Session) -> Checklist:
    """The backup store at the DR site: its newest complete set, and whether the next one can be signed."""
    return _step(session, "backup store", backups.check)


def if_it_died(session: Session, stored: Checklist) -> IfItDied:
    """What would be lost if the primary died now, and how long it would take. stored: what `store` found."""
    faults = [one.seen for one in stored if one.name in backups.PROOFS and one.verdict is Verdict.FAIL]
    proven = {one.name for one in stored} >= backups.PROOFS
    return outlook.look(session, faults if proven else None)


def finish(session: Session, *lists: Iterable[Check]) -> str:
    """The last word: done when nothing failed and no must was left unasked. Raises CheckFailed that names the rest."""
    checks = [check for one in lists for check in one]
    session.keep("checks", [check.as_row() for check in checks])
    checks_file.keep(session, checks)
    with session.step("verdict"):
        require(checks, "This deployment could not take over now")
    session.end("done", 0)
    counts = {verdict: sum(check.verdict is verdict for check in checks) for verdict in Verdict}
    unknown = f", {counts[Verdict.UNKNOWN]} could not be made" if counts[Verdict.UNKNOWN] else ""
    return f"Ready: {counts[Verdict.PASS]} of {len(checks)} checks are green, {counts[Verdict.WARN]} warn{unknown}."


def _step(session: Session, name: str, look: Callable[[Session], Found]) -> Found:
    """Checks, made and put on record."""
    with session.step(name):
        found = look(session)
        session.record(*found)
        return found


def _pools(session: Session) -> Checklist:
    checks = Checklist()
    for pool in (session.params.failed_pool.fqdn, session.params.target_pool.fqdn):
        command = cmdlets.get_pool(pool)
        with checks.asking("management", f"{command.cmdlet} {pool}", "published"):
            checks.add(_published(f"{command.cmdlet} {pool}", session.shell.invoke(command)))
    return checks


def _published(name: str, reply: Reply) -> Check:
    seen = reply.faults[0].message if reply.faults else "published" if reply.output else "not in the topology"
    return judge("management", name, bool(reply.output), seen=seen, expected="published")
