"""The zone as data: an immutable snapshot, its lookups, and its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.zone
from dns.rdtypes.ANY.SOA import SOA

from lyncdr_helpers import files
from lyncdr_helpers.lab.blueprint import DOMAIN, Blueprint
from lyncdr_helpers.ports import RecordSet

TTL = 300
NEGATIVE_TTL = 60
Node = Mapping[dns.rdatatype.RdataType, dns.rdataset.Rdataset]


@dataclass(frozen=True)
class Zone:
    """All record sets of one zone by owner name and type. Nothing in it ever changes: an update makes another one."""

    origin: dns.name.Name
    nodes: Mapping[dns.name.Name, Node]

    @property
    def soa(self) -> SOA:
        record = self.nodes[self.origin][dns.rdatatype.SOA][0]
        assert isinstance(record, SOA)
        return record

    def get(self, name: dns.name.Name, type: dns.rdatatype.RdataType) -> dns.rdataset.Rdataset | None:
        return self.nodes.get(name, {}).get(type)

    def exists(self, name: dns.name.Name) -> bool:
        """Whether the name, or one below it, has records: only where neither does is the answer NXDOMAIN (RFC 8020)."""
        return any(owner.is_subdomain(name) for owner in self.nodes)

    def lines(self) -> Iterator[str]:
        """The zone as a master file (RFC 1035, 5), the SOA first."""
        yield self.nodes[self.origin][dns.rdatatype.SOA].to_text(self.origin)
        for name, node in sorted(self.nodes.items()):
            yield from (records.to_text(name) for rtype, records in sorted(node.items()) if rtype != dns.rdatatype.SOA)


def fresh(blueprint: Blueprint, records: Iterable[RecordSet]) -> Zone:
    """The lab's zone as it is on its first day: SOA, NS, the nameserver's own address, and the given records."""
    server = f"ns.{DOMAIN}."
    own = [
        f"{DOMAIN}. {TTL} IN SOA {server} hostmaster.{DOMAIN}. 1 3600 600 86400 {NEGATIVE_TTL}",
        f"{DOMAIN}. {TTL} IN NS {server}",
        f"{server} {TTL} IN A {blueprint.nameserver}",
    ]
    given = [f"{r.name}. {r.ttl} IN {r.type} {value}" for r in records for value in r.values]
    return parse("\n".join([*own, *given]))


def parse(text: str) -> Zone:
    """The zone of a master file with absolute names."""
    parsed = dns.zone.from_text(text, origin=DOMAIN, relativize=False)
    nodes = {name: {records.rdtype: records for records in node} for name, node in parsed.nodes.items()}
    return Zone(dns.name.from_text(DOMAIN), nodes)


def read(path: Path) -> Zone:
    """The zone kept in the file. Raises FileNotFoundError where there is none."""
    return parse(path.read_text(encoding="utf-8"))


def write(path: Path, zone: Zone) -> None:
    """Keep the zone in the file, whole or not at all."""
    files.replace(path, ("\n".join(zone.lines()) + "\n").encode())
