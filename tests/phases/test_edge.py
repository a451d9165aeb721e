"""The Edge of the DR site hands on to the pool that lives, where there is one; and nobody inside waits for it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import activated, management_host, planned, run, verified

from lyncdr_helpers.lab import edges
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.winrm import Call
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.plan import Change, Plan

KIND, EDGE = "edge-next-hop", edges.EDGE.fqdn


@pytest.fixture
def with_edge(standing: Scene) -> Iterator[Scene]:
    """An Edge at the standby site, whose next hop is the primary pool."""
    folder = standing.blueprint.folder
    edges.place(folder, PRIMARY_POOL)
    yield standing
    (folder / edges.FILE).unlink()


def rehearsed(params: Path) -> Plan:
    made: list[Plan] = []
    found = run(activate.begin(params, "rehearse", "new"), lambda session: made.append(planned(session)[1]))
    assert found.code == 0, found.text
    return made[0]


def test_no_edge(standing: Scene) -> None:
    """Where the DR site has none nothing is planned."""
    assert not rehearsed(standing.params).of_kind(KIND)


def test_an_edge_is_planned(with_edge: Scene) -> None:
    """From the pool that is lost to the one that takes over; an Edge that knows the way already is left alone."""
    assert rehearsed(with_edge.params).of_kind(KIND) == (Change(KIND, EDGE, PRIMARY_POOL, DR_POOL),)
    edges.place(with_edge.blueprint.folder, DR_POOL)
    assert not rehearsed(with_edge.params).of_kind(KIND)


def test_a_topology_that_cannot_be_read(with_edge: Scene, tmp_path: Path) -> None:
    """Nobody inside waits for the Edge: it is left out of the plan, and a row says why."""

    def nonsense(call: Call) -> None:
        call.text("<Topology")

    with management_host(with_edge, tmp_path, {"Get-CsTopology": nonsense}) as params:
        found = run(activate.begin(params, "rehearse", "new"), planned)
    assert found.code == 0
    assert found.rows["next hop of the Edges"] == "unknown"


def test_it_is_pointed_to_dr(scene: Scene, tmp_path: Path) -> None:
    """A refusal is counted, exit 4, with all else done; the same command finishes it, and verification proves it."""
    folder = scene.blueprint.folder
    edges.place(folder, PRIMARY_POOL)
    scene.lose_primary()
    with management_host(scene, tmp_path, {"Set-CsEdgeServer": lambda call: None}) as params:
        first = run(activate.begin(params, "live"), activated)
    assert first.code == 4
    assert f"1 changes of the plan failed. {EDGE}: no error was reported, and it is not there" in first.text
    lost = run(verify.begin(scene.params), verified)
    assert {name for name, verdict in lost.rows.items() if verdict != "pass"} == {f"next hop of {EDGE}"}
    again = run(activate.begin(scene.params, "live"), partial(activated, digest=""))
    assert (again.code, again.folder) == (0, first.folder)
    assert edges.next_hop(folder) == DR_POOL
    assert run(verify.begin(scene.params), verified).code == 0
