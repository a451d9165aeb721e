"""Answers to queries, from a snapshot of the zone (RFC 1034, 4.3.2; RFC 2308; RFC 6891; RFC 8482)."""

from __future__ import annotations

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset

from lyncdr_helpers.lab.dns.zone import Zone

PAYLOAD = 1232
TRANSFERS = (dns.rdatatype.AXFR, dns.rdatatype.IXFR)


def answer(zone: Zone, query: dns.message.Message) -> dns.message.Message:
    """The response to a query."""
    response = dns.message.make_response(query, our_payload=PAYLOAD)
    rcode = _refusal(zone, query)
    if rcode is not dns.rcode.NOERROR:
        response.set_rcode(rcode)
        return response
    response.flags |= dns.flags.AA
    question = query.question[0]
    _resolve(zone, response, question.name, question.rdtype)
    return response


def _refusal(zone: Zone, query: dns.message.Message) -> dns.rcode.Rcode:
    """Why this query gets no answer; NOERROR when it does."""
    if query.edns > 0:
        return dns.rcode.BADVERS
    if len(query.question) != 1:
        return dns.rcode.FORMERR
    question = query.question[0]
    ours = question.name.is_subdomain(zone.origin) and question.rdclass == dns.rdataclass.IN
    return dns.rcode.NOERROR if ours and question.rdtype not in TRANSFERS else dns.rcode.REFUSED


def _resolve(zone: Zone, response: dns.message.Message, name: dns.name.Name, type: dns.rdatatype.RdataType) -> None:
    """Follow CNAMEs inside the zone until there is an answer, or proof that there is none."""
    passed = set()
    while name.is_subdomain(zone.origin):
        if name in passed:  # a circle: what was found of it, and the news that it leads nowhere, as BIND answers
            response.set_rcode(dns.rcode.SERVFAIL)
            return
        passed.add(name)
        if found := _any(zone, name) if type == dns.rdatatype.ANY else zone.get(name, type):
            response.answer.append(_rrset(name, found))
            return
        alias = zone.get(name, dns.rdatatype.CNAME)
        if alias is None:
            _deny(zone, response, name)
            return
        response.answer.append(_rrset(name, alias))
        name = alias[0].target


def _deny(zone: Zone, response: dns.message.Message, name: dns.name.Name) -> None:
    if not zone.exists(name):
        response.set_rcode(dns.rcode.NXDOMAIN)
    ttl = min(zone.soa.minimum, zone.nodes[zone.origin][dns.rdatatype.SOA].ttl)
    response.authority.append(dns.rrset.from_rdata(zone.origin, ttl, zone.soa))


def _any(zone: Zone, name: dns.name.Name) -> dns.rdataset.Rdataset | None:
    """One of the record sets at the name: all that ANY may expect (RFC 8482, 4.1)."""
    return next(iter(zone.nodes.get(name, {}).values()), None)


def _rrset(name: dns.name.Name, records: dns.rdataset.Rdataset) -> dns.rrset.RRset:
    return dns.rrset.from_rdata_list(name, records.ttl, list(records))
