"""SIP messages, and what a registrar's answers prove."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.ports import SipAnswer
from lyncdr_helpers.probes import sip

CHALLENGED = (
    b"SIP/2.0 401 Unauthorized\r\n"
    b"Call-ID: abcregister\r\n"
    b'WWW-Authenticate: NTLM realm="SIP Communications Service",\r\n targetname="fe01.lync.test", version=4\r\n'
    b'WWW-Authenticate: TLS-DSK realm="a \\"b\\" c", sts-uri="https://x:443/y"\r\n'
    b"Server: RTC/4.0\r\n"
    b"l: 4\r\n"
    b"\r\n"
    b"body"
)
NTLM = {"NTLM": {"realm": sip.REALM, "version": "4"}}


@given(st.lists(st.integers(0, 3 * len(CHALLENGED))))
def test_messages_however_cut(cuts):
    """Three messages come out of a stream whole, wherever the network cuts it, with keep-alives between them."""
    wire = b"\r\n\r\n" + CHALLENGED + CHALLENGED + b"\r\n\r\n" + CHALLENGED
    places = [0, *sorted(cuts), len(wire)]
    stream = sip.Stream()
    found = [one for a, b in itertools.pairwise(places) for one in stream.feed(wire[a:b])]
    assert [(one.start, one.body) for one in found] == [("SIP/2.0 401 Unauthorized", b"body")] * 3


@given(st.binary(max_size=300))
def test_noise_is_no_message(noise):
    """Random bytes are refused or waited on; they never become a message, and nothing else is raised."""
    with contextlib.suppress(ValueError):
        assert sip.Stream().feed(noise) == []


def test_answer():
    """Folded headers, quoted pairs and compact names are read as RFC 3261 has them."""
    (message,) = sip.Stream().feed(CHALLENGED)
    answer = sip.answer(message, "REGISTER")
    assert (answer.status, answer.reason, answer.server) == (401, "Unauthorized", "RTC/4.0")
    assert answer.challenges["NTLM"] == {"realm": sip.REALM, "targetname": "fe01.lync.test", "version": "4"}
    assert answer.challenges["TLS-DSK"] == {"realm": 'a "b" c', "sts-uri": "https://x:443/y"}


@pytest.mark.parametrize("start", ["SIP/2.0 99 Low", "SIP/2.0 700 High", "SIP/2.0 abc", "OPTIONS sip:x SIP/2.0"])
def test_no_answer(start):
    """A request, or a status that is none, is not an answer."""
    with pytest.raises(ValueError, match="instead of an answer"):
        sip.answer(sip.Message(start, ()), "OPTIONS")


def test_request():
    """A request holds every header RFC 3261 wants, signs in nobody, and a REGISTER would end at once."""
    (message,) = sip.Stream().feed(sip.request("REGISTER", "lync.test", ("::1", 4000), "0123456789abcdefghij"))
    assert message.start == "REGISTER sip:lync.test SIP/2.0"
    for name in ("via", "max-forwards", "from", "to", "call-id", "cseq", "contact"):
        assert len(message.all(name)) == 1
    assert "[::1]:4000" in message.first("via")
    assert message.first("expires") == "0"
    assert not message.first("authorization")


def judged(*answers: SipAnswer) -> Verdict:
    return sip.judge_registrar(answers).verdict


def register(status: int, challenges: dict[str, dict[str, str]]) -> SipAnswer:
    return SipAnswer("REGISTER", status, "", "RTC/4.0", challenges)


def test_a_living_registrar():
    """401 with one of Lync's own challenges is the proof."""
    assert judged(register(401, NTLM)) is Verdict.PASS


@pytest.mark.parametrize(
    ("status", "challenges"),
    [
        (200, NTLM),
        (503, {}),
        (401, {}),
        (401, {"Digest": {"realm": sip.REALM}}),
        (401, {"NTLM": {"realm": "Somebody else"}}),
    ],
)
def test_no_lync_registrar(status, challenges):
    """Another status, no challenge, or another product's challenge is not a Lync registrar."""
    check = sip.judge_registrar([register(status, challenges)])
    assert check.verdict is Verdict.FAIL
    assert str(status) in check.seen
    assert check.remedy


def test_not_asked_is_not_known():
    """OPTIONS alone proves no registrar: the verdict is unknown, not green."""
    assert judged(SipAnswer("OPTIONS", 200, "OK", "RTC/4.0", {})) is Verdict.UNKNOWN
    assert judged() is Verdict.UNKNOWN
