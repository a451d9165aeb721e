"""Certificates as servers really show them, good and bad, over a real SIP server's TLS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from authority import DAY, Wish, authorities, issue
from cryptography.x509.oid import ExtendedKeyUsageOID
from sip_servers import PORT, Endpoint, kamailio

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.ports import TLS_VERSIONS, Trust
from lyncdr_helpers.probes.certificates import Names, judge_certificate, judge_strength, judge_versions

pytestmark = pytest.mark.real("kamailio")

POOL = "drse01.lync.test"
NAMES = (POOL, "sip.lync.test", "meet.lync.test")
WANTED = Names(NAMES[:2], NAMES[2:])
GOOD = Wish(POOL, NAMES)

WISHES: Mapping[str, Wish] = {
    "good": GOOD,
    "expired": Wish(POOL, NAMES, lives=(-400 * DAY, -2 * DAY)),
    "ends soon": Wish(POOL, NAMES, lives=(-300 * DAY, 20 * DAY)),
    "not yet valid": Wish(POOL, NAMES, lives=(2 * DAY, 400 * DAY)),
    "wrong name": Wish("fe01.lync.test", ("fe01.lync.test",)),
    "lacks sip": Wish(POOL, (POOL, "meet.lync.test")),
    "wildcard": Wish(POOL, (POOL, "*.lync.test")),
    "short key": Wish(POOL, NAMES, bits=1024),
    "SHA-1": Wish(POOL, NAMES, sha1=True),
    "for clients": Wish(POOL, NAMES, purpose=ExtendedKeyUsageOID.CLIENT_AUTH),
}
"""Certificates of a known authority, shown with its intermediate."""

FAULTS: Mapping[str, dict[str, str]] = {
    "good": {},
    "expired": {"dates": "fail"},
    "ends soon": {"dates": "warn"},
    "not yet valid": {"dates": "fail"},
    "wrong name": {"names": "fail"},
    "lacks sip": {"names": "fail"},
    "wildcard": {"names": "warn"},
    "short key": {"strength": "warn"},
    "SHA-1": {"strength": "warn"},
    "for clients": {"trust": "fail"},
    "self-signed": {"trust": "fail"},
    "stranger": {"trust": "fail"},
    "incomplete": {"trust": "fail"},
    "TLS 1.0": {"versions": "warn"},
    "asks its clients": {},
}
"""What must not be green about each, and nothing else."""


@dataclass(frozen=True)
class Shown:
    """Registrars by what is special about them, and who vouches for them."""

    addresses: Mapping[str, str]
    root: Path
    bundle: Path

    def dialer(self, ca_file: Path | None = None) -> SocketDialer:
        return SocketDialer(10.0, ca_file or self.root)

    def not_green(self, kind: str) -> dict[str, str]:
        """The verdicts on one registrar that are not green."""
        where = (self.addresses[kind], PORT, POOL)
        facts = self.dialer().tls(*where)
        checks = [
            *judge_certificate(facts, WANTED, dt.datetime.now(dt.UTC), renew_days=30),
            judge_strength(facts),
            judge_versions(self.dialer().tls_versions(*where)),
        ]
        return {one.name.rpartition(" ")[2]: str(one.verdict) for one in checks if one.verdict != "pass"}


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("certificates")
    root, issuing = authorities("known")
    good = issue(GOOD, issuing)
    files = {name: issue(wish, issuing).save(folder, name) for name, wish in WISHES.items()}
    files["self-signed"] = issue(GOOD).save(folder, "self-signed")
    files["incomplete"] = good.save(folder, "incomplete", sends=[])
    strange = issue(GOOD, authorities("strange")[1])
    files["stranger"] = strange.save(folder, "stranger", sends=strange.chain)
    files["TLS 1.0"] = good.save(folder, "TLS 1.0")
    files["asks its clients"] = good.save(folder, "asks its clients")
    more = {"TLS 1.0": {"method": "TLSv1"}, "asks its clients": {"method": "TLSv1.2", "asks": True}}
    endpoints = {
        name: Endpoint(f"127.53.62.{number}", *pair, **more.get(name, {}))  # type: ignore[arg-type]
        for number, (name, pair) in enumerate(files.items(), 1)
    }
    (folder / "root.pem").write_bytes(root.pem())
    (folder / "bundle.pem").write_bytes(root.pem(issuing.certificate))
    with kamailio(folder / "kamailio", list(endpoints.values())):
        yield Shown({name: one.address for name, one in endpoints.items()}, folder / "root.pem", folder / "bundle.pem")


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_its_own(shown: Shown, kind: str) -> None:
    """Whatever is wrong with a certificate is seen from outside, and only that is not green."""
    assert shown.not_green(kind) == FAULTS[kind]


@pytest.mark.parametrize(
    ("kind", "trust", "sent"),
    [
        ("good", Trust.TRUSTED, 2),
        ("self-signed", Trust.SELF_SIGNED, 1),
        ("stranger", Trust.UNKNOWN_CA, 3),
        ("incomplete", Trust.NO_ISSUER, 1),
        ("for clients", Trust.REFUSED, 2),
        ("expired", Trust.TRUSTED, 2),
    ],
)
def test_the_chain(shown: Shown, kind: str, trust: Trust, sent: int) -> None:
    """The chain is shown as it was sent, with the reason where it leads nowhere; a path ends with the root."""
    facts = shown.dialer().tls(shown.addresses[kind], PORT, POOL)
    assert (facts.trust, len(facts.chain)) == (trust, sent)
    assert facts.certificate.subject == f"CN={POOL}"
    assert [one.subject for one in facts.path][2:] == (["CN=known root"] if trust is Trust.TRUSTED else [])
    assert bool(facts.trusted) == (kind != "good")


def test_what_the_certificate_says(shown: Shown) -> None:
    """Names, issuer, dates, key and signature come out as they were put in."""
    own, intermediate = shown.dialer().tls(shown.addresses["good"], PORT, POOL).chain
    assert (own.names, own.issuer) == (NAMES, "CN=known issuing")
    assert (own.key, own.signed_with, own.issued_itself) == ("RSA 2048", "sha256", False)
    assert dt.timedelta(0) < dt.datetime.now(dt.UTC) + 365 * DAY - own.not_after < dt.timedelta(hours=1)
    assert (intermediate.subject, intermediate.issuer) == ("CN=known issuing", "CN=known root")
    weak = shown.dialer().tls(shown.addresses["short key"], PORT, POOL).certificate
    old = shown.dialer().tls(shown.addresses["SHA-1"], PORT, POOL).certificate
    assert (weak.key, old.signed_with) == ("RSA 1024", "sha1")


def test_an_intermediate_that_only_we_have(shown: Shown) -> None:
    """Where the CA file happens to hold the intermediate there is a path, and what the server holds back is missed."""
    facts = shown.dialer(shown.bundle).tls(shown.addresses["incomplete"], PORT, POOL)
    assert (facts.trusted, len(facts.chain), len(facts.path)) == ("", 1, 3)
    trust = judge_certificate(facts, WANTED, dt.datetime.now(dt.UTC), renew_days=30)[2]
    assert (trust.verdict, trust.seen) == ("warn", "incomplete chain: it does not send CN=known issuing")


@pytest.mark.parametrize(
    ("kind", "accepted"),
    [("good", TLS_VERSIONS[2:]), ("TLS 1.0", TLS_VERSIONS[:1]), ("asks its clients", TLS_VERSIONS[2:3])],
)
def test_versions_one_by_one(shown: Shown, kind: str, accepted: tuple[str, ...]) -> None:
    """Every version is asked for by itself, and the server's own settings come out."""
    versions = shown.dialer().tls_versions(shown.addresses[kind], PORT, POOL)
    assert versions == {version: version in accepted for version in TLS_VERSIONS}


def test_a_server_that_asks_its_clients(shown: Shown) -> None:
    """A server that hangs up on clients without a certificate has shown its own by then, and that is enough."""
    facts = shown.dialer().tls(shown.addresses["asks its clients"], PORT, POOL)
    assert (facts.version, facts.trusted, facts.covers(POOL)) == ("", "", True)


def test_the_same_certificate_is_the_same(shown: Shown) -> None:
    """Two looks at one server, and two servers with one certificate, give equal certificates."""
    looks = [shown.dialer().tls(shown.addresses[kind], PORT, POOL) for kind in ("good", "good")]
    assert looks[0] == looks[1]
    assert isinstance(looks[0].certificate.fingerprint, str)


def test_a_trusted_certificate_of_its_own(shown: Shown, tmp_path: Path) -> None:
    """A self-signed certificate that the CA file itself holds is trusted: somebody decided so."""
    own = tmp_path / "own.pem"
    own.write_bytes((shown.root.parent / "self-signed.pem").read_bytes())
    assert shown.dialer(own).tls(shown.addresses["self-signed"], PORT, POOL).trust is Trust.TRUSTED
