"""What every registrar gives a dialer: the lab's own and a real SIP server."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import DOMAIN, PRIMARY_POOL
from lyncdr_helpers.probes.certificates import Names, judge_certificate
from lyncdr_helpers.probes.sip import REALM, judge_registrar

NAMES = ("pool01.lync.test", "fe01.lync.test", "sip.lync.test", "meet.lync.test", "dialin.lync.test")


def test_knock_finds_it(registrar, dialer):
    """A registrar that listens is there."""
    assert dialer.knock(registrar.address, registrar.port) is True


def test_certificate(registrar, dialer):
    """Its certificate names the pool and everything the pool answers for, is valid, and leads to the lab's CA."""
    facts = dialer.tls(registrar.address, registrar.port, PRIMARY_POOL)
    assert facts.version in ("TLSv1.2", "TLSv1.3")
    assert all(facts.covers(name) for name in NAMES)
    assert facts.trusted == ""
    assert len(facts.certificate.fingerprint) == 64
    checks = judge_certificate(facts, Names(NAMES), dt.datetime.now(dt.UTC), renew_days=30)
    assert [check.verdict for check in checks] == [Verdict.PASS] * 3


def test_certificate_of_a_stranger(registrar):
    """Seen without the lab's CA it is shown all the same, with the reason why nobody should trust it."""
    facts = SocketDialer(10.0, None).tls(registrar.address, registrar.port, PRIMARY_POOL)
    assert facts.covers(PRIMARY_POOL)
    assert "issuer" in facts.trusted


def test_sip_answers(registrar, dialer):
    """OPTIONS is answered, REGISTER is asked for credentials in the three ways of a Front End."""
    options, register = dialer.sip(registrar.address, registrar.port, DOMAIN, PRIMARY_POOL)
    assert (options.method, options.status) == ("OPTIONS", 200)
    assert (register.method, register.status, register.reason) == ("REGISTER", 401, "Unauthorized")
    assert register.server == registrar.product
    assert register.challenges["NTLM"] == {"realm": REALM, "targetname": "fe01.lync.test", "version": "4"}
    assert register.challenges["Kerberos"]["targetname"] == "sip/fe01.lync.test"
    assert register.challenges["TLS-DSK"]["sts-uri"].startswith("https://pool01.lync.test:443/CertProv/")
    assert judge_registrar((options, register)).verdict is Verdict.PASS


def test_many_at_once(registrar, dialer):
    """Twenty clients at once get the same answers as one alone."""

    def ask(_: int) -> list[int]:
        return [answer.status for answer in dialer.sip(registrar.address, registrar.port, DOMAIN, PRIMARY_POOL)]

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(ask, range(20))) == [[200, 401]] * 20


def test_a_question_may_be_repeated(registrar, dialer):
    """Asking changes nothing: the second answer is the first."""
    first, second = (dialer.sip(registrar.address, registrar.port, DOMAIN, PRIMARY_POOL) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("domain", ["lync.test", "elsewhere.test"])
def test_no_answer_is_an_exception(registrar, dialer, domain):
    """Whatever domain is asked for, a living registrar gives a final answer to both questions."""
    try:
        answers = dialer.sip(registrar.address, registrar.port, domain, PRIMARY_POOL)
    except OperationError as error:
        pytest.fail(str(error))
    assert [answer.method for answer in answers] == ["OPTIONS", "REGISTER"]
    assert all(answer.status >= 200 for answer in answers)
