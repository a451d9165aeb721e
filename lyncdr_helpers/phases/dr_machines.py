"""The machines that the business needs at the DR site, and what each of them does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.values import is_host
from lyncdr_helpers.probes.ports import Machine, Role
from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.document import Cluster, Service, Topology

ALWAYS = frozenset({Role.FRONT_END, Role.WEB, Role.DIRECTOR, Role.CENTRAL_MANAGEMENT, Role.BACK_END, Role.FILE_STORE})
"""What every activation needs, where the site has it."""

ROLES: Mapping[str, frozenset[Role]] = {
    roles.REGISTRAR: frozenset({Role.FRONT_END}),
    roles.WEB_SERVICES: frozenset({Role.WEB, Role.MOBILITY}),
    roles.CONFERENCING: frozenset({Role.CONFERENCING}),
    roles.APPLICATION_SERVER: frozenset({Role.RESPONSE_GROUPS, Role.DIAL_IN}),
    roles.CENTRAL_MANAGEMENT: frozenset({Role.CENTRAL_MANAGEMENT}),
    roles.MEDIATION: frozenset({Role.MEDIATION}),
    roles.EDGE: frozenset({Role.EDGE}),
    roles.FILE_STORE: frozenset({Role.FILE_STORE}),
    "WacService": frozenset({Role.WEB_APPS}),
}
"""What a service of the topology makes of its machines. Which applications a pool runs is not in it."""

STANDARD = frozenset(
    {Role.FRONT_END, Role.WEB, Role.MOBILITY, Role.CONFERENCING, Role.RESPONSE_GROUPS, Role.DIAL_IN}
) | {Role.CENTRAL_MANAGEMENT, Role.MEDIATION}
"""What a Front End does that nobody described further; Mediation stands on it unless somebody puts it elsewhere."""


def dr_machines(params: Params, topology: Topology | None = None) -> tuple[Machine, ...]:
    """Each machine with those of its roles that params.requirements ask for; one without any is left out.

    With a topology that holds the DR pool: every machine of that pool's site. Without: the pool's servers as the
    parameters have them. An address that the parameters do not know is the machine's name.
    """
    wanted = wanted_roles(params)
    pool = params.target_pool
    at = topology.cluster(pool.fqdn) if topology else None
    if topology and at:
        found = [*_of_topology(params, topology, at.site)]
    else:
        found = [Machine(server.fqdn, server.address, STANDARD, pool.fqdn, pool.sip_port) for server in pool.servers]
        found += [Machine(pool.sql, pool.sql, frozenset({Role.BACK_END}))] if is_host(pool.sql) else []
    needed = [Machine(one.fqdn, one.address, one.roles & wanted, one.pool, one.sip_port) for one in found]
    return tuple(one for one in needed if one.roles)


def wanted_roles(params: Params) -> frozenset[Role]:
    """The roles without which something that must come back does not."""
    needs = params.requirements
    by_need = {
        Role.CONFERENCING: needs.conferencing,
        Role.WEB_APPS: needs.conferencing and needs.web,
        Role.DIAL_IN: needs.conferencing and needs.enterprise_voice,
        Role.RESPONSE_GROUPS: needs.response_groups,
        Role.MEDIATION: needs.enterprise_voice,
        Role.MOBILITY: needs.remote_access,
        Role.EDGE: needs.remote_access or needs.federation,
        Role.PERSISTENT_CHAT: needs.group_chat,
    }
    return ALWAYS | {role for role, needed in by_need.items() if needed}


def simple_url_hosts(topology: Topology | None) -> tuple[str, ...]:
    """The hosts of the deployment's own simple URLs, where the topology tells them."""
    urls = topology.simple_urls if topology else ()
    hosts = (urlsplit(one.url).hostname or "" for one in urls)
    return tuple(dict.fromkeys(host for host in hosts if is_host(host)))


def _of_topology(params: Params, topology: Topology, site: str) -> Iterator[Machine]:
    ours = {pool.fqdn: pool for pool in params.sites.dr.pools}
    addresses = {server.fqdn: server.address for pool in ours.values() for server in pool.servers}
    for cluster in topology.clusters:
        does = _roles(topology, cluster)
        if cluster.site != site or not does:
            continue
        port = ours[cluster.fqdn].sip_port if cluster.fqdn in ours else 5061
        for machine in _machines(cluster):
            yield Machine(machine, addresses.get(machine, machine), does, cluster.fqdn, port)


def _machines(cluster: Cluster) -> Iterable[str]:
    """A name that is none cannot be asked for, and is among the topology's own findings."""
    return (one for one in cluster.machines if is_host(one))


def _roles(topology: Topology, cluster: Cluster) -> frozenset[Role]:
    services = topology.on(cluster.fqdn)
    found = frozenset[Role]().union(*(ROLES.get(one.role, frozenset()) for one in services))
    pool = pools.pool(topology, cluster.fqdn)
    if pool and pool.kind is pools.Kind.DIRECTOR:
        found = (found - {Role.FRONT_END, Role.WEB, Role.MOBILITY}) | {Role.DIRECTOR}
    return found | ({Role.BACK_END} if any(map(_is_default_instance, services)) else frozenset())


def _is_default_instance(service: Service) -> bool:
    """A store that stands on SQL Server under no instance's name. A file store is none."""
    stores = (roles.USER_STORE, roles.APPLICATION_STORE, roles.CENTRAL_MANAGEMENT_STORE)
    return service.role in (*stores, roles.ARCHIVING_STORE, roles.MONITORING_STORE) and not service.instance
