"""Record sets in their one spelling, so that equal records compare equal, and as one line of text."""

from __future__ import annotations

from collections.abc import Iterable

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import RecordSet

BETWEEN = " | "
"""Stands between the values in one line of text. No value of an A, AAAA, CNAME or SRV record can contain it."""


def owner(name: str) -> str:
    """`SIP.lync.test.` -> `sip.lync.test`: how a RecordSet writes its name. Raises InputError when it is no name."""
    try:
        parsed = dns.name.from_text(name).canonicalize()
    except (dns.exception.DNSException, UnicodeError) as cause:
        raise InputError(f"{name!r} is not a DNS name: {cause}.", "Write a name such as sip.example.org") from cause
    if parsed == dns.name.root:
        raise InputError(f"{name!r} is no name of a record.", "Write a name such as sip.example.org")
    return parsed.to_text(omit_final_dot=True)


def type_code(type: str) -> dns.rdatatype.RdataType:
    """`SRV` -> the number of that type. Raises InputError when there is no such type, or no zone can hold it."""
    try:
        code = dns.rdatatype.from_text(type)
    except (dns.exception.DNSException, ValueError) as cause:
        raise InputError(f"{type!r} is not a DNS record type.", "Write A, AAAA, CNAME or SRV.") from cause
    if dns.rdatatype.is_metatype(code):
        raise InputError(f"{type!r} is a question, not a record type.", "Write A, AAAA, CNAME or SRV.")
    return code


def value(type: str, text: str) -> str:
    """`0 0 5061 DRSE01.lync.test` -> `0 0 5061 drse01.lync.test.`: one value in its one spelling.

    Names come out absolute and lower case, addresses in their shortest form (RFC 4034, 6.2; RFC 5952). A name without
    the final dot counts as absolute. Raises InputError when the text is not a value of that type.
    """
    code = type_code(type)
    try:
        parsed = dns.rdata.from_text(dns.rdataclass.IN, code, text, origin=dns.name.root, relativize=False)
    except (dns.exception.DNSException, ValueError) as cause:
        raise InputError(
            f"{text!r} is not a value of a {type} record: {cause}.", f"Write it as {_example(type)}"
        ) from cause
    wire = parsed.to_digestable()
    return dns.rdata.from_wire(dns.rdataclass.IN, code, wire, 0, len(wire)).to_text()


def record_set(name: str, type: str, ttl: int, values: Iterable[str]) -> RecordSet:
    """A RecordSet in its one spelling: values sorted and each there once. Raises InputError when it has none."""
    rtype = type.upper()
    found = tuple(sorted({value(rtype, text) for text in values}))
    if not found:
        raise InputError(f"{name} {rtype} has no value.", "Give it at least one.")
    return RecordSet(owner(name), rtype, ttl, found)


def same_values(one: RecordSet | None, other: RecordSet | None) -> bool:
    """Whether both hold the same values, or both are absent; the time to live does not count."""
    return (one.key, one.values) == (other.key, other.values) if one and other else one is other


def as_text(records: RecordSet | None) -> str:
    """`60 10.0.0.1 | 10.0.0.2`: time to live and values in one line; empty for no record."""
    return f"{records.ttl} {BETWEEN.join(records.values)}" if records else ""


def from_text(key: str, text: str) -> RecordSet | None:
    """The records that `as_text` wrote, for the name and type in `key`. Raises InputError when it cannot have."""
    if not text:
        return None
    name, _, rtype = key.partition(" ")
    ttl, _, values = text.partition(" ")
    if not ttl.isdecimal():
        raise InputError(f"{text!r} is not a record set of {key}.", "It is written as: 60 10.0.0.1 | 10.0.0.2")
    return record_set(name, rtype, int(ttl), values.split(BETWEEN))


def _example(type: str) -> str:
    examples = {"A": "192.0.2.21", "AAAA": "2001:db8::21", "SRV": "0 0 5061 drse01.example.org."}
    return examples.get(type, "drse01.example.org.")
