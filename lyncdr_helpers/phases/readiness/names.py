"""DNS: every record that clients use, on every server, and whether an activation could change what must be changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.dns import cutover, discovery, records
from lyncdr_helpers.errors import AccessDenied, InputError, OperationError, Refusal
from lyncdr_helpers.params.dns import CutoverRecord, in_zone
from lyncdr_helpers.phases.readiness.answers import AT_ONCE, Answers, Server, as_server, ask, authoritative, watchers
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

AREA = "DNS"
UNMOVED = "records that nobody moves"
BY_HAND = "Somebody must change it by hand, during an activation: have them at hand, and their way to that server."


@dataclass
class Names(Checklist):
    """The checks, and what an activation would change now, by record."""

    changes: tuple[Change, ...] = ()


def check(session: Session) -> Names:
    """Everything about names. A server that is silent costs the time of one question, not of all of them."""
    checks = Names()
    moved = {cutover.wanted(record).key: record for record in session.params.dns.records}
    looked_for = {one.key for one in discovery.questions(session.params.sip_domains)}
    rivals = {key for record in moved.values() for key in _rivals(record)}
    asked = sorted({*moved, *looked_for, *rivals})
    answers = ask(session, asked)
    for key, record in moved.items():
        checks.add(_record(session, key, record, answers))
    checks.add(*_targets(asked, answers), _unmoved(session, sorted(looked_for - moved.keys()), answers))
    for server in watchers(session):
        checks.add(*_watched(session, server, asked, answers))
    checks.add(*_zones(session, answers))
    checks.changes = _changes(session, moved, answers)
    session.keep("cutover", [{"record": one.target, "now": one.old, "then": one.new} for one in checks.changes])
    return checks


# -- each record that moves -------------------------------------------------------------------------------------------
def _record(session: Session, key: str, record: CutoverRecord, answers: Answers) -> Check:
    """Whether clients can follow in time: what they were told last must be forgotten within the RTO."""
    limit = session.params.thresholds.rto_minutes * 60
    expected = f"TTL at most {limit:g} s"
    server = authoritative(session, key)
    assert server is not None, "the parameters hold no record outside their zones"
    said = answers.of(server, key)
    if isinstance(said, OperationError):
        return unknown(AREA, key, seen=said.message, expected=expected, remedy=said.remedy)
    rivals = [one for rival in _rivals(record) if isinstance(one := answers.of(server, rival), RecordSet)]
    if said is None and rivals:
        seen = f"{rivals[0].type} {records.BETWEEN.join(rivals[0].values)} stands there"
        remedy = f"Declare the record as {rivals[0].type} in dns.records, or remove that one by hand first."
        return judge(AREA, key, False, seen=seen, expected=f"{record.type}, or nothing", remedy=remedy)
    if said is None:
        remedy = "It will be created by the activation; check that it is meant to be new."
        return judge(AREA, key, False, seen="no such record", expected="there", remedy=remedy, soft=True)
    where, longest = max(answers.found(key), key=lambda one: (one[1].ttl, one[0] == server))
    seen = f"TTL {longest.ttl} s" + ("" if where == server else f" on {where}")
    remedy = f"Lower it now: for {longest.ttl} s after the cutover clients still go to the lost site."
    return judge(AREA, key, longest.ttl <= limit, seen=seen, expected=expected, remedy=remedy)


def _rivals(record: CutoverRecord) -> list[str]:
    """Records that cannot stand beside it (RFC 1034, 3.6.2)."""
    kinds = cutover.ADDRESSES if record.type == "CNAME" else ("CNAME",)
    return [f"{records.owner(record.name)} {kind}" for kind in kinds]


def _changes(session: Session, moved: Mapping[str, CutoverRecord], answers: Answers) -> tuple[Change, ...]:
    """What the activation would change now; a record that nobody could be asked about is left out."""
    seen: dict[str, RecordSet | None] = {}
    for key in moved:
        server = authoritative(session, key)
        said = answers.of(server, key) if server else None
        if not isinstance(said, OperationError):
            seen[key] = said
    asked = [record for key, record in moved.items() if key in seen]
    return tuple(cutover.to_plan(change) for change in cutover.plan_cutover(asked, seen))


# -- what clients find besides ----------------------------------------------------------------------------------------
def _targets(keys: Iterable[str], answers: Answers) -> Iterator[Check]:
    """An SRV record that leads out of its own domain is refused by clients."""
    for key in keys:
        found = next((one for _, one in answers.found(key) if one.type == "SRV"), None)
        if found is None:
            continue
        domain = found.name.split(".", 2)[2]
        strangers = [target for target in map(_target, found.values) if not in_zone(target, domain)]
        seen = f"leads to {', '.join(strangers)}" if strangers else "all in it"
        remedy = f"Have it lead to a name in {domain}: clients take no other."
        yield judge(AREA, f"{key} target", not strangers, seen=seen, expected=f"in {domain}", remedy=remedy, soft=True)


def _unmoved(session: Session, keys: Iterable[str], answers: Answers) -> Check:
    """What clients find beside the records that move, and that would go on leading them to the lost site."""
    found = ((key, *one) for key in keys for one in answers.found(key)[:1])
    stay = [
        f"{key} {_in_words(record)} ({server})" for key, server, record in found if not _leads_to_dr(session, record)
    ]
    seen = "; ".join(stay) or "none"
    remedy = "Add them to dns.records, or remove them: clients that find one try it first and end at the lost site."
    return judge(AREA, UNMOVED, not stay, seen=seen, expected="none", remedy=remedy, soft=True)


def _leads_to_dr(session: Session, found: RecordSet) -> bool:
    """Whether the record need not move: it is in DR already, or leads to a name that is or moves there."""
    dr = session.params.sites.dr
    if found.type in cutover.ADDRESSES:
        return all(map(dr.holds, found.values))
    names = {records.owner(one.name) for one in session.params.dns.records}
    names |= {name for pool in dr.pools for name in (pool.fqdn, *(server.fqdn for server in pool.servers))}
    return all(_target(value) in names for value in found.values)


# -- each server ------------------------------------------------------------------------------------------------------
def _watched(session: Session, server: Server, keys: Sequence[str], answers: Answers) -> Iterator[Check]:
    """Whether a server that clients ask answers, and if so whether it says the right thing."""
    name, expected = str(server), "answers"
    asked = [key for key in keys if server in answers.dead or (server, key) in answers.said]
    trouble = [(key, said) for key in asked if isinstance(said := answers.of(server, key), OperationError)]
    if trouble:
        key, error = trouble[0]
        seen = error.message if server in answers.dead else f"{key}: {error.message}"
        yield unknown(AREA, name, seen=seen, expected=expected, remedy=error.remedy)
        return
    yield judge(AREA, name, True, seen=f"answers all {len(asked)} questions", expected=expected)
    yield _agreement(session, server, asked, answers)


def _agreement(session: Session, server: Server, asked: Iterable[str], answers: Answers) -> Check:
    """Whether it says what the server says that an activation would change."""
    name, expected = f"{server} agrees", "the same as the authoritative server"
    differing, unheard = [], False
    for key in asked:
        first = authoritative(session, key)
        right, here = answers.of(first, key) if first else None, answers.of(server, key)
        if isinstance(right, OperationError) or isinstance(here, OperationError):
            unheard = True
        elif first and not records.same_values(right, here):
            differing.append(f"{key}: {_in_words(here)}, not {_in_words(right)}")
    if unheard and not differing:
        seen = "the authoritative server cannot be asked"
        return unknown(AREA, name, seen=seen, expected=expected, remedy="Ask again once it answers.", soft=True)
    seen = "; ".join(differing) or "the same"
    remedy = "Find out whose clients ask it: they will not see the cutover either, or not before this is mended."
    return judge(AREA, name, not differing, seen=seen, expected=expected, remedy=remedy, soft=True)


def _zones(session: Session, answers: Answers) -> list[Check]:
    """Whether each zone in which something moves takes our updates: shown by one that changes nothing."""
    dns = session.params.dns
    wanted = {
        (dns.zone_of(record.name), as_server(session, server)): server
        for record in dns.records
        if (server := dns.server_for(record.name))
    }

    def prove(asked: tuple[str, Server]) -> Check:
        zone, server = asked
        return _zone(zone, server, session.nameservers[server.name], answers.dead.get(server))

    return ask_all(sorted(wanted, key=lambda one: one[0]), prove, AT_ONCE)


def _zone(zone: str, server: Server, nameserver: Nameserver, dead: OperationError | None) -> Check:
    """nameserver: with all its patience: an update may need a Kerberos ticket first."""
    name, expected = f"zone {zone}", f"{server} takes our updates"
    if dead:
        return unknown(AREA, name, seen=dead.message, expected=expected, remedy=dead.remedy)
    try:
        nameserver.prove_update(zone)
    except Refusal as by_hand:
        return judge(AREA, name, False, seen=by_hand.message, expected=expected, remedy=BY_HAND, soft=True)
    except (AccessDenied, InputError) as denied:
        return judge(AREA, name, False, seen=denied.message, expected=expected, remedy=denied.remedy)
    except OperationError as error:
        return unknown(AREA, name, seen=error.message, expected=expected, remedy=error.remedy)
    return judge(AREA, name, True, seen="it took an update that changes nothing", expected=expected)


# -- words and names --------------------------------------------------------------------------------------------------
def _target(value: str) -> str:
    """`0 0 5061 drse01.lync.test.` -> `drse01.lync.test`; also of a CNAME."""
    return value.rpartition(" ")[2].rstrip(".")


def _in_words(found: RecordSet | None) -> str:
    return records.BETWEEN.join(found.values) if found else "nothing"
