"""The lab's own nameserver, on the wire: what it keeps, what it signs, and what it does with noise."""

from __future__ import annotations

import base64
import contextlib
import random
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest
from nameserver_subjects import blueprint_at, client, lab_key

from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import OperationError, Refusal
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.lab.dns.sockets import read_message, write_message
from lyncdr_helpers.ports import RecordChange

ZONE = "lync.test"
SIP = records.record_set("sip.lync.test", "A", 60, ["10.0.0.1"])
MOVED = records.record_set("sip.lync.test", "A", 60, ["10.0.0.21"])


@pytest.fixture
def blueprint(tmp_path: Path) -> Blueprint:
    return blueprint_at(tmp_path, "127.53.36")


@pytest.fixture
def server(blueprint: Blueprint) -> Iterator[ZoneServer]:
    server = ZoneServer(blueprint)
    server.load([SIP])
    server.start()
    yield server
    server.stop()


def key(blueprint: Blueprint, name: str = "lyncdr.", algorithm: str = "hmac-sha256") -> dns.tsig.Key:
    return dns.tsig.Key(name, base64.b64decode(blueprint.secret("tsig").read_bytes()), algorithm)


def update(signed_with: dns.tsig.Key) -> dns.update.UpdateMessage:
    message = dns.update.UpdateMessage(ZONE, keyring=signed_with)
    message.add("new", 60, "A", "10.0.0.9")
    return message


def exchange(blueprint: Blueprint, wire: bytes) -> bytes:
    with socket.create_connection((blueprint.nameserver, blueprint.dns_port), 5) as stream:
        write_message(stream, wire)
        return read_message(stream)


def serial(blueprint: Blueprint) -> int:
    answer = dns.query.udp(dns.message.make_query(ZONE, "SOA"), blueprint.nameserver, 5, blueprint.dns_port)
    return int(answer.answer[0][0].serial)


# -- the zone is kept -----------------------------------------------------------------------------------------------
def test_restart(server: ZoneServer, blueprint: Blueprint) -> None:
    """A change survives: another server on the same folder answers with it, and with the same serial."""
    client(blueprint, lab_key(blueprint)).update(ZONE, [RecordChange(SIP, MOVED)])
    before = serial(blueprint)
    server.stop()
    again = ZoneServer(blueprint)
    again.start()
    try:
        assert client(blueprint, None).ask(SIP.name, "A") == MOVED
        assert serial(blueprint) == before
    finally:
        again.stop()


def test_loaded_once(server: ZoneServer, blueprint: Blueprint) -> None:
    """A zone that is there is not filled again."""
    with pytest.raises(Refusal):
        ZoneServer(blueprint).load([])


def test_nothing_to_serve(blueprint: Blueprint) -> None:
    """Without a zone it does not start."""
    with pytest.raises(Refusal):
        ZoneServer(blueprint).start()


def test_address_taken(server: ZoneServer, blueprint: Blueprint) -> None:
    """A second server on the address says so, leaves the first alone, and can be stopped."""
    second = ZoneServer(blueprint)
    with pytest.raises(OperationError, match=r"127\.53\.36\.53"):
        second.start()
    second.stop()
    assert client(blueprint, None).ask(SIP.name, "A") == SIP


def test_serial(server: ZoneServer, blueprint: Blueprint) -> None:
    """The serial moves with every change and with nothing else."""
    nameserver = client(blueprint, lab_key(blueprint))
    assert serial(blueprint) == 1
    nameserver.update(ZONE, [RecordChange(SIP, MOVED)])
    assert serial(blueprint) == 2
    nameserver.update(ZONE, [RecordChange(MOVED, MOVED)])
    with pytest.raises(Refusal):
        nameserver.update(ZONE, [RecordChange(SIP, MOVED)])
    assert serial(blueprint) == 2


def test_unwritable_folder(server: ZoneServer, blueprint: Blueprint) -> None:
    """A change that cannot be kept is not made, and the client is told that it failed."""
    folder = blueprint.folder / "dns"
    folder.rename(blueprint.folder / "away")
    folder.write_text("a file where the folder was", encoding="ascii")
    nameserver = client(blueprint, lab_key(blueprint))
    with pytest.raises(OperationError, match="SERVFAIL"):
        nameserver.update(ZONE, [RecordChange(SIP, MOVED)])
    assert nameserver.ask(SIP.name, "A") == SIP


def test_many_at_once(server: ZoneServer, blueprint: Blueprint) -> None:
    """Updates from many clients at once are all made, and each is one step of the serial."""

    def create(number: int) -> bool:
        new = records.record_set(f"host{number}.lync.test", "A", 60, ["10.0.0.9"])
        return client(blueprint, lab_key(blueprint)).update(ZONE, [RecordChange(None, new)])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(create, range(40)))
    assert serial(blueprint) == 41


def test_stopped(server: ZoneServer, blueprint: Blueprint) -> None:
    """After a stop nobody is answered, also not on a connection that was open; stopping twice is harmless."""
    query = dns.message.make_query(SIP.name, "A").to_wire()
    with socket.create_connection((blueprint.nameserver, blueprint.dns_port), 5) as stream:
        write_message(stream, query)
        assert read_message(stream)
        server.stop()
        server.stop()
        with contextlib.suppress(ConnectionError):
            write_message(stream, query)
            assert not read_message(stream)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((blueprint.nameserver, blueprint.dns_port), 5)


# -- signatures -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "algorithm", "secret", "error"),
    [
        ("other.", "hmac-sha256", None, dns.rcode.BADKEY),
        ("lyncdr.", "hmac-sha512", None, dns.rcode.BADKEY),
        ("lyncdr.", "hmac-sha256", b"guessed", dns.rcode.BADSIG),
    ],
)
def test_badly_signed(
    server: ZoneServer, blueprint: Blueprint, name: str, algorithm: str, secret: bytes | None, error: dns.rcode.Rcode
) -> None:
    """An unknown key, another algorithm or secret: NOTAUTH, the error in an empty signature (RFC 8945, 5.2)."""
    wrong = dns.tsig.Key(name, secret or key(blueprint).secret, algorithm)
    answer = dns.message.from_wire(exchange(blueprint, update(wrong).to_wire()), keyring=False)
    assert answer.rcode() == dns.rcode.NOTAUTH
    assert (answer.tsig_error, answer.mac) == (error, b"")
    assert client(blueprint, None).ask("new.lync.test", "A") is None


def test_bad_time(server: ZoneServer, blueprint: Blueprint) -> None:
    """A signature from another hour: BADTIME, signed, with the client's time and the server's (RFC 8945, 5.2.3)."""
    then = int(time.time()) - 3600
    request = update(key(blueprint))
    request.want_tsig_sign = False
    signature, request.tsig = request.tsig, None
    assert signature is not None
    signed, _ = dns.tsig.sign(request.to_wire(), key(blueprint), signature[0], then)
    request.tsig = dns.rrset.from_rdata(key(blueprint).name, 0, signed)
    wire = exchange(blueprint, request.to_wire())
    answer = dns.message.from_wire(wire, keyring=False)
    assert answer.tsig is not None
    error = answer.tsig[0]
    assert (answer.rcode(), error.error, error.time_signed) == (dns.rcode.NOTAUTH, dns.rcode.BADTIME, then)
    assert abs(struct.unpack("!HI", error.other)[1] - time.time()) < 10
    start = wire.rindex(key(blueprint).name.to_wire() + struct.pack("!HH", dns.rdatatype.TSIG, 255))
    unsigned = wire[:10] + b"\0\0" + wire[12:start]
    expected, _ = dns.tsig.sign(unsigned, key(blueprint), error.replace(mac=b""), then, signed.mac)
    assert error.mac == expected.mac
    assert client(blueprint, None).ask("new.lync.test", "A") is None


def test_replayed_update(server: ZoneServer, blueprint: Blueprint) -> None:
    """The same signed bytes twice add nothing the second time."""
    wire = update(key(blueprint)).to_wire()
    for _ in range(2):
        assert dns.message.from_wire(exchange(blueprint, wire), keyring=False).rcode() == dns.rcode.NOERROR
    assert serial(blueprint) == 2


def test_signed_query(server: ZoneServer, blueprint: Blueprint) -> None:
    """A signed question gets a signed answer, which dnspython verifies."""
    query = dns.message.make_query(SIP.name, "A")
    query.use_tsig(key(blueprint))
    assert dns.query.tcp(query, blueprint.nameserver, 5, blueprint.dns_port).had_tsig


# -- noise ----------------------------------------------------------------------------------------------------------
def test_noise(server: ZoneServer, blueprint: Blueprint, capsys: pytest.CaptureFixture[str]) -> None:
    """Random bytes, and messages with a random byte wrong, neither take it down nor surprise it."""
    chance = random.Random(1)
    good = [update(key(blueprint)).to_wire(), dns.message.make_query(SIP.name, "A").to_wire()]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect((blueprint.nameserver, blueprint.dns_port))
        for _ in range(300):
            wire = bytearray(chance.choice([*good, chance.randbytes(chance.randrange(1, 80))]))
            wire[chance.randrange(len(wire))] ^= chance.randrange(1, 256)
            udp.send(wire)
    assert client(blueprint, None, timeout=1).ask(SIP.name, "A") == SIP
    server.stop()
    assert "Exception" not in capsys.readouterr().err


def test_tampered(server: ZoneServer, blueprint: Blueprint) -> None:
    """A signed update with any one byte changed, from the flags to the last record, is not made."""
    wire = update(key(blueprint)).to_wire()
    end = wire.index(key(blueprint).name.to_wire())
    for position in range(2, end):  # a message's id is not signed: it may change on the way (RFC 8945, 5.1)
        changed = bytearray(wire)
        changed[position] ^= 0x01
        exchange(blueprint, bytes(changed))
    assert serial(blueprint) == 1


def test_malformed(server: ZoneServer, blueprint: Blueprint) -> None:
    """A message that ends too early is answered with FORMERR under its own id and opcode."""
    for good in (update(key(blueprint)).to_wire(), dns.message.make_query(SIP.name, "A").to_wire()):
        answer = exchange(blueprint, good[:14])
        assert answer[:2] == good[:2]
        assert dns.message.from_wire(answer).opcode() == dns.message.from_wire(good, keyring=False).opcode()
        assert answer[3] == dns.rcode.FORMERR


def test_a_response_is_not_answered(server: ZoneServer, blueprint: Blueprint) -> None:
    """A response gets no response, or two servers would answer each other for ever."""
    response = dns.message.make_response(dns.message.make_query(SIP.name, "A"))
    assert exchange(blueprint, response.to_wire()) == b""


def test_other_opcode(server: ZoneServer, blueprint: Blueprint) -> None:
    """NOTIFY and the like are not implemented, and it says so."""
    notify = dns.message.make_query(ZONE, "SOA")
    notify.set_opcode(dns.opcode.NOTIFY)
    assert dns.query.udp(notify, blueprint.nameserver, 5, blueprint.dns_port).rcode() == dns.rcode.NOTIMP


def test_prerequisite_with_time_to_live(server: ZoneServer, blueprint: Blueprint) -> None:
    """A prerequisite that carries a time to live is malformed (RFC 2136, 3.2.5)."""
    message = update(key(blueprint))
    rdataset = dns.rrset.from_text(SIP.name + ".", 60, "IN", "A", *SIP.values)
    message.present(dns.name.from_text(SIP.name), rdataset.to_rdataset())
    assert dns.query.tcp(message, blueprint.nameserver, 5, blueprint.dns_port).rcode() == dns.rcode.FORMERR


def test_pipelined(server: ZoneServer, blueprint: Blueprint) -> None:
    """Several questions on one connection, sent before the first answer, are answered in order."""
    queries = [dns.message.make_query(SIP.name, rtype) for rtype in ("A", "SRV", "SOA")]
    with socket.create_connection((blueprint.nameserver, blueprint.dns_port), 5) as stream:
        for query in queries:
            write_message(stream, query.to_wire())
        answers = [dns.message.from_wire(read_message(stream)) for _ in queries]
    assert [answer.id for answer in answers] == [query.id for query in queries]
