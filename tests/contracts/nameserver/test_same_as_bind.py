"""The lab's own nameserver beside BIND: the same messages get the same answers and leave the same zone."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update
import pytest
from nameserver_subjects import blueprint_at

from lyncdr_helpers.dns import records
from lyncdr_helpers.lab.bind import BindServer
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.dns import ZoneServer

pytestmark = pytest.mark.real("bind")

ZONE = "lync.test"
SEED = [
    records.record_set("a.lync.test", "A", 60, ["10.0.0.1", "10.0.0.2"]),
    records.record_set("a.lync.test", "AAAA", 60, ["2001:db8::1"]),
    records.record_set("alias.lync.test", "CNAME", 60, ["a.lync.test"]),
    records.record_set("alias2.lync.test", "CNAME", 60, ["alias.lync.test"]),
    records.record_set("away.lync.test", "CNAME", 60, ["www.example.org"]),
    records.record_set("dangling.lync.test", "CNAME", 60, ["nobody.lync.test"]),
    records.record_set("loop1.lync.test", "CNAME", 60, ["loop2.lync.test"]),
    records.record_set("loop2.lync.test", "CNAME", 60, ["loop1.lync.test"]),
    records.record_set("_sip._tls.lync.test", "SRV", 60, ["0 0 443 a.lync.test", "5 0 443 b.lync.test"]),
    records.record_set("many.lync.test", "A", 60, [f"10.1.0.{i}" for i in range(80)]),
]
OWNERS = sorted({some.name for some in SEED} | {ZONE, f"ns.{ZONE}"})
TYPES = ("A", "AAAA", "CNAME", "SRV", "SOA", "NS")


@pytest.fixture
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Blueprint, Blueprint]]:
    """Both servers, with the same zone and the same key."""
    ours = blueprint_at(tmp_path_factory.mktemp("ours"), "127.53.34")
    theirs = blueprint_at(tmp_path_factory.mktemp("theirs"), "127.53.35", dns="bind")
    theirs.secret("tsig").write_bytes(ours.secret("tsig").read_bytes())
    zone_server, bind_server = ZoneServer(ours), BindServer(theirs)
    zone_server.load(SEED)
    bind_server.create(SEED)
    zone_server.start()
    try:
        bind_server.start()
        yield ours, theirs
    finally:
        bind_server.stop()
        zone_server.stop()


def ask(blueprint: Blueprint, message: dns.message.Message, *, tcp: bool = True) -> dns.message.Message:
    call = dns.query.tcp if tcp else dns.query.udp
    return call(message, blueprint.nameserver, timeout=5, port=blueprint.dns_port)


def facts(response: dns.message.Message) -> dict[str, object]:
    """What of a response a client may rely on, without what the two servers must not share: serial and own address."""
    own = (ZONE + ".", f"ns.{ZONE}.")
    return {
        "rcode": dns.rcode.to_text(response.rcode()),
        "flags": dns.flags.to_text(response.flags),
        "edns": response.edns,
        "answer": [
            (str(r.name).lower(), r.rdtype, r.ttl, str(r.name) in own or sorted(map(str, r))) for r in response.answer
        ],
        # BIND gives the SOA in an answer about a missing SOA no time to live, so that it is never cached.
        "authority": [(str(r.name).lower(), r.ttl or 60) for r in response.authority if r.rdtype == dns.rdatatype.SOA],
    }


def _spelled(answer: dns.rrset.RRset) -> tuple[str, int, int, list[str]]:
    return str(answer.name).lower(), answer.rdtype, answer.ttl, sorted(map(str, answer))


def test_queries(pair: tuple[Blueprint, Blueprint]) -> None:
    """Every type at every kind of name: answers, CNAME chains, loops, NODATA, NXDOMAIN, empty names, foreign zones."""
    ours, theirs = pair
    names = [
        *OWNERS,
        f"_tls.{ZONE}",
        f"x.{ZONE}",
        f"x.a.{ZONE}",
        f"x.alias.{ZONE}",
        "example.org",
        "test",
        f"A.{ZONE.upper()}",
    ]
    for name in names:
        for rtype in TYPES:
            query = dns.message.make_query(name, rtype)
            assert facts(ask(ours, query)) == facts(ask(theirs, query)), f"{name} {rtype}"


@pytest.mark.parametrize(
    "query",
    [
        dns.message.make_query(f"many.{ZONE}", "A"),
        dns.message.make_query(f"many.{ZONE}", "A", use_edns=0, payload=512),
        dns.message.make_query(f"many.{ZONE}", "A", use_edns=0, payload=4096),
        dns.message.make_query(f"a.{ZONE}", "A", use_edns=0, payload=1232),
        dns.message.make_query(f"a.{ZONE}", "A", use_edns=1),
        dns.message.make_query(f"a.{ZONE}", "A", flags=0),
        dns.message.make_query(f"a.{ZONE}", "A", rdclass="CH"),
        dns.message.make_query(ZONE, "AXFR"),
    ],
    ids=["plain", "edns 512", "edns 4096", "edns small", "edns version", "no recursion", "class", "transfer"],
)
def test_special_queries(pair: tuple[Blueprint, Blueprint], query: dns.message.QueryMessage) -> None:
    """Truncation, EDNS, classes and transfers end alike; a cut answer says so."""
    ours, theirs = pair
    tcp = query.question[0].rdtype == dns.rdatatype.AXFR
    found, expected = (ask(blueprint, query, tcp=tcp) for blueprint in pair)
    assert dns.rcode.to_text(found.rcode()) == dns.rcode.to_text(expected.rcode())
    assert dns.flags.to_text(found.flags) == dns.flags.to_text(expected.flags)
    assert found.edns == expected.edns
    assert ours.nameserver != theirs.nameserver


def new_update(blueprint: Blueprint, zone: str = ZONE) -> dns.update.UpdateMessage:
    secret = base64.b64decode(blueprint.secret("tsig").read_bytes())
    return dns.update.UpdateMessage(zone, keyring=dns.tsig.Key("lyncdr.", secret, "hmac-sha256"))


def zone_now(blueprint: Blueprint) -> dict[str, object]:
    """All that stands at the names these tests touch."""
    names = [ZONE, *(f"{name}.{ZONE}" for name in ("a", "alias", "new", "x"))]
    queries = [(name, rtype) for name in names for rtype in TYPES]
    return {f"{n} {t}": facts(ask(blueprint, dns.message.make_query(n, t))) for n, t in queries}


STEPS = {
    # prerequisites
    "name in use": [("present", "a")],
    "name in use, is not": [("present", "x")],
    "name not in use": [("absent", "x")],
    "name not in use, is": [("absent", "a")],
    "empty name in use": [("present", "_tls")],
    "rrset exists": [("present", "a", "A")],
    "rrset exists, does not": [("present", "a", "SRV")],
    "rrset absent": [("absent", "a", "SRV")],
    "rrset absent, is not": [("absent", "a", "A")],
    "exact values": [("present", "a", "A", "10.0.0.1", "10.0.0.2")],
    "exact values, other order": [("present", "A", "A", "10.0.0.2", "10.0.0.1")],
    "exact values, too few": [("present", "a", "A", "10.0.0.1")],
    "exact values, too many": [("present", "a", "A", "10.0.0.1", "10.0.0.2", "10.0.0.3")],
    "exact values, nothing there": [("present", "x", "A", "10.0.0.1")],
    "one of two prerequisites": [("present", "a"), ("present", "x"), ("add", "new", 60, "A", "10.0.0.9")],
    # changes
    "add": [("add", "new", 60, "A", "10.0.0.9")],
    "add a second value with another ttl": [("add", "a", 77, "A", "10.0.0.9")],
    "add what stands": [("add", "a", 60, "A", "10.0.0.1")],
    "add what stands with another ttl": [("add", "a", 99, "A", "10.0.0.1")],
    "add beside a cname": [("add", "alias", 60, "A", "10.0.0.9")],
    "add a cname beside": [("add", "a", 60, "CNAME", "b.lync.test.")],
    "another cname": [("add", "alias", 60, "CNAME", "b.lync.test.")],
    "delete a name": [("delete", "a")],
    "delete a set": [("delete", "a", "A")],
    "delete a value": [("delete", "a", "A", "10.0.0.1")],
    "delete a value that is not there": [("delete", "a", "A", "10.0.0.77")],
    "delete the last value": [("delete", "a", "AAAA", "2001:db8::1")],
    "delete nothing": [("delete", "x")],
    "delete, then add another type": [("delete", "alias", "CNAME"), ("add", "alias", 60, "A", "10.0.0.9")],
    "replace": [("replace", "a", 30, "A", "10.0.0.21")],
    "apex loses nothing it needs": [("delete", "@")],
    "apex keeps its soa": [("delete", "@", "SOA")],
    "apex keeps its ns": [("delete", "@", "NS")],
    "apex keeps its last ns": [("delete", "@", "NS", "ns.lync.test.")],
    "an older soa": [("add", "@", 300, "SOA", "ns.lync.test. x.lync.test. 0 1 1 1 1")],
    "a newer soa": [("add", "@", 300, "SOA", "ns.lync.test. hostmaster.lync.test. 9 3600 600 86400 30")],
    "soa elsewhere": [("add", "new", 300, "SOA", "ns.lync.test. x.lync.test. 9 1 1 1 1")],
    "outside the zone": [("add", "sip.example.org.", 60, "A", "10.0.0.9")],
    "prerequisite outside the zone": [("absent", "sip.example.org.")],
    "half outside the zone": [("add", "new", 60, "A", "10.0.0.9"), ("add", "sip.example.org.", 60, "A", "10.0.0.9")],
}


def test_updates(pair: tuple[Blueprint, Blueprint]) -> None:
    """One kind of update after the other: the same code, and the same zone afterwards."""
    for title, steps in STEPS.items():
        codes = []
        for blueprint in pair:
            message = new_update(blueprint)
            for verb, owner, *rest in steps:
                getattr(message, verb)(dns.name.from_text(owner, message.origin), *rest)
            codes.append(dns.rcode.to_text(ask(blueprint, message).rcode()))
        assert codes[0] == codes[1], title
        assert zone_now(pair[0]) == zone_now(pair[1]), title


def test_foreign_zone(pair: tuple[Blueprint, Blueprint]) -> None:
    """A zone that is not served, and a name inside the zone taken for one: refused alike."""
    for zone in ("example.org", f"a.{ZONE}"):
        codes = [ask(blueprint, new_update(blueprint, zone)).rcode() for blueprint in pair]
        assert codes[0] == codes[1], zone


def test_unsigned_update(pair: tuple[Blueprint, Blueprint]) -> None:
    """An update that nobody signed is refused alike."""
    message = dns.update.UpdateMessage(ZONE)
    message.add(f"new.{ZONE}.", 60, "A", "10.0.0.9")
    assert [ask(blueprint, message).rcode() for blueprint in pair] == [dns.rcode.REFUSED] * 2
