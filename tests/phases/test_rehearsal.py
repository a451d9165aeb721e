"""A rehearsal goes the whole way of an activation on the real deployment, and withholds every write."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from dr_scene import Scene
from phase_scene import Ended, activated, planned, run, sets, tree
from rewind import Moment

from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.lab import group_chat, lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.phases import activate

STEPS = [
    *("declare", "reach", "evidence", "backup", "restorability", "plan", "approval"),
    *("move users", "move endpoints", "move conference directories"),
    *("restore contacts", "restore response groups", "restore Group Chat"),
    *("bring archiving to DR", "point the Edge to DR", "repoint DNS", "watch DNS", "install Group Chat", "verdict"),
]
USERS, BATCH, RECORDS = 40, 10, 6


@pytest.fixture(scope="module", params=["alive", "lost"])
def rehearsed(request: pytest.FixtureRequest, begun: Moment) -> Iterator[tuple[Scene, Ended]]:
    """A rehearsal on a lab whose primary stands or is lost, and what the lab held before and after."""
    scene = begun.scene
    if request.param == "lost":
        scene.lose_primary()
    before = everything(scene)
    found = run(activate.begin(scene.params, "rehearse"), lambda session: activated(session, digest=""))
    after = everything(scene)
    assert after == before, "a rehearsal changed the deployment"
    yield scene, found
    begun.rewind()


def everything(scene: Scene) -> dict[str, Any]:
    """All that an activation may touch: homes, DNS, and what both pools and the backup store hold, byte by byte."""
    held: dict[str, Any] = {"state": scene.state(), "zone": tree(scene.blueprint.folder / "dns")}
    for pool in (PRIMARY_POOL, DR_POOL):
        with PoolStore(scene.blueprint.pool_store(pool)) as store:
            lists = {one.user: one.digest for one in store.lists()}
            held[pool] = lists, store.response_groups(), store.response_group_settings()
    return held | {"store": sets(scene.blueprint.store)}


def alive(scene: Scene) -> bool:
    return not any(row.state == "site lost" for row in lifecycle.status(scene.blueprint.folder))


def test_it_goes_the_whole_way(rehearsed: tuple[Scene, Ended]) -> None:
    """Every step is done in the order of a live run, and the run ends `rehearsed`, exit 0."""
    _, found = rehearsed
    steps = [line.facts["name"] for line in found.kinds("step") if line.facts["state"] == "done"]
    assert steps == STEPS
    assert (found.code, found.summary.outcome, found.summary.exit_code) == (0, "rehearsed", 0)
    assert found.summary.mode == "rehearse"


def test_every_withheld_write_is_on_record(rehearsed: tuple[Scene, Ended]) -> None:
    """Each write that a live run would have sent is in the journal: what, and how many objects it is about."""
    scene, found = rehearsed
    withheld = [(line.facts["what"], line.facts["objects"]) for line in found.kinds("withheld")]
    moves = [(what, objects) for what, objects in withheld if what.startswith("Move-CsUser")]
    assert [objects for _, objects in moves] == [BATCH] * (USERS // BATCH)
    assert all(f"-Target {DR_POOL}" in what and "-Force" in what for what, _ in moves)
    others = [(what.split()[0], objects) for what, objects in withheld if not what.startswith("Move-CsUser")]
    assert others == [
        ("Update-CsUserDatabase", 0),
        ("Move-CsApplicationEndpoint", 1),
        ("Move-CsCommonAreaPhone", 2),
        ("Move-CsAnalogDevice", 1),
        ("Move-CsApplicationEndpoint", 1),
        ("Move-CsExUmContact", 1),
        ("Move-CsConferenceDirectory", 0),
        ("Move-CsConferenceDirectory", 0),
        ("dbimpexp.exe", 1),
        ("Import-CsRgsConfiguration", 0),
        ("Move-CsApplicationEndpoint", 3),
        ("sqlcmd.exe", 1),  # RESTORE DATABASE
        *[("sqlcmd.exe", 1)] * len(group_chat.LOGINS),
        ("unpack", 1),
        ("update", RECORDS),
        ("by", 6),  # hand: Group Chat's server
    ]
    assert f"/sqlserver:{DR_POOL}\\rtc" in next(what for what, _ in withheld if what.startswith("dbimpexp.exe"))
    assert "lync.test" in next(what for what, _ in withheld if what.startswith("update"))
    assert scene.blueprint.users == USERS


def test_there_is_nothing_to_undo(rehearsed: tuple[Scene, Ended]) -> None:
    """Nobody finds a list of changes to take back that were never made."""
    assert not rehearsed[1].folder.undo.exists()


def test_every_intent_has_its_result(rehearsed: tuple[Scene, Ended]) -> None:
    """Nothing counts as done, nothing as failed: every change of the plan is withheld."""
    _, found = rehearsed
    plan = json.loads(found.folder.plan.read_text(encoding="utf-8"))
    results = [line.facts for line in found.kinds("result")]
    assert len(found.kinds("intent")) == len(results)
    assert not any(one.get("done") or one.get("failed") for one in results)
    already = sum(line.facts["count"] for line in found.kinds("found"))
    assert sum(one.get("withheld", 0) for one in results) + already == len(plan["changes"]) + 1  # Update-CsUserDatabase


def test_every_closed_gate_is_on_record(rehearsed: tuple[Scene, Ended]) -> None:
    """Each gate that would have held a live run is named with its reason, and nothing is approved."""
    scene, found = rehearsed
    gates = {line.facts["gate"]: line.facts["message"] for line in found.kinds("gate")}
    assert gates.keys() == ({"primary-answers", "approval"} if alive(scene) else {"approval"})
    assert not alive(scene) or "it accepts connections" in gates["primary-answers"]
    assert not found.kinds("approval")
    assert not found.kinds("waiver")


def test_its_digest_opens_no_live_run(rehearsed: tuple[Scene, Ended]) -> None:
    """The digest that a rehearsal shows is refused by a live run (exit 5), which makes a plan of its own."""
    scene, found = rehearsed
    assert found.summary.plan
    before = everything(scene)
    waive = {"primary-answers": "a test"}
    live = run(
        activate.begin(scene.params, "live", approve=found.summary.plan, waive=waive),
        lambda session: activated(session, digest=found.summary.plan),
    )
    assert (live.code, live.summary.outcome) == (5, "refused")
    assert live.folder != found.folder
    assert live.summary.plan not in ("", found.summary.plan)
    assert not live.kinds("intent")
    assert everything(scene) == before


def test_a_rehearsal_may_be_repeated(rehearsed: tuple[Scene, Ended]) -> None:
    """A second rehearsal is a run of its own and finds the same to do."""
    scene, found = rehearsed
    session = activate.begin(scene.params, "rehearse")
    again: list[int] = []
    second = run(session, lambda session: again.append(len(planned(session)[1].changes)))
    first = json.loads(found.folder.plan.read_text(encoding="utf-8"))
    assert second.folder != found.folder
    assert again == [len(first["changes"])]


def test_a_rehearsal_does_not_go_on_as_a_live_run(rehearsed: tuple[Scene, Ended]) -> None:
    """A live run that names a rehearsal's folder is refused: its plan was shown under closed gates. (Stays last: where
    it is not refused, it moves everybody.)
    """
    scene, found = rehearsed
    before = everything(scene)
    with pytest.raises((InputError, Refusal)):
        activated(activate.begin(scene.params, "live", run=found.folder.run, waive={"primary-answers": "a test"}))
    assert everything(scene) == before
