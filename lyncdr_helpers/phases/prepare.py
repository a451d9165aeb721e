"""1_prepare: could this site take over now? Reads, and changes nothing."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Check, Checklist, Verdict, judge, require
from lyncdr_helpers.directory.inventory import read_cms_pointer, read_inventory
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.phases import reachability
from lyncdr_helpers.phases.acts.records import nameserver_for
from lyncdr_helpers.ports import Reply
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin a readiness check."""
    return open_session("prepare", params_file, run=run or "new", locked=False)


def directory(session: Session) -> Checklist:
    """The pinned domain controller: sign-in, both pools, who is homed where, half-done moves."""
    with session.step("directory"):
        checks = Checklist()
        with checks.asking("directory", "sign-in", "the service account may read"):
            inventory = read_inventory(session.directory, session.params.directory.base)
            checks.add(judge("directory", "sign-in", True, seen=session.params.directory.url, expected="it may read"))
            known = set(inventory.pools.values())
            for pool in (session.params.failed_pool.fqdn, session.params.target_pool.fqdn):
                seen = "there" if pool in known else f"the directory knows {', '.join(sorted(known)) or 'no pool'}"
                checks.add(judge("directory", f"pool object {pool}", pool in known, seen=seen, expected="there"))
            homed = len(inventory.movable(session.params.failed_pool.fqdn))
            session.fact("users_to_move", homed)
            checks.add(
                judge("directory", "users to move", homed > 0, seen=f"{homed:,}", expected="at least one", soft=True),
                _standby_is_empty(session, len(inventory.movable(session.params.target_pool.fqdn))),
                _nothing_half_moved([user.address for user in inventory.half_moved()]),
            )
        session.record(*checks)
        return checks


def management(session: Session) -> Checklist:
    """The management host: sign-in, both pools published, and the Central Management Store homed in DR."""
    with session.step("management host"):
        checks = Checklist()
        for pool in (session.params.failed_pool.fqdn, session.params.target_pool.fqdn):
            command = cmdlets.get_pool(pool)
            with checks.asking("management", f"{command.cmdlet} {pool}", "published"):
                reply = session.shell.invoke(command)
                checks.add(_published(f"{command.cmdlet} {pool}", reply))
        checks.add(*_cms_home(session))
        with checks.asking("management", "replicas", "all up to date"):
            checks.add(_replicas(session.shell.invoke(cmdlets.replication_status())))
        session.record(*checks)
        return checks


def target_pool(session: Session) -> Checklist:
    """The DR pool: its certificate carries every name clients use, its registrar answers."""
    with session.step("DR pool"):
        checks = reachability.registrar(session, session.params.target_pool)
        session.record(*checks)
        return checks


def names(session: Session) -> Checklist:
    """DNS: every record to cut over, where it is authoritative, and the time to live against the RTO."""
    with session.step("DNS"):
        checks = Checklist()
        for record in session.params.dns.records:
            want = cutover.wanted(record)
            with checks.asking("DNS", want.key, "answered, with a time to live within the RTO"):
                found = nameserver_for(session, want.name).ask(want.name, want.type)
                checks.add(_lives_short(session, want.key, found.ttl if found else None))
        for name, resolver in session.resolvers.items():
            with checks.asking("DNS", f"resolver {name}", "answers"):
                first = session.params.dns.records[0]
                resolver.ask(first.name, first.type)
                checks.add(judge("DNS", f"resolver {name}", True, seen="answers", expected="answers"))
        session.record(*checks)
        return checks


def store(session: Session) -> Checklist:
    """The backup store at the DR site, and how old the newest complete set in it is."""
    with session.step("backup store"):
        checks = Checklist()
        with checks.asking("backup", "newest complete set", "whole and fresh"):
            complete = [one for one in sets.list_sets(session.store, session.params.deployment) if one.complete]
            checks.add(_newest_set(session, complete[-1] if complete else None))
        session.record(*checks)
        return checks


def finish(session: Session, *lists: Checklist) -> str:
    """The last word: done when nothing failed and everybody could be asked. Raises CheckFailed that names the rest."""
    checks = [check for one in lists for check in one]
    session.keep("checks", [check.as_row() for check in checks])
    with session.step("verdict"):
        require(checks, "This deployment could not take over now")
    warnings = sum(check.verdict is Verdict.WARN for check in checks)
    session.end("done", 0)
    return f"Ready: {len(checks) - warnings} of {len(checks)} checks are green, {warnings} warn."


def _cms_home(session: Session) -> list[Check]:
    """The directory's pointer and the store's own status must both name a server of the DR site."""
    checks = Checklist()
    dr = session.params.sites.dr
    ours = {name for pool in dr.pools for name in (pool.fqdn, *(server.fqdn for server in pool.servers))}
    remedy = "Move the Central Management Store to the DR pool before it is needed: without it no user can be moved."
    with checks.asking("management", "CMS home in the directory", "in the DR site"):
        pointer = read_cms_pointer(session.directory, session.params.directory.base)
        home = pointer.partition("\\")[0].lower()
        checks.add(
            judge(
                "management", "CMS home in the directory", home in ours, seen=pointer, expected="in DR", remedy=remedy
            )
        )
    with checks.asking("management", "CMS active master", "in the DR site"):
        reply = session.shell.invoke(cmdlets.central_management_status())
        master = str(reply.output[0].get("ActiveMasterFqdn", "")).lower() if reply.output else ""
        seen = master or (reply.faults[0].message if reply.faults else "nobody")
        checks.add(judge("management", "CMS active master", master in ours, seen=seen, expected="in DR", remedy=remedy))
    return list(checks)


def _published(name: str, reply: Reply) -> Check:
    seen = reply.faults[0].message if reply.faults else "published" if reply.output else "not in the topology"
    return judge("management", name, bool(reply.output), seen=seen, expected="published")


def _replicas(reply: Reply) -> Check:
    behind = [str(row.get("ReplicaFqdn")) for row in reply.output if row.get("UpToDate") is not True]
    ok = bool(reply.output) and not behind and not reply.faults
    seen = f"behind: {', '.join(behind)}" if behind else f"{len(reply.output)} up to date"
    if reply.faults:
        seen = reply.faults[0].message
    remedy = "Run Invoke-CsManagementStoreReplication and look again."
    return judge("management", "replicas", ok, seen=seen, expected="all up to date", remedy=remedy, soft=True)


def _standby_is_empty(session: Session, users: int) -> Check:
    return judge(
        "directory",
        f"users on {session.params.target_pool.fqdn}",
        users == 0,
        seen=f"{users:,}",
        expected="no production users",
        remedy="The standby pool's capacity is meant for the failed pool's users.",
        soft=True,
    )


def _nothing_half_moved(users: list[str]) -> Check:
    seen = ", ".join(users[:5]) or "none"
    remedy = "Finish or undo these moves: TargetHomeServer is still set."
    return judge("directory", "half-done moves", not users, seen=seen, expected="none", remedy=remedy, soft=True)


def _newest_set(session: Session, newest: Manifest | None) -> Check:
    """Green when the set that an activation would choose is fresh, and by signature and digests what was stored."""
    limit = session.params.thresholds.export_age_hours
    name, expected, remedy = "newest complete set", f"whole, at most {limit:g} hours old", "Run: lyncdr run backup"
    if newest is None:
        return judge("backup", name, False, seen="none yet", expected=expected, remedy=remedy, soft=True)
    if faults := sets.faults(session.store, newest, session.keys):
        seen = f"{newest.name} is not to be relied on: {'; '.join(faults)}"
        return judge("backup", name, False, seen=seen, expected=expected, remedy=remedy)
    age = sets.age_hours(newest, session.clock.now())
    seen = f"{newest.name}, {age:.1f} hours old"
    return judge("backup", name, age <= limit, seen=seen, expected=expected, remedy=remedy, soft=True)


def _lives_short(session: Session, key: str, ttl: int | None) -> Check:
    limit = session.params.thresholds.rto_minutes * 60
    if ttl is None:
        remedy = "It will be created by the activation; check that it is meant to be new."
        return judge("DNS", key, False, seen="no such record", expected="there", remedy=remedy, soft=True)
    remedy = f"Lower it now: for {ttl} s after the cutover clients still go to the lost site."
    return judge("DNS", key, ttl <= limit, seen=f"TTL {ttl} s", expected=f"TTL at most {limit:g} s", remedy=remedy)
