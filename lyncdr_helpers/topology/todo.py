"""What has to be done on site, in order, until the DR site holds what it must: with the exact commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import cmdlets, preparation, script
from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.gaps import Failover, Gap, State
from lyncdr_helpers.topology.requirements import Part

PUBLISH = "Publish Topology, with the databases that it offers to make; read every warning in its log."
WIZARD = (
    "Run the Deployment Wizard: install the local configuration store, set up the components, request and assign the"
    " certificates, start the services."
)
BUILDER = "Topology Builder"
MANAGEMENT = "management host"


@dataclass(frozen=True)
class Step:
    """One thing to do. where: the program or machine. acts: commands, and sentences for what no command does."""

    title: str
    where: str
    acts: tuple[Command | str, ...]
    needed_for: tuple[str, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The acts as they are read or pasted."""
        return tuple(script.line(act) if isinstance(act, Command) else act for act in self.acts)


@dataclass(frozen=True)
class Situation:
    """What steps are made of. file_there: a file in the exchange folder, as the management host names it."""

    failover: Failover
    generation: Generation
    file_there: Callable[[str], str]


def steps(situation: Situation, gaps: Iterable[Gap]) -> tuple[Step, ...]:
    """What to do about every gap that is open, in an order that works: build, hand over the CMS, link, look, prove.

    Empty where nothing is missing and nothing is left to look at.
    """
    open_gaps = [gap for gap in gaps if gap.state is not State.THERE]
    missing = {gap.component.part: gap for gap in open_gaps if gap.state is State.MISSING}
    outside = [gap for gap in open_gaps if gap.state is State.OUTSIDE]
    linked = {part: step for part, gap in missing.items() if (step := _link(situation, gap))}
    drawn = [gap for part, gap in missing.items() if part is not Part.CMS and part not in linked]
    made = [
        *_build(situation, drawn),
        *(_hand_over(situation, missing[Part.CMS]) if Part.CMS in missing else ()),
        *linked.values(),
        *(_look(situation, gap) for gap in outside),
    ]
    return (*made, *_prove(situation, missing.values())) if made else ()


# -- what Topology Builder draws ------------------------------------------------------------------------------------

DRAWN: Mapping[Part, str] = {
    Part.CENTRAL_SITE: "Define a central site for DR, and in it the pool {standby}.",
    Part.POOL: "Define {standby} at the DR site: a Standard Edition server, or an Enterprise pool with a SQL Server.",
    Part.FILE_STORE: "Give {standby} a file store at the DR site.",
    Part.INDEPENDENCE: "Give {standby} services of the DR site: {seen}.",
    Part.CONFERENCING: "Switch conferencing on for {standby}.",
    Part.WEB: "Give {standby} web services of its own.",
    Part.SIMPLE_URLS: "Define the simple URLs: {seen}.",
    Part.APPLICATIONS: "Give {standby} the application service and its store.",
    Part.MEDIATION: "Define a Mediation Server at the DR site, on {standby} or on a server of its own.",
    Part.GATEWAY: "Define a PSTN gateway that stands at the DR site, for a Mediation Server there.",
    Part.ARCHIVING: "Define Archiving at the DR site, and have {standby} use it.",
    Part.MONITORING: "Define Monitoring at the DR site, and have {standby} use it.",
    Part.EDGE: "Define an Edge pool at the DR site, with {standby} as its next hop.",
    Part.NEXT_HOP: "Make {standby} the next hop of the Edge pool at the DR site.",
    Part.POOL_EDGE: "Have {standby} use the Edge pool at the DR site for media.",
}


def _build(situation: Situation, drawn: list[Gap]) -> Iterator[Step]:
    if not drawn:
        return
    standby = situation.failover.standby
    words = tuple(DRAWN[gap.component.part].format(standby=standby, seen=gap.seen) for gap in drawn)
    needed = _workloads(drawn)
    yield Step("Draw what is missing", BUILDER, ("Download the topology from the deployment.", *words), needed)
    yield Step("Publish it", BUILDER, (PUBLISH,), needed)
    enabled = preparation.enable_topology()
    acts = (preparation.install_databases(_back_end(situation)[0]), enabled) if _has_sql(situation) else (enabled,)
    yield Step("Make what the servers need in Active Directory and on SQL Server", MANAGEMENT, acts, needed)
    yield Step(
        "Install it",
        "each new or changed server",
        (WIZARD,),
        needed,
    )


# -- the Central Management Store -----------------------------------------------------------------------------------


def _hand_over(situation: Situation, gap: Gap) -> Iterator[Step]:
    """Both pools are up, so the store moves with its contents; nothing is forced. Nor moved, while several claim it."""
    needed = gap.component.needed_for
    if not pools.active_management(situation.failover.topology):
        acts = (cmdlets.central_management_status(), preparation.get_store_location(), f"{gap.seen}: {gap.remedy}")
        yield Step("Find the master of the Central Management Store", MANAGEMENT, acts, needed)
        return
    standby, there = situation.failover.standby, situation.file_there
    yield Step(
        "Save the Central Management Store",
        MANAGEMENT,
        (
            cmdlets.export_configuration(there("before-cms-move.zip")),
            cmdlets.export_lis(there("before-cms-move-lis.zip")),
            cmdlets.central_management_status(),
        ),
        needed,
    )
    yield Step(
        "Make an empty store in DR",
        MANAGEMENT,
        (
            preparation.install_central_management_database(*_back_end(situation)),
            preparation.enable_topology(),
        ),
        needed,
    )
    yield Step(
        "Move the Central Management Store",
        f"{_first_machine(situation)}, in a shell on the server itself, its Front End service running",
        (
            preparation.move_management_server(),
            preparation.enable_topology(),
            f"Run the Deployment Wizard on {standby} and on the server that held the store: set up the components.",
        ),
        needed,
    )
    yield Step(
        "See that there is one master and every replica follows",
        MANAGEMENT,
        (preparation.replicate(), cmdlets.central_management_status(), cmdlets.replication_status()),
        needed,
    )


# -- what a cmdlet links --------------------------------------------------------------------------------------------


def _link(situation: Situation, gap: Gap) -> Step | None:
    """The step that links what stands in DR already; None where there is nothing to link."""
    failover, generation = situation.failover, situation.generation
    standby, edges = failover.standby, failover.edges
    archiving = stands_in_dr(failover, generation, roles.ARCHIVING_SERVER, roles.ARCHIVING_STORE)
    monitoring = stands_in_dr(failover, generation, roles.MONITORING_SERVER, roles.MONITORING_STORE)
    linking: dict[Part, Command] = {}
    if edges and pools.pool(failover.topology, standby):
        edge = next((one for one in edges if standby in one.next_hops), edges[0]).fqdn
        linking[Part.NEXT_HOP] = preparation.set_edge_next_hop(edge, standby)
        linking[Part.POOL_EDGE] = preparation.set_pool_edge(standby, edge)
    if archiving:
        linking[Part.ARCHIVING] = preparation.set_archiving(standby, archiving, generation)
    if monitoring:
        linking[Part.MONITORING] = preparation.set_monitoring(standby, monitoring, generation)
    command = linking.get(gap.component.part)
    if not command:
        return None
    title = f"Link {standby}: {gap.component.part}"
    return Step(title, MANAGEMENT, (command, preparation.enable_topology()), gap.component.needed_for)


def stands_in_dr(failover: Failover, generation: Generation, server: str, store: str) -> str:
    """The identity of what stands in DR for the pool to use: the server in 2010, the store later."""
    role = server if generation == "lync2010" else store
    found = failover.in_dr_of_role(role)
    return roles.identity(role, found[0].place) if found else ""


# -- what no document tells -----------------------------------------------------------------------------------------

LOOKED_AT: Mapping[Part, str] = {
    Part.CENTRAL_SITE: "Compare the pools of the parameters with Topology Builder: {seen}.",
    Part.INDEPENDENCE: "See on what each service of {standby} depends.",
    Part.SIMPLE_URLS: "See that meet and dialin are there; the DR pool's certificate must hold their names.",
    Part.EXCHANGE: "See which pool each contact is homed on, and that Exchange survives the lost site.",
    Part.GROUP_CHAT_SQL: "See that the standby SQL Server answers, is new enough, and holds the logins.",
    Part.GROUP_CHAT_SERVER: "See that the standby Windows server answers, and that Group Chat is not installed on it.",
    Part.REVERSE_PROXY: "See that the reverse proxy of the DR site publishes the web services of {standby}.",
}


def _look(situation: Situation, gap: Gap) -> Step:
    part, standby = gap.component.part, situation.failover.standby
    asking: Mapping[Part, Command] = {
        Part.INDEPENDENCE: preparation.get_services(standby),
        Part.SIMPLE_URLS: preparation.get_simple_urls(),
        Part.EXCHANGE: preparation.get_um_contacts(),
    }
    words = LOOKED_AT[part].format(standby=standby, seen=gap.seen)
    acts: tuple[Command | str, ...] = (asking[part], words) if part in asking else (words,)
    return Step(f"Look at what no document tells: {part}", MANAGEMENT, acts, gap.component.needed_for)


# -- the end --------------------------------------------------------------------------------------------------------


def _prove(situation: Situation, missing: Iterable[Gap]) -> Iterator[Step]:
    changed = list(missing)
    if changed:
        acts = (preparation.test_topology(), preparation.get_services(situation.failover.standby))
        yield Step("See that the servers hold what was published", MANAGEMENT, acts, _workloads(changed))
    again = ("Run again: lyncdr run prepare",)
    yield Step("Prove it", "this machine", again, _workloads(changed))


def _workloads(gaps: Iterable[Gap]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key for gap in gaps for key in gap.component.needed_for))


def _back_end(situation: Situation) -> tuple[str, str]:
    """The SQL Server of the standby pool and its instance: Standard Edition's own, where the document says nothing."""
    found = pools.pool(situation.failover.topology, situation.failover.standby)
    server, _, instance = (found.user_store if found else "").partition("\\")
    return server or situation.failover.standby, instance or pools.STANDARD_INSTANCE


def _has_sql(situation: Situation) -> bool:
    """Whether the standby pool has a SQL Server; a Standard Edition server makes its own databases when installed."""
    found = pools.pool(situation.failover.topology, situation.failover.standby)
    return found is not None and found.edition is pools.Edition.ENTERPRISE


def _first_machine(situation: Situation) -> str:
    cluster = situation.failover.topology.cluster(situation.failover.standby)
    return cluster.machines[0] if cluster and cluster.machines else situation.failover.standby
