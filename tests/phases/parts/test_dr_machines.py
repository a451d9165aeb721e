"""Which machines of the DR site are needed, and for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases.dr_machines import dr_machines, simple_url_hosts, wanted_roles
from lyncdr_helpers.probes.ports import Role
from lyncdr_helpers.topology import roles
from lyncdr_helpers.topology.document import Cluster, Dependency, Service, SimpleUrl, Site, Topology

CORE = {Role.FRONT_END, Role.WEB, Role.CENTRAL_MANAGEMENT}


def read(folder: Path, *changes: tuple[str, str]) -> Params:
    text = render(Blueprint(folder), folder)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    (folder / "lab.yml").write_text(text, encoding="utf-8")
    return read_params(folder / "lab.yml").params


def needing(folder: Path, *needs: str) -> Params:
    """The lab, when the business needs these beside what is on by default."""
    return read(folder, ("deployment: lab\n", f"deployment: lab\nrequirements: {{{', '.join(needs)}}}\n"))


def service(role: str, cluster: str, *, instance: str = "", director: bool = False) -> Service:
    return Service(f"{role}:{cluster}", role, cluster, instance, director=director)


def topology(*services: Service, machines: dict[str, tuple[str, ...]] | None = None, **more: object) -> Topology:
    """Services at the DR site, site 2; each cluster is one machine unless said otherwise."""
    clusters = dict.fromkeys(one.cluster for one in services)
    return Topology(
        shape="published",
        sites=(Site("1", "Head office"), Site("2", "Standby"), Site("3", "Branch", parent="2")),
        clusters=tuple(Cluster(one, "2", (machines or {}).get(one, (one,))) for one in clusters),
        services=services,
        **more,  # type: ignore[arg-type]
    )


STANDARD = (
    service(roles.REGISTRAR, DR_POOL),
    service(roles.USER_SERVICES, DR_POOL),
    service(roles.WEB_SERVICES, DR_POOL),
    service(roles.CONFERENCING, DR_POOL),
    service(roles.APPLICATION_SERVER, DR_POOL),
    service(roles.CENTRAL_MANAGEMENT, DR_POOL),
    service(roles.USER_STORE, DR_POOL, instance="rtc"),
    service(roles.FILE_STORE, DR_POOL),
)


# -- what the business needs ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("need", "role"),
    [
        ("enterprise_voice: true", Role.MEDIATION),
        ("enterprise_voice: true", Role.DIAL_IN),
        ("remote_access: true", Role.EDGE),
        ("remote_access: true", Role.MOBILITY),
        ("federation: true", Role.EDGE),
    ],
)
def test_a_need_asks_for_its_role(tmp_path: Path, need: str, role: Role) -> None:
    """What is not needed is not asked for; what is, is."""
    plain, asked = tmp_path / "plain", tmp_path / "asked"
    plain.mkdir()
    asked.mkdir()
    assert role not in wanted_roles(read(plain))
    assert role in wanted_roles(needing(asked, need))


def test_what_is_not_needed(tmp_path: Path) -> None:
    """Conferences and Response Groups that nobody needs may be dead."""
    params = needing(tmp_path, "conferencing: false", "response_groups: false")
    (machine,) = dr_machines(params)
    assert machine.roles == CORE


# -- without a topology -----------------------------------------------------------------------------------------------
def test_the_parameters_own_servers(tmp_path: Path) -> None:
    """The DR pool's server, at its address, as a Standard Edition server."""
    (machine,) = dr_machines(read(tmp_path))
    assert (machine.fqdn, machine.address, machine.pool, machine.sip_port) == (DR_POOL, "127.53.0.21", DR_POOL, 5061)
    assert machine.roles == CORE | {Role.CONFERENCING, Role.RESPONSE_GROUPS}


@pytest.mark.parametrize(("sql", "asked"), [("sql02.lync.test", True), ("sql02.lync.test\\rtc", False)])
def test_a_back_end(tmp_path: Path, sql: str, asked: bool) -> None:
    """SQL Server's default instance has a port that is known; a named one chooses its own."""
    params = read(
        tmp_path,
        (
            "drse01.lync.test\n        edition: standard",
            f"drse01.lync.test\n        sql: {sql}\n        edition: enterprise",
        ),
    )
    backs = [one for one in dr_machines(params) if Role.BACK_END in one.roles]
    assert [one.address for one in backs] == (["sql02.lync.test"] if asked else [])


# -- with one ---------------------------------------------------------------------------------------------------------
def test_a_site_of_one_server(tmp_path: Path) -> None:
    """Its services say what it does; its address comes from the parameters."""
    (machine,) = dr_machines(read(tmp_path), topology(*STANDARD))
    assert (machine.fqdn, machine.address) == (DR_POOL, "127.53.0.21")
    assert machine.roles == CORE | {Role.CONFERENCING, Role.RESPONSE_GROUPS, Role.FILE_STORE}


def test_other_machines_of_the_site(tmp_path: Path) -> None:
    """Edge, Mediation and SQL Servers are known by name alone, and each machine of a pool is there."""
    others = (
        service(roles.EDGE, "edge02.lync.test"),
        service(roles.MEDIATION, "med02.lync.test"),
        service(roles.GATEWAY, "gw02.lync.test"),
        service(roles.MONITORING_STORE, "sql02.lync.test"),
        service(roles.ARCHIVING_STORE, "sql03.lync.test", instance="arch"),
    )
    found = dr_machines(
        needing(tmp_path, "enterprise_voice: true", "remote_access: true"),
        topology(*STANDARD, *others, machines={"edge02.lync.test": ("e1.lync.test", "e2.lync.test")}),
    )
    assert {one.fqdn: set(one.roles) for one in found if one.fqdn != DR_POOL} == {
        "e1.lync.test": {Role.EDGE},
        "e2.lync.test": {Role.EDGE},
        "med02.lync.test": {Role.MEDIATION},
        "sql02.lync.test": {Role.BACK_END},
    }
    assert {(one.address, one.pool) for one in found if Role.EDGE in one.roles} == {
        ("e1.lync.test", "edge02.lync.test"),
        ("e2.lync.test", "edge02.lync.test"),
    }


def test_a_director(tmp_path: Path) -> None:
    """A Director is no Front End, though it has a registrar and web services."""
    director = (
        service(roles.REGISTRAR, "dir02.lync.test", director=True),
        service(roles.WEB_SERVICES, "dir02.lync.test"),
    )
    found = {one.fqdn: one.roles for one in dr_machines(read(tmp_path), topology(*STANDARD, *director))}
    assert found["dir02.lync.test"] == {Role.DIRECTOR}


def test_other_sites_and_names_that_are_none(tmp_path: Path) -> None:
    """Machines elsewhere are left out, and so is a name that no resolver would take."""
    document = topology(
        *STANDARD, service(roles.EDGE, "edge02.lync.test"), machines={"edge02.lync.test": ("bad name", "")}
    )
    elsewhere = Cluster("edge01.lync.test", "1", ("edge01.lync.test",))
    document = Topology(
        document.shape,
        document.sites,
        (*document.clusters, elsewhere),
        (*document.services, service(roles.EDGE, "edge01.lync.test")),
    )
    found = dr_machines(needing(tmp_path, "federation: true"), document)
    assert [one.fqdn for one in found] == [DR_POOL]


def test_a_topology_without_the_pool(tmp_path: Path) -> None:
    """A document that does not hold the DR pool tells nothing: the parameters' servers are asked."""
    document = topology(service(roles.REGISTRAR, "pool09.lync.test"))
    assert dr_machines(read(tmp_path), document) == dr_machines(read(tmp_path))


def test_services_that_need_what_is_not_there(tmp_path: Path) -> None:
    """A dependency that dangles changes nothing about what a machine does."""
    broken = Service("Registrar:x", roles.REGISTRAR, DR_POOL, needs=(Dependency("EdgeServer:gone", "?"),))
    (machine,) = dr_machines(read(tmp_path), topology(broken))
    assert machine.roles == {Role.FRONT_END}


def test_simple_urls() -> None:
    """The hosts of simple URLs, each once; nothing without a topology, and nothing that is no host."""
    urls = ("https://lync.lync.test/meet", "https://lync.lync.test/dialin", "https://admin", "nonsense")
    document = topology(simple_urls=tuple(SimpleUrl("Meet", url) for url in urls))
    assert simple_url_hosts(document) == ("lync.lync.test",)
    assert simple_url_hosts(None) == ()
