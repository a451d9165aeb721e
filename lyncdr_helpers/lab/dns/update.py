"""Dynamic updates, applied to a snapshot of the zone: prerequisites, then all of it or nothing (RFC 2136, 3)."""

from __future__ import annotations

from collections import defaultdict

import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.serial
import dns.update

from lyncdr_helpers.lab.dns.zone import Zone

ANY, NONE = dns.rdataclass.ANY, dns.rdataclass.NONE
SOA, NS, CNAME = dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.CNAME
Nodes = dict[dns.name.Name, dict[dns.rdatatype.RdataType, dns.rdataset.Rdataset]]


class Rejected(Exception):
    """The update is not made; `rcode` is the answer."""

    def __init__(self, rcode: dns.rcode.Rcode) -> None:
        super().__init__(dns.rcode.to_text(rcode))
        self.rcode = rcode


def updated(zone: Zone, message: dns.update.UpdateMessage) -> Zone:
    """The zone after the update; the same zone when it changes nothing. Raises Rejected."""
    _require_zone(zone, message)
    for record in [*message.prerequisite, *message.update]:
        if not record.name.is_subdomain(zone.origin):
            raise Rejected(dns.rcode.NOTZONE)
    _require_prerequisites(zone, message)
    for record in message.update:
        _require_form(record)
    return _with_new_serial(zone, _apply(zone, message))


def _require_zone(zone: Zone, message: dns.update.UpdateMessage) -> None:
    if len(message.zone) != 1:
        raise Rejected(dns.rcode.FORMERR)
    asked = message.zone[0]
    if asked.name != zone.origin or asked.rdclass != dns.rdataclass.IN:
        raise Rejected(dns.rcode.NOTAUTH)


# -- prerequisites (RFC 2136, 3.2) ----------------------------------------------------------------------------------
def _require_prerequisites(zone: Zone, message: dns.update.UpdateMessage) -> None:
    exact: dict[tuple[dns.name.Name, dns.rdatatype.RdataType], set[dns.rdata.Rdata]] = defaultdict(set)
    for record in message.prerequisite:
        if record.ttl:
            raise Rejected(dns.rcode.FORMERR)
        if record.deleting is None:
            exact[record.name, record.rdtype].update(record)
        else:
            _require_presence(zone, record)
    for (name, rtype), wanted in exact.items():
        if set(zone.get(name, rtype) or ()) != wanted:
            raise Rejected(dns.rcode.NXRRSET)


def _require_presence(zone: Zone, record: dns.rrset.RRset) -> None:
    """Class ANY: it must be there; class NONE: it must not. Type ANY: any record at that name."""
    name, must = record.name, record.deleting == ANY
    if record.rdtype == dns.rdatatype.ANY:
        if bool(zone.nodes.get(name)) != must:
            raise Rejected(dns.rcode.NXDOMAIN if must else dns.rcode.YXDOMAIN)
    elif (zone.get(name, record.rdtype) is not None) != must:
        raise Rejected(dns.rcode.NXRRSET if must else dns.rcode.YXRRSET)


# -- changes (RFC 2136, 3.4) ----------------------------------------------------------------------------------------
def _require_form(record: dns.rrset.RRset) -> None:
    """Only a deletion of everything at a name may carry a question type."""
    everything = record.deleting == ANY and record.rdtype == dns.rdatatype.ANY
    wrong_class = record.rdclass != dns.rdataclass.IN
    wrong_ttl = record.deleting is not None and record.ttl != 0
    if wrong_class or wrong_ttl or (dns.rdatatype.is_metatype(record.rdtype) and not everything):
        raise Rejected(dns.rcode.FORMERR)


def _apply(zone: Zone, message: dns.update.UpdateMessage) -> Nodes:
    nodes: Nodes = {name: dict(node) for name, node in zone.nodes.items()}
    for record in message.update:
        if record.deleting is None:
            _add(nodes, zone, record)
        elif record.deleting == ANY:
            _remove_sets(nodes, zone, record)
        else:
            _remove_value(nodes, zone, record)
    return {name: node for name, node in nodes.items() if node}


def _add(nodes: Nodes, zone: Zone, record: dns.rrset.RRset) -> None:
    name, rtype = record.name, record.rdtype
    node = nodes.setdefault(name, {})
    if rtype == SOA:
        newer = name == zone.origin and dns.serial.Serial(record[0].serial) > dns.serial.Serial(zone.soa.serial)
        if not newer:
            return
    elif (CNAME in node and rtype != CNAME) or (rtype == CNAME and node.keys() - {CNAME}):
        return  # silently, as 3.4.2.2 says: a CNAME stands alone
    standing = [] if rtype in (SOA, CNAME) else list(node.get(rtype, ()))
    others = [value for value in standing if value != record[0]]
    node[rtype] = dns.rdataset.from_rdata_list(record.ttl, [*others, record[0]])


def _remove_sets(nodes: Nodes, zone: Zone, record: dns.rrset.RRset) -> None:
    name = record.name
    node = nodes.get(name, {})
    kept = (SOA, NS) if name == zone.origin else ()
    for rtype in list(node) if record.rdtype == dns.rdatatype.ANY else [record.rdtype]:
        if rtype not in kept:
            node.pop(rtype, None)


def _remove_value(nodes: Nodes, zone: Zone, record: dns.rrset.RRset) -> None:
    name, rtype = record.name, record.rdtype
    standing = nodes.get(name, {}).get(rtype)
    last_ns = name == zone.origin and rtype == NS and standing is not None and len(standing) == 1
    if standing is None or rtype == SOA or last_ns:
        return
    left = [value for value in standing if value != record[0]]
    if left:
        nodes[name][rtype] = dns.rdataset.from_rdata_list(standing.ttl, left)
    else:
        del nodes[name][rtype]


def _with_new_serial(zone: Zone, nodes: Nodes) -> Zone:
    if _same(zone, nodes):
        return zone
    soa = nodes[zone.origin][SOA]
    if soa[0] == zone.soa:
        serial = (dns.serial.Serial(zone.soa.serial) + 1).value or 1
        nodes[zone.origin][SOA] = dns.rdataset.from_rdata(soa.ttl, zone.soa.replace(serial=serial))
    return Zone(zone.origin, nodes)


def _same(zone: Zone, nodes: Nodes) -> bool:
    """Whether nothing changed; dnspython's equality of record sets leaves out the time to live."""
    before = {(n, t): (r.ttl, r) for n, node in zone.nodes.items() for t, r in node.items()}
    after = {(n, t): (r.ttl, r) for n, node in nodes.items() for t, r in node.items()}
    return before == after
