"""The Central Management Store before anything is moved: in the DR site, or brought there by hand and proven to be.

Without it no cmdlet changes anything. The cmdlets that move it run on a server of the pool that takes over and nowhere
else, so that is for a person; order and requirements are those of Microsoft's help on Move-CsManagementServer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.answers import Answer
from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Checklist, judge, not_green
from lyncdr_helpers.directory.inventory import read_cms_pointers
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.params.sites import Site
from lyncdr_helpers.phases import exchange, guided, restore_source
from lyncdr_helpers.phases.guided import GuidedStep, Instruction
from lyncdr_helpers.phases.readiness import central_store, pairing
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, management_server
from lyncdr_helpers.shell.script import line

STEP = "central-management-store"
TOPOLOGY = "topology through the store"
EXPORTS = {"configuration": "cms-configuration.zip", "lis": "cms-lis.zip"}
"""The parts of a backup set that a new store begins with, and what to call them in the exchange folder."""


@dataclass
class Found(Checklist):
    """Where the store is, as the facts say, and what a person has to do about it: one step, or none."""

    steps: tuple[GuidedStep, ...] = ()


def look(session: Session, wanted: str = "") -> Found:
    """Find it. wanted: the backup set whose exports a lost store is made anew from; empty: the newest complete one.

    Raises Refusal where nobody can say that it is in the DR site or at the primary: two masters, or none.
    """
    found = Found(see(session).checks)
    session.record(*found)
    asked = guided.was_asked(session, STEP)
    if not not_green(found):
        found.steps = (_step(session, ()),) if asked or STEP in session.answers else ()
        return found
    home, master = _pointer(session), _master(session)
    sites = session.params.sites
    if home and (asked or _is_of(sites.primary, home)) and (not master or _is_of(sites.primary, master)):
        found.steps = (_step(session, _take_over(session) if master else _rescue(session, wanted)),)
        return found
    rows = "; ".join(f"{one.name}: {one.seen}" for one in not_green(found))
    remedy = next((one.remedy for one in not_green(found) if one.remedy), central_store.SPLIT)
    session.stop_at(STEP, Refusal(f"Nobody can say where the store is, or it does not work there. {rows}.", remedy))
    return found


def bring(session: Session, found: Found, answers: Mapping[str, Answer] | None = None) -> str:
    """Have it brought to the DR site where it is not there; nothing else is done before that is proven.

    Raises Refusal until somebody says that it is done, and CheckFailed while the facts do not show it.
    """
    for step in found.steps:
        return guided.guide(session, step, lambda: see(session), (answers or {}).get(step.name)).text
    return f"The Central Management Store is in the DR site, on {_pointer(session)}."


def see(session: Session) -> Checklist:
    """The directory's pointer and the replication status, each by itself, and whether the topology can be read."""
    checks = Checklist([one for one in central_store.check(session, None) if one.name != central_store.TOPOLOGY])
    pool, expected = session.params.target_pool.fqdn, "it can be read"
    with checks.asking(central_store.AREA, TOPOLOGY, expected):
        reply = session.shell.invoke(cmdlets.get_pool(pool))
        said = reply.faults[0].message if reply.faults else "no such pool"
        seen = f"it has {pool}" if reply.output else said
        remedy = "Look at the Front End service and the SQL Server of the pool that is home to the store."
        checks.add(judge(central_store.AREA, TOPOLOGY, bool(reply.output), seen=seen, expected=expected, remedy=remedy))
    return checks


def is_away(session: Session) -> bool:
    """Whether the directory has it anywhere but in the DR site: then cmdlets may well fail for that alone."""
    home = _pointer(session)
    return home is None or not _is_of(session.params.sites.dr, home)


def _pointer(session: Session) -> str | None:
    """The host that the directory's one pointer names, if it is of one of our two sites."""
    pointers = read_cms_pointers(session.directory, session.params.directory.base)
    sites = session.params.sites
    hosts = [one.partition("\\")[0].lower() for one in pointers]
    return hosts[0] if len(hosts) == 1 and any(_is_of(site, hosts[0]) for site in (sites.primary, sites.dr)) else None


def _master(session: Session) -> str:
    """The one active master; empty where nobody says so."""
    named = central_store.masters(session.shell.invoke(cmdlets.central_management_status()))
    return " and ".join(named)


def _is_of(site: Site, host: str) -> bool:
    return any(host in central_store.hosts(pool) for pool in site.pools)


# -- what a person does --------------------------------------------------------------------------------------------
def _step(session: Session, do: tuple[Instruction, ...]) -> GuidedStep:
    pool = session.params.target_pool
    server = pool.servers[0].fqdn
    return GuidedStep(
        name=STEP,
        title="Bring the Central Management Store to the DR site",
        why="It is not in the DR site: until it is, no user can be moved. Its cmdlets work on a server of the pool "
        "that takes over and are refused in a remote session.",
        where=f"{server}, in its Lync Server Management Shell, as a member of RTCUniversalServerAdmins and of the "
        f"SQL Server's administrators",
        do=do,
        proof=f"the directory's pointer and the replication status both name {pool.fqdn}, and the topology can be read",
        skippable=False,
    )


def _rescue(session: Session, wanted: str) -> tuple[Instruction, ...]:
    """From the newest exports, because the store is lost."""
    backup = sets.choose(session.store, session.params.deployment, session.keys, wanted).manifest
    placed = {kind: _place(session, backup, kind, name) for kind, name in EXPORTS.items()}
    digests = ", ".join(f"{Path(backup.part(kind).file).name} {backup.part(kind).sha256}" for kind in EXPORTS)
    copy = f"These two files of set {backup.name} lie in the exchange folder of the management host. Unless this is "
    copy += f"that machine, copy them to the same paths here. SHA-256: {digests}."
    return (
        *_fail_over(session),
        Instruction(copy, "\n".join(placed.values())),
        *_prepare(session),
        Instruction(
            "Begin the store anew from these files. What was changed since they were made is lost.",
            line(management_server.rescue(placed["configuration"], placed["lis"])),
        ),
        *_enable(),
    )


def _fail_over(session: Session) -> Iterator[Instruction]:
    """What pairing offers instead, from 2013 on: a command where the pools are a pair, words where they may be."""
    paired, pool = pairing.is_paired(session), session.params.failed_pool.fqdn
    command = line(management_server.fail_over(*_sql(session)))
    instead = "makes the copy that the backup service keeps here the store, as far as it was copied. Where that works, "
    instead += "leave out all that follows; where it does not, go on below."
    if paired:
        yield Instruction(f"{pool} is paired with this pool. This {instead}", command)
    if paired is None:
        yield Instruction(f"If {pool} is paired with this pool, which nobody can say now: {command} {instead}")


def _take_over(session: Session) -> tuple[Instruction, ...]:
    """From the store itself, because it still answers: with -Force there would be two."""
    move = Instruction(
        "The store still answers: bring it over with all that it holds. Do not use -Force, there would be two.",
        line(management_server.take_over()),
    )
    return (*_prepare(session), move, *_enable())


def _prepare(session: Session) -> tuple[Instruction, ...]:
    server, instance = _sql(session)
    return (
        Instruction(
            "See that the Front End service runs here. A Standard Edition server must have been prepared as the first "
            "one: Deployment Wizard, Prepare first Standard Edition Server."
        ),
        Instruction("Make an empty store here.", line(management_server.make_store(server, instance))),
    )


def _sql(session: Session) -> tuple[str, str]:
    """The SQL Server of the pool that takes over, and its instance."""
    server, _, instance = exchange.sql_instance(session.params.target_pool).partition("\\")
    return server, instance


def _enable() -> tuple[Instruction, ...]:
    return (
        Instruction("Have the servers follow it.", line(management_server.enable())),
        Instruction(
            "In the Deployment Wizard here, run Setup or Remove Lync Server Components again: it installs the "
            "services of the master, where they are not there yet."
        ),
    )


def _place(session: Session, backup: Manifest, kind: str, name: str) -> str:
    """Put a part of the set into the exchange folder; its path there. A rehearsal names it and leaves it out."""
    there, here = exchange.place(session, name)
    if session.mode == "live":
        files.replace(here, restore_source.fetch(session, backup, backup.part(kind)).read_bytes())
    return there
