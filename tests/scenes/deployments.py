"""Deployments from a few words, and their documents in each shape: what the tests of topologies are made of."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import quoteattr

from lyncdr_helpers.topology import roles

DOMAIN = "example.test"
SERVICE_ROLES = "urn:schema:Microsoft.Rtc.Management.Deploy.ServiceRoles.2008"
TOPOLOGY = "urn:schema:Microsoft.Rtc.Management.Deploy.Topology.2008"
WRITABLE = "urn:schema:Microsoft.Rtc.Management.Deploy.WritableTopology.2008"


@dataclass(frozen=True)
class PoolPlan:
    """One pool. front_ends above 1, or enterprise, puts its stores on sql-<name>. pair: (site, pool) to back it up."""

    name: str
    front_ends: int = 1
    enterprise: bool = False
    pair: str = ""

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{DOMAIN}"


@dataclass(frozen=True)
class SitePlan:
    """One central site. edge: the name of the pool that its Edge hands on to. branch: a branch site with an appliance.

    archiving and monitoring: stores at this site, used by its pools; voice: a Mediation Server with a gateway.
    """

    name: str
    pools: tuple[PoolPlan, ...] = ()
    edge: str = ""
    voice: bool = False
    archiving: bool = False
    monitoring: bool = False
    branch: bool = False
    cms: bool = False


@dataclass
class Written:
    """A service to write: needs are (usage, service)."""

    role: str
    site: int
    cluster: str
    instance: str = ""
    needs: list[tuple[str, Written]] = field(default_factory=list)
    inside: str = ""
    number: int = 0


@dataclass
class Deployment:
    """Everything that a document spells out. clusters: name -> (site, machines, SQL instances)."""

    version: int = 5
    sites: list[tuple[str, int]] = field(default_factory=list)
    clusters: dict[str, tuple[int, Sequence[str], list[str]]] = field(default_factory=dict)
    services: list[Written] = field(default_factory=list)
    domains: tuple[str, ...] = (DOMAIN,)

    def cluster(self, fqdn: str, site: int, machines: Sequence[str] = (), instance: str = "") -> str:
        _, _, instances = self.clusters.setdefault(fqdn, (site, machines or [fqdn], []))
        if instance and instance not in instances:
            instances.append(instance)
        return fqdn

    def service(self, role: str, cluster: str, *needs: Written | tuple[str, Written], **more: str) -> Written:
        site = self.clusters[cluster][0]
        made = Written(
            role, site, cluster, needs=[one if isinstance(one, tuple) else ("Default", one) for one in needs]
        )
        made.instance, made.inside = more.get("instance", ""), more.get("inside", "")
        made.number = sum(1 for one in self.services if (one.site, one.role) == (site, role)) + 1
        self.services.append(made)
        return made


def deployment(*plans: SitePlan, version: int = 5) -> Deployment:
    """The whole deployment: pools with their stores, Edges, voice, archiving, monitoring, branches, pairs."""
    made = Deployment(version)
    registrars: dict[str, Written] = {}
    for number, plan in enumerate(plans, 1):
        made.sites.append((plan.name, 0))
        archiving = _store(made, number, f"arch{number}", "archiving") if plan.archiving else []
        monitoring = _store(made, number, f"mon{number}", "monitoring") if plan.monitoring else []
        for place, pool in enumerate(plan.pools):
            first = plan.cms and place == 0
            registrars[pool.name] = _pool(made, number, pool, [*archiving, *monitoring], first)
        if plan.voice:
            _voice(made, number, registrars[plan.pools[0].name] if plan.pools else None)
    for number, plan in enumerate(plans, 1):
        if plan.edge:
            _edge(made, number, registrars[plan.edge], [registrars[one.name] for one in plan.pools])
        for pool in plan.pools:
            if pool.pair:
                registrars[pool.name].needs.append(("BackupRegistrar", registrars[pool.pair]))
    for number, plan in enumerate(plans, 1):
        if plan.branch and plan.pools:
            _branch(made, number, plan, registrars[plan.pools[0].name])
    return made


def _pool(made: Deployment, site: int, plan: PoolPlan, stores: list[Written], cms: bool) -> Written:
    enterprise = plan.enterprise or plan.front_ends > 1
    machines = [f"{plan.name}-fe{n}.{DOMAIN}" for n in range(1, plan.front_ends + 1)] if enterprise else []
    pool = made.cluster(plan.fqdn, site, machines)
    sql = made.cluster(f"sql-{plan.name}.{DOMAIN}" if enterprise else pool, site, instance="rtc")
    user_store = made.service(roles.USER_STORE, sql, instance="rtc")
    files = made.service(roles.FILE_STORE, sql, inside="FileStoreService")
    conferencing = made.service(roles.CONFERENCING, pool, files)
    users = made.service(roles.USER_SERVICES, pool, user_store, files, conferencing)
    web = made.service(roles.WEB_SERVICES, pool, files, users, inside="WebService")
    registrar = made.service(roles.REGISTRAR, pool, users, web, *stores, inside='RegistrarService IsDirector="false"')
    application_store = made.service(roles.APPLICATION_STORE, sql, instance="rtc")
    made.service(roles.APPLICATION_SERVER, pool, registrar, files, application_store)
    if cms:
        store = made.service(roles.CENTRAL_MANAGEMENT_STORE, sql, instance="rtc")
        made.service(roles.CENTRAL_MANAGEMENT, pool, store, files, inside='CentralMgmtService IsActive="true"')
    return registrar


def _store(made: Deployment, site: int, name: str, kind: str) -> list[Written]:
    """2010 has a server in front of the store."""
    store_role, server_role = {
        "archiving": (roles.ARCHIVING_STORE, roles.ARCHIVING_SERVER),
        "monitoring": (roles.MONITORING_STORE, roles.MONITORING_SERVER),
    }[kind]
    cluster = made.cluster(f"{name}.{DOMAIN}", site, instance=kind)
    store = made.service(store_role, cluster, instance=kind)
    return [made.service(server_role, cluster, store)] if made.version == 5 else [store]


def _voice(made: Deployment, site: int, registrar: Written | None) -> None:
    server = made.cluster(f"med{site}.{DOMAIN}", site)
    mediation = made.service(roles.MEDIATION, server, *([registrar] if registrar else []))
    made.service(roles.GATEWAY, made.cluster(f"gw{site}.{DOMAIN}", site), mediation)


def _edge(made: Deployment, site: int, next_hop: Written, users: list[Written]) -> None:
    cluster = made.cluster(f"edge{site}.{DOMAIN}", site)
    edge = made.service(roles.EDGE, cluster, next_hop)
    for registrar in users:
        registrar.needs.append(("Default", edge))


def _branch(made: Deployment, site: int, plan: SitePlan, registrar: Written) -> None:
    made.sites.append((f"{plan.name}, branch", site))
    cluster = made.cluster(f"sba{site}.{DOMAIN}", len(made.sites))
    users = next(one for _, one in registrar.needs if one.role == roles.USER_SERVICES)
    made.service(roles.REGISTRAR, cluster, users, ("BackupRegistrar", registrar))


# -- published ------------------------------------------------------------------------------------------------------


def published(made: Deployment, namespace: str = TOPOLOGY) -> bytes:
    """The document that Get-CsTopology -AsXml would give."""
    ids = _numbers(made)
    lines = [
        f'<Topology xmlns="{namespace}" Signature="11111111-1111-1111-1111-111111111111">',
        _domains(made),
        "<Sites>",
        *(_published_site(made, number) for number, (_, parent) in enumerate(made.sites, 1) if not parent),
        "</Sites><Clusters>",
    ]
    for fqdn, (_, machines, _) in made.clusters.items():
        lines.append(f"<Cluster RequiresReplication='true' RequiresSetup='true' Fqdn={quoteattr(fqdn)}>{ids[fqdn]}")
        lines += [
            f"<Machine OrdinalInCluster='{n}' Fqdn={quoteattr(one)}><NetInterface InterfaceSide='Primary'"
            " InterfaceNumber='1' IPAddress='0.0.0.0'/></Machine>"
            for n, one in enumerate(machines, 1)
        ]
        lines.append("</Cluster>")
    lines.append("</Clusters><SqlInstances>")
    for fqdn, (_, _, instances) in made.clusters.items():
        lines += [f"<SqlInstance>{_sql(name, ids[fqdn])}</SqlInstance>" for name in instances]
    lines.append("</SqlInstances><Services>")
    for one in made.services:
        lines += _published_service(one, made.version, ids)
    return "\n".join([*lines, "</Services></Topology>"]).encode()


def _numbers(made: Deployment) -> dict[str, str]:
    counts: dict[int, int] = {}
    ids = {}
    for fqdn, (site, _, _) in made.clusters.items():
        counts[site] = counts.get(site, 0) + 1
        ids[fqdn] = f"<ClusterId SiteId='{site}' Number='{counts[site]}'/>"
    return ids


def _domains(made: Deployment) -> str:
    names = "".join(f"<InternalDomain Name={quoteattr(one)} Authoritative='false'/>" for one in made.domains)
    return (
        f"<InternalDomains AllowAllDomains='false' DefaultDomain={quoteattr(made.domains[0])}>{names}</InternalDomains>"
    )


def _published_site(made: Deployment, number: int) -> str:
    name = made.sites[number - 1][0]
    branches = "".join(
        f"<RemoteSite SiteId='{n}'><Name>{branch}</Name></RemoteSite>"
        for n, (branch, parent) in enumerate(made.sites, 1)
        if parent == number
    )
    inside = f"<Name>{name}</Name><Location/><RemoteSites>{branches}</RemoteSites>"
    return f"<CentralSite SiteId='{number}'>{inside}</CentralSite>"


def _sql(name: str, cluster: str) -> str:
    return f"<SqlInstanceId Name='{name}'>{cluster}</SqlInstanceId>"


PORTS = (
    f"<Ports xmlns='{SERVICE_ROLES}'>"
    + "<Port Owner='urn:component:Any' Usage='SipServer' InterfaceSide='Primary' InterfaceNumber='1' Port='5061'"
    " Protocol='Mtls' UrlPath='/' AuthorizesRequests='true' GruuType='HomeServer'/>" * 8 + "</Ports>"
)


def _published_service(one: Written, version: int, ids: dict[str, str]) -> list[str]:
    def key(service: Written) -> str:
        return f"<ServiceId SiteId='{service.site}' RoleName='{service.role}' Instance='{service.number}'/>"

    needs = "".join(f"<Dependency Usage='{usage}'>{key(other)}</Dependency>" for usage, other in one.needs)
    on = _sql(one.instance, ids[one.cluster]) if one.instance else ids[one.cluster]
    inside = f"<{one.inside} xmlns='{SERVICE_ROLES}'/>" if one.inside else ""
    return [
        f"<Service RoleVersion='1' ServiceVersion='{version}'>{key(one)}<DependsOn>{needs}</DependsOn>",
        f"<InstalledOn>{on}</InstalledOn>{PORTS}{inside}</Service>",
    ]


# -- Topology Builder -----------------------------------------------------------------------------------------------


def builder(made: Deployment, namespace: str = WRITABLE) -> bytes:
    """The .tbxml of the same deployment, with simple URLs, which the published one has not."""
    unique = {fqdn: f"cluster:{number}" for number, fqdn in enumerate(made.clusters)}
    services = {id(one): f"service:{number}" for number, one in enumerate(made.services)}
    central = [(number, name) for number, (name, parent) in enumerate(made.sites, 1) if not parent]
    lines = [
        "<TopologyBuilder xmlns='urn:schema:Microsoft.Rtc.Management.Deploy.TopologyBuilder.2008'><NewTopology>",
        f"<PartialTopology xmlns='{namespace}'>{_domains(made)}<SimpleUrlConfiguration>",
        *(
            f"<SimpleUrl Component='{one}' Domain='*' ActiveUrl='https://{one.lower()}.{DOMAIN}'/>"
            for one in ("Meet", "Dialin")
        ),
        "</SimpleUrlConfiguration><CentralSites>",
    ]
    for number, name in central:
        lines.append(f"<CentralSite SiteId='{number}'><Name>{name}</Name>{_builder_clusters(made, number, unique)}")
        lines.append("<RemoteSites>")
        lines += [
            f"<RemoteSite SiteId='{n}'><Name>{branch}</Name>{_builder_clusters(made, n, unique)}</RemoteSite>"
            for n, (branch, parent) in enumerate(made.sites, 1)
            if parent == number
        ]
        lines.append("</RemoteSites></CentralSite>")
    lines.append("</CentralSites><Services>")
    for one in made.services:
        on = f"{unique[one.cluster]}:{one.instance}" if one.instance else unique[one.cluster]
        needs = "".join(
            f"<Dependency ServiceUniqueId='{services[id(other)]}' Usage='{usage}'/>" for usage, other in one.needs
        )
        lines.append(
            f"<Service UniqueId='{services[id(one)]}' RoleName='{one.role}' ServiceVersion='{made.version}'"
            f" InstalledOn='{on}'><DependsOn>{needs}</DependsOn>{f'<{one.inside}/>' if one.inside else ''}</Service>"
        )
    return "\n".join([*lines, "</Services></PartialTopology></NewTopology></TopologyBuilder>"]).encode()


def _builder_clusters(made: Deployment, site: int, unique: dict[str, str]) -> str:
    lines = ["<Clusters>"]
    for fqdn, (at, machines, instances) in made.clusters.items():
        if at != site:
            continue
        single = len(machines) == 1 and machines[0] == fqdn
        named = "<Machine/>" if single else "".join(f"<Machine Fqdn={quoteattr(one)}/>" for one in machines)
        sql = "".join(f"<SqlInstance UniqueId='{unique[fqdn]}:{one}' Name='{one}'/>" for one in instances)
        lines.append(
            f"<Cluster UniqueId='{unique[fqdn]}' Fqdn={quoteattr(fqdn)} IsSingleMachineOnly='{str(single).lower()}'>"
            f"<Machines>{named}</Machines><SqlInstances>{sql}</SqlInstances></Cluster>"
        )
    return "".join([*lines, "</Clusters>"])


# -- Export-CsConfiguration -----------------------------------------------------------------------------------------


def configuration(*documents: bytes, settings: bytes = b"<DocItemSet><DocItem/></DocItemSet>") -> bytes:
    """A zip whose entries hold the documents as values of AnchoredXml items, beside settings and what is no XML."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("settings.xml", settings)
        archive.writestr("readme.bin", b"\x00\x01 no XML")
        for number, document in enumerate(documents):
            wrapped = b"<DocItemSet><DocItem><Data><AnchoredXml><Dictionary><Item><Value>%s</Value></Item></Dictionary>"
            ended = b"</AnchoredXml></Data></DocItem></DocItemSet>"
            archive.writestr(f"{number}.xml", (wrapped + ended) % document)
    return packed.getvalue()
