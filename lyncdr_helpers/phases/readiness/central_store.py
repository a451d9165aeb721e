"""The Central Management Store: who says where it is, do they agree, and who has a copy that is too old.

Named disasters seen in the field: two masters, or none, after clean checks (lync.md, 5). So nobody is taken at their
word: the directory's pointer, the topology document and the replication status are asked, each by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.directory.inventory import read_cms_pointers
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.ports import Reply
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets
from lyncdr_helpers.topology import pools
from lyncdr_helpers.topology.document import Topology

AREA = "management"
DIRECTORY, TOPOLOGY, STATUS = "CMS home in the directory", "CMS home in the topology", "CMS active master"
MASTERS, REPLICAS = "CMS masters", "replicas"
NEEDED = frozenset({"the directory", "the replication status"})
"""Whoever must have been asked before anybody says that there is one master."""
IN_DR = "one, in the DR site"
REMEDY = "Move the Central Management Store to the DR pool before it is needed: without it no user can be moved."
SPLIT = "Find out which one is right before anything is changed: two masters destroy each other's changes."


def check(session: Session, topology: Topology | None) -> Checklist:
    """topology: the published document, None where it cannot be had."""
    checks = Checklist()
    claims: dict[str, Collection[str]] = {}
    with checks.asking(AREA, DIRECTORY, IN_DR):
        pointers = read_cms_pointers(session.directory, session.params.directory.base)
        claims["the directory"] = [one.partition("\\")[0].lower() for one in pointers]
        checks.add(_home(session.params, DIRECTORY, claims["the directory"], " and ".join(pointers)))
    if topology is None:
        checks.add(unknown(AREA, TOPOLOGY, seen="the document cannot be had", expected=IN_DR, soft=True))
    else:
        claims["the topology"] = _active(topology)
        checks.add(_home(session.params, TOPOLOGY, claims["the topology"]))
    with checks.asking(AREA, STATUS, IN_DR):
        reply = session.shell.invoke(cmdlets.central_management_status())
        named = masters(reply)
        seen = reply.faults[0].message if reply.faults else ""
        checks.add(_home(session.params, STATUS, named, seen))
        if not reply.faults:
            claims["the replication status"] = named
    checks.add(_agreement(session.params, claims))
    with checks.asking(AREA, REPLICAS, "all up to date", soft=True):
        checks.add(_replicas(session.shell.invoke(cmdlets.replication_status())))
    return checks


def _home(params: Params, name: str, claimed: Collection[str], seen: str = "") -> Check:
    """Whether exactly one is named, and it stands in DR. seen: what was said, where that is more than the names."""
    ours = {host for pool in params.sites.dr.pools for host in hosts(pool)}
    ok = len(claimed) == 1 and ours.issuperset(claimed)
    seen = seen or " and ".join(sorted(claimed)) or "nobody"
    return judge(AREA, name, ok, seen=seen, expected=IN_DR, remedy=REMEDY if len(claimed) == 1 else SPLIT)


def _active(topology: Topology) -> list[str]:
    """The servers that the document says are active; a document that says it of none means all that it holds."""
    servers = pools.central_management(topology)
    active = [one.fqdn for one in servers if one.active]
    return active or [one.fqdn for one in servers if one.active is None]


def masters(reply: Reply) -> list[str]:
    """Who is master by the replication status, in lower case."""
    return sorted({master for row in reply.output if (master := str(row.get("ActiveMasterFqdn") or "").lower())})


def _agreement(params: Params, claims: Mapping[str, Collection[str]]) -> Check:
    """One master, by whatever name: a pool, a machine of it and its SQL Server are one."""
    expected = "one: the directory, the topology and the replication status name the same"
    pool_of = {
        host: pool.fqdn
        for site in (params.sites.primary, params.sites.dr)
        for pool in site.pools
        for host in hosts(pool)
    }
    named: dict[str, list[str]] = defaultdict(list)
    for source, claimed in claims.items():
        for master in sorted({pool_of.get(host, host) for host in claimed}):
            named[master].append(source)
    said = "; ".join(f"{master} ({', '.join(sources)})" for master, sources in sorted(named.items()))
    if len(named) > 1:
        return judge(AREA, MASTERS, False, seen=f"{len(named)} masters: {said}", expected=expected, remedy=SPLIT)
    if mute := [source for source, claimed in claims.items() if not claimed]:
        seen = "; ".join(filter(None, [f"no master, says {' and '.join(mute)}", said]))
        return judge(AREA, MASTERS, False, seen=seen, expected=expected, remedy=REMEDY)
    if NEEDED - claims.keys():
        seen = "; ".join(filter(None, [f"{' and '.join(sorted(NEEDED - claims.keys()))} cannot be asked", said]))
        return unknown(AREA, MASTERS, seen=seen, expected=expected, remedy="See to it that both can be asked.")
    return judge(AREA, MASTERS, True, seen=said, expected=expected)


def hosts(pool: Pool) -> set[str]:
    """Every name that a pool's Central Management Store may go by."""
    return {pool.fqdn, *(server.fqdn for server in pool.servers), pool.sql.partition("\\")[0].lower()} - {""}


def _replicas(reply: Reply) -> Check:
    """A copy that is too old, by its server, and when that server last reported."""
    behind = [
        f"{row.get('ReplicaFqdn')} since {row.get('LastStatusReport') or 'ever'}"
        for row in reply.output
        if row.get("UpToDate") is not True
    ]
    ok = bool(reply.output) and not behind and not reply.faults
    seen = f"stale: {', '.join(behind)}" if behind else f"{len(reply.output)} up to date"
    if reply.faults:
        seen = reply.faults[0].message
    remedy = "Run Invoke-CsManagementStoreReplication and look again."
    return judge(AREA, REPLICAS, ok, seen=seen, expected="all up to date", remedy=remedy, soft=True)
