"""Response Groups whose names are taken at the DR pool: found before the approval, decided by people, and read back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

from dr_scene import Scene
from phase_scene import Ended, run

from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.response_groups import ResponseGroup
from lyncdr_helpers.lab.seed import generate
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.phases.activation_plan import GROUPS
from lyncdr_helpers.phases.incoming_groups import GATE
from lyncdr_helpers.session import Session

OWN = ResponseGroup("11111111-2222-4333-8444-555555555555", "Queue", "Help Desk Queue", DR_POOL)
OTHER = ResponseGroup("21111111-2222-4333-8444-555555555555", "Queue", "Night Watch", DR_POOL)


@contextmanager
def at_dr(scene: Scene, *groups: ResponseGroup) -> Iterator[None]:
    """The DR pool runs these, until the end."""
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        settings = store.response_group_settings()
        store.replace_response_groups(list(groups), settings)
        try:
            yield
        finally:
            store.remove_response_groups(store.response_groups())


def made(scene: Scene, groups: str = "", mode: str = "rehearse") -> tuple[Ended, dict[str, str]]:
    """How a plan with that choice ended, and what it rests on."""
    basis: dict[str, str] = {}

    def phase(session: Session) -> None:
        activate.declare(session, "the site is gone")
        chosen = activate.choose_backup(session)
        basis.update(activate.make_plan(session, chosen, groups).basis)

    return run(activate.begin(scene.params, mode, "new"), phase), basis


def test_nothing_in_the_way(standing: Scene) -> None:
    """A pool without groups: its settings are replaced, and the plan says so."""
    found, basis = made(standing)
    assert found.code == 0
    assert basis[GROUPS] == "settings replaced"


def test_other_groups_keep_their_settings(standing: Scene) -> None:
    """A pool with groups of its own keeps its settings, unless somebody decides otherwise."""
    with at_dr(standing, OTHER):
        assert made(standing)[1][GROUPS] == "settings kept"
        assert made(standing, "replace-settings")[1][GROUPS] == "settings replaced"


def test_a_name_that_is_taken(standing: Scene) -> None:
    """Refused before anything is approved, with the name and both ways out; each way is in the plan."""
    with at_dr(standing, OWN):
        # The primary lives; nothing before the plan is asked here.
        found, _ = made(standing, mode="live")
        assert found.code == 5
        assert [line.facts["gate"] for line in found.kinds("gate")] == [GATE]
        assert "a name that the DR pool has already: Queue Help Desk Queue." in found.text
        assert "--groups present" in found.text
        assert "--groups rename" in found.text
        assert [row["group"] for row in found.table("response-group-conflicts")] == ["Queue Help Desk Queue"]
        assert made(standing, "present")[1][GROUPS] == "settings kept"
        assert made(standing, "rename")[1][GROUPS] == "name conflicts resolved by other names, settings kept"


def test_no_such_choice(standing: Scene) -> None:
    """A word that means nothing is bad input, exit 2, with those that mean something."""
    found, _ = made(standing, "overwrite")
    assert found.code == 2
    assert "present, rename, keep-settings, replace-settings" in found.text


def restored(scene: Scene, choice: str) -> list[str]:
    """The names at the DR pool once the import is done as decided, and read back."""

    def phase(session: Session) -> None:
        activate.declare(session, "the site is gone")
        chosen = activate.choose_backup(session)
        plan = activate.make_plan(session, chosen, choice)
        activate.approve(session, plan, plan.digest)
        assert not activate.restore_response_groups(session, plan, chosen).failed

    found = run(activate.begin(scene.params, "live", "new"), phase)
    assert found.code == 0, found.text
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        return sorted(one.name for one in store.response_groups() if one.kind == "Queue")


def counted(scene: Scene) -> tuple[int, int, str]:
    """How many a verification expects and finds, and what it says of the rest."""
    session = verify.begin(scene.params)
    with closing(session):
        _, lost = verify.response_groups(session, verify.expectation(session))
        facts = {line.facts["name"]: line.facts["value"] for line in session.journal.of_kind("fact")}
    said = "; ".join(f"{one.what}: {one.why}" for one in lost)
    return facts["response_groups_expected"], facts["response_groups_restored"], said


def test_it_is_done_as_decided(scene: Scene) -> None:
    """rename: the backup's queue comes beside the pool's own, is known by being new, and the pool's own is not taken
    for it afterwards. present: what an earlier activation brought is brought again, and stays one.
    """
    scene.lose_primary()
    queues = ["Help Desk Queue", "Reception Queue", "Sales Hotline Queue"]
    with at_dr(scene, OWN):
        assert restored(scene, "rename") == sorted([*queues, "Help Desk Queue (2)"])
        assert counted(scene) == (9, 9, "")
        with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
            store.remove_response_groups([one for one in store.response_groups() if one.name.endswith("(2)")])
        assert counted(scene) == (9, 8, "Queue Help Desk Queue: not at the DR pool as Queue Help Desk Queue (2)")
    with at_dr(scene, OWN):
        found, basis = made(scene)
        assert found.code == 0, "what an earlier activation brought is in nobody's way"
        assert basis[GROUPS] == "settings kept"
    same = next(one for one in generate(scene.blueprint).response_groups if one.name == OWN.name)
    with at_dr(scene, replace(same, owner=DR_POOL)):
        assert restored(scene, "present") == queues
