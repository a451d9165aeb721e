"""What a topology comes down to: its pools and their editions, who manages it, its Edge Servers, its way to the PSTN.

Everything here is derived from services and what they need. A usage's name is not relied on: most are documented
nowhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.topology import roles
from lyncdr_helpers.topology.document import Cluster, Service, Topology

STANDARD_INSTANCE = "rtc"
"""The SQL Server instance that Standard Edition brings along."""


ENDS = frozenset({roles.REGISTRAR, roles.USER_SERVICES, roles.EDGE})
"""Where what a pool needs comes to an end: with these another pool begins, or the outside."""


class Kind(StrEnum):
    """What a registrar stands for."""

    FRONT_END = "front end"
    DIRECTOR = "director"
    BRANCH = "branch appliance"


class Edition(StrEnum):
    """Standard: one machine that holds its own user store. UNKNOWN: the document does not say where the store is."""

    STANDARD = "standard"
    ENTERPRISE = "enterprise"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Pool:
    """A cluster with a registrar, and what belongs to it, as cluster names.

    user_store: `sql01.example.org\\rtc`, empty where the document does not say it. archiving and monitoring: as
    cmdlets name the services, `ArchivingServer:arch01.example.org`. backups: its backup registrars.
    """

    fqdn: str
    site: str
    kind: Kind
    edition: Edition
    generation: Generation | None
    machines: tuple[str, ...]
    user_store: str = ""
    edges: tuple[str, ...] = ()
    backups: tuple[str, ...] = ()
    archiving: tuple[str, ...] = ()
    monitoring: tuple[str, ...] = ()


@dataclass(frozen=True)
class Edge:
    """An Edge pool. next_hops: the pools that take what comes in."""

    fqdn: str
    site: str
    machines: tuple[str, ...]
    next_hops: tuple[str, ...]


@dataclass(frozen=True)
class Mediation:
    """A Mediation Server, perhaps on a pool. gateways: the names of its PSTN gateways and trunks."""

    fqdn: str
    site: str
    gateways: tuple[str, ...]


@dataclass(frozen=True)
class CentralManagement:
    """A Central Management Server. active: None where the document does not say. store: `drse01.example.org\\rtc`."""

    fqdn: str
    site: str
    active: bool | None
    store: str


def pools(topology: Topology) -> tuple[Pool, ...]:
    """Every pool, by name."""
    clusters = dict.fromkeys(service.cluster for service in topology.of_role(roles.REGISTRAR))
    found = (topology.cluster(fqdn) for fqdn in clusters)
    return tuple(_pool(topology, cluster) for cluster in found if cluster)


def pool(topology: Topology, fqdn: str) -> Pool | None:
    """The pool of that name."""
    cluster = topology.cluster(fqdn)
    return _pool(topology, cluster) if cluster and topology.on(fqdn, roles.REGISTRAR) else None


def edges(topology: Topology) -> tuple[Edge, ...]:
    """Every Edge pool, by name."""
    return tuple(
        Edge(
            cluster.fqdn,
            cluster.site,
            cluster.machines,
            _clusters(topology.needed_by(service, roles.REGISTRAR)),
        )
        for service, cluster in _placed(topology, roles.EDGE)
    )


def mediation_servers(topology: Topology) -> tuple[Mediation, ...]:
    """Every Mediation Server, by name, with the gateways that need it or that it needs."""
    return tuple(
        Mediation(
            cluster.fqdn,
            cluster.site,
            _clusters(topology.who_needs(service, roles.GATEWAY) + topology.needed_by(service, roles.GATEWAY)),
        )
        for service, cluster in _placed(topology, roles.MEDIATION)
    )


def central_management(topology: Topology) -> tuple[CentralManagement, ...]:
    """Every Central Management Server, the active one first."""
    found = (
        CentralManagement(
            cluster.fqdn,
            cluster.site,
            service.active,
            next((one.place for one in topology.needed_by(service, roles.CENTRAL_MANAGEMENT_STORE)), ""),
        )
        for service, cluster in _placed(topology, roles.CENTRAL_MANAGEMENT)
    )
    return tuple(sorted(found, key=lambda one: (one.active is not True, one.fqdn)))


def active_management(topology: Topology) -> CentralManagement | None:
    """The one Central Management Server that is active; None where there is none, or several claim it."""
    servers = central_management(topology)
    active = [one for one in servers if one.active] or [one for one in servers if one.active is None]
    return active[0] if len(active) == 1 else None


def reach(topology: Topology, fqdn: str) -> tuple[Service, ...]:
    """The services of a cluster and all that they need, and those need in turn; it ends at other pools and at Edges."""
    found: dict[str, Service] = {}
    waiting = list(topology.on(fqdn))
    while waiting:
        service = waiting.pop()
        if service.key in found:
            continue
        found[service.key] = service
        if service.cluster == fqdn.lower() or service.role not in ENDS:
            waiting += topology.needed_by(service)
    return tuple(found[key] for key in sorted(found))


def _pool(topology: Topology, cluster: Cluster) -> Pool:
    registrars = topology.on(cluster.fqdn, roles.REGISTRAR)
    within = reach(topology, cluster.fqdn)
    store = next(_user_stores(topology, cluster), None)
    others = [service for service in within if service.cluster != cluster.fqdn]
    return Pool(
        fqdn=cluster.fqdn,
        site=cluster.site,
        kind=_kind(topology, registrars),
        edition=_edition(cluster, store),
        generation=roles.GENERATIONS.get(registrars[0].version or 0),
        machines=cluster.machines,
        user_store=store.place if store else "",
        edges=_clusters(service for service in others if service.role == roles.EDGE),
        backups=_backups(topology, registrars),
        archiving=_identities(within, roles.ARCHIVING_SERVER, roles.ARCHIVING_STORE),
        monitoring=_identities(within, roles.MONITORING_SERVER, roles.MONITORING_STORE),
    )


def _kind(topology: Topology, registrars: tuple[Service, ...]) -> Kind:
    """A branch appliance leaves user services to another cluster, a director has none at all."""
    if any(one.director for one in registrars):
        return Kind.DIRECTOR
    fqdn = registrars[0].cluster
    if topology.on(fqdn, roles.USER_SERVICES):
        return Kind.FRONT_END
    if any(topology.needed_by(one, roles.USER_SERVICES) for one in registrars):
        return Kind.BRANCH
    dangling = any(topology.service(need.service) is None for one in registrars for need in one.needs)
    return Kind.FRONT_END if dangling else Kind.DIRECTOR


def _user_stores(topology: Topology, cluster: Cluster) -> Iterator[Service]:
    for service in topology.on(cluster.fqdn, roles.USER_SERVICES):
        yield from topology.needed_by(service, roles.USER_STORE)


def _edition(cluster: Cluster, store: Service | None) -> Edition:
    if len(cluster.machines) > 1 or (store and store.cluster and store.cluster != cluster.fqdn):
        return Edition.ENTERPRISE
    own = store and store.cluster == cluster.fqdn and store.instance == STANDARD_INSTANCE
    return Edition.STANDARD if own else Edition.UNKNOWN


def _backups(topology: Topology, registrars: tuple[Service, ...]) -> tuple[str, ...]:
    """The other registrars that a registrar needs; where some usages say backup, those alone (?)."""
    found = [
        (other.cluster, "backup" in need.usage.lower())
        for one in registrars
        for need in one.needs
        if (other := topology.service(need.service)) and other.role == roles.REGISTRAR and other.cluster != one.cluster
    ]
    said = [fqdn for fqdn, backup in found if backup]
    return tuple(sorted(set(said or [fqdn for fqdn, _ in found])))


def _identities(services: tuple[Service, ...], *of_roles: str) -> tuple[str, ...]:
    return tuple(roles.identity(one.role, one.place) for one in services if one.role in of_roles)


def _clusters(services: Iterable[Service]) -> tuple[str, ...]:
    return tuple(sorted({service.cluster for service in services if service.cluster}))


def _placed(topology: Topology, role: str) -> Iterator[tuple[Service, Cluster]]:
    """The services of a role with their clusters; those that stand nowhere are among the findings already."""
    for service in topology.of_role(role):
        if cluster := topology.cluster(service.cluster):
            yield service, cluster
