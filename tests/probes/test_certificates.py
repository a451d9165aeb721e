"""What a certificate proves."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from lyncdr_helpers.checks import Check
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import Certificate, TlsFacts, Trust
from lyncdr_helpers.probes import certificates
from lyncdr_helpers.probes.certificates import Names, judge_certificate, judge_strength, judge_versions

NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def certificate(subject: str, issuer: str, *names: str, ends: float = 300, **more: str) -> Certificate:
    """One that began yesterday and ends in so many days."""
    shown = {"key": "RSA 2048", "signed_with": "sha256", **more}
    return Certificate(subject, issuer, names, NOW - DAY, NOW + ends * DAY, f"{subject} by {issuer}", **shown)


ROOT = certificate("CN=Root", "CN=Root", ends=3000)
INTERMEDIATE = certificate("CN=Issuing", "CN=Root", ends=2000)
OWN = certificate("CN=drse01", "CN=Issuing", "drse01.lync.test", "sip.lync.test", "*.simple.lync.test")
GOOD = TlsFacts("TLSv1.2", (OWN, INTERMEDIATE), (OWN, INTERMEDIATE, ROOT))
NAMES = Names(("drse01.lync.test", "sip.lync.test"), ("meet.simple.lync.test",))


def with_own(**changes: object) -> TlsFacts:
    """The good facts, with something else about the server's own certificate."""
    own = replace(OWN, **changes)  # type: ignore[arg-type]
    return replace(GOOD, chain=(own, INTERMEDIATE), path=(own, INTERMEDIATE, ROOT))


def verdicts(facts: TlsFacts, names: Names = NAMES) -> dict[str, str]:
    """The checks that are not green, by the last word of their names."""
    checks = [*judge_certificate(facts, names, NOW, renew_days=30), judge_strength(facts)]
    assert all(check.remedy for check in checks if check.verdict != "pass")
    return {check.name.rpartition(" ")[2]: str(check.verdict) for check in checks if check.verdict != "pass"}


def check_of(facts: TlsFacts, what: str, names: Names = NAMES) -> Check:
    return next(one for one in judge_certificate(facts, names, NOW, renew_days=30, of="x") if one.name == f"x {what}")


def test_a_good_certificate() -> None:
    """All names, far from its end, a whole chain to a known CA, strong: green, each with its expectation."""
    assert verdicts(GOOD) == {}
    assert all(check.expected and not check.remedy for check in judge_certificate(GOOD, NAMES, NOW, renew_days=30))


# -- names ------------------------------------------------------------------------------------------------------------
def test_missing_names() -> None:
    """Names that it lacks are told one by one; a wildcard covers the simple URLs."""
    names = Names(("drse01.lync.test",), ("meet.simple.lync.test", "meet.lync.test", "dialin.lync.test"))
    assert verdicts(GOOD, names) == {"names": "fail"}
    assert check_of(GOOD, "names", names).seen == "lacks meet.lync.test, dialin.lync.test"


def test_another_servers_certificate() -> None:
    """One that stands for none of the names is another server's, and said to be."""
    facts = with_own(names=("fe01.lync.test",))
    assert verdicts(facts) == {"names": "fail"}
    assert check_of(facts, "names").seen == "none of them: it stands for fe01.lync.test"
    assert "another server's" in check_of(facts, "names").remedy


def test_a_wildcard_where_none_is_supported() -> None:
    """A wildcard that stands for pool or sip warns: some clients refuse it, though the name is covered."""
    facts = with_own(names=("*.lync.test", "*.simple.lync.test"))
    assert verdicts(facts) == {"names": "warn"}
    assert check_of(facts, "names").seen == "by a wildcard only: drse01.lync.test, sip.lync.test"


def test_no_name_at_all() -> None:
    """A certificate without any name is said to have none."""
    assert check_of(with_own(names=()), "names").seen == "none of them: it stands for no name at all"


# -- dates ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ends", "verdict"),
    [(31, {}), (30, {}), (29, {"dates": "warn"}), (-0.5, {"dates": "fail"})],
)
def test_the_end(ends: float, verdict: dict[str, str]) -> None:
    """Expired fails; ending within 30 days warns. Nothing else about an expired certificate is wrong."""
    assert verdicts(with_own(not_after=NOW + ends * DAY)) == verdict


def test_the_beginning() -> None:
    """One that is not valid yet fails, and is not called expired."""
    facts = with_own(not_before=NOW + DAY)
    assert verdicts(facts) == {"dates": "fail"}
    assert check_of(facts, "dates").seen.startswith("not yet valid: it begins 2026-03-02")


def test_a_certificate_authority_that_ends() -> None:
    """A chain ends with the first of its certificates, and says which one that is."""
    ended = replace(INTERMEDIATE, not_after=NOW - DAY)
    facts = replace(GOOD, chain=(OWN, ended), path=(OWN, ended, ROOT))
    assert verdicts(facts) == {"dates": "fail"}
    assert check_of(facts, "dates").seen.startswith("expired: the certificate of its CA CN=Issuing ended")


def test_the_limit_is_the_callers() -> None:
    """How long before its end it warns may be said."""
    days = [
        judge_certificate(with_own(not_after=NOW + 50 * DAY), NAMES, NOW, renew_days=days)[1].verdict
        for days in (45, 60)
    ]
    assert days == ["pass", "warn"]


# -- trust ------------------------------------------------------------------------------------------------------------
def untrusted(trust: Trust, *chain: Certificate, why: str = "reason") -> TlsFacts:
    return TlsFacts("TLSv1.2", chain, trust=trust, trusted=why)


@pytest.mark.parametrize(
    ("facts", "seen"),
    [
        (
            untrusted(Trust.SELF_SIGNED, replace(OWN, issuer=OWN.subject)),
            "self-signed: nobody vouches for it",
        ),
        (
            untrusted(Trust.UNKNOWN_CA, OWN, INTERMEDIATE, ROOT),
            "unknown CA: the chain leads to CN=Root, who is not trusted here",
        ),
        (
            untrusted(Trust.NO_ISSUER, OWN),
            "incomplete chain or unknown CA: CN=Issuing is neither sent nor trusted here",
        ),
        (
            untrusted(Trust.REFUSED, OWN, INTERMEDIATE, why="unsuitable certificate purpose"),
            "unsuitable certificate purpose",
        ),
    ],
    ids=[Trust.SELF_SIGNED, Trust.UNKNOWN_CA, Trust.NO_ISSUER, Trust.REFUSED],
)
def test_distrust(facts: TlsFacts, seen: str) -> None:
    """Each way not to be trusted has its own words, and fails for that alone."""
    assert verdicts(facts) == {"trust": "fail"}
    assert check_of(facts, "trust").seen == seen


def test_an_intermediate_that_is_not_sent() -> None:
    """Where this machine has what the server holds back, other clients may not: a warning that names it."""
    facts = replace(GOOD, chain=(OWN,))
    assert verdicts(facts) == {"trust": "warn"}
    assert check_of(facts, "trust").seen == "incomplete chain: it does not send CN=Issuing"


def test_a_root_need_not_be_sent() -> None:
    """A server that sends its root too is as good as one that does not."""
    assert verdicts(replace(GOOD, chain=GOOD.path)) == {}


# -- strength ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("weakness", "seen"),
    [
        ({"signed_with": "sha1"}, "CN=drse01: signed with sha1"),
        ({"signed_with": "md5"}, "CN=drse01: signed with md5"),
        ({"signed_with": ""}, "CN=drse01: signed with an algorithm nobody knows"),
        ({"key": "RSA 1024"}, "CN=drse01: RSA 1024"),
        ({"key": "EC secp224r1 224"}, "CN=drse01: EC secp224r1 224"),
        ({"key": ""}, "CN=drse01: a key of no known kind"),
    ],
)
def test_a_weak_certificate(weakness: dict[str, str], seen: str) -> None:
    """SHA-1, short keys and what cannot be read warn, and say what is weak."""
    facts = with_own(**weakness)
    assert verdicts(facts) == {"strength": "warn"}
    assert judge_strength(facts).seen == seen


@pytest.mark.parametrize("key", ["RSA 2048", "RSA 4096", "EC secp256r1 256", "Ed25519 256"])
def test_a_strong_key(key: str) -> None:
    """Today's keys pass."""
    assert verdicts(with_own(key=key)) == {}


def test_a_weak_authority() -> None:
    """A chain is as strong as its CAs; only a root's signature of itself does not count."""
    weak = replace(INTERMEDIATE, signed_with="sha1")
    assert verdicts(replace(GOOD, chain=(OWN, weak), path=(OWN, weak, ROOT))) == {"strength": "warn"}
    assert verdicts(replace(GOOD, path=(OWN, INTERMEDIATE, replace(ROOT, signed_with="sha1")))) == {}
    assert verdicts(replace(GOOD, path=(OWN, INTERMEDIATE, replace(ROOT, key="RSA 1024")))) == {"strength": "warn"}


# -- versions ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("accepted", "verdict", "seen"),
    [
        ({"TLSv1": False, "TLSv1.1": False, "TLSv1.2": True, "TLSv1.3": True}, "pass", "TLSv1.2, TLSv1.3"),
        ({"TLSv1": True, "TLSv1.1": True, "TLSv1.2": True, "TLSv1.3": False}, "pass", "TLSv1, TLSv1.1, TLSv1.2"),
        ({"TLSv1": True, "TLSv1.1": False, "TLSv1.2": False, "TLSv1.3": False}, "warn", "TLSv1"),
        ({"TLSv1": True, "TLSv1.1": True, "TLSv1.2": False}, "warn", "TLSv1, TLSv1.1"),
        ({"TLSv1.2": False}, "unknown", "it accepts none of those asked for one by one"),
        ({}, "unknown", "it accepts none of those asked for one by one"),
    ],
)
def test_versions(accepted: dict[str, bool], verdict: str, seen: str) -> None:
    """TLS 1.0 only is a warning; TLS 1.2 beside it is none; none at all is unknown and not green."""
    check = judge_versions(accepted)
    assert (str(check.verdict), check.seen) == (verdict, seen)
    assert bool(check.remedy) == (verdict != "pass")


# -- the names a DR pool must carry ------------------------------------------------------------------------------------
@pytest.fixture
def params(tmp_path: Path) -> Params:
    """The lab's, with a second SIP domain."""
    text = render(Blueprint(tmp_path), tmp_path).replace("sip_domains: [lync.test]", "sip_domains: [lync.test, b.test]")
    (tmp_path / "lab.yml").write_text(text)
    return read_params(tmp_path / "lab.yml").params


def test_expected_names(params: Params) -> None:
    """The DR pool must stand for itself, for sip of every domain, and for the hosts the cutover leads to it."""
    names = certificates.expected_names(params)
    assert names.literal == ("drse01.lync.test", "sip.lync.test", "sip.b.test", "sipinternal.lync.test")
    assert names.wild == ("meet.lync.test", "dialin.lync.test", "lyncdiscoverinternal.lync.test")
    assert names.all == (*names.literal, *names.wild)


def test_names_of_one_server(params: Params) -> None:
    """A Front End carries its own name beside its pool's, and the hosts of the deployment's own simple URLs."""
    assert "fe07.lync.test" in certificates.sign_in_names(params, params.target_pool.fqdn, "fe07.lync.test").literal
    assert certificates.web_names(params, ["lync.b.test", "meet.lync.test"]).wild[-1] == "lync.b.test"


def test_names_in_any_spelling() -> None:
    """Case and a final dot do not count; a wildcard stands for one label, and not for its own domain."""
    assert GOOD.covers("SIP.Lync.Test.")
    assert GOOD.covers("Meet.simple.lync.test")
    assert not GOOD.covers("a.meet.simple.lync.test")
    assert not GOOD.covers("simple.lync.test")
    assert not GOOD.names_literally("meet.simple.lync.test")
