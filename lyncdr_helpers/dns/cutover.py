"""The cutover: which records must point to the DR site, what stands there now, and the changes between the two."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.params.dns import CutoverRecord, Dns, DnsServer
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import Nameserver, RecordChange, RecordSet

KIND = "dns-record"
"""What a plan calls a change of one record set."""

ADDRESSES = ("A", "AAAA")


@dataclass(frozen=True)
class ZoneChanges:
    """The changes of one zone: one update message, all or nothing."""

    server: DnsServer
    zone: str
    changes: tuple[RecordChange, ...]


def wanted(record: CutoverRecord) -> RecordSet:
    """The record set that a record of the parameters asks for. Raises InputError when a value does not parse."""
    return records.record_set(record.name, record.type, record.ttl, record.to)


def see(asked: Iterable[CutoverRecord], nameserver_for: Callable[[str], Nameserver]) -> dict[str, RecordSet | None]:
    """What the authoritative servers hold now for each record, by key; None where there is none.

    nameserver_for: name -> the server that is authoritative for it. Raises Refusal where a CNAME stands in the way of
    another type or the other way round (RFC 1034, 3.6.2), and what `Nameserver.ask` raises.
    """
    seen = {}
    for record in asked:
        want, nameserver = wanted(record), nameserver_for(record.name)
        seen[want.key] = nameserver.ask(want.name, want.type)
        if seen[want.key] is None:
            _refuse_rivals(want, nameserver)
    return seen


def plan_cutover(asked: Sequence[CutoverRecord], seen: Mapping[str, RecordSet | None]) -> tuple[RecordChange, ...]:
    """The changes that take `seen` to what is asked, sorted; none for a record that already is so, TTL included."""
    wants = [wanted(record) for record in asked]
    return tuple(sorted((RecordChange(seen[want.key], want) for want in wants if seen[want.key] != want), key=_key))


def by_zone(changes: Iterable[RecordChange], dns: Dns) -> list[ZoneChanges]:
    """The changes grouped by server and zone, in the order of the parameters, sorted within a zone.

    Raises InputError for a change that no declared zone holds.
    """
    waiting = sorted(changes, key=_key)
    groups = [
        ZoneChanges(server, zone, tuple(change for change in waiting if _stands_in(change, server, zone, dns)))
        for server, zone in _zones(dns)
    ]
    placed = {change.key for group in groups for change in group.changes}
    if homeless := [change.key for change in waiting if change.key not in placed]:
        raise InputError(
            f"No declared zone holds {', '.join(homeless)}.", "Add the zone to a server under dns.servers."
        )
    return [group for group in groups if group.changes]


def to_plan(change: RecordChange) -> Change:
    """The change as a plan and its reader have it."""
    return Change(KIND, change.key, records.as_text(change.old), records.as_text(change.new))


def from_plan(change: Change) -> RecordChange:
    """The change that `to_plan` wrote. Raises InputError when it is of another kind or does not parse."""
    if change.kind != KIND or not (change.old or change.new):
        raise InputError(f"{change.kind} {change.target} is not a change of DNS records.", "Make the plan again.")
    return RecordChange(records.from_text(change.target, change.old), records.from_text(change.target, change.new))


def _refuse_rivals(want: RecordSet, nameserver: Nameserver) -> None:
    rivals = ADDRESSES if want.type == "CNAME" else ("CNAME",)
    for rival in rivals:
        if found := nameserver.ask(want.name, rival):
            raise Refusal(
                f"{want.name} is to be {want.type}, but {rival} {records.BETWEEN.join(found.values)} stands there.",
                f"Declare the record as {rival} in the parameters, or remove that record by hand first.",
            )


def _zones(dns: Dns) -> Iterator[tuple[DnsServer, str]]:
    return ((server, zone) for server in dns.servers for zone in server.zones)


def _stands_in(change: RecordChange, server: DnsServer, zone: str, dns: Dns) -> bool:
    name = (change.new or change.old).name  # type: ignore[union-attr]  # one of the two is there
    return dns.server_for(name) is server and dns.zone_of(name) == zone


def _key(change: RecordChange) -> str:
    return change.key
