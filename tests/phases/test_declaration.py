"""Nobody is moved before somebody says why, and what still answers at the primary is known by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dead_ends import says_nothing, served
from dr_scene import Scene
from phase_scene import Ended, planned, run, variant

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.phases import activate
from lyncdr_helpers.phases.evidence import GATE
from lyncdr_helpers.session import Session

WHY = "the building burns"


@pytest.fixture(scope="module")
def lost(standing: Scene) -> Iterator[Scene]:
    """The primary is lost; no test of this module activates anything."""
    lifecycle.fail(standing.blueprint.folder, "primary")
    yield standing
    lifecycle.heal(standing.blueprint.folder, "primary")


def declared(params: Path, because: str, mode: str = "live", name: str = "new") -> Ended:
    return run(activate.begin(params, mode, name), lambda session: activate.declare(session, because))


def looked(params: Path, mode: str = "live", waive: dict[str, str] | None = None) -> Ended:
    return run(activate.begin(params, mode, "new", waive=waive), activate.evidence)


# -- the declaration ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("because", ["", "  "])
def test_a_live_run_without_a_reason(standing: Scene, because: str) -> None:
    """Refused with exit 5 before anybody is asked anything, and told how to give one."""
    found = declared(standing.params, because)
    assert (found.code, found.summary.outcome) == (5, "refused")
    assert "Nobody has declared that pool01.lync.test is lost." in found.text
    assert '--because="..."' in found.text
    assert not found.kinds("declaration")


def test_a_rehearsal_without_a_reason(standing: Scene) -> None:
    """It notes that a live run would stop, and goes on."""
    found = declared(standing.params, "", "rehearse")
    assert found.code == 0
    assert [line.facts["gate"] for line in found.kinds("gate")] == ["declaration"]


def test_who_and_why(standing: Scene) -> None:
    """The reason stays on record with who gave it; the run goes on with it, and another one is added to it."""
    first = declared(standing.params, f" {WHY} ")
    name = first.folder.run
    (line,) = first.kinds("declaration")
    assert (line.facts["because"], line.facts["pool"]) == (WHY, "pool01.lync.test")
    assert {"user", "host"} <= line.facts["by"].keys()
    assert declared(standing.params, "", name=name).code == 0
    assert len(declared(standing.params, WHY, name=name).kinds("declaration")) == 1
    again = declared(standing.params, "and the line is cut", name=name)
    assert [line.facts["because"] for line in again.kinds("declaration")] == [WHY, "and the line is cut"]


# -- the evidence ------------------------------------------------------------------------------------------------------
def test_a_pool_that_serves(standing: Scene) -> None:
    """Its SIP port, from both places, and a sign-in each close the gate; a reason passes it, on record."""
    found = looked(standing.params)
    assert found.code == 5
    closed = {name for name, verdict in found.rows.items() if verdict == "fail"}
    assert closed == {
        "fe01.lync.test port 5061 from here",
        "fe01.lync.test port 5061 from mgmt.lync.test",
        "Test-CsRegistration of pool01.lync.test",
    }
    passed = looked(standing.params, waive={GATE: WHY})
    assert passed.code == 0
    assert [line.facts["reason"] for line in passed.kinds("waiver")] == [WHY]


def test_a_lost_site_is_silent(lost: Scene) -> None:
    """Every place says the same: nothing answers, and nobody signs in."""
    found = looked(lost.params)
    assert found.code == 0
    assert found.rows == {
        "fe01.lync.test port 5061 from here": "pass",
        "fe01.lync.test else from here": "pass",
        "fe01.lync.test port 5061 from mgmt.lync.test": "pass",
        "fe01.lync.test else from mgmt.lync.test": "pass",
        "Test-CsRegistration of pool01.lync.test": "pass",
    }
    assert found.fact("still_answering") == []


def test_half_of_the_site_lives(lost: Scene) -> None:
    """Another address of the site that answers warns by its name, from both places, is kept, and closes no gate."""
    address = f"{lost.blueprint.subnet}.40"
    params = variant(lost, ("  dr:\n    name:", f"    addresses: [{address}]\n  dr:\n    name:"))
    with served(address, says_nothing, 5061):
        found = looked(params)
    assert found.code == 0
    odd = {f"{address} else from {where}" for where in ("here", "mgmt.lync.test")}
    assert {name for name, verdict in found.rows.items() if verdict != "pass"} == odd
    assert {found.rows[name] for name in odd} == {"warn"}
    assert set(found.fact("still_answering")) == odd
    assert {row["what"] for row in found.table("split-brain")} == odd
    assert "5061 (an Edge, or another pool)" in found.table("split-brain")[0]["seen"]


def test_it_comes_back_while_somebody_reads_the_plan(lost: Scene) -> None:
    """Right before the first user is moved the primary is knocked at again: refused, and nobody is moved."""

    def late(session: Session) -> None:
        _, plan = planned(session)
        activate.approve(session, plan, plan.digest)
        lifecycle.heal(lost.blueprint.folder, "primary")
        try:
            activate.move_users(session, plan)
        finally:
            lifecycle.fail(lost.blueprint.folder, "primary")

    found = run(activate.begin(lost.params, "live", "new"), late)
    assert found.code == Refusal.exit_code
    assert "it accepts connections" in found.text
    assert not found.kinds("intent")
