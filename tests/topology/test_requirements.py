"""What must work again decides what DR must hold; each thing is judged by the topology, and each gap has its steps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from deployments import DOMAIN, Deployment, PoolPlan, SitePlan, Written, builder, deployment, published
from hypothesis import given, settings
from hypothesis import strategies as st

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.lab import topology as lab_topology
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.requirements import Archiving, Requirements
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell.table import Table
from lyncdr_helpers.topology import roles
from lyncdr_helpers.topology.gaps import Failover, Gap, State, gaps
from lyncdr_helpers.topology.reading import parse
from lyncdr_helpers.topology.requirements import Part, components
from lyncdr_helpers.topology.todo import Situation, Step, steps

TABLE = Table.load()
LOST, STANDBY = f"pool01.{DOMAIN}", f"drse01.{DOMAIN}"
FLAGS = ("conferencing", "response_groups", "web", "enterprise_voice", "exchange_um", "group_chat", "monitoring",
         "remote_access", "federation")  # fmt: skip
GENERATIONS: dict[int, Generation] = {5: "lync2010", 6: "lync2013", 7: "sfb2015", 8: "sfb2019"}


def everything(**changes: object) -> Requirements:
    """All workloads; Archiving must be up before anybody signs in."""
    wanted = dict.fromkeys(FLAGS, True) | {"archiving": Archiving(needed=True, must_be_up_to_sign_in=True)}
    return Requirements(**(wanted | changes))  # type: ignore[arg-type]


def nothing() -> Requirements:
    """What is always on, and no more."""
    return Requirements(**dict.fromkeys(FLAGS, False))  # type: ignore[arg-type]


def complete(version: int = 5, **dr: object) -> Deployment:
    """A DR site that holds all that a topology can hold; `dr` changes it."""
    shared = {"voice": True, "archiving": True, "monitoring": True}
    standby = {"name": "Standby", "pools": (PoolPlan("drse01"),), "edge": "drse01", "cms": True, **shared, **dr}
    return deployment(
        SitePlan("Head office", (PoolPlan("pool01", front_ends=2),), edge="pool01", **shared),
        SitePlan(**standby),  # type: ignore[arg-type]
        version=version,
    )


def judged(made: Deployment, wanted: Requirements | None = None, **failover: str) -> dict[Part, Gap]:
    """The gap table of a deployment."""
    topology = parse(builder(made), "x")
    found = gaps(
        Failover(topology, failover.get("lost", LOST), failover.get("standby", STANDBY)),
        components(wanted or everything(), GENERATIONS[made.version]),
    )
    return {one.component.part: one for one in found}


OUTSIDE = {Part.EXCHANGE, Part.GROUP_CHAT_SQL, Part.GROUP_CHAT_SERVER, Part.REVERSE_PROXY}


# -- what must be there ---------------------------------------------------------------------------------------------


def test_im_and_presence_are_the_foundation() -> None:
    """With every other answer no, five things are left, each a must."""
    found = components(nothing(), "lync2010")
    assert [one.part for one in found] == [
        Part.CENTRAL_SITE,
        Part.POOL,
        Part.FILE_STORE,
        Part.INDEPENDENCE,
        Part.CMS,
    ]
    assert all(one.must and one.needed_for == ("im_presence",) for one in found)


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        ({"conferencing": True}, {Part.CONFERENCING, Part.WEB}),
        ({"web": True}, {Part.WEB, Part.SIMPLE_URLS}),
        ({"response_groups": True}, {Part.APPLICATIONS}),
        ({"enterprise_voice": True}, {Part.MEDIATION, Part.GATEWAY}),
        ({"exchange_um": True}, {Part.EXCHANGE}),
        ({"group_chat": True}, {Part.GROUP_CHAT_SQL, Part.GROUP_CHAT_SERVER}),
        ({"archiving": Archiving(needed=True)}, {Part.ARCHIVING}),
        ({"monitoring": True}, {Part.MONITORING}),
        ({"remote_access": True}, {Part.EDGE, Part.NEXT_HOP, Part.POOL_EDGE, Part.REVERSE_PROXY}),
        ({"federation": True}, {Part.EDGE, Part.NEXT_HOP, Part.POOL_EDGE}),
    ],
    ids=str,
)
def test_each_workload_adds_its_own(answer: dict[str, object], parts: set[Part]) -> None:
    """One answer more adds what it needs, under its name, with a reason and a source."""
    foundation = {one.part for one in components(nothing(), "lync2010")}
    found = components(nothing().model_copy(update=answer), "lync2010")
    added = [one for one in found if one.part not in foundation]
    assert {one.part for one in added} == parts
    for one in added:
        assert one.needed_for == tuple(answer)
        assert one.why.endswith(".")
        assert one.source


def test_a_part_is_named_once_with_all_that_need_it() -> None:
    """Remote access and federation share the Edge Server, meetings and the web app the web services."""
    found = {one.part: one for one in components(everything(), "lync2010")}
    assert len(found) == len(Part)
    assert found[Part.EDGE].needed_for == ("remote_access", "federation")
    assert found[Part.WEB].needed_for == ("conferencing", "web")


@pytest.mark.parametrize("must", [True, False])
def test_archiving_is_a_must_where_it_holds_sign_in_back(must: bool) -> None:
    """Otherwise it may follow; monitoring always may."""
    wanted = everything(archiving=Archiving(needed=True, must_be_up_to_sign_in=must))
    found = {one.part: one for one in components(wanted, "lync2010")}
    assert found[Part.ARCHIVING].must is must
    assert found[Part.MONITORING].must is False


def test_later_generations_archive_without_a_server() -> None:
    """2010 has an Archiving Server and a Monitoring Server, later ones their stores only."""
    for generation, count in (("lync2010", 2), ("lync2013", 1), ("sfb2019", 1)):
        found = {one.part: one for one in components(everything(), generation)}  # type: ignore[arg-type]
        assert len(found[Part.ARCHIVING].roles) == len(found[Part.MONITORING].roles) == count


# -- what is there --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [5, 6, 7, 8])
def test_a_complete_dr_site_has_no_gap(version: int) -> None:
    """In every generation; what no topology document holds stays unknown, never green."""
    for part, gap in judged(complete(version)).items():
        state, verdict = (State.OUTSIDE, Verdict.UNKNOWN) if part in OUTSIDE else (State.THERE, Verdict.PASS)
        assert (gap.state, gap.verdict) == (state, verdict), f"{part}: {gap.seen}"
        assert gap.remedy or gap.state is State.THERE


def without(role: str, *, site: int = 2) -> Callable[[Deployment], None]:
    """Takes the services of a role away from a site, and every reference to them."""

    def spoil(made: Deployment) -> None:
        gone = [one for one in made.services if (one.role, one.site) == (role, site)]
        assert gone
        made.services = [one for one in made.services if one not in gone]
        for one in made.services:
            one.needs = [(usage, other) for usage, other in one.needs if other not in gone]

    return spoil


def of(made: Deployment, role: str, site: int = 2) -> Written:
    return next(one for one in made.services if (one.role, one.site) == (role, site))


def unlink(user: str, used: str, *, to_lost_site: bool = False) -> Callable[[Deployment], None]:
    """The DR site's `user` no longer needs its `used`; perhaps the lost site's instead."""

    def spoil(made: Deployment) -> None:
        one = of(made, user)
        before = len(one.needs)
        one.needs = [(usage, other) for usage, other in one.needs if other.role != used]
        assert len(one.needs) < before
        if to_lost_site:
            one.needs.append(("Default", of(made, used, 1)))

    return spoil


def managed_by_the_lost_pool(made: Deployment) -> None:
    for role in (roles.CENTRAL_MANAGEMENT, roles.CENTRAL_MANAGEMENT_STORE):
        one = of(made, role)
        one.site, one.cluster = 1, LOST
    made.clusters[LOST][2].append("rtc")


def managed_by_two(made: Deployment) -> None:
    made.service(roles.CENTRAL_MANAGEMENT, LOST, inside='CentralMgmtService IsActive="true"')


def managed_by_none(made: Deployment) -> None:
    of(made, roles.CENTRAL_MANAGEMENT).inside = 'CentralMgmtService IsActive="false"'


def store_elsewhere(made: Deployment) -> None:
    of(made, roles.CENTRAL_MANAGEMENT_STORE).cluster = f"sql-pool01.{DOMAIN}"


def next_hop_is_the_lost_pool(made: Deployment) -> None:
    of(made, roles.EDGE).needs = [("Default", of(made, roles.REGISTRAR, 1))]


SPOILED: dict[str, tuple[Callable[[Deployment], None], Part, str]] = {
    "no file store": (without(roles.FILE_STORE), Part.FILE_STORE, "no FileStore in reach"),
    "no conferencing": (without(roles.CONFERENCING), Part.CONFERENCING, "no ConfServices"),
    "no web services": (without(roles.WEB_SERVICES), Part.WEB, "no WebServices"),
    "no application store": (without(roles.APPLICATION_STORE), Part.APPLICATIONS, "no ApplicationStore"),
    "no gateway": (without(roles.GATEWAY), Part.GATEWAY, "no gateway at the DR site"),
    "a gateway that nobody uses": (unlink(roles.GATEWAY, roles.MEDIATION), Part.GATEWAY, "used by no Mediation Server"),
    "archiving that is not used": (
        unlink(roles.REGISTRAR, roles.ARCHIVING_SERVER),
        Part.ARCHIVING,
        f"ArchivingServer:arch2.{DOMAIN}",
    ),
    "monitoring that is not used": (unlink(roles.REGISTRAR, roles.MONITORING_SERVER), Part.MONITORING, "not used by"),
    "an Edge that hands on to the lost pool": (
        next_hop_is_the_lost_pool,
        Part.NEXT_HOP,
        f"edge2.{DOMAIN} hands on to {LOST}",
    ),
    "no Edge for the pool": (unlink(roles.REGISTRAR, roles.EDGE), Part.POOL_EDGE, f"{STANDBY} uses none"),
    "the lost site's Edge": (
        unlink(roles.REGISTRAR, roles.EDGE, to_lost_site=True),
        Part.POOL_EDGE,
        f"{STANDBY} uses edge1.{DOMAIN} of another site",
    ),
    "managed by the lost pool": (managed_by_the_lost_pool, Part.CMS, f"{LOST} at Head office"),
    "two masters": (managed_by_two, Part.CMS, f"{STANDBY} and {LOST} claim to be active"),
    "no master": (managed_by_none, Part.CMS, "none is active"),
    "a store at the lost site": (store_elsewhere, Part.CMS, f"its store is sql-pool01.{DOMAIN}\\rtc"),
    "no user store": (without(roles.USER_STORE), Part.POOL, "no UserStore in reach"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_each_gap_is_found_alone(name: str) -> None:
    """One thing is missing: its row says so and what to do, and no other row changes."""
    spoil, part, said = SPOILED[name]
    before, made = judged(complete()), complete()
    spoil(made)
    found = judged(made)
    assert found[part].state is State.MISSING
    assert found[part].verdict is (Verdict.FAIL if found[part].component.must else Verdict.WARN)
    assert said in found[part].seen
    assert found[part].remedy
    tied = {Part.INDEPENDENCE} if "store at" in name else set()
    assert {one for one in found if found[one].state != before[one].state} - tied == {part}


@pytest.mark.parametrize(
    ("role", "must"),
    [(roles.FILE_STORE, True), (roles.USER_STORE, True), (roles.ARCHIVING_SERVER, False)],
)
def test_what_the_pool_needs_of_the_lost_site_is_named(role: str, must: bool) -> None:
    """A DR pool whose store stands at head office dies with it; without archiving it can live."""
    made = complete()
    of(made, roles.USER_SERVICES).needs.append(("Default", of(made, role, 1)))
    gap = judged(made)[Part.INDEPENDENCE]
    assert gap.state is State.MISSING
    assert gap.verdict is (Verdict.FAIL if must else Verdict.WARN)
    assert f"it needs {role}:" in gap.seen


@pytest.mark.parametrize("role", [roles.REGISTRAR, roles.USER_SERVICES])
def test_a_partner_at_the_lost_site_is_no_tie(role: str) -> None:
    """Paired pools stand at two sites on purpose, and what the partner needs is its own affair."""
    made = complete(6)
    of(made, role).needs.append(("Backup", of(made, role, 1)))
    assert judged(made)[Part.INDEPENDENCE].state is State.THERE


def test_both_pools_at_one_site() -> None:
    """A second pool at head office is no DR site."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool01"), PoolPlan("drse01")), cms=True))
    gap = judged(made, nothing())[Part.CENTRAL_SITE]
    assert (gap.state, gap.seen) == (State.MISSING, "both pools stand at Head office")


def test_pools_that_the_document_does_not_hold() -> None:
    """Without the standby pool everything is missing; without the lost one nobody can say where it stands."""
    absent = judged(complete(), standby=f"other.{DOMAIN}")
    assert absent[Part.CENTRAL_SITE].seen == f"other.{DOMAIN} is not in the document"
    assert {
        gap.state for part, gap in absent.items() if part not in {*OUTSIDE, Part.SIMPLE_URLS, Part.INDEPENDENCE}
    } == {State.MISSING}
    assert absent[Part.INDEPENDENCE].state is State.OUTSIDE
    unknown = judged(complete(), lost=f"other.{DOMAIN}")
    assert unknown[Part.CENTRAL_SITE].state is unknown[Part.INDEPENDENCE].state is State.OUTSIDE
    assert unknown[Part.POOL].state is State.THERE


def test_a_branch_appliance_is_no_standby_pool() -> None:
    """Users cannot be homed on it for good."""
    made = complete(branch=True)
    gap = judged(made, standby=f"sba2.{DOMAIN}")[Part.POOL]
    assert gap.state is State.MISSING
    assert "is a branch appliance" in gap.seen


def test_simple_urls_are_unknown_where_the_document_has_none() -> None:
    """A published topology does not hold them: nothing is claimed. A drawn one without meet is a gap."""
    made = complete()
    topology = parse(published(made), "x")
    needed = [one for one in components(everything(), "lync2010") if one.part is Part.SIMPLE_URLS]
    (gap,) = gaps(Failover(topology, LOST, STANDBY), needed)
    assert (gap.state, gap.seen) == (State.OUTSIDE, "a published topology does not hold them")
    drawn = parse(builder(made), "x")
    only_dialin = replace(drawn, simple_urls=drawn.simple_urls[:1])
    (gap,) = gaps(Failover(only_dialin, LOST, STANDBY), needed)
    assert (gap.state, gap.seen) == (State.MISSING, "no URL for meet")


def test_a_gap_is_a_check() -> None:
    """The same row as a check, with what was expected and why."""
    check = judged(complete())[Part.CMS].check()
    assert (check.area, check.name, check.verdict) == ("requirements", "Central Management Store", Verdict.PASS)
    assert "nobody can be moved" in check.expected


def test_the_lab_is_ready_for_what_is_on_by_default(tmp_path: Path) -> None:
    """The lab's published topology has all that the defaults ask for; the simple URLs are not in it."""
    topology = parse(lab_topology.document(Blueprint(tmp_path), POOLS.values(), POOLS[DR_POOL]).encode(), "x")
    found = gaps(Failover(topology, PRIMARY_POOL, DR_POOL), components(Requirements(), "lync2010"))
    assert {one.component.part for one in found if one.state is not State.THERE} == {Part.SIMPLE_URLS}


# -- what to do -----------------------------------------------------------------------------------------------------


def there(name: str) -> str:
    return f"D:\\lyncdr\\{name}"


def planned(made: Deployment, wanted: Requirements | None = None, **failover: str) -> tuple[Step, ...]:
    topology = parse(builder(made), "x")
    at = Failover(topology, failover.get("lost", LOST), failover.get("standby", STANDBY))
    generation = GENERATIONS[made.version]
    found = gaps(at, components(wanted or everything(), generation))
    return steps(Situation(at, generation, there), found)


def test_nothing_to_do() -> None:
    """A site without a gap needs no step, not even the one that proves it."""
    assert planned(complete(), nothing()) == ()


def test_the_cms_is_handed_over_in_order() -> None:
    """Saved first, an empty store made, moved on the DR server itself, and then looked at."""
    made = complete()
    managed_by_the_lost_pool(made)
    found = planned(made, nothing())
    assert [step.title for step in found] == [
        "Save the Central Management Store",
        "Make an empty store in DR",
        "Move the Central Management Store",
        "See that there is one master and every replica follows",
        "See that the servers hold what was published",
        "Prove it",
    ]
    assert found[0].lines[0] == (
        "Export-CsConfiguration -FileName 'D:\\lyncdr\\before-cms-move.zip' -ErrorAction 'Stop'"
    )
    assert found[1].lines[0] == (
        f"Install-CsDatabase -CentralManagementDatabase -SqlServerFqdn '{STANDBY}' -SqlInstanceName 'rtc'"
    )
    assert found[2].lines[0] == "Move-CsManagementServer"
    assert found[2].where.startswith(f"{STANDBY}, in a shell on the server itself")


@pytest.mark.parametrize("spoil", [managed_by_two, managed_by_none])
def test_with_two_masters_or_none_nothing_is_moved(spoil: Callable[[Deployment], None]) -> None:
    """First it must be known who the master is: the steps only look."""
    made = complete()
    spoil(made)
    acts = [act for step in planned(made, nothing()) for act in step.acts if isinstance(act, Command)]
    assert "Get-CsConfigurationStoreLocation" in {act.cmdlet for act in acts}
    assert not any(act.writes for act in acts)


LINKED = {
    "an Edge that hands on to the lost pool": (
        f"Set-CsEdgeServer -Identity 'EdgeServer:edge2.{DOMAIN}' -Registrar 'Registrar:{STANDBY}'"
    ),
    "no Edge for the pool": f"Set-CsRegistrar -Identity 'Registrar:{STANDBY}' -EdgeServer 'EdgeServer:edge2.{DOMAIN}'",
    "archiving that is not used": (
        f"Set-CsRegistrar -Identity 'Registrar:{STANDBY}' -ArchivingServer 'ArchivingServer:arch2.{DOMAIN}'"
    ),
    "monitoring that is not used": (
        f"Set-CsRegistrar -Identity 'Registrar:{STANDBY}' -MonitoringServer 'MonitoringServer:mon2.{DOMAIN}'"
    ),
}


@pytest.mark.parametrize("name", LINKED)
def test_what_stands_in_dr_already_is_linked(name: str) -> None:
    """One command links it; nothing is drawn or installed for it."""
    made = complete()
    SPOILED[name][0](made)
    found = planned(made)
    assert any(LINKED[name] in step.lines for step in found)
    assert not any(step.where == "Topology Builder" for step in found)


def test_later_generations_are_linked_to_the_store() -> None:
    """From 2013 on a pool is given the archiving database itself, with its instance."""
    made = complete(6)
    unlink(roles.REGISTRAR, roles.ARCHIVING_STORE)(made)
    lines = [line for step in planned(made) for line in step.lines]
    assert (
        f"Set-CsRegistrar -Identity 'Registrar:{STANDBY}'"
        f" -ArchivingDatabase 'ArchivingDatabase:arch2.{DOMAIN}\\archiving'" in lines
    )


def test_what_is_missing_is_drawn_published_and_installed_first() -> None:
    """One round in Topology Builder for all of it, before the store is moved and anything is linked."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool01"),), cms=True))
    found = planned(made)
    assert [step.title for step in found[:4]] == [
        "Draw what is missing",
        "Publish it",
        "Make what the servers need in Active Directory and on SQL Server",
        "Install it",
    ]
    assert found[0].acts[1] == f"Define a central site for DR, and in it the pool {STANDBY}."
    assert found[2].lines == ("Enable-CsTopology",)
    titles = [step.title for step in found]
    assert titles.index("Install it") < titles.index("Move the Central Management Store")
    assert titles[-1] == "Prove it"


def test_an_enterprise_pool_has_its_databases_made_beforehand() -> None:
    """A Standard Edition server makes its own when it is installed; an Enterprise pool's SQL Server is asked to."""
    made = complete(pools=(PoolPlan("drse01", front_ends=2),))
    without(roles.CONFERENCING)(made)
    lines = [line for step in planned(made) for line in step.lines]
    assert f"Install-CsDatabase -ConfiguredDatabases -SqlServerFqdn 'sql-drse01.{DOMAIN}'" in lines


# -- whatever the deployment ----------------------------------------------------------------------------------------


@st.composite
def situations(draw: st.DrawFn) -> tuple[Deployment, Requirements]:
    """A DR site with any of its parts, and any answers."""
    flags = st.booleans()
    parts = {key: draw(flags) for key in ("voice", "archiving", "monitoring", "cms", "branch")}
    pool = (PoolPlan("drse01", front_ends=draw(st.integers(1, 2))),) if draw(flags) else ()
    edge = draw(st.sampled_from(["", "pool01"] + (["drse01"] if pool else [])))
    made = deployment(
        SitePlan("Head office", (PoolPlan("pool01"),), edge="pool01", cms=draw(flags)),
        SitePlan("Standby", pool, edge=edge, **parts),
        version=draw(st.sampled_from(sorted(GENERATIONS))),
    )
    answers = {key: draw(flags) for key in FLAGS}
    archiving = Archiving(needed=draw(flags))
    return made, Requirements(**answers, archiving=archiving)


@settings(max_examples=150, deadline=None)
@given(situation=situations())
def test_every_command_is_one_that_the_generation_knows(situation: tuple[Deployment, Requirements]) -> None:
    """Cmdlets and parameters are in Microsoft's help; sentences name no cmdlet that was not checked."""
    made, wanted = situation
    for step in planned(made, wanted):
        for act in step.acts:
            if isinstance(act, Command):
                assert TABLE.faults(act.cmdlet, list(act.parameters), GENERATIONS[made.version]) == []
            else:
                assert not re.search(r"[A-Z][a-z]+-Cs[A-Z]|\{|\}", act)


@settings(max_examples=150, deadline=None)
@given(situation=situations())
def test_every_open_gap_has_a_step(situation: tuple[Deployment, Requirements]) -> None:
    """No row is red or unknown without something to do for its workload; no step is for a workload not asked for."""
    made, wanted = situation
    found = judged(made, wanted)
    plan = planned(made, wanted)
    for gap in found.values():
        if gap.state is not State.THERE:
            assert gap.remedy
            assert any(set(gap.component.needed_for) <= set(step.needed_for) for step in plan)
    asked = {key for gap in found.values() for key in gap.component.needed_for}
    assert {key for step in plan for key in step.needed_for} <= asked
    assert bool(plan) == any(gap.state is not State.THERE for gap in found.values())
