"""The lab's topology document, in the shape that Get-CsTopology -AsXml publishes. Everything runs on Standard Edition.

Site 1 is the head office with pool01 and, behind it, the branch appliance; site 2 is the standby site with drse01,
which also holds the Central Management Store. Roles and attributes are those of published documents; the branch
appliance's place among the clusters is the lab's choice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from lyncdr_helpers.lab import archives, edges
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DOMAIN, DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.forest import POOLS, LabPool
from lyncdr_helpers.params.generation import Generation

NAMESPACE = "urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008"
ROLES = "urn:schema:Microsoft.Rtc.Management.Deploy.ServiceRoles.2008"
SIGNATURE = "7b7a2d6c-8a38-4a5e-9d0f-6f3f2b1c4d5e"
SITES = {1: "Head office", 2: "Standby site"}
SERVICE_VERSION = {"lync2010": 5, "lync2013": 6, "sfb2015": 7, "sfb2019": 8}

STANDARD_EDITION: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("UserStore", ()),
    ("FileStore", ()),
    ("UserServices", ("UserStore", "FileStore")),
    ("Registrar", ("UserServices",)),
    ("ConfServices", ("UserServices",)),
    ("WebServices", ("UserServices", "FileStore")),
    ("ApplicationStore", ()),
    ("ApplicationServer", ("ApplicationStore", "Registrar")),
)
"""The roles of a Standard Edition pool, and the roles of the same pool that each depends on."""

ARCHIVING: Mapping[Generation, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "lync2010": (("ArchivingStore", ()), ("ArchivingServer", ("ArchivingStore",))),
    **dict.fromkeys(("lync2013", "sfb2015", "sfb2019"), (("ArchivingStore", ()),)),
}
"""The roles of Archiving: a server in 2010, and after it a database alone. A pool depends on the last of them."""

CENTRAL_MANAGEMENT: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("CentralMgmtStore", ()),
    ("CentralMgmt", ("CentralMgmtStore",)),
)
CMDLET_ROLES = {
    "UserStore": "UserDatabase",
    "UserServices": "UserServer",
    "ConfServices": "ConferencingServer",
    "WebServices": "WebServer",
    "ApplicationStore": "ApplicationDatabase",
    "CentralMgmtStore": "CentralManagementDatabase",
    "CentralMgmt": "CentralManagement",
}
"""What cmdlets call a role, where that differs from the document."""


@dataclass(frozen=True)
class Service:
    """One service. needs: the roles it depends on, on `upon`, which is its own pool but for a branch appliance.

    elsewhere: what else it depends on, and where.
    """

    pool: LabPool
    role: str
    needs: tuple[str, ...]
    upon: LabPool
    elsewhere: tuple[tuple[LabPool, str], ...] = ()

    @property
    def called(self) -> str:
        """The role as cmdlets have it."""
        return CMDLET_ROLES.get(self.role, self.role)

    @property
    def identity(self) -> str:
        """`Registrar:pool01.lync.test`."""
        return f"{self.called}:{self.pool.fqdn}"


def services(pools: Iterable[LabPool], cms: LabPool) -> list[Service]:
    """Every service of these pools."""
    return [
        Service(pool, role, needs, POOLS[PRIMARY_POOL] if pool.fqdn == BRANCH_POOL else pool)
        for pool in pools
        for role, needs in _roles(pool, cms)
    ]


def _roles(pool: LabPool, cms: LabPool) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if pool.fqdn == BRANCH_POOL:
        return (("Registrar", ("UserServices",)),)
    return STANDARD_EDITION + (CENTRAL_MANAGEMENT if pool == cms else ())


def document(blueprint: Blueprint, pools: Iterable[LabPool], cms: LabPool) -> str:
    """The published topology of these pools, as XML text."""
    here, hop = list(pools), edges.next_hop(blueprint.folder)
    outside = [Service(edges.EDGE, "EdgeServer", ("Registrar",), POOLS[hop])] if hop else []
    inside = [_archived(blueprint, one) for one in services(here, cms)]
    kept = _archiving(blueprint)
    version = SERVICE_VERSION[blueprint.generation]
    return "\n".join(
        [
            f'<Topology xmlns="{NAMESPACE}" Signature="{SIGNATURE}">',
            f'<InternalDomains AllowAllDomains="false" DefaultDomain="{DOMAIN}">',
            f'<InternalDomain Name="{DOMAIN}" Authoritative="false" AllowSubDomains="false" />',
            "</InternalDomains>",
            "<Sites>",
            *(f'<CentralSite SiteId="{number}"><Name>{name}</Name></CentralSite>' for number, name in SITES.items()),
            "</Sites>",
            "<Clusters>",
            *map(_cluster, [*here, *(one.pool for one in outside), *dict.fromkeys(one.pool for one in kept)]),
            "</Clusters>",
            "<SqlInstances>",
            *(_instance(pool) for pool in here if pool.fqdn != BRANCH_POOL),
            *(_instance(one.pool) for one in kept if one.role == "ArchivingStore"),
            "</SqlInstances>",
            "<Services>",
            *(line for service in [*inside, *outside, *kept] for line in _service(service, version)),
            "</Services>",
            "</Topology>",
        ]
    )


def _archiving(blueprint: Blueprint) -> list[Service]:
    """The Archiving of both sites, where the lab has any."""
    if not archives.used(blueprint.folder):
        return []
    roles = ARCHIVING[blueprint.generation]
    return [Service(one, role, needs, one) for one in archives.ARCHIVES.values() for role, needs in roles]


def _archived(blueprint: Blueprint, service: Service) -> Service:
    """The standby pool's registrar depends on the Archiving that the pool uses."""
    used = archives.used(blueprint.folder)
    if not used or (service.pool.fqdn, service.role) != (DR_POOL, "Registrar"):
        return service
    return replace(service, elsewhere=((archives.ARCHIVES[used], ARCHIVING[blueprint.generation][-1][0]),))


def _cluster(pool: LabPool) -> str:
    return (
        f'<Cluster RequiresReplication="true" RequiresSetup="true" Fqdn="{pool.fqdn}">{_cluster_id(pool)}'
        f'<Machine OrdinalInCluster="1" Fqdn="{pool.machine}"><NetInterface InterfaceSide="Primary"'
        ' InterfaceNumber="1" IPAddress="0.0.0.0" /></Machine></Cluster>'
    )


def _cluster_id(pool: LabPool) -> str:
    return f'<ClusterId SiteId="{pool.site}" Number="{pool.number}" />'


def _instance_id(pool: LabPool) -> str:
    return f'<SqlInstanceId Name="rtc">{_cluster_id(pool)}</SqlInstanceId>'


def _instance(pool: LabPool) -> str:
    return f"<SqlInstance>{_instance_id(pool)}</SqlInstance>"


def _service(service: Service, version: int) -> Iterator[str]:
    pool, role = service.pool, service.role
    needed = [*((service.upon, role) for role in service.needs), *service.elsewhere]
    dependencies = "".join(f'<Dependency Usage="Default">{_service_id(*one)}</Dependency>' for one in needed)
    stored = role.endswith("Store") and role != "FileStore"
    yield f'<Service RoleVersion="1" ServiceVersion="{version}">{_service_id(pool, role)}'
    yield f"<DependsOn>{dependencies}</DependsOn>"
    yield f"<InstalledOn>{_instance_id(pool) if stored else _cluster_id(pool)}</InstalledOn>"
    if role == "Registrar":
        yield f'<Ports xmlns="{ROLES}"><Port Owner="urn:component:Registrar" Usage="SipServer" Port="5061"'
        yield ' Protocol="Mtls" /></Ports>'
        yield f'<RegistrarService xmlns="{ROLES}" IsDirector="false" />'
    if role == "CentralMgmt":
        yield f'<CentralMgmtService xmlns="{ROLES}" IsActive="true" />'
    yield "</Service>"


def _service_id(pool: LabPool, role: str) -> str:
    return f'<ServiceId SiteId="{pool.site}" RoleName="{role}" Instance="{pool.number}" />'
