"""4_verify: is service back for every user, and what was lost? Reads, and changes nothing."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import runfolder
from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Check, Checklist, judge, not_green, require, some_of
from lyncdr_helpers.contacts import comparison
from lyncdr_helpers.contacts.comparison import Restored
from lyncdr_helpers.directory.conference_directories import read_conference_directories
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.directory.users import Kind
from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.dns.records import BETWEEN
from lyncdr_helpers.journal import read
from lyncdr_helpers.phases import (
    contact_stores,
    exchange,
    group_chat_in_dr,
    reachability,
    renamed_groups,
    restore_source,
)
from lyncdr_helpers.phases.acts import archiving, edges
from lyncdr_helpers.phases.failed_over import since_the_last_way_home
from lyncdr_helpers.phases.response_groups import of_pool
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets

SYNTHETIC = (cmdlets.test_registration, cmdlets.test_im, cmdlets.test_presence, cmdlets.test_group_im)


@dataclass(frozen=True)
class Loss:
    """One thing that did not come back.

    `kind`: user, endpoint, conference directory, contact list (the whole of it), contact, contact group, privacy,
    response group, group chat, record.
    """

    kind: str
    owner: str
    what: str
    why: str


@dataclass(frozen=True)
class Count:
    """How many there should be, how many are there, and who is not."""

    expected: int
    found: int
    lost: list[Loss]


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin a verification."""
    return open_session("verify", params_file, run=run or "new", locked=False)


def expectation(session: Session, wanted: str = "") -> Manifest:
    """What must be there: the backup set named, else the one the last live activation restored from."""
    with session.step("expectation"):
        wanted = wanted or _last_used(session)
        chosen = sets.choose(session.store, session.params.deployment, session.keys, wanted).manifest
        session.fact("backup", chosen.name)
        return chosen


def users(session: Session, backup: Manifest) -> tuple[Check, list[Loss]]:
    """Every user of the backup is homed at the DR pool, as the directory has it."""
    pool, target = session.params.failed_pool.fqdn, session.params.target_pool.fqdn

    def count() -> Count:
        inventory = read_inventory(session.directory, session.params.directory.base)
        homes = {user.address: user.home for user in inventory.users}
        expected = backup.users_of(pool).keys() | {user.address for user in inventory.movable(pool)}
        elsewhere = sorted(one for one in expected if homes.get(one) != target)
        lost = [Loss("user", one, one, _whereabouts(one, homes, backup.users_of(pool))) for one in elsewhere]
        return Count(len(expected), len(expected) - len(lost), lost)

    with session.step("users"):
        return _counted(session, "users", f"users homed on {target}", ("users_on_failed_pool", "users_rehomed"), count)


def endpoints(session: Session, backup: Manifest) -> tuple[Check, list[Loss]]:
    """Every phone, device, room and contact of an application that the pool was home to is homed at the DR pool."""
    pool, target = session.params.failed_pool.fqdn, session.params.target_pool.fqdn

    def count() -> Count:
        inventory = read_inventory(session.directory, session.params.directory.base)
        now = {one.address: one for one in inventory.users}
        left = {one.address for one in inventory.homed_on(pool) if one.kind is Kind.APPLICATION}
        expected = sorted(left | _endpoints_of(session, backup, pool))
        lost = [
            Loss("endpoint", one, one, f"homed on {now[one].home or 'no pool'}" if one in now else "not there")
            for one in expected
            if one not in now or now[one].home != target
        ]
        return Count(len(expected), len(expected) - len(lost), lost)

    with session.step("endpoints"):
        facts = ("endpoints_on_failed_pool", "endpoints_rehomed")
        return _counted(session, "endpoints", f"endpoints homed on {target}", facts, count)


def conference_directories(session: Session, backup: Manifest) -> tuple[Check, list[Loss]]:
    """Every conference directory that the pool was home to has the DR pool for its home."""
    pool, target = session.params.failed_pool.fqdn, session.params.target_pool.fqdn

    def count() -> Count:
        now = read_conference_directories(session.directory, session.params.directory.base)
        left = {number for number, home in now.items() if home == pool}
        expected = sorted(left | _directories_of(session, backup, pool))
        lost = [
            Loss("conference directory", "", str(one), f"homed on {now[one]}" if one in now else "not there")
            for one in expected
            if now.get(one) != target
        ]
        return Count(len(expected), len(expected) - len(lost), lost)

    with session.step("conference directories"):
        facts = ("conference_directories_expected", "conference_directories_rehomed")
        return _counted(session, "conferences", f"conference directories on {target}", facts, count)


def contacts(session: Session, backup: Manifest) -> tuple[Check, list[Restored], list[Loss]]:
    """Every contact of the backup is in its user's list again, as an export of the DR pool shows.

    Whose list is held back lost it as a whole; whose contacts are in Exchange, then and now, lost nothing.
    """
    pool, target = session.params.failed_pool.fqdn, session.params.target_pool
    compared: list[Restored] = []

    def count() -> Count:
        recorded = backup.users_of(pool)
        held = contact_stores.compare(session, target.fqdn, recorded).held
        source = restore_source.fetch(session, backup, backup.part("contacts", pool))
        expected = {one.user: one for one in exchange.read(source) if one.user not in held}
        now = exchange.lists_of(exchange.export_contacts(session, target, "target-now"), expected.keys())
        compared.extend(comparison.compare(expected, now))
        lost = [Loss("contact list", user, "the whole list", why) for user, why in held.items()]
        lost += [loss for one in compared for loss in _losses(one)]
        away = sum(recorded[user].contacts for user in held)
        return Count(sum(one.expected for one in compared) + away, sum(one.found for one in compared), lost)

    with session.step("contacts"):
        name = f"contacts restored at {target.fqdn}"
        check, lost = _counted(session, "contacts", name, ("contacts_expected", "contacts_restored"), count)
        return check, compared, lost


def response_groups(session: Session, backup: Manifest) -> tuple[Check, list[Loss]]:
    """Every Response Group of the backup is owned by the DR pool, under the name that it came under."""

    def count() -> Count:
        expected = backup.response_groups.get(session.params.failed_pool.fqdn, ())
        there, renamed = of_pool(session, session.params.target_pool.fqdn), _renamed(session)
        here_as = {name: renamed_groups.there_as(name, renamed) for name in expected}
        lost = [
            Loss("response group", "", name, f"not at the DR pool{f' as {new}' if new != name else ''}")
            for name, new in here_as.items()
            if new not in there
        ]
        return Count(len(expected), len(expected) - len(lost), lost)

    with session.step("response groups"):
        facts = ("response_groups_expected", "response_groups_restored")
        return _counted(session, "response groups", "Response Groups at the DR pool", facts, count)


def group_chat(session: Session, backup: Manifest) -> tuple[list[Check], list[Loss]]:
    """Group Chat's database and files are at the DR site, and its server answers; nothing where it has no place there.

    People may have written since: more rows than there were are no loss.
    """
    record, facts = backup.group_chat, ("group_chat_expected", "group_chat_restored")

    def count() -> Count:
        lacks = group_chat_in_dr.lacking(session, backup)
        expected = sum(record.rows.values()) + record.files
        lost = [Loss("group chat", "", one.what, one.why) for one in lacks]
        return Count(expected, expected - sum(one.count for one in lacks), lost)

    with session.step("group chat"):
        if not group_chat_in_dr.is_expected(session):
            for name in facts:
                session.fact(name, 0)
            return [], []
        check, lost = _counted(session, "group chat", "rows and files of Group Chat at the DR site", facts, count)
        answers = group_chat_in_dr.server_check(session, soft=not session.params.requirements.group_chat)
        session.record(*answers)
        return [check, *answers], lost


def dns(session: Session) -> tuple[Checklist, list[Loss]]:
    """Every record points to the DR site, on every authoritative server and every watched resolver."""
    with session.step("DNS"):
        wants = [cutover.wanted(record) for record in session.params.dns.records]
        checks, behind = Checklist(), dict[str, list[str]]()
        for want in wants:
            for who, nameserver in _watched(session, want.name):
                row = Checklist()
                with row.asking("DNS", f"{want.key} on {who}", BETWEEN.join(want.values)):
                    row.add(_record(who, nameserver, want))
                checks.add(*row)
                behind.setdefault(want.key, []).extend(f"{who}: {one.seen}" for one in not_green(row))
        session.record(*checks)
        late = {key: "; ".join(said) for key, said in behind.items() if said}
        session.fact("dns_records_expected", len(wants))
        session.fact("dns_records_moved", len(wants) - len(late))
        return checks, [Loss("record", "", key, why) for key, why in sorted(late.items())]


def edge(session: Session) -> tuple[Checklist, list[Loss]]:
    """Every Edge of the DR site hands on to the DR pool, by the published topology; no row where there is none."""
    target = session.params.target_pool.fqdn
    with session.step("Edge"):
        checks, remedy = Checklist(), "Run the activation again: it does what is left."
        with checks.asking("edge", "next hop of the Edges", target):
            for name, hop in edges.next_hops(session).items():
                checks.add(
                    judge("edge", f"next hop of {name}", hop == target, seen=hop, expected=target, remedy=remedy)
                )
        session.record(*checks)
        return checks, [Loss("edge", "", one.name, f"it is {one.seen}") for one in not_green(checks)]


def service(session: Session) -> Checklist:
    """The DR pool serves: its certificate carries every name, its registrar answers, the synthetic tests pass.

    And it archives in its own site, where nobody may sign in before that, whatever was said of it at the activation.
    """
    with session.step("service"):
        checks = reachability.registrar(session, session.params.target_pool)
        for build in SYNTHETIC:
            command = build(session.params.target_pool.fqdn)
            with checks.asking("service", command.cmdlet, "Success"):
                reply = session.shell.invoke(command)
                results = [str(row.get("Result", "")) for row in reply.output]
                said = reply.faults[0].message if reply.faults else ", ".join(results) or "nothing"
                ok = results == ["Success"] and not reply.faults
                checks.add(judge("service", command.cmdlet, ok, seen=said, expected="Success"))
        if session.params.requirements.archiving.must_be_up_to_sign_in:
            checks.add(*archiving.see(session))
        session.record(*checks)
        return checks


def finish(session: Session, checks: Sequence[Check], losses: Sequence[Loss]) -> str:
    """The last word: done when every expectation is proven. Raises CheckFailed that names what is not."""
    exchange.tidy(session)
    rows = [{"kind": one.kind, "owner": one.owner, "what": one.what, "why": one.why} for one in losses]
    session.keep("lost", rows)
    session.keep("checks", [check.as_row() for check in checks])
    session.fact("lost", len(losses))
    with session.step("verdict"):
        require(checks, "Service is not proven to be back")
    session.end("done", 0)
    return f"Service is back: {len(list(checks))} expectations proven, nothing lost."


def _whereabouts(user: str, homes: Mapping[str, str], backed_up: Container[str]) -> str:
    """Why a user is not at the DR pool."""
    if user not in homes:
        return "nobody has this address: gone, or renamed"
    newcomer = "" if user in backed_up else "; not in the backup: a plan of its own, --run new, brings them over"
    return f"homed on {homes[user] or 'no pool'}{newcomer}"


def _endpoints_of(session: Session, backup: Manifest, pool: str) -> set[str]:
    """Who was homed on the pool and no user, when the set was made."""
    source = restore_source.fetch(session, backup, backup.part("inventory"))
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["address"] for row in rows if (row["kind"], row["home"]) == (Kind.APPLICATION, pool)}


def _directories_of(session: Session, backup: Manifest, pool: str) -> set[int]:
    """The numbers that were homed on the pool when the set was made; none where the set has no list of them."""
    wanted = ("conference-directories", pool)
    if wanted not in {(part.kind, part.pool) for part in backup.parts}:
        return set()
    source = restore_source.fetch(session, backup, backup.part(*wanted))
    return {row["id"] for row in json.loads(source.read_bytes())}


def _losses(user: Restored) -> list[Loss]:
    """What one user's list lacks."""
    return [
        *(Loss("contact", user.user, buddy, "not in the list, or not in its groups") for buddy in user.missing),
        *(Loss("contact group", user.user, group, "not there") for group in user.missing_groups),
        *(Loss("privacy", user.user, member, "not there") for member in user.missing_members),
    ]


def _counted(
    session: Session, area: str, name: str, facts: tuple[str, str], count: Callable[[], Count]
) -> tuple[Check, list[Loss]]:
    """One row for a whole population, with the first who are missing by name; UNKNOWN where nobody could count."""
    rows, lost = Checklist(), list[Loss]()
    with rows.asking(area, name, "all of them"):
        counted = count()
        lost = counted.lost
        named = some_of([" ".join(dict.fromkeys((one.owner, one.what))).strip() for one in lost])
        rows.add(
            judge(
                area,
                name,
                not lost,
                seen=f"{counted.found:,} of {counted.expected:,}{f'; missing: {named}' if lost else ''}",
                expected=f"all {counted.expected:,}",
                remedy="Run the activation again: it does what is left.",
            )
        )
        session.fact(facts[0], counted.expected)
        session.fact(facts[1], counted.found)
    session.record(*rows)
    (check,) = rows
    return check, lost


def _record(on: str, nameserver: Nameserver, want: RecordSet) -> Check:
    found = nameserver.ask(want.name, want.type)
    return judge(
        "DNS",
        f"{want.key} on {on}",
        records.same_values(found, want),
        seen=BETWEEN.join(found.values) if found else "no such record",
        expected=BETWEEN.join(want.values),
        remedy=f"Wait {found.ttl} s: it may be cached." if found else "Ask who changed the zone.",
    )


def _watched(session: Session, name: str) -> Iterator[tuple[str, Nameserver]]:
    """Who must know the record: every declared server of its zone, no other one, and every resolver."""
    zone = session.params.dns.zone_of(name)
    for server in session.params.dns.servers:
        if zone in server.zones:
            yield server.name, session.nameservers[server.name]
    for resolver, nameserver in session.resolvers.items():
        yield f"resolver {resolver}", nameserver


def _renamed(session: Session) -> dict[str, str]:
    """What came under another name, by the record of the activations since the last way home."""
    runs_folder = session.folder.path.parent
    runs = since_the_last_way_home(runfolder.all_runs(runs_folder), session.params.deployment)
    return renamed_groups.of_runs(RunFolder(runs_folder / one.run) for one in runs)


def _last_used(session: Session) -> str:
    """The backup of the newest live activation of this deployment, or an empty string."""
    runs_folder = session.folder.path.parent
    lived = [
        run
        for run in runfolder.all_runs(runs_folder)
        if (run.phase, run.mode, run.deployment) == ("activate", "live", session.params.deployment) and run.acted
    ]
    if not lived:
        return ""
    lines, _ = read(RunFolder(runs_folder / lived[-1].run).journal)
    return next(
        str(line.facts["value"]) for line in reversed(lines) if line.kind == "fact" and line.facts["name"] == "backup"
    )
