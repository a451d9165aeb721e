"""What a certificate proves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import TlsFacts
from lyncdr_helpers.probes.tls import expected_names, judge_certificate

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FACTS = TlsFacts(
    version="TLSv1.2",
    subject="CN=drse01.lync.test",
    issuer="CN=Lab CA",
    names=("drse01.lync.test", "sip.lync.test", "*.simple.lync.test"),
    not_before=NOW - dt.timedelta(days=1),
    not_after=NOW + dt.timedelta(days=300),
    fingerprint="ab" * 32,
)


def verdicts(facts: TlsFacts, names: tuple[str, ...] = ("drse01.lync.test", "sip.lync.test")) -> list[str]:
    return [str(check.verdict) for check in judge_certificate(facts, names, NOW)]


def test_a_good_certificate():
    """All names, far from its end, trusted: three green rows."""
    assert verdicts(FACTS) == ["pass", "pass", "pass"]


def test_missing_names():
    """Names that it lacks are told one by one; a wildcard covers the simple URLs."""
    names = ("drse01.lync.test", "meet.simple.lync.test", "meet.lync.test", "dialin.lync.test")
    missing, *_ = judge_certificate(FACTS, names, NOW)
    assert missing.verdict is Verdict.FAIL
    assert missing.seen == "lacks meet.lync.test, dialin.lync.test"


@pytest.mark.parametrize(
    ("days_before", "days_after", "verdict"),
    [(1, 31, "pass"), (1, 30, "pass"), (1, 29, "warn"), (1, -1, "fail"), (-1, 300, "fail")],
)
def test_dates(days_before, days_after, verdict):
    """Expired or not yet valid fails; ending within 30 days warns."""
    facts = replace(
        FACTS, not_before=NOW - dt.timedelta(days=days_before), not_after=NOW + dt.timedelta(days=days_after)
    )
    assert verdicts(facts)[1] == verdict


def test_distrust():
    """A chain that leads nowhere fails with the reason."""
    *_, trust = judge_certificate(replace(FACTS, trusted="unable to get local issuer certificate"), (), NOW)
    assert (trust.verdict, trust.seen) == (Verdict.FAIL, "unable to get local issuer certificate")


def test_expected_names(tmp_path: Path):
    """The DR pool must stand for itself, for sip of every domain, and for the hosts the cutover leads to it."""
    text = render(Blueprint(tmp_path), tmp_path).replace("sip_domains: [lync.test]", "sip_domains: [lync.test, b.test]")
    (tmp_path / "lab.yml").write_text(text)
    assert expected_names(read_params(tmp_path / "lab.yml").params) == (
        "drse01.lync.test",
        "sip.lync.test",
        "sip.b.test",
        "sipinternal.lync.test",
        "meet.lync.test",
        "dialin.lync.test",
        "lyncdiscoverinternal.lync.test",
    )
