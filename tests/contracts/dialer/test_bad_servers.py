"""What a dialer makes of servers that are dead, old, foreign, slow or broken."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
import time
import warnings

import pytest
import trustme

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.errors import InputError, OperationError, Unreachable
from lyncdr_helpers.lab.blueprint import DOMAIN, PRIMARY_POOL
from lyncdr_helpers.probes.certificates import Names, judge_certificate

ADDRESS = "127.53.60.1"


@pytest.fixture
def closed():
    """An address where nobody listens."""
    with socket.create_server((ADDRESS, 0)) as server:
        return server.getsockname()


def silent(connection, ended):
    ended.wait()


def until_ended(pieces, pause):
    """Send the pieces one after the other, for ever."""

    def talk(connection, ended):
        while not ended.is_set():
            for piece in pieces:
                connection.sendall(piece)
                ended.wait(pause)

    return talk


def answering(*replies):
    """A SIP server that answers each request with the next of the replies, {headers} filled in as RFC 3261 wants."""

    def talk(connection, ended):
        for reply in replies:
            request = connection.recv(8192).decode()
            kept = "\n".join(re.findall(r"^((?:Via|From|To|Call-ID|CSeq):.*)\r$", request, re.M))
            connection.sendall(reply.replace("{headers}", kept).replace("\n", "\r\n").encode())
        ended.wait(20)

    return talk


OPTIONS_OK = "SIP/2.0 200 OK\n{headers}\nContent-Length: 0\n\n"
CHALLENGE = 'SIP/2.0 401 Unauthorized\n{headers}\nWWW-Authenticate: NTLM realm="x"\nContent-Length: 0\n\n'


# -- knock ------------------------------------------------------------------------------------------------------------
def test_refused_is_no(dialer, closed):
    """A closed port is a definite no."""
    assert dialer.knock(*closed) is False


def test_silence_is_no(blueprint):
    """A host that never completes the connection is a no after the timeout, and not later."""
    with socket.create_server((ADDRESS, 0), backlog=0) as server:
        filling = [socket.socket() for _ in range(4)]
        for one in filling:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        began = time.monotonic()
        assert SocketDialer(0.5, blueprint.ca_file).knock(*server.getsockname()) is False
        assert 0.4 < time.monotonic() - began < 3
        for one in filling:
            one.close()


@pytest.mark.parametrize(("address", "reason"), [("no-such-host.invalid", "no address"), ("255.255.255.255", "cannot")])
def test_our_own_trouble_is_no_answer(dialer, address, reason):
    """A name that does not resolve, or a network this machine is not on, does not pass for a dead server."""
    with pytest.raises(Unreachable, match=reason):
        dialer.knock(address, 5061)


# -- TLS --------------------------------------------------------------------------------------------------------------
def test_tls_1_0(serve, dialer, blueprint):
    """A Front End of 2010 that speaks TLS 1.0 only is seen, with its certificate and its version."""
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.load_cert_chain(*blueprint.certificate("pool01"))
    where = serve(answering(OPTIONS_OK, CHALLENGE), old)
    facts = dialer.tls(*where, PRIMARY_POOL)
    assert (facts.version, facts.trusted) == ("TLSv1", "")
    assert [answer.status for answer in dialer.sip(*where, DOMAIN, PRIMARY_POOL)] == [200, 401]


def context_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def test_expired(serve, tmp_path):
    """An expired certificate is shown with its dates, holds no longer, and fails its check; its CA is known still."""
    authority, now = trustme.CA(), dt.datetime.now(dt.UTC)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    old = authority.issue_cert("pool01.lync.test", not_before=now - dt.timedelta(9), not_after=now - dt.timedelta(1))
    facts = SocketDialer(1.0, tmp_path / "ca.pem").tls(*serve(silent, context_of(old)), PRIMARY_POOL)
    assert "expired" in facts.trusted
    names, dates, trust = judge_certificate(facts, Names(("pool01.lync.test",)), now, renew_days=30)
    assert (names.verdict, dates.verdict, trust.verdict) == (Verdict.PASS, Verdict.FAIL, Verdict.PASS)


def test_another_ca(serve, dialer):
    """A certificate of a CA that is not the given one is not trusted, however good its names."""
    foreign = trustme.CA().issue_cert("pool01.lync.test")
    facts = dialer.tls(*serve(silent, context_of(foreign)), PRIMARY_POOL)
    assert facts.covers(PRIMARY_POOL)
    assert "issuer" in facts.trusted


def test_wrong_name_is_not_distrust(serve, dialer, own_tls):
    """Trust is about the chain: a certificate without the asked name is trusted, and lacks the name."""
    facts = dialer.tls(*serve(silent, own_tls), "other.lync.test")
    assert facts.trusted == ""
    assert not facts.covers("other.lync.test")


def test_wildcard_and_common_name(serve, dialer):
    """A wildcard stands for one label; a certificate without alternative names stands for its common name."""
    authority = trustme.CA()
    wild = dialer.tls(*serve(silent, context_of(authority.issue_cert("*.lync.test"))), PRIMARY_POOL)
    assert wild.covers("meet.lync.test")
    assert not wild.covers("a.meet.lync.test")
    bare = dialer.tls(*serve(silent, context_of(authority.issue_cert(common_name="Pool01.lync.test"))), PRIMARY_POOL)
    assert bare.certificate.names == ("pool01.lync.test",)


def test_the_name_is_sent(serve, dialer, own_tls):
    """The server hears which name the client means (RFC 6066), as servers with several certificates need."""
    heard = []
    own_tls.sni_callback = lambda _, name, __: heard.append(name)
    dialer.tls(*serve(silent, own_tls), "pool01.lync.test")
    assert heard == ["pool01.lync.test"]


def test_a_bad_ca_file(tmp_path):
    """A CA file that is not there, or holds something else, is the parameters' mistake and told at once."""
    (tmp_path / "ca.pem").write_text("no certificate")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(InputError, match=name):
            SocketDialer(1.0, tmp_path / name)


# -- whoever does not speak the protocol ------------------------------------------------------------------------------
def test_nobody_listens(dialer, closed):
    """Where nobody listens, both questions say so."""
    with pytest.raises(Unreachable, match="cannot be reached"):
        dialer.tls(*closed, PRIMARY_POOL)
    with pytest.raises(Unreachable, match="cannot be reached"):
        dialer.sip(*closed, DOMAIN, PRIMARY_POOL)


@pytest.mark.parametrize("greeting", [b"220 mail.lync.test ESMTP\r\n", b"", b"\x16\x03\x01\x00\x02\x02\x28" * 3])
def test_no_tls(serve, dialer, greeting):
    """Something that answers without TLS, or hangs up, is no registrar, and not nobody either."""
    where = serve(lambda connection, _: (connection.recv(10), connection.sendall(greeting)))
    with pytest.raises(OperationError, match="breaks off") as caught:
        dialer.tls(*where, PRIMARY_POOL)
    assert not isinstance(caught.value, Unreachable)


def said(text):
    return lambda connection, ended: (connection.recv(8192), connection.sendall(text), ended.wait(20))


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"SIP/2.0 abc\r\n\r\n",
        b"SIP/2.0 200 OK\r\nno colon\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"SIP/2.0 200 OK\r\nContent-Length: 99999999\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nCall-ID: 1\r\n\r\n",
        b"\x00\x01\x02\x03",
        b"\xff\xfe\xfd\r\n\r\n",
        b"SIP/2.0 200 OK\r\nX: " + b"x" * 70_000,
    ],
)
def test_no_sip(serve, dialer, own_tls, text):
    """Garbage, another protocol, a lying length and an endless message are told at once as no SIP."""
    began = time.monotonic()
    with pytest.raises(OperationError, match="does not speak SIP"):
        dialer.sip(*serve(said(text), own_tls), DOMAIN, PRIMARY_POOL)
    assert time.monotonic() - began < 5


def test_hangs_up(serve, dialer, own_tls):
    """A server that closes the connection instead of answering is an error, not an empty answer."""
    where = serve(lambda connection, _: (connection.recv(8192), connection.unwrap()), own_tls)
    with pytest.raises(OperationError, match=r"closed the connection|breaks off"):
        dialer.sip(*where, DOMAIN, PRIMARY_POOL)


# -- whoever takes too long -------------------------------------------------------------------------------------------
DRIPS = {
    "never a byte": silent,
    "a byte now and then": until_ended([b"S", b"I", b"P"], 0.1),
    "empty lines": until_ended([b"\r\n"], 0.1),
    "ringing for ever": until_ended([b"SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n"], 0.1),
    "somebody else's answers": until_ended([b"SIP/2.0 200 OK\r\nCall-ID: 1\r\nContent-Length: 0\r\n\r\n"], 0.1),
}


@pytest.mark.parametrize("talk", DRIPS.values(), ids=DRIPS)
def test_slow_sip(serve, blueprint, own_tls, talk):
    """However a server keeps the line busy, the question ends with its deadline."""
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        SocketDialer(0.6, blueprint.ca_file).sip(*serve(talk, own_tls), DOMAIN, PRIMARY_POOL)
    assert time.monotonic() - began < 3


@pytest.mark.parametrize("talk", [silent, until_ended([b"\x16", b"\x03", b"\x03", b"\x40", b"\x00", b"\x02"], 0.1)])
def test_slow_handshake(serve, blueprint, talk):
    """A TLS handshake that drips is cut at the deadline too."""
    began = time.monotonic()
    with pytest.raises(Unreachable, match="in time"):
        SocketDialer(0.6, blueprint.ca_file).tls(*serve(talk), PRIMARY_POOL)
    assert time.monotonic() - began < 3


# -- answers that are answers -----------------------------------------------------------------------------------------
def test_provisional_answers_are_passed_over(serve, dialer, own_tls):
    """`100 Trying` before the final answer is no answer."""
    trying = "SIP/2.0 100 Trying\n{headers}\nContent-Length: 0\n\n"
    where = serve(answering(trying + OPTIONS_OK, trying + CHALLENGE), own_tls)
    assert [answer.status for answer in dialer.sip(*where, DOMAIN, PRIMARY_POOL)] == [200, 401]


def test_refusals_are_answers(serve, dialer, own_tls):
    """A server that is out of service says so: 503 comes back as an answer, with its body passed over."""
    busy = "SIP/2.0 503 Service Unavailable\n{headers}\nl: 3\n\nabc"
    where = serve(answering(busy, busy), own_tls)
    assert [answer.status for answer in dialer.sip(*where, DOMAIN, PRIMARY_POOL)] == [503, 503]
