"""DNS: each record and each server that would keep clients from following a cutover, by name."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, variant, zone_changed
from ready_scene import remedy

from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.adapters.tsig import SharedKey
from lyncdr_helpers.lab import pki, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.phases.readiness import answers, names
from lyncdr_helpers.phases.readiness.names import UNMOVED, Names
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

ask = partial(ready_scene.ask, steps=("names",))

SIP = "sip.lync.test"
SIGNPOST = "_sipinternaltls._tcp.lync.test"
ZONE, OFFICE = "zone lync.test", "resolver office"


def silent(name: str, scene: Scene, timeout: float = 0.05) -> DnsNameserver:
    return DnsNameserver(name, f"{scene.blueprint.subnet}.99", 5300, recursive=True, timeout=timeout)


@contextmanager
def another_server(scene: Scene, folder: Path, *new: RecordSet) -> Iterator[Blueprint]:
    """A second server of the zone, on which these records are others than on the first."""
    with claim_subnet(Blueprint(folder)) as claim:
        pki.make_secrets(claim.blueprint)
        server = ZoneServer(claim.blueprint)
        records = {one.key: one for one in seed.generate(scene.blueprint).zone_records()}
        server.load((records | {one.key: one for one in new}).values())
        server.start()
        try:
            yield claim.blueprint
        finally:
            server.stop()


def watched(scene: Scene, lab: Blueprint) -> Path:
    """Parameters with a resolver `branch` there."""
    where = f"address: {lab.nameserver}, port: {lab.dns_port}"
    return variant(scene, ("  resolvers:\n", f"  resolvers:\n    - {{name: branch, {where}}}\n"))


# -- the records that move -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "verdict"), [(3600, None), (3601, "fail"), (86400, "fail")])
def test_a_time_to_live_beyond_the_rto(standing: Scene, ready: Ended, ttl: int, verdict: str | None) -> None:
    """A record that clients may keep longer than the RTO (60 minutes here) is red; one that just fits is green."""
    with zone_changed(standing, SIP, "A", RecordSet(SIP, "A", ttl, (standing.blueprint.primary_server,))):
        found = ask(standing.params)
    assert found.changed(ready) == ({f"{SIP} A": verdict} if verdict else {})
    assert found.seen(f"{SIP} A") == f"TTL {ttl} s"
    assert found.code == (3 if verdict else 0)


def test_a_resolver_that_keeps_it_longer(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """What counts is the longest that any client is told: a resolver's own minimum is named with the resolver."""
    long = RecordSet(SIP, "A", 7200, (standing.blueprint.primary_server,))
    with another_server(standing, tmp_path, long) as branch:
        found = ask(watched(standing, branch))
    new = {"resolver branch": "pass", "resolver branch agrees": "pass"}
    assert found.changed(ready) == {f"{SIP} A": "fail", **new}
    assert found.seen(f"{SIP} A") == "TTL 7200 s on resolver branch"


def test_a_record_that_is_absent(standing: Scene, ready: Ended) -> None:
    """A record that is not there yet warns: the activation will create it."""
    with zone_changed(standing, SIP, "A", None):
        found = ask(standing.params)
    assert found.changed(ready) == {f"{SIP} A": "warn"}
    assert (found.code, found.seen(f"{SIP} A")) == (0, "no such record")


def test_an_alias_in_the_way(standing: Scene, ready: Ended) -> None:
    """Beside a CNAME no address can be made: the activation would be refused, so it is red now."""
    alias = RecordSet(SIP, "CNAME", 60, (f"{DR_POOL}.",))
    with zone_changed(standing, SIP, "A", None), zone_changed(standing, SIP, "CNAME", alias):
        found = ask(standing.params)
    assert found.changed(ready) == {f"{SIP} A": "fail"}
    assert found.seen(f"{SIP} A") == f"CNAME {DR_POOL}. stands there"
    assert found.code == 3


def test_what_would_change(standing: Scene) -> None:
    """Every record that moves is kept with what stands there and what will; one that moved already is not in it."""
    lab = standing.blueprint
    with zone_changed(standing, SIP, "A", RecordSet(SIP, "A", 60, (lab.dr_server,))):
        rows = {row["record"]: (row["now"], row["then"]) for row in ask(standing.params).table("cutover")}
    records = read_params(standing.params).params.dns.records
    assert rows.keys() == {f"{one.name} {one.type}" for one in records} - {f"{SIP} A"}
    assert rows["meet.lync.test A"] == (f"60 {lab.primary_server}", f"60 {lab.dr_server}")


# -- what clients find besides ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "value", "stays"),
    [
        ("lyncdiscover.lync.test", "A", "{primary}", True),
        ("lyncdiscover.lync.test", "A", "198.51.100.7", True),
        ("lyncdiscover.lync.test", "CNAME", "webdir.online.example.com.", True),
        ("_sip._tls.lync.test", "SRV", "0 0 443 pool01.lync.test.", True),
        ("_sipfederationtls._tcp.lync.test", "SRV", "0 0 5061 pool01.lync.test.", True),
        ("sip.lync.test", "AAAA", "2001:db8::11", True),
        ("lyncdiscover.lync.test", "A", "{dr}", False),
        ("lyncdiscover.lync.test", "CNAME", "sip.lync.test.", False),
        ("_sip._tls.lync.test", "SRV", "0 0 5061 drse01.lync.test.", False),
        ("www.lync.test", "A", "{primary}", False),
    ],
)
def test_records_that_nobody_moves(
    standing: Scene, ready: Ended, name: str, kind: str, value: str, stays: bool
) -> None:
    """What clients look for and would find outside DR warns by its name; what follows the others does not."""
    value = value.format(primary=standing.blueprint.primary_server, dr=standing.blueprint.dr_server)
    with zone_changed(standing, name, kind, RecordSet(name, kind, 60, (value,))):
        found = ask(standing.params)
    target = {f"{name} SRV target": "pass"} if kind == "SRV" else {}
    assert found.changed(ready) == target | ({UNMOVED: "warn"} if stays else {})
    assert found.code == 0
    if stays:
        assert found.seen(UNMOVED) == f"{name} {kind} {value} (server ns)"


def test_a_signpost_out_of_its_domain(standing: Scene, ready: Ended) -> None:
    """Clients refuse an SRV target outside the record's own domain: nobody finds the pool by it, now or later."""
    away = RecordSet(SIGNPOST, "SRV", 60, ("0 0 5061 pool01.corp.test.",))
    with zone_changed(standing, SIGNPOST, "SRV", away):
        found = ask(standing.params)
    assert found.changed(ready) == {f"{SIGNPOST} SRV target": "warn"}
    assert found.seen(f"{SIGNPOST} SRV target") == "leads to pool01.corp.test"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for longer than loopback takes."""
    monkeypatch.setattr(answers, "PATIENCE", 0.5)


# -- the servers -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("hasty")
def test_a_nameserver_that_is_dead(standing: Scene, ready: Ended) -> None:
    """Records that nobody can be asked about are unknown, each by itself, and so is whether they could be changed."""

    def dead(session: Session) -> None:
        session.nameservers = {"ns": silent("ns", standing)}

    found = ask(standing.params, dead)
    records = {name for name in ready.rows if name.endswith((" A", " SRV"))}
    assert len(records) == 6
    assert found.changed(ready) == dict.fromkeys([*records, ZONE, f"{OFFICE} agrees"], "unknown")
    assert (found.code, found.summary.outcome) == (3, "check failed")


@pytest.mark.usefixtures("hasty")
def test_a_resolver_that_is_dead(standing: Scene, ready: Ended) -> None:
    """A resolver that does not answer is unknown; the authoritative server's rows stay green."""

    def dead(session: Session) -> None:
        session.resolvers = {"office": silent("office", standing)}

    found = ask(standing.params, dead)
    assert found.changed(ready) == {OFFICE: "unknown", f"{OFFICE} agrees": "gone"}
    assert found.code == 3


def test_a_resolver_that_answers_otherwise(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A resolver that says something else is named with what it says: its clients would not see the cutover."""
    other = RecordSet(SIP, "A", 60, ("10.9.8.7",))
    with another_server(standing, tmp_path, other) as branch:
        found = ask(watched(standing, branch))
    assert found.changed(ready) == {"resolver branch": "pass", "resolver branch agrees": "warn"}
    lab = standing.blueprint
    assert found.seen("resolver branch agrees") == f"{SIP} A: 10.9.8.7, not {lab.primary_server}"
    assert found.code == 0


def test_a_second_server_of_the_zone(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A further authoritative server is asked as well: it answers clients, and nobody changes it."""
    with another_server(standing, tmp_path, RecordSet(SIP, "A", 60, ("10.9.8.7",))) as second:
        where = f"address: {second.nameserver}, port: {second.dns_port}"
        server = f"    - {{name: ns2, {where}, zones: [lync.test], update: manual}}\n"
        found = ask(variant(standing, ("  resolvers:\n", f"{server}  resolvers:\n")))
    assert found.changed(ready) == {"server ns2": "pass", "server ns2 agrees": "warn"}


def with_key(scene: Scene, secret: bytes | None) -> Callable[[Session], None]:
    lab = scene.blueprint
    signer = SharedKey("lyncdr.", "hmac-sha256", secret) if secret else None

    def meddle(session: Session) -> None:
        session.nameservers = {"ns": DnsNameserver("ns", lab.nameserver, lab.dns_port, signer=signer)}

    return meddle


def test_a_key_that_the_server_refuses(standing: Scene, ready: Ended) -> None:
    """A zone that would not take our updates is red, weeks before it must."""
    found = ask(standing.params, with_key(standing, b"not the key"))
    assert found.changed(ready) == {ZONE: "fail"}
    assert "refuses the signature" in found.seen(ZONE)
    assert found.code == 3


def test_a_zone_that_people_change(standing: Scene, ready: Ended) -> None:
    """A zone that is changed by hand warns: somebody must be there on the night."""
    found = ask(standing.params, with_key(standing, None))
    assert found.changed(ready) == {ZONE: "warn"}
    assert "by hand" in remedy(found, ZONE)
    assert found.code == 0


# -- how long it takes -----------------------------------------------------------------------------------------------


def asked(scene: Scene, dead: Mapping[str, Nameserver]) -> tuple[Names, float]:
    """(what is said of names with these resolvers beside the lab's, how many seconds it took)."""
    session = prepare.begin(scene.params)
    session.resolvers = {**session.resolvers, **dead}
    began = time.monotonic()
    try:
        return names.check(session), time.monotonic() - began
    finally:
        session.close()


@pytest.mark.slow
def test_most_of_the_servers_are_dead(standing: Scene) -> None:
    """However many servers are silent, they cost the time of one question together, whatever their own patience."""
    dead = {f"dead{number}": silent(f"dead{number}", standing, timeout=60.0) for number in range(6)}
    found, took = asked(standing, dead)
    verdicts = {one.name: one.verdict for one in found}
    assert {name for name, verdict in verdicts.items() if verdict == "unknown"} == {f"resolver {name}" for name in dead}
    assert answers.PATIENCE <= took < answers.PATIENCE + 2


def test_a_server_that_falls_silent(standing: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers the first question and no other is asked no further, and all the others are."""
    monkeypatch.setattr(answers, "PATIENCE", 0.5)
    monkeypatch.setattr(answers, "AT_ONCE", 2)
    lab = standing.blueprint
    with answers_once(lab) as port:
        falling = DnsNameserver("falling", lab.nameserver, port, recursive=True)
        found, took = asked(standing, {"falling": falling})
    (row,) = [one for one in found if one.name == "resolver falling"]
    assert row.verdict == "unknown"
    assert "does not answer" in row.seen
    assert 0.5 <= took < 0.5 + 1.5
    assert {one.name for one in found if one.verdict == "unknown"} == {row.name}


@contextmanager
def answers_once(lab: Blueprint) -> Iterator[int]:
    """The port of a server that passes one question on to the lab's own, and is silent ever after."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind((lab.nameserver, 0))

        def pass_on() -> None:
            question, client = server.recvfrom(4096)
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.settimeout(5)
                other.sendto(question, (lab.nameserver, lab.dns_port))
                server.sendto(other.recv(4096), client)

        passing = threading.Thread(target=pass_on)
        passing.start()
        yield server.getsockname()[1]
        passing.join()
