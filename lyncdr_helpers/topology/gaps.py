"""What the DR site must hold, compared with what its topology says: there, missing, or not in the document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.document import Service, Site, Topology
from lyncdr_helpers.topology.pools import Edge, Edition, Kind
from lyncdr_helpers.topology.requirements import Component, Part

AREA = "requirements"
BUILD = "Add it to the DR site in Topology Builder, publish, and install it."
LOOK = "No topology document says this: look on site."
LOOKED_AT = "No topology document says this: the checks of Group Chat look at what group_chat in the parameters names."
URLS_OF_USERS = frozenset({"meet", "dialin"})
SOFT_TIES = frozenset({roles.ARCHIVING_SERVER, roles.ARCHIVING_STORE, roles.MONITORING_SERVER, roles.MONITORING_STORE})
"""A pool can do without these; whether the business can is said by rows of their own."""


class State(StrEnum):
    """Whether a component is there. OUTSIDE: a topology document cannot tell, and nothing here guesses."""

    THERE = "there"
    MISSING = "missing"
    OUTSIDE = "not in the document"


@dataclass(frozen=True)
class Gap:
    """One component and its state. seen: what is there instead, or what it is called."""

    component: Component
    state: State
    seen: str
    remedy: str = ""

    @property
    def verdict(self) -> Verdict:
        """What is missing fails where it is a must, and warns otherwise; what nobody looked at is unknown."""
        match self.state:
            case State.THERE:
                return Verdict.PASS
            case State.OUTSIDE:
                return Verdict.UNKNOWN
        return Verdict.FAIL if self.component.must else Verdict.WARN

    def check(self) -> Check:
        """The same as a check of the area `requirements`."""
        return Check(AREA, self.component.part, self.verdict, self.seen, self.component.why, self.remedy)


@dataclass(frozen=True)
class Failover:
    """Which pool is lost and which takes over, in a topology; by name, in lower case."""

    topology: Topology
    lost: str
    standby: str

    @cached_property
    def lost_site(self) -> Site | None:
        """The central site of the lost pool; None where the document does not hold the pool."""
        return self.topology.central_site(self.lost)

    @cached_property
    def dr_site(self) -> Site | None:
        """The central site of the standby pool; None where the document does not hold the pool."""
        return self.topology.central_site(self.standby)

    @cached_property
    def in_reach(self) -> tuple[Service, ...]:
        """The services that the standby pool consists of or needs and that stand at the DR site."""
        return tuple(one for one in pools.reach(self.topology, self.standby) if self.in_dr(one.cluster))

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The Edge pools of the DR site."""
        return tuple(one for one in pools.edges(self.topology) if self.in_dr(one.fqdn))

    def in_dr(self, fqdn: str) -> bool:
        """Whether a cluster stands at the DR site, or in a branch of it."""
        return self.dr_site is not None and self.topology.central_site(fqdn) == self.dr_site

    def in_dr_of_role(self, role: str) -> tuple[Service, ...]:
        """The services of a role at the DR site, whoever uses them."""
        return tuple(one for one in self.topology.of_role(role) if self.in_dr(one.cluster))


def gaps(failover: Failover, needed: Iterable[Component]) -> tuple[Gap, ...]:
    """One row per component, in their order."""
    return tuple(JUDGES[one.part](failover, one) for one in needed)


# -- one judge per part ---------------------------------------------------------------------------------------------


def _central_site(failover: Failover, component: Component) -> Gap:
    lost, dr = failover.lost_site, failover.dr_site
    if not dr:
        return Gap(component, State.MISSING, f"{failover.standby} is not in the document", BUILD)
    if not lost:
        seen = f"{failover.lost} is not in the document; {failover.standby} stands at {dr.name}"
        return Gap(component, State.OUTSIDE, seen, "Compare the pools of the parameters with Topology Builder.")
    if lost == dr:
        return Gap(component, State.MISSING, f"both pools stand at {dr.name}", "Give DR a central site of its own.")
    return Gap(component, State.THERE, f"{dr.name}; {failover.lost} stands at {lost.name}")


def _pool(failover: Failover, component: Component) -> Gap:
    found = pools.pool(failover.topology, failover.standby)
    if not found:
        return Gap(component, State.MISSING, f"no registrar on {failover.standby}", BUILD)
    if found.kind is not Kind.FRONT_END:
        remedy = "Users can be homed on a Front End pool or a Standard Edition server only."
        return Gap(component, State.MISSING, f"{found.fqdn} is a {found.kind}", remedy)
    edition = f"{found.edition} edition" if found.edition is not Edition.UNKNOWN else "edition unknown"
    return _reached(failover, component, f"{found.fqdn}, {edition}, {_machines(len(found.machines))}")


def _in_reach(failover: Failover, component: Component) -> Gap:
    return _reached(failover, component)


def _reached(failover: Failover, component: Component, seen: str = "") -> Gap:
    """Every role must be in the standby pool's reach; what stands in DR and is not used is said to be so."""
    missing = [role for role in component.roles if _count(failover.in_reach, role) < component.count]
    if not missing:
        return Gap(component, State.THERE, seen or _named(failover.in_reach, component.roles))
    unused = [one for role in missing for one in failover.in_dr_of_role(role)]
    if unused:
        where = ", ".join(one.key for one in unused)
        return Gap(
            component, State.MISSING, f"{where}: not used by {failover.standby}", f"Have {failover.standby} use it."
        )
    return Gap(component, State.MISSING, f"no {', no '.join(missing)} in reach of {failover.standby}", BUILD)


def _in_site(failover: Failover, component: Component) -> Gap:
    found = [one for role in component.roles for one in failover.in_dr_of_role(role)]
    if all(_count(found, role) >= component.count for role in component.roles):
        return Gap(component, State.THERE, _named(found, component.roles))
    return Gap(component, State.MISSING, f"no {', no '.join(component.roles)} at the DR site", BUILD)


def _independence(failover: Failover, component: Component) -> Gap:
    """A partner's registrar and user services may stand at the lost site; the Edge Server is a row of its own."""
    ties = [
        one
        for one in pools.reach(failover.topology, failover.standby)
        if one.role not in pools.ENDS
        and failover.lost_site not in (None, failover.dr_site)
        and failover.topology.central_site(one.cluster) == failover.lost_site
    ]
    if ties:
        remedy = "Give the DR pool a service of its own site instead, in Topology Builder."
        must = any(one.role not in SOFT_TIES for one in ties)
        return Gap(
            replace(component, must=must), State.MISSING, f"it needs {', '.join(one.key for one in ties)}", remedy
        )
    if not failover.dr_site or not failover.lost_site:
        return Gap(component, State.OUTSIDE, "one of the pools is not in the document", LOOK)
    return Gap(component, State.THERE, f"{failover.standby} needs nothing of {failover.lost_site.name}")


def _cms(failover: Failover, component: Component) -> Gap:
    remedy = "Move it to the DR pool before it is needed."
    servers = pools.central_management(failover.topology)
    active = pools.active_management(failover.topology)
    if not servers:
        return Gap(component, State.MISSING, "the document holds no Central Management Server", remedy)
    if not active:
        claims = [one.fqdn for one in servers if one.active]
        seen = f"{' and '.join(claims)} claim to be active" if claims else "none is active"
        return Gap(component, State.MISSING, seen, "Find out which is the master before anything else is changed.")
    if not failover.in_dr(active.fqdn):
        where = failover.topology.central_site(active.fqdn)
        return Gap(component, State.MISSING, f"{active.fqdn} at {where.name if where else 'no site'}", remedy)
    if active.store and not failover.in_dr(active.store.partition("\\")[0]):
        return Gap(component, State.MISSING, f"{active.fqdn}, but its store is {active.store}", remedy)
    return Gap(component, State.THERE, f"{active.fqdn}, store {active.store or 'unknown'}")


def _gateway(failover: Failover, component: Component) -> Gap:
    """A gateway of the DR site serves DR when a Mediation Server of the DR site uses it."""
    ours = [one for one in pools.mediation_servers(failover.topology) if failover.in_dr(one.fqdn)]
    used = [gateway for one in ours for gateway in one.gateways if failover.in_dr(gateway)]
    if used:
        return Gap(component, State.THERE, ", ".join(sorted(set(used))))
    standing = failover.in_dr_of_role(roles.GATEWAY)
    if standing:
        seen = f"{', '.join(one.cluster for one in standing)}: used by no Mediation Server of DR"
        return Gap(component, State.MISSING, seen, "Give it to a Mediation Server of DR, in Topology Builder.")
    return Gap(component, State.MISSING, "no gateway at the DR site", BUILD)


def _next_hop(failover: Failover, component: Component) -> Gap:
    if any(failover.standby in one.next_hops for one in failover.edges):
        return Gap(component, State.THERE, failover.standby)
    if not failover.edges:
        return Gap(component, State.MISSING, "no Edge Server at the DR site", BUILD)
    seen = "; ".join(f"{one.fqdn} hands on to {', '.join(one.next_hops) or 'nobody'}" for one in failover.edges)
    return Gap(component, State.MISSING, seen, f"Make {failover.standby} its next hop.")


def _pool_edge(failover: Failover, component: Component) -> Gap:
    found = pools.pool(failover.topology, failover.standby)
    used = found.edges if found else ()
    ours = [fqdn for fqdn in used if failover.in_dr(fqdn)]
    if ours:
        return Gap(component, State.THERE, ", ".join(ours))
    seen = f"{failover.standby} uses {', '.join(used)} of another site" if used else f"{failover.standby} uses none"
    remedy = f"Have {failover.standby} use the Edge Server of its site." if failover.edges else BUILD
    return Gap(component, State.MISSING, seen, remedy)


def _simple_urls(failover: Failover, component: Component) -> Gap:
    urls = {one.component.lower(): one.url for one in failover.topology.simple_urls}
    if not urls:
        return Gap(component, State.OUTSIDE, f"a {failover.topology.shape} topology does not hold them", LOOK)
    if absent := sorted(URLS_OF_USERS - urls.keys()):
        return Gap(component, State.MISSING, f"no URL for {', '.join(absent)}", "Define it in Topology Builder.")
    return Gap(component, State.THERE, ", ".join(urls[name] for name in sorted(urls)))


def _outside(_failover: Failover, component: Component) -> Gap:
    return Gap(component, State.OUTSIDE, "", LOOK)


def _machines(count: int) -> str:
    return "1 machine" if count == 1 else f"{count:,} machines"


def _group_chat(_failover: Failover, component: Component) -> Gap:
    return Gap(component, State.OUTSIDE, "a topology holds none of it beforehand", LOOKED_AT)


def _count(services: Iterable[Service], role: str) -> int:
    return sum(1 for one in services if one.role == role)


def _named(services: Iterable[Service], of_roles: tuple[str, ...]) -> str:
    return ", ".join(one.key for one in services if one.role in of_roles)


JUDGES: Mapping[Part, Callable[[Failover, Component], Gap]] = {
    Part.CENTRAL_SITE: _central_site,
    Part.POOL: _pool,
    Part.FILE_STORE: _in_reach,
    Part.INDEPENDENCE: _independence,
    Part.CMS: _cms,
    Part.CONFERENCING: _in_reach,
    Part.WEB: _in_reach,
    Part.SIMPLE_URLS: _simple_urls,
    Part.APPLICATIONS: _in_reach,
    Part.MEDIATION: _in_site,
    Part.GATEWAY: _gateway,
    Part.EXCHANGE: _outside,
    Part.GROUP_CHAT_SQL: _group_chat,
    Part.GROUP_CHAT_SERVER: _group_chat,
    Part.ARCHIVING: _in_reach,
    Part.MONITORING: _in_reach,
    Part.EDGE: _in_site,
    Part.NEXT_HOP: _next_hop,
    Part.POOL_EDGE: _pool_edge,
    Part.REVERSE_PROXY: _outside,
}
