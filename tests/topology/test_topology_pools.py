"""What is derived from services and their needs: editions, next hops, pairs, who manages the deployment."""

from __future__ import annotations

import pytest
from deployments import DOMAIN, Deployment, PoolPlan, SitePlan, builder, deployment, published

from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.pools import Edition, Kind
from lyncdr_helpers.topology.reading import parse


def two_sites(version: int = 5) -> Deployment:
    """An Enterprise pool with everything, backed up by a Standard Edition server that holds the CMS."""
    return deployment(
        SitePlan(
            "Head office",
            (PoolPlan("pool01", front_ends=2, pair="drse01"), PoolPlan("pool02")),
            edge="pool01",
            voice=True,
            archiving=True,
            monitoring=True,
            branch=True,
        ),
        SitePlan("Standby", (PoolPlan("drse01"),), edge="drse01", cms=True),
        version=version,
    )


def read(made: Deployment) -> Topology:
    return parse(published(made), "x")


@pytest.mark.parametrize("version", [5, 6, 7, 8])
def test_a_pool_knows_what_belongs_to_it(version: int) -> None:
    """Its machines, its store, its Edge, its backup registrar, its archiving and monitoring, in every generation."""
    pool = pools.pool(read(two_sites(version)), "POOL01.example.test")
    assert pool
    assert (pool.kind, pool.edition) == (Kind.FRONT_END, Edition.ENTERPRISE)
    assert pool.machines == (f"pool01-fe1.{DOMAIN}", f"pool01-fe2.{DOMAIN}")
    assert pool.user_store == f"sql-pool01.{DOMAIN}\\rtc"
    assert pool.edges == (f"edge1.{DOMAIN}",)
    assert pool.backups == (f"drse01.{DOMAIN}",)
    stores = (f"ArchivingDatabase:arch1.{DOMAIN}\\archiving",), (f"MonitoringDatabase:mon1.{DOMAIN}\\monitoring",)
    if version == 5:
        stores = (
            (f"ArchivingServer:arch1.{DOMAIN}", *stores[0]),
            (f"MonitoringServer:mon1.{DOMAIN}", *stores[1]),
        )
    assert (tuple(sorted(pool.archiving)), tuple(sorted(pool.monitoring))) == tuple(
        tuple(sorted(one)) for one in stores
    )


def test_the_kinds_of_registrar() -> None:
    """A branch appliance leaves its users' services to another pool; a director has none."""
    made = two_sites()
    made.service(roles.REGISTRAR, made.cluster(f"dir01.{DOMAIN}", 1), inside='RegistrarService IsDirector="true"')
    made.service(roles.REGISTRAR, made.cluster(f"dir02.{DOMAIN}", 1))
    found = {one.fqdn.partition(".")[0]: one.kind for one in pools.pools(read(made))}
    assert found == {
        "pool01": Kind.FRONT_END,
        "pool02": Kind.FRONT_END,
        "drse01": Kind.FRONT_END,
        "sba1": Kind.BRANCH,
        "dir01": Kind.DIRECTOR,
        "dir02": Kind.DIRECTOR,
    }


@pytest.mark.parametrize(
    ("machines", "instance", "edition"),
    [
        ([f"se.{DOMAIN}"], "rtc", Edition.STANDARD),
        ([f"se.{DOMAIN}"], "RTC", Edition.STANDARD),
        ([f"se.{DOMAIN}"], "lync", Edition.UNKNOWN),
        ([f"a.{DOMAIN}", f"b.{DOMAIN}"], "rtc", Edition.ENTERPRISE),
    ],
)
def test_standard_edition_is_one_machine_with_its_own_rtc(machines: list[str], instance: str, edition: Edition) -> None:
    """Neither two machines nor another instance make a Standard Edition server."""
    made = Deployment(sites=[("One", 0)])
    cluster = made.cluster(f"se.{DOMAIN}", 1, machines, instance)
    store = made.service(roles.USER_STORE, cluster, instance=instance)
    made.service(roles.REGISTRAR, cluster, made.service(roles.USER_SERVICES, cluster, store))
    (pool,) = pools.pools(read(made))
    assert pool.edition is edition


def test_next_hops_and_gateways() -> None:
    """Each Edge names the pool that it hands on to, each Mediation Server its gateways."""
    found = read(two_sites())
    assert {one.fqdn: one.next_hops for one in pools.edges(found)} == {
        f"edge1.{DOMAIN}": (f"pool01.{DOMAIN}",),
        f"edge2.{DOMAIN}": (f"drse01.{DOMAIN}",),
    }
    (mediation,) = pools.mediation_servers(found)
    assert (mediation.fqdn, mediation.gateways) == (f"med1.{DOMAIN}", (f"gw1.{DOMAIN}",))


def test_a_gateway_may_be_needed_instead_of_needing() -> None:
    """Which of the two depends on the other is not relied on."""
    made = Deployment(sites=[("One", 0)])
    gateway = made.service(roles.GATEWAY, made.cluster(f"gw.{DOMAIN}", 1))
    made.service(roles.MEDIATION, made.cluster(f"med.{DOMAIN}", 1), gateway)
    assert pools.mediation_servers(read(made))[0].gateways == (f"gw.{DOMAIN}",)


@pytest.mark.parametrize(
    ("flags", "active"),
    [
        (("true",), "m0"),
        (("false", "true"), "m1"),
        (("true", "true"), ""),
        (("false",), ""),
        (("",), "m0"),
        (("", ""), ""),
        ((), ""),
    ],
)
def test_who_manages_the_deployment(flags: tuple[str, ...], active: str) -> None:
    """The active one; none, where several claim it or none does. Without a word about it, an only one is it."""
    made = Deployment(sites=[("One", 0)])
    made.cluster(f"any.{DOMAIN}", 1)
    for number, flag in enumerate(flags):
        inside = f'CentralMgmtService IsActive="{flag}"' if flag else ""
        made.service(roles.CENTRAL_MANAGEMENT, made.cluster(f"m{number}.{DOMAIN}", 1), inside=inside)
    found = pools.active_management(read(made))
    assert (found.fqdn if found else "") == (f"{active}.{DOMAIN}" if active else "")


def test_a_branch_belongs_to_its_central_site() -> None:
    """The appliance stands in the branch, and the branch at head office, whose roles it counts among."""
    for document in (published(two_sites()), builder(two_sites())):
        found = parse(document, "x")
        appliance = found.cluster(f"sba1.{DOMAIN}")
        assert appliance
        assert found.site(appliance.site).name == "Head office, branch"
        central = found.central_site(f"sba1.{DOMAIN}")
        assert central
        assert central.name == "Head office"
        assert found.roles_at(central)[roles.REGISTRAR] == 3
        assert found.central_site("nowhere.example.test") is None


def test_reach_ends_at_other_pools() -> None:
    """What a pool needs: its own services and stores, its Edge, its partner's registrar, and nothing behind those."""
    found = read(two_sites())
    needed = {one.key for one in pools.reach(found, f"pool01.{DOMAIN}")}
    assert f"Registrar:drse01.{DOMAIN}" in needed
    assert f"UserStore:sql-pool01.{DOMAIN}\\rtc" in needed
    assert not {key for key in needed if "drse01" in key} - {f"Registrar:drse01.{DOMAIN}"}
    edge_only = {one.key for one in pools.reach(found, f"pool02.{DOMAIN}")}
    assert f"EdgeServer:edge1.{DOMAIN}" in edge_only
    assert f"Registrar:pool01.{DOMAIN}" not in edge_only


def test_a_circle_of_needs_ends() -> None:
    """Services that need each other are no endless way."""
    made = two_sites()
    first, second = made.services[0], made.services[1]
    first.needs.append(("Default", second))
    second.needs.append(("Default", first))
    assert pools.pools(read(made))
