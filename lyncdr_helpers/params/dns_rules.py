"""What the DNS section must keep to: zones that somebody answers for, and targets that stand in the DR site."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from lyncdr_helpers.params.dns import CutoverRecord, in_zone
from lyncdr_helpers.params.findings import Finding, repeated
from lyncdr_helpers.params.mistakes import Location
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.values import is_host

SRV_NAME = re.compile(r"_[a-z0-9-]+\._(tcp|udp|tls)\.(?P<domain>.+)")
SRV_VALUE = re.compile(r"(\d{1,5}) (\d{1,5}) (\d{1,5}) (?P<target>\S+)\.")
SRV_EXAMPLE = "to: [0 0 5061 sip.example.org.]"
CLIENT_NAMES = (
    "sip",
    "sipinternal",
    "sipexternal",
    "lyncdiscover",
    "lyncdiscoverinternal",
    "_sipinternaltls._tcp",
    "_sipinternal._tcp",
    "_sip._tls",
    "_sipfederationtls._tcp",
)
"""What clients put before their SIP domain when they look for a server."""


def names(params: Params) -> Iterator[Finding]:
    """Servers and resolvers are told apart by their names."""
    dns = params.dns
    yield from repeated((("dns", "servers", index, "name"), server.name) for index, server in enumerate(dns.servers))
    yield from repeated((("dns", "resolvers", index, "name"), one.name) for index, one in enumerate(dns.resolvers))


def update_methods(params: Params) -> Iterator[Finding]:
    """A signed update needs a key, a Kerberos one the server's name."""
    for index, server in enumerate(params.dns.servers):
        place: Location = ("dns", "servers", index)
        if server.update == "tsig" and server.tsig is None:
            yield Finding((*place, "tsig"), "is missing: update: tsig needs a key")
        if server.update == "gss-tsig" and server.host is None:
            yield Finding((*place, "host"), "is missing: update: gss-tsig needs the server's name")


def zones(params: Params) -> Iterator[Finding]:
    """Every record lies in a zone that one of the servers answers for."""
    declared = params.dns.servers[0].zones[0]
    for place, record in _records(params):
        if not params.dns.zone_of(record.name):
            yield Finding((*place, "name"), f"{record.name} is in no zone of dns.servers", f"name: sip.{declared}")


def record_sets(params: Params) -> Iterator[Finding]:
    """One entry per name and type, and an alias stands alone at its name (RFC 1034, 3.6.2)."""
    records = list(_records(params))
    yield from repeated((place, f"{record.name} {record.type}") for place, record in records)
    aliases = {record.name for _, record in records if record.type == "CNAME"}
    for place, record in records:
        if record.type != "CNAME" and record.name in aliases:
            yield Finding((*place, "type"), f"{record.name} is a CNAME too, and a CNAME stands alone", "type: CNAME")
        if record.type == "CNAME" and len(record.to) > 1:
            yield Finding((*place, "to"), "a CNAME has one target", "to: [drse01.example.org]")


def sip_domains(params: Params) -> Iterator[Finding]:
    """A name that clients make from their SIP domain is made from a SIP domain of this deployment."""
    known = params.sip_domains
    for place, record in _records(params):
        start = next((start for start in CLIENT_NAMES if record.name.startswith(f"{start}.")), None)
        if start and record.name.removeprefix(f"{start}.") not in known:
            wrong = f"clients look for {start} in their SIP domain, and this is none of {', '.join(known)}"
            yield Finding((*place, "name"), wrong, f"name: {start}.{known[0]}")


def service_records(params: Params) -> Iterator[Finding]:
    """An SRV record is well formed, and its target is in its own domain: clients refuse another one."""
    for place, record in _records(params):
        if record.type != "SRV":
            continue
        name = SRV_NAME.fullmatch(record.name)
        if not name:
            yield Finding((*place, "name"), "an SRV name begins with _service._tcp", "name: _sip._tls.example.org")
        for index, text in enumerate(record.to):
            target = _srv_target(text)
            if not target:
                yield Finding((*place, "to", index), "must be priority, weight, port and target.", SRV_EXAMPLE)
            elif name and not in_zone(target, name["domain"]):
                wrong = f"{target} is outside {name['domain']}: clients refuse an SRV target outside its domain"
                yield Finding((*place, "to", index), wrong, f"to: [0 0 5061 sip.{name['domain']}.]")


def targets(params: Params) -> Iterator[Finding]:
    """Every record points into the DR site: to its addresses, its machines and pools, or a name that moves there."""
    moved = {record.name for record in params.dns.records if record.type in ("A", "AAAA")}
    pools = params.sites.dr.pools
    hosts = moved | {pool.fqdn for pool in pools} | {server.fqdn for pool in pools for server in pool.servers}
    for place, record in _records(params):
        for index, text in enumerate(record.to):
            wrong = (
                _outside_by_address(params, record, text)
                if record.type in ("A", "AAAA")
                else _outside_by_name(record, text, hosts)
            )
            if wrong:
                yield Finding((*place, "to", index), wrong, _target_example(params, record))


def _outside_by_address(params: Params, record: CutoverRecord, text: str) -> str:
    version = 4 if record.type == "A" else 6
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"must be an IPv{version} address"
    if address.version != version:
        return f"must be an IPv{version} address: the record's type is {record.type}"
    return "" if params.sites.dr.holds(str(address)) else f"{address} is not an address of sites.dr"


def _outside_by_name(record: CutoverRecord, text: str, hosts: set[str]) -> str:
    target = _srv_target(text) if record.type == "SRV" else text.rstrip(".").lower()
    if not is_host(target):
        return "must be a full name" if record.type == "CNAME" else ""  # service_records tells of a malformed SRV
    if target in hosts and target != record.name:
        return ""
    return f"{target} is not a pool or server of sites.dr, nor a name that moves there"


def _target_example(params: Params, record: CutoverRecord) -> str:
    pool = params.sites.dr.pools[0]
    return {
        "A": f"to: [{pool.servers[0].address}]",
        "AAAA": "to: ['2001:db8::21']",
        "CNAME": f"to: [{pool.fqdn}]",
        "SRV": f"to: [0 0 {pool.sip_port} {pool.fqdn}.]",
    }[record.type]


def _srv_target(text: str) -> str:
    """`0 0 5061 drse01.example.org.` -> `drse01.example.org`; empty where it does not parse."""
    found = SRV_VALUE.fullmatch(text)
    if not found or any(int(number) > 65535 for number in found.groups()[:3]):
        return ""
    target = found["target"].lower()
    return target if is_host(target) else ""


def _records(params: Params) -> Iterator[tuple[Location, CutoverRecord]]:
    for index, record in enumerate(params.dns.records):
        yield ("dns", "records", index), record
