"""What a readiness check says of names is the same on the lab's own server, on BIND and on Samba."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from nameserver_subjects import client, lab_key

from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.adapters.gss_tsig import NegotiatedKey
from lyncdr_helpers.lab import params, seed
from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, Blueprint
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.phases.readiness import names
from lyncdr_helpers.ports import RecordChange, RecordSet

SIP, SIGNPOST = f"sip.{DOMAIN}", f"_sipinternaltls._tcp.{DOMAIN}"


@dataclass(frozen=True)
class Zone:
    """A server that holds the lab's zone. kind: which one it is."""

    kind: str
    blueprint: Blueprint
    nameserver: DnsNameserver

    def update(self, old: RecordSet | None, new: RecordSet | None) -> None:
        assert self.nameserver.update(DOMAIN, [RecordChange(old, new)])

    def rows(self, old: str = "", new: str = "") -> dict[str, str]:
        """The verdicts of the phase's step for names, by name; `old` is a text in the parameters, `new` replaces it."""
        text = params.render(self.blueprint, self.blueprint.folder).replace(old, new) if old else ""
        path = self.blueprint.params_file
        path.write_text(text or params.render(self.blueprint, self.blueprint.folder), encoding="utf-8")
        session = prepare.begin(path)
        try:
            return {one.name: str(one.verdict) for one in names.check(session)}
        finally:
            session.close()


@pytest.fixture(
    scope="module",
    params=[
        "embedded",
        pytest.param("bind", marks=pytest.mark.real("bind")),
        pytest.param("samba", marks=pytest.mark.real("samba")),
    ],
)
def zone(request: pytest.FixtureRequest) -> Iterator[Zone]:
    """The lab's records are added, and taken away again: others share the server."""
    blueprint: Blueprint = request.getfixturevalue(request.param)
    signer = NegotiatedKey("dc1.lync.test") if request.param == "samba" else lab_key(blueprint)
    made = Zone(request.param, blueprint, client(blueprint, signer))
    records = [one for one in seed.generate(blueprint).zone_records() if not made.nameserver.ask(one.name, one.type)]
    for one in records:
        made.update(None, one)
    yield made
    for one in records:
        made.update(one, None)


@pytest.fixture(scope="module")
def ready(zone: Zone) -> dict[str, str]:
    return zone.rows()


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    gone = dict.fromkeys(before.keys() - after.keys(), "gone")
    return gone | {name: verdict for name, verdict in after.items() if before.get(name) != verdict}


def asked(zone: Zone, name: str, kind: str) -> RecordSet:
    found = zone.nameserver.ask(name, kind)
    assert found
    return found


def test_all_is_well(ready: dict[str, str]) -> None:
    """Every record, the zone that takes updates, and the resolver that agrees are green."""
    assert set(ready.values()) == {"pass"}
    assert {f"zone {DOMAIN}", f"{SIP} A", f"{SIGNPOST} SRV target", "resolver office agrees"} <= ready.keys()


@pytest.mark.parametrize(
    ("record", "new", "expected"),
    [
        (SIP, {"ttl": 86400}, {f"{SIP} A": "fail"}),
        (SIP, None, {f"{SIP} A": "warn"}),
        (SIGNPOST, {"values": ("0 0 5061 pool01.corp.test.",)}, {f"{SIGNPOST} SRV target": "warn"}),
    ],
    ids=["time to live", "absent", "signpost"],
)
def test_one_record_is_wrong(
    zone: Zone, ready: dict[str, str], record: str, new: dict[str, object] | None, expected: dict[str, str]
) -> None:
    """Exactly its row changes."""
    old = asked(zone, record, "SRV" if record == SIGNPOST else "A")
    wrong = replace(old, **new) if new else None  # type: ignore[arg-type]
    zone.update(old, wrong)
    try:
        found = zone.rows()
    finally:
        zone.update(wrong, old)
    assert changed(ready, found) == expected


def test_an_alias_in_the_way(zone: Zone, ready: dict[str, str]) -> None:
    """Beside a CNAME no address can be made, and the row says so before the night."""
    old, alias = asked(zone, SIP, "A"), RecordSet(SIP, "CNAME", 60, (f"{DR_POOL}.",))
    zone.update(old, None)
    zone.update(None, alias)
    try:
        found = zone.rows()
    finally:
        zone.update(alias, None)
        zone.update(None, old)
    assert changed(ready, found) == {f"{SIP} A": "fail"}


def test_something_that_nobody_moves(zone: Zone, ready: dict[str, str]) -> None:
    """A name that clients look for, and that would go on leading to the lost site."""
    stays = RecordSet(f"lyncdiscover.{DOMAIN}", "A", 60, (zone.blueprint.primary_server,))
    zone.update(None, stays)
    try:
        found = zone.rows()
    finally:
        zone.update(stays, None)
    assert changed(ready, found) == {names.UNMOVED: "warn"}


def test_a_server_that_takes_no_updates_of_ours(zone: Zone, ready: dict[str, str]) -> None:
    """A key, or a Kerberos name, that is not the right one is told by the zone's row alone."""
    wrong = (
        ("host: dc1.lync.test", "host: dc9.lync.test") if zone.kind == "samba" else ("secrets/tsig", "secrets/sealed")
    )
    (zone.blueprint.folder / "secrets" / "sealed").write_text("bm90IHRoZSBrZXk=", encoding="utf-8")
    assert changed(ready, zone.rows(*wrong)) in ({f"zone {DOMAIN}": "fail"}, {f"zone {DOMAIN}": "unknown"})
    if zone.kind != "samba":
        assert zone.rows(*wrong)[f"zone {DOMAIN}"] == "fail"


def test_a_zone_that_it_does_not_hold(zone: Zone, ready: dict[str, str]) -> None:
    """A server that is not the one for the zone says nothing that counts: unknown, never an empty zone."""
    found = zone.rows(DOMAIN, "elsewhere.test")
    records = {verdict for name, verdict in found.items() if name.endswith((" A", " SRV"))}
    assert records == {"unknown"}
