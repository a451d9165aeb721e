"""The facts of a topology document, the same whatever shape it came in: sites, clusters, services, what needs what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from lyncdr_helpers.topology import roles

Shape = Literal["published", "builder", "configuration"]
"""Get-CsTopology -AsXml, a Topology Builder file (.tbxml), or the zip of Export-CsConfiguration."""


@dataclass(frozen=True)
class Site:
    """A site. parent: the central site of a branch site, by id; a central site has none."""

    id: str
    name: str
    parent: str = ""


@dataclass(frozen=True)
class Cluster:
    """Machines under one name: a pool, a single server, a gateway. Names are in lower case; site: an id."""

    fqdn: str
    site: str
    machines: tuple[str, ...]
    sql_instances: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dependency:
    """That a service needs another one, by its key; a key that no service has is dangling."""

    service: str
    usage: str


@dataclass(frozen=True)
class Service:
    """One service.

    key: `Registrar:pool01.example.org`, for a store with its instance, `UserStore:sql01.example.org\\rtc`; a second one
    of the same kind ends with ` #2`. cluster: its FQDN, empty where the document does not hold it. version: the
    ServiceVersion, see roles.GENERATIONS. active: of a Central Management service, where the document says it.
    """

    key: str
    role: str
    cluster: str
    instance: str = ""
    version: int | None = None
    needs: tuple[Dependency, ...] = ()
    active: bool | None = None
    director: bool = False

    @property
    def place(self) -> str:
        """Where it is: the cluster, for a database with its instance, `sql01.example.org\\rtc`."""
        return f"{self.cluster}\\{self.instance}" if self.instance else self.cluster


@dataclass(frozen=True)
class SimpleUrl:
    """What users are given to click: component is Meet, Dialin or Cscp (the control panel)."""

    component: str
    url: str


@dataclass(frozen=True)
class Topology:
    """A deployment as its document describes it; everything is sorted by name.

    sip_domains: the default one first. simple_urls: where the document holds them, which a published topology does not.
    findings: what does not fit together in it, one sentence each. ignored: elements that nobody here knows, counted.
    """

    shape: Shape
    sites: tuple[Site, ...]
    clusters: tuple[Cluster, ...]
    services: tuple[Service, ...]
    sip_domains: tuple[str, ...] = ()
    simple_urls: tuple[SimpleUrl, ...] = ()
    findings: tuple[str, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()

    def cluster(self, fqdn: str) -> Cluster | None:
        """The cluster of that name, in whatever case."""
        return self._clusters.get(fqdn.lower())

    def service(self, key: str) -> Service | None:
        """The service with that key."""
        return self._services.get(key)

    def on(self, fqdn: str, *of_roles: str) -> tuple[Service, ...]:
        """The services on a cluster, of these roles or of any."""
        found = self._on.get(fqdn.lower(), ())
        return tuple(service for service in found if not of_roles or service.role in of_roles)

    def of_role(self, *of_roles: str) -> tuple[Service, ...]:
        """Every service of these roles."""
        return tuple(service for service in self.services if service.role in of_roles)

    def needed_by(self, service: Service, *of_roles: str) -> tuple[Service, ...]:
        """What the service needs, of these roles or of any; what dangles is left out."""
        found = (self.service(need.service) for need in service.needs)
        return tuple(one for one in found if one and (not of_roles or one.role in of_roles))

    def who_needs(self, service: Service, *of_roles: str) -> tuple[Service, ...]:
        """Who needs the service, of these roles or of any."""
        found = self._dependents.get(service.key, ())
        return tuple(one for one in found if not of_roles or one.role in of_roles)

    def site(self, id: str) -> Site:
        """The site with that id; one that the document does not name is called by its id."""
        return self._sites.get(id, Site(id, f"site {id}" if id else "no site"))

    def central_site(self, fqdn: str) -> Site | None:
        """Where a cluster stands: its site, or the central site around its branch site."""
        cluster = self.cluster(fqdn)
        if not cluster:
            return None
        site = self.site(cluster.site)
        return self.site(site.parent) if site.parent else site

    def roles_at(self, site: Site) -> Mapping[str, int]:
        """How many services of each role stand at a site, the branch sites around it included."""
        counts: dict[str, int] = defaultdict(int)
        for service in self.services:
            if self.central_site(service.cluster) == site:
                counts[service.role] += 1
        return dict(sorted(counts.items()))

    @property
    def unknown_roles(self) -> tuple[str, ...]:
        """Roles that nobody here knows, as the document spells them."""
        return tuple(sorted({service.role for service in self.services if service.role.casefold() not in roles.KNOWN}))

    # -- indexes: a document of 200 pools holds 2,000 services ------------------------------------------------------
    @cached_property
    def _clusters(self) -> Mapping[str, Cluster]:
        return {cluster.fqdn: cluster for cluster in self.clusters}

    @cached_property
    def _services(self) -> Mapping[str, Service]:
        return {service.key: service for service in self.services}

    @cached_property
    def _sites(self) -> Mapping[str, Site]:
        return {site.id: site for site in self.sites}

    @cached_property
    def _on(self) -> Mapping[str, tuple[Service, ...]]:
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.services:
            found[service.cluster].append(service)
        return {fqdn: tuple(services) for fqdn, services in found.items()}

    @cached_property
    def _dependents(self) -> Mapping[str, tuple[Service, ...]]:
        found: dict[str, list[Service]] = defaultdict(list)
        for service in self.services:
            for need in service.needs:
                found[need.service].append(service)
        return {key: tuple(services) for key, services in found.items()}
