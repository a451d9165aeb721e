"""Servers that are silent, wrong or hostile: each has its own error, and no answer without a proof counts."""

from __future__ import annotations

import base64
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
import pytest
from nameserver_subjects import listening, reply

from lyncdr_helpers.adapters.dns import DnsNameserver, authoritative, resolver
from lyncdr_helpers.adapters.tsig import SharedKey
from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import (
    AccessDenied,
    InputError,
    LyncdrError,
    OperationError,
    Refusal,
    UnknownOutcome,
    Unreachable,
)
from lyncdr_helpers.lab.dns.sockets import Respond
from lyncdr_helpers.params.dns import DnsServer, Resolver, Tsig
from lyncdr_helpers.ports import RecordChange

ADDRESS, PORT = "127.53.33.53", 5300
NAME, ZONE = "sip.lync.test", "lync.test"
OLD = records.record_set(NAME, "A", 60, ["10.0.0.1"])
CHANGE = RecordChange(OLD, records.record_set(NAME, "A", 60, ["10.0.0.21"]))
KEY = dns.tsig.Key("lyncdr.", b"thirty-two bytes of a shared key", "hmac-sha256")
NAMESERVER = DnsNameserver("ns", ADDRESS, PORT, signer=SharedKey("lyncdr.", "hmac-sha256", KEY.secret), timeout=0.5)


def knows(wire: bytes) -> bytes:
    """The right answer to a question for the record."""
    response = reply(wire)
    response.flags |= dns.flags.AA
    response.answer.append(dns.rrset.from_text(NAME + ".", OLD.ttl, "IN", OLD.type, *OLD.values))
    return response.to_wire()


def says(rcode: dns.rcode.Rcode, flags: int = dns.flags.AA) -> Respond:
    def respond(wire: bytes, *, datagram: bool) -> bytes:
        response = reply(wire)
        response.flags |= flags
        response.set_rcode(rcode)
        return response.to_wire()

    return respond


# -- questions ------------------------------------------------------------------------------------------------------
def test_nobody_listens() -> None:
    """Silence is not `no such record`, and the message says who was silent and how often it was asked."""
    with pytest.raises(Unreachable, match=r"DNS server ns \(127\.53\.33\.53:5300\).*sip\.lync\.test\..*2 times"):
        NAMESERVER.ask(NAME, "A")


def test_one_lost_packet() -> None:
    """A question whose first packet is lost is asked once more."""
    asked = []

    def respond(wire: bytes, *, datagram: bool) -> bytes | None:
        asked.append(wire)
        return knows(wire) if len(asked) > 1 else None

    with listening(ADDRESS, PORT, respond):
        assert NAMESERVER.ask(NAME, "A") == OLD
    assert len(asked) == 2


def test_silent_socket() -> None:
    """A server that takes questions and never answers is asked twice and no more."""
    asked = []

    def respond(wire: bytes, *, datagram: bool) -> None:
        asked.append(wire)

    with listening(ADDRESS, PORT, respond), pytest.raises(Unreachable):
        NAMESERVER.ask(NAME, "A")
    assert len(asked) == 2


def test_another_patience() -> None:
    """`within` gives another nameserver, with a time of its own, and leaves the first as it is."""

    def seconds(nameserver: DnsNameserver) -> float:
        began = time.monotonic()
        with pytest.raises(Unreachable):
            nameserver.ask(NAME, "A")
        return time.monotonic() - began

    with listening(ADDRESS, PORT, lambda wire, *, datagram: None):
        hasty = NAMESERVER.within(0.1)
        assert seconds(hasty) < 0.4
        assert seconds(NAMESERVER) >= 0.5


@pytest.mark.parametrize(
    "spoil", [lambda w: bytes([w[0] ^ 1]) + w[1:], lambda w: w[:7], lambda w: b"", lambda w: w + b"!"]
)
def test_lying_id_and_noise(spoil: Callable[[bytes], bytes]) -> None:
    """An answer to another question, or no DNS message at all, counts as silence: the true answer may still come."""
    with listening(ADDRESS, PORT, lambda wire, *, datagram: spoil(knows(wire))), pytest.raises(Unreachable):
        NAMESERVER.ask(NAME, "A")


def test_answer_to_another_name() -> None:
    """A well-formed answer about another name is none."""
    other = dns.message.make_query("evil.test.", "A").to_wire()[12:]
    with listening(ADDRESS, PORT, lambda wire, *, datagram: knows(wire[:12] + other)), pytest.raises(Unreachable):
        NAMESERVER.ask(NAME, "A")


@pytest.mark.parametrize("rcode", [dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.FORMERR, dns.rcode.NOTIMP])
def test_refused_question(rcode: dns.rcode.Rcode) -> None:
    """Every code but NOERROR and NXDOMAIN raises and is named."""
    with (
        listening(ADDRESS, PORT, says(rcode)),
        pytest.raises(OperationError, match=dns.rcode.to_text(rcode)) as caught,
    ):
        NAMESERVER.ask(NAME, "A")
    assert not isinstance(caught.value, Unreachable)


@pytest.mark.parametrize("rcode", [dns.rcode.NOERROR, dns.rcode.NXDOMAIN])
def test_empty_answer_from_who_does_not_know(rcode: dns.rcode.Rcode) -> None:
    """An empty answer counts only with authority; a resolver's counts when it recursed, and not otherwise."""
    cache = resolver(Resolver(name="office", address=ADDRESS, port=PORT))
    with listening(ADDRESS, PORT, says(rcode, flags=dns.flags.RA)):
        assert cache.ask(NAME, "A") is None
        with pytest.raises(OperationError, match="knows nothing"):
            NAMESERVER.ask(NAME, "A")
    with listening(ADDRESS, PORT, says(rcode, flags=0)), pytest.raises(OperationError, match="knows nothing"):
        cache.ask(NAME, "A")
    with listening(ADDRESS, PORT, says(rcode)):
        assert NAMESERVER.ask(NAME, "A") is None


def test_recursion_is_asked_of_resolvers_only() -> None:
    """A resolver is asked to recurse; an authoritative server is not, so it cannot answer for another."""
    flags = []

    def respond(wire: bytes, *, datagram: bool) -> bytes:
        flags.append(dns.message.from_wire(wire).flags & dns.flags.RD)
        return knows(wire)

    with listening(ADDRESS, PORT, respond):
        NAMESERVER.ask(NAME, "A")
        resolver(Resolver(name="office", address=ADDRESS, port=PORT)).ask(NAME, "A")
    assert flags == [0, dns.flags.RD]


def test_truncated_then_nonsense() -> None:
    """A cut answer over UDP leads to TCP, and what comes there must be DNS."""

    def respond(wire: bytes, *, datagram: bool) -> bytes | None:
        return (
            says(dns.rcode.NOERROR, dns.flags.AA | dns.flags.TC)(wire, datagram=True) if datagram else b"HTTP/1.1 400"
        )

    with listening(ADDRESS, PORT, respond), pytest.raises(OperationError, match="no DNS answer"):
        NAMESERVER.ask(NAME, "A")


@pytest.mark.parametrize(("name", "type"), [("a..b", "A"), (NAME, "ANY"), (NAME, "AXFR"), (NAME, "BOGUS")])
def test_bad_question(name: str, type: str) -> None:
    """What is no question for a record set is the caller's mistake, found before anything is sent."""
    with pytest.raises(InputError):
        NAMESERVER.ask(name, type)


# -- updates --------------------------------------------------------------------------------------------------------
def after_update(answer: Callable[[bytes], bytes | None]) -> Respond:
    """A server that answers questions rightly and updates as told."""

    def respond(wire: bytes, *, datagram: bool) -> bytes | None:
        return knows(wire) if datagram else answer(wire)

    return respond


def signed(wire: bytes, rcode: dns.rcode.Rcode = dns.rcode.NOERROR, key: dns.tsig.Key = KEY) -> bytes:
    """A response as a server signs it."""
    request = dns.message.from_wire(wire, keyring=False)
    response = reply(wire)
    response.set_rcode(rcode)
    response.use_tsig(key)
    response.request_mac = request.mac or b""
    return response.to_wire()


def unsigned(wire: bytes) -> bytes:
    return reply(wire).to_wire()


def tampered(wire: bytes) -> bytes:
    """A signed refusal, made into a success on the way."""
    answer = bytearray(signed(wire, dns.rcode.REFUSED))
    answer[3] &= 0xF0
    return bytes(answer)


def other_id(wire: bytes) -> bytes:
    answer = signed(wire)
    return bytes([answer[0] ^ 1]) + answer[1:]


def refused_under_other_id(wire: bytes) -> bytes:
    answer = signature_error(wire, dns.rcode.BADKEY)
    return bytes([answer[0] ^ 1]) + answer[1:]


def signed_for_another_request(wire: bytes) -> bytes:
    """The server's own signature, but over an answer to something else: a replay."""
    response = reply(wire)
    response.use_tsig(KEY)
    response.request_mac = b"\0" * 32
    return response.to_wire()


def echoed(wire: bytes) -> bytes:
    """The request itself, marked as a response: what Samba 4.17 does with an update that it refuses."""
    return wire[:2] + bytes([wire[2] | 0x80, dns.rcode.NXRRSET]) + wire[4:]


def signature_error(wire: bytes, error: dns.rcode.Rcode) -> bytes:
    request = dns.message.from_wire(wire, keyring=False)
    response = reply(wire)
    response.set_rcode(dns.rcode.NOTAUTH)
    assert request.tsig is not None
    response.tsig = dns.rrset.from_rdata(KEY.name, 0, request.tsig[0].replace(mac=b"", error=error))
    return response.to_wire()


def test_proven() -> None:
    """The one answer that means done: signed with the key, for this very request."""
    with listening(ADDRESS, PORT, after_update(signed)):
        assert NAMESERVER.update(ZONE, [CHANGE]) is True


@pytest.mark.parametrize(
    "answer",
    [
        unsigned,
        tampered,
        other_id,
        refused_under_other_id,
        signed_for_another_request,
        echoed,
        lambda wire: signed(wire, key=dns.tsig.Key("lyncdr.", b"somebody else's", "hmac-sha256")),
        lambda wire: signed(wire, key=dns.tsig.Key("other.", KEY.secret, "hmac-sha256")),
        lambda wire: signed(wire)[:20],
        lambda wire: b"\0",
        lambda wire: None,
    ],
    ids=[
        *("unsigned", "tampered", "other id", "refused under other id", "replay", "echo", "other secret", "other key"),
        *("half", "one byte", "cut off"),
    ],
)
def test_no_proof(answer: Callable[[bytes], bytes | None]) -> None:
    """An answer to an update that proves nothing, or none at all: nobody knows, and that is what is said."""
    with listening(ADDRESS, PORT, after_update(answer)), pytest.raises(UnknownOutcome, match="no proof"):
        NAMESERVER.update(ZONE, [CHANGE])


@pytest.mark.parametrize("answer", [unsigned, tampered, echoed, lambda _: None])
def test_no_proof_of_a_dry_run(answer: Callable[[bytes], bytes | None]) -> None:
    """An answer that proves nothing is no proof; as nothing was to be changed, there is nothing to look after."""
    with listening(ADDRESS, PORT, after_update(answer)), pytest.raises(OperationError, match="was to change nothing"):
        NAMESERVER.prove_update(ZONE)


def test_a_dry_run_by_hand() -> None:
    """Without a signer nothing is sent: somebody must be there."""
    with pytest.raises(Refusal, match="takes no updates"):
        DnsNameserver("ns", ADDRESS, PORT).prove_update(ZONE)


def test_update_never_answered() -> None:
    """A server that read the update and says nothing within the timeout: the outcome is unknown, and soon."""
    silence = threading.Event()
    began = time.monotonic()
    with listening(ADDRESS, PORT, after_update(lambda _: silence.wait(5) and None)):  # type: ignore[arg-type,func-returns-value]
        with pytest.raises(UnknownOutcome, match="timed out"):
            NAMESERVER.update(ZONE, [CHANGE])
        silence.set()
    assert time.monotonic() - began < 2


@contextmanager
def answering_one_question() -> Iterator[None]:
    """A server on UDP alone, for one question."""

    def answer() -> None:
        wire, asker = udp.recvfrom(512)
        udp.sendto(knows(wire), asker)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((ADDRESS, PORT))
        thread = threading.Thread(target=answer)
        thread.start()
        yield
        thread.join()


def test_no_connection() -> None:
    """A server that takes no TCP connection was sent nothing: unreachable, not unknown."""
    with answering_one_question(), pytest.raises(Unreachable, match="accepts no connection"):
        NAMESERVER.update(ZONE, [CHANGE])


def test_update_answered_in_drips() -> None:
    """Bytes that come one by one do not stretch the timeout."""
    enough = threading.Event()

    def drip() -> None:
        connection, _ = tcp.accept()
        with connection:
            connection.sendall(struct.pack("!H", 4000))
            while not enough.wait(0.1):
                connection.sendall(b"\0")

    began = time.monotonic()
    with socket.create_server((ADDRESS, PORT)) as tcp, answering_one_question():
        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(UnknownOutcome, match="timed out"):
            NAMESERVER.update(ZONE, [CHANGE])
        enough.set()
        thread.join()
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("rcode", "error"),
    [
        (dns.rcode.NXRRSET, Refusal),
        (dns.rcode.YXRRSET, Refusal),
        (dns.rcode.NXDOMAIN, Refusal),
        (dns.rcode.YXDOMAIN, Refusal),
        (dns.rcode.REFUSED, AccessDenied),
        (dns.rcode.NOTAUTH, AccessDenied),
        (dns.rcode.SERVFAIL, OperationError),
        (dns.rcode.NOTZONE, OperationError),
    ],
)
def test_proven_refusals(rcode: dns.rcode.Rcode, error: type[LyncdrError]) -> None:
    """Each signed refusal has its error, which names the code; a changed record is named in any case."""
    with (
        listening(ADDRESS, PORT, after_update(lambda wire: signed(wire, rcode))),
        pytest.raises(error, match=dns.rcode.to_text(rcode)) as caught,
    ):
        NAMESERVER.update(ZONE, [CHANGE])
    assert type(caught.value) is error
    assert (error is Refusal) == (CHANGE.key in caught.value.message)


@pytest.mark.parametrize(
    ("code", "remedy"), [(dns.rcode.BADKEY, "secret"), (dns.rcode.BADSIG, "secret"), (dns.rcode.BADTIME, "clocks")]
)
def test_signature_refused(code: dns.rcode.Rcode, remedy: str) -> None:
    """A server that does not accept the signature did nothing; a wrong clock is told from a wrong key."""
    with (
        listening(ADDRESS, PORT, after_update(lambda wire: signature_error(wire, code))),
        pytest.raises(AccessDenied, match="Nothing was changed") as caught,
    ):
        NAMESERVER.update(ZONE, [CHANGE])
    assert remedy in caught.value.remedy


def test_manual_server() -> None:
    """A server that people change by hand refuses, with the changes to make as text."""
    manual = DnsServer(name="dc2", address=ADDRESS, port=PORT, zones=[ZONE], update="manual")
    with pytest.raises(Refusal, match="by hand") as caught:
        authoritative(manual, Path()).update(ZONE, [CHANGE])
    assert f"{CHANGE.key}: 60 10.0.0.1 -> 60 10.0.0.21" in caught.value.remedy


def test_change_of_two_names() -> None:
    """A change whose old and new are different records is a mistake of the caller."""
    other = records.record_set("other.lync.test", "A", 60, ["10.0.0.1"])
    with pytest.raises(InputError, match=r"other\.lync\.test A"):
        NAMESERVER.update(ZONE, [RecordChange(other, OLD)])


# -- from the parameters --------------------------------------------------------------------------------------------
def with_secret(folder: Path, secret: str | None, name: str = "lyncdr.") -> DnsNameserver:
    if secret is not None:
        (folder / "tsig").write_text(secret, encoding="ascii")
    tsig = Tsig(name=name, secret="file:tsig")
    return authoritative(
        DnsServer(name="ns", address=ADDRESS, port=PORT, zones=[ZONE], update="tsig", tsig=tsig), folder
    )


def test_key_from_parameters(tmp_path: Path) -> None:
    """The key comes from where the parameters say, relative to their folder."""
    with listening(ADDRESS, PORT, after_update(signed)):
        server = with_secret(tmp_path, base64.b64encode(KEY.secret).decode() + "\n", "LYNCDR")
        assert server.update(ZONE, [CHANGE])


@pytest.mark.parametrize(
    ("secret", "name"), [(None, "lyncdr."), ("", "lyncdr."), ("Gehe1m!", "lyncdr."), ("YWJj", "a..b")]
)
def test_bad_key_in_parameters(tmp_path: Path, secret: str | None, name: str) -> None:
    """A secret that is missing, empty or not base64, or a bad key name: said so, without showing the secret."""
    with pytest.raises(InputError) as caught:
        with_secret(tmp_path, secret, name)
    assert "file:tsig" in str(caught.value)
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("update", ["tsig", "gss-tsig"])
def test_update_method_without_its_means(update: str) -> None:
    """An update method whose key or host is not given is a mistake in the parameters."""
    with pytest.raises(InputError, match=update):
        authoritative(DnsServer(name="ns", address=ADDRESS, zones=[ZONE], update=update), Path())  # type: ignore[arg-type]


def test_no_ticket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a Kerberos ticket an update is denied before anything is sent, and the remedy is to sign in."""
    pytest.importorskip("gssapi")
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'none'}")
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "none.conf"))
    dc = DnsServer(name="dc2", address=ADDRESS, port=PORT, zones=[ZONE], update="gss-tsig", host="dc2.lync.test")
    with listening(ADDRESS, PORT, after_update(unsigned)), pytest.raises(AccessDenied, match="ticket") as caught:
        authoritative(dc, tmp_path).update(ZONE, [CHANGE])
    assert "kinit" in caught.value.remedy
