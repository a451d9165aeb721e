"""The shapes of a topology document: whatever spells them, the facts are the same."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from deployments import (
    DOMAIN,
    Deployment,
    PoolPlan,
    SitePlan,
    builder,
    configuration,
    deployment,
    published,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from lyncdr_helpers.lab import topology as lab_topology
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.cmdlets import management_store
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.pools import Edition, Kind
from lyncdr_helpers.topology.reading import parse, read_topology

VERSIONS = {5: "lync2010", 6: "lync2013", 7: "sfb2015", 8: "sfb2019"}

POOL_NAMES = ("pool-a", "pool-b", "pool-c", "pool-d", "pool-e", "pool-f")


@st.composite
def deployments(draw: st.DrawFn) -> Deployment:
    """One to three central sites, each with up to two pools of either edition and any of the other roles."""
    flags = st.booleans()
    plans = []
    names = iter(POOL_NAMES)
    for number in range(draw(st.integers(1, 3))):
        made = tuple(
            PoolPlan(next(names), front_ends=draw(st.integers(1, 3)), enterprise=draw(flags))
            for _ in range(draw(st.integers(0 if number else 1, 2)))
        )
        wants = {key: draw(flags) for key in ("voice", "archiving", "monitoring", "branch", "cms")}
        plans.append(SitePlan(f"Site {number + 1}", made, edge="pool-a" if draw(flags) else "", **wants))
    if draw(flags) and len(plans) > 1 and plans[1].pools:
        paired = replace(plans[0].pools[0], pair=plans[1].pools[0].name)
        plans[0] = replace(plans[0], pools=(paired, *plans[0].pools[1:]))
    return deployment(*plans, version=draw(st.sampled_from(sorted(VERSIONS))))


def alike(topology: Topology) -> Topology:
    """Without what a shape alone knows."""
    return replace(topology, shape="published", simple_urls=())


@settings(max_examples=60, deadline=None)
@given(made=deployments(), year=st.sampled_from(["2008", "2010", "2013", "2030"]))
def test_the_same_facts_from_every_shape(made: Deployment, year: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Published, drawn in Topology Builder or exported with the configuration: one and the same topology."""
    document = published(made, f"urn:schema:Microsoft.Rtc.Management.Deploy.Topology.{year}")
    zipped = tmp_path_factory.getbasetemp() / "configuration.zip"
    zipped.write_bytes(configuration(document))
    first = parse(document, "published")
    drawn = parse(builder(made, f"urn:schema:Microsoft.Rtc.Management.Deploy.WritableTopology.{year}"), "drawn")
    exported = read_topology(zipped)
    assert (first.shape, drawn.shape, exported.shape) == ("published", "builder", "configuration")
    assert first == alike(drawn) == alike(exported)
    for facts in (pools.pools, pools.edges, pools.mediation_servers, pools.central_management):
        assert facts(first) == facts(drawn) == facts(exported)  # type: ignore[operator]
    assert not first.findings
    assert not first.ignored
    assert not first.unknown_roles


@settings(max_examples=40, deadline=None)
@given(made=deployments())
def test_what_was_described_is_what_is_found(made: Deployment) -> None:
    """Every cluster with its machines and its site, every service with its version and as many needs as it has."""
    found = parse(published(made), "x")
    assert {one.fqdn: (one.site, one.machines) for one in found.clusters} == {
        fqdn: (str(site), tuple(machines)) for fqdn, (site, machines, _) in made.clusters.items()
    }
    assert len(found.services) == len(made.services)
    assert sum(len(one.needs) for one in found.services) == sum(len(one.needs) for one in made.services)
    assert {one.generation for one in pools.pools(found)} == {VERSIONS[made.version]}
    for one in pools.pools(found):
        if one.kind is Kind.FRONT_END:
            _, machines, instances = made.clusters[one.fqdn]
            assert (one.edition is Edition.STANDARD) == (len(machines) == 1 and instances == ["rtc"])


def test_the_sample_of_a_published_topology() -> None:
    """A document of two sites with a reference that leads nowhere: read, and the reference is a finding."""
    found = read_topology(Path(__file__).parent / "published.xml")
    assert [(site.id, site.name) for site in found.sites] == [("1", "Primary"), ("2", "DR")]
    assert found.sip_domains == ("example.test",)
    assert found.findings == (
        "Registrar:pool01.example.test needs the service 1-UserServices-1, which the document does not hold.",
    )
    (pool,) = pools.pools(found)
    assert (pool.fqdn, pool.machines, pool.kind, pool.edition) == (
        "pool01.example.test",
        ("fe01.example.test",),
        Kind.FRONT_END,
        Edition.UNKNOWN,
    )
    managing = pools.active_management(found)
    assert managing
    assert managing.store == "drse01.example.test\\rtc"
    assert found.central_site(managing.fqdn) == found.sites[1]


@pytest.mark.parametrize("generation", ["lync2010", "lync2013", "sfb2015", "sfb2019"])
def test_what_the_lab_publishes(generation: str, tmp_path: Path) -> None:
    """The lab's own document: two Standard Edition pools, the appliance, and the store of the DR pool."""
    blueprint = Blueprint(tmp_path, generation=generation)  # type: ignore[arg-type]
    text = lab_topology.document(blueprint, POOLS.values(), POOLS[DR_POOL])
    found = parse(text.encode(), "Get-CsTopology")
    assert [(one.fqdn, one.kind, one.edition, one.generation) for one in pools.pools(found)] == [
        ("drse01.lync.test", Kind.FRONT_END, Edition.STANDARD, generation),
        ("pool01.lync.test", Kind.FRONT_END, Edition.STANDARD, generation),
        ("sba01.lync.test", Kind.BRANCH, Edition.UNKNOWN, generation),
    ]
    assert pools.active_management(found) == pools.CentralManagement(
        "drse01.lync.test", "2", True, "drse01.lync.test\\rtc"
    )
    assert (found.findings, found.ignored, found.unknown_roles) == ((), (), ())


def test_what_the_lab_exports_as_its_configuration(tmp_path: Path) -> None:
    """The zip of the lab's Export-CsConfiguration holds the same topology as Get-CsTopology -AsXml."""
    text = lab_topology.document(Blueprint(tmp_path), POOLS.values(), POOLS[DR_POOL])
    path = tmp_path / "configuration.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Topology.xml", management_store.SETTINGS.format(name="Topology", value=text))
        archive.writestr("Settings.xml", management_store.SETTINGS.format(name="AccessEdgeSettings", value=""))
    assert alike(read_topology(path)) == parse(text.encode(), "x")


def test_simple_urls_are_read_where_they_are() -> None:
    """A Topology Builder file holds them, a published topology does not."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool-a"),)))
    assert [(one.component, one.url) for one in parse(builder(made), "x").simple_urls] == [
        ("Dialin", f"https://dialin.{DOMAIN}"),
        ("Meet", f"https://meet.{DOMAIN}"),
    ]
    assert parse(published(made), "x").simple_urls == ()


def test_simple_urls_among_the_settings_of_a_configuration(tmp_path: Path) -> None:
    """In an Export-CsConfiguration they are a setting in another entry than the topology."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool-a"),)))
    given = (
        b"<x><SimpleUrlConfiguration><SimpleUrl Component='Cscp' ActiveUrl='https://a.b'/></SimpleUrlConfiguration></x>"
    )
    path = tmp_path / "c.zip"
    path.write_bytes(configuration(published(made), settings=given))
    assert [one.url for one in read_topology(path).simple_urls] == ["https://a.b"]


def test_what_nobody_knows_is_kept_or_counted() -> None:
    """An unknown role is a service like any other; unknown elements are counted, whatever they hold."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool-a"),)))
    made.service("HoloServices", f"pool-a.{DOMAIN}", made.services[0])
    document = published(made).replace(b"<Clusters>", b"<Later><Deep/></Later><Later/><Clusters>", 1)
    found = parse(document, "x")
    assert found.unknown_roles == ("HoloServices",)
    service = found.service(f"HoloServices:pool-a.{DOMAIN}")
    assert service
    assert found.needed_by(service)[0].role == roles.USER_STORE
    assert found.ignored == (("Later", 2),)


def test_roles_are_told_whatever_their_case() -> None:
    """PSTNGateway and PstnGateway are one role."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool-a"),), voice=True))
    found = parse(published(made).replace(b"PstnGateway", b"PSTNGateway"), "x")
    (mediation,) = pools.mediation_servers(found)
    assert mediation.gateways == (f"gw1.{DOMAIN}",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings(encoding: str) -> None:
    """PowerShell's Out-File writes UTF-16, editors a byte order mark."""
    made = deployment(SitePlan("Hauptsitz Zürich", (PoolPlan("pool-a"),)))
    found = parse(published(made).decode().encode(encoding), "x")
    assert found.sites[0].name == "Hauptsitz Zürich"


def test_two_services_of_a_kind_on_one_cluster() -> None:
    """Two trunks to one gateway stay two services."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool-a"),), voice=True))
    mediation = next(one for one in made.services if one.role == roles.MEDIATION)
    made.service(roles.GATEWAY, f"gw1.{DOMAIN}", mediation)
    found = parse(published(made), "x")
    assert [one.key for one in found.of_role(roles.GATEWAY)] == [
        f"PstnGateway:gw1.{DOMAIN}",
        f"PstnGateway:gw1.{DOMAIN} #2",
    ]


def test_reading_is_repeatable(tmp_path: Path) -> None:
    """The same file gives an equal value."""
    path = tmp_path / "t.xml"
    path.write_bytes(published(deployment(SitePlan("Head office", (PoolPlan("pool-a"),), voice=True))))
    assert read_topology(path) == read_topology(path)
