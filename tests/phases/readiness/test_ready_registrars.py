"""The DR pool's certificate on a real SIP server: whatever is wrong with it, exactly that row is not green."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from authority import DAY, Wish, authorities, issue
from sip_servers import PORT as SIP
from sip_servers import Endpoint, kamailio

from lyncdr_helpers.lab import params, pki
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.phases.readiness import dr_site, reverse_proxy

pytestmark = pytest.mark.real("kamailio")

NAMES = (DR_POOL, *(f"{host}.lync.test" for host in pki.POOL_HOSTS))
GOOD = Wish(DR_POOL, NAMES)
WISHES: Mapping[str, Wish] = {
    "good": GOOD,
    "expired": Wish(DR_POOL, NAMES, lives=(-400 * DAY, -2 * DAY)),
    "ends soon": Wish(DR_POOL, NAMES, lives=(-300 * DAY, 20 * DAY)),
    "wrong name": Wish("pool01.lync.test", ("pool01.lync.test",)),
}
OWN, FROM_HERE = "certificate {}", f"{DR_POOL}:5061 {{}}"
"""How the rows are called where only the SIP port is looked at, and where every port is."""


@dataclass(frozen=True)
class Site:
    """A DR server for each kind of certificate, and parameters that lead to one of them."""

    folder: Path
    subnet: str
    addresses: Mapping[str, str]

    def rows(self, kind: str, *, from_here: bool, published_at: str = "") -> dict[str, str]:
        """The verdicts of the phase's step for the DR site, by name. published_at: where meet and dialin will lead."""
        text = params.render(Blueprint(self.folder, self.subnet), self.folder)
        text = text.replace(Blueprint(self.folder, self.subnet).dr_server, self.addresses[kind])
        if from_here:
            text = text.replace("from_here: false", "from_here: true")
        if published_at:
            text = text.replace("name: Standby site\n", f"name: Standby site\n    addresses: [{published_at}]\n")
            for host in ("meet", "dialin"):
                record = f"{host}.lync.test, type: A, to: ["
                text = text.replace(f"{record}{self.addresses[kind]}", f"{record}{published_at}")
        path = self.folder / "lab.yml"
        path.write_text(text, encoding="utf-8")
        session = prepare.begin(path)
        try:
            return {one.name: str(one.verdict) for one in dr_site.check(session, None)}
        finally:
            session.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("registrars")
    pki.make_secrets(Blueprint(folder))
    files = certificates(folder)
    with claim_subnet(Blueprint(folder)) as claim:
        endpoints = {
            kind: Endpoint(
                f"{claim.blueprint.subnet}.{number}", *pair, method="TLSv1" if kind == "TLS 1.0" else "TLSv1.2+"
            )
            for number, (kind, pair) in enumerate(files.items(), 61)
        }
        with kamailio(folder / "kamailio", list(endpoints.values())):
            yield Site(folder, claim.blueprint.subnet, {kind: one.address for kind, one in endpoints.items()})


def certificates(folder: Path) -> dict[str, tuple[Path, Path]]:
    """(chain, key) of each kind; the known root is the CA of the parameters."""
    root, issuing = authorities("known")
    (folder / "ca.pem").write_bytes(root.pem())
    files = {kind: issue(wish, issuing).save(folder, kind) for kind, wish in WISHES.items()}
    files["self-signed"] = issue(GOOD).save(folder, "self-signed")
    strange = issue(GOOD, authorities("strange")[1])
    files["stranger"] = strange.save(folder, "stranger", sends=strange.chain)
    files["TLS 1.0"] = issue(GOOD, issuing).save(folder, "TLS 1.0")
    return files


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("expired", {"dates": "fail"}),
        ("ends soon", {"dates": "warn"}),
        ("wrong name", {"names": "fail"}),
        ("self-signed", {"trust": "fail"}),
        ("stranger", {"trust": "fail"}),
        ("TLS 1.0", {}),
    ],
)
def test_only_its_row_changes(site: Site, kind: str, row: dict[str, str]) -> None:
    """Looked at by its SIP port alone, or by every port: one fault, one row; TLS versions only where all is asked."""
    for name, from_here in ((OWN, False), (FROM_HERE, True)):
        good, found = site.rows("good", from_here=from_here), site.rows(kind, from_here=from_here)
        expected = {name.format(what): verdict for what, verdict in row.items()}
        if from_here and kind == "TLS 1.0":
            expected = {FROM_HERE.format("TLS versions"): "warn"}
        assert found.keys() == good.keys()
        assert {one for one, verdict in good.items() if verdict != "pass" and name.format("") in one} == set()
        assert {one: verdict for one, verdict in found.items() if verdict != good[one]} == expected


def test_a_good_registrar(site: Site) -> None:
    """Its certificate and its answers are green; of the ports, those that a SIP server alone does not have are not."""
    assert set(site.rows("good", from_here=False).values()) == {"pass"}
    found = site.rows("good", from_here=True)
    not_green = {name: verdict for name, verdict in found.items() if verdict != "pass"}
    assert not_green == {f"{DR_POOL} must answer from here": "fail", f"{DR_POOL} should answer from here": "warn"}


# -- the reverse proxy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("good", {}),
        ("expired", {"dates": "fail"}),
        ("ends soon", {"dates": "warn"}),
        ("wrong name", {"names": "fail"}),
        ("self-signed", {}),
    ],
)
def test_a_reverse_proxy(site: Site, monkeypatch: pytest.MonkeyPatch, kind: str, changed: dict[str, str]) -> None:
    """Where the web's names will lead elsewhere than to the pool, they must be in what answers there; who vouches for
    it is not judged: it is meant for the world outside.
    """
    monkeypatch.setattr(reverse_proxy, "PORT", SIP)
    name = f"reverse proxy {site.addresses[kind]}"
    rows = site.rows("TLS 1.0", from_here=True, published_at=site.addresses[kind])
    expected = {name: "pass", f"{name} names": "pass", f"{name} dates": "pass"}
    assert {one: verdict for one, verdict in rows.items() if one.startswith("reverse proxy")} == expected | {
        f"{name} {what}": verdict for what, verdict in changed.items()
    }


def test_no_reverse_proxy_there(site: Site) -> None:
    """Nobody answers on 443: that warns, for it may be that only this machine cannot see it."""
    nowhere = f"{site.subnet}.90"
    rows = site.rows("good", from_here=True, published_at=nowhere)
    assert {one: verdict for one, verdict in rows.items() if one.startswith("reverse proxy")} == {
        f"reverse proxy {nowhere}": "warn"
    }


def test_the_web_on_the_pool_itself(site: Site) -> None:
    """Where the records lead to the pool's own server there is no reverse proxy to look at."""
    assert not [one for one in site.rows("good", from_here=True) if one.startswith("reverse proxy")]
