"""What the lab's users do to their lists meanwhile: seeded, on record, and seen when it did not survive."""

from __future__ import annotations

from pathlib import Path

import pytest

from lyncdr_helpers.lab import life, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.life import LATE, Life
from lyncdr_helpers.lab.pools import PoolStore

THINGS = ("only_on_primary", "added_in_dr", "removed_in_dr", "renamed_in_dr")


@pytest.fixture
def lab(tmp_path: Path) -> Blueprint:
    """Two pools with the lists of the first day, and no server: the DR pool has what the primary has."""
    blueprint = Blueprint(tmp_path / "lab", users=30)
    deployment = seed.generate(blueprint)
    for pool in (PRIMARY_POOL, DR_POOL):
        with PoolStore(blueprint.pool_store(pool)) as store:
            for found in deployment.contact_lists(PRIMARY_POOL):
                store.put(found)
    return blueprint


def lived(lab: Blueprint) -> Life:
    return life.at_the_dr_site(lab, life.before_the_loss(lab))


def carried_home(lab: Blueprint) -> None:
    """The DR pool's lists in the place of the primary's."""
    with PoolStore(lab.pool_store(PRIMARY_POOL)) as home, PoolStore(lab.pool_store(DR_POOL)) as away:
        for found in away.lists():
            home.put(found)


def test_the_same_seed_lives_the_same_life(lab: Blueprint, tmp_path: Path) -> None:
    """Who does what follows from the blueprint; a few do each thing."""
    found = lived(lab)
    assert min(map(len, (found.late, found.added, found.removed, found.renamed))) >= 2
    assert set(found.late.values()) == {LATE}
    with PoolStore(lab.pool_store(DR_POOL)) as store:
        lists = {one.user: one for one in store.lists()}
    for user, name in found.renamed.items():
        assert name in {group.name for group in lists[user].groups}
    for user, gone in found.removed.items():
        assert gone not in {contact.buddy for contact in lists[user].contacts}


def test_what_did_not_survive_is_counted(lab: Blueprint) -> None:
    """With the DR pool's lists alone everything of the DR site is home, and what only the primary had is not; with the
    primary's alone it is the other way round.
    """
    found = lived(lab)
    before = life.count(lab, found)
    assert [before[f"{name}_kept"] for name in THINGS] == [before["only_on_primary"], 0, 0, 0]
    carried_home(lab)
    after = life.count(lab, found)
    assert [after[f"{name}_kept"] for name in THINGS] == [0, *(after[name] for name in THINGS[1:])]
    assert (before["doubled"], after["doubled"]) == (0, 0)
