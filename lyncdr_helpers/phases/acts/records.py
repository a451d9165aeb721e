"""Repointing DNS: one update a zone with the old values as its prerequisites, read back from its server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out, together
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

ACT = "repoint DNS"


def repoint(session: Session, changes: Sequence[Change]) -> Tally:
    """Change every record that is not yet what its change wants, zone by zone."""

    def do(some: Sequence[Change]) -> Receipt:
        zones = cutover.by_zone(map(cutover.from_plan, some), session.params.dns)
        done = [session.nameservers[zone.server.name].update(zone.zone, zone.changes) for zone in zones]
        return Receipt(withheld=not all(done))

    groups, see = _by_zone(session, changes), partial(seen, session)
    return together(ACT, [carry_out(session, ACT, group, see, do, batch=len(group)) for group in groups])


def seen(session: Session, some: Sequence[Change]) -> Mapping[str, str]:
    """What each record is now, as text."""
    return {one.target: records.as_text(_now(session, one)) for one in some}


def nameserver_for(session: Session, name: str) -> Nameserver:
    """The server that is authoritative for the name. Raises InputError when the parameters declare none."""
    server = session.params.dns.server_for(name)
    if server is None:
        raise InputError(f"No declared zone holds {name}.", "Add its zone to a server under dns.servers.")
    return session.nameservers[server.name]


def seen_now(session: Session) -> dict[str, RecordSet | None]:
    """What the authoritative servers hold for each record to cut over, by key."""
    return cutover.see(session.params.dns.records, lambda name: nameserver_for(session, name))


def _now(session: Session, change: Change) -> RecordSet | None:
    name, _, kind = change.target.rpartition(" ")
    return nameserver_for(session, name).ask(name, kind)


def _by_zone(session: Session, changes: Sequence[Change]) -> list[list[Change]]:
    zones: dict[str, list[Change]] = {}
    for one in changes:
        zones.setdefault(session.params.dns.zone_of(one.target.rpartition(" ")[0]), []).append(one)
    return list(zones.values())
