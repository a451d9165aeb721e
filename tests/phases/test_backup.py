"""Backup: COMPLETE means that everybody can be restored from what lies in the store; anything less is another state."""

from __future__ import annotations

import pytest
from dr_scene import Scene
from night_scene import ask, chosen, manifest_of, store_of
from phase_scene import directory_changed, sha256sum, tree

from lyncdr_helpers.backups import sets
from lyncdr_helpers.contacts.dbimpexp import read_export
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.people import APOSTROPHE, DISABLED, NO_CONTACTS
from lyncdr_helpers.lab.pools import PoolStore

# -- a whole night ---------------------------------------------------------------------------------------------------


def test_a_complete_set(standing: Scene, kept: dict[str, str]) -> None:
    """What the manifest says is so: digests and sizes of the files, users of the directory, counts of the seed."""
    found = ask(standing.params)
    assert (found.code, found.summary.outcome) == (0, "done")
    folder, said = standing.blueprint.store / found.folder.run, manifest_of(standing, found)
    assert (said["state"], said["differences"]) == ("COMPLETE", [])
    assert {part["file"]: part["sha256"] for part in said["parts"]} == {
        path.relative_to(folder).as_posix(): sha256sum(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name not in ("manifest.json", "manifest.sig", "summary.json")
    }
    assert all(part["size"] == (folder / part["file"]).stat().st_size for part in said["parts"])
    deployment = seed.generate(standing.blueprint)
    lists = {one.user: one for one in deployment.contact_lists(PRIMARY_POOL)}
    assert {user["address"]: (user["contacts"], user["groups"], user["digest"]) for user in said["users"]} == {
        user: (len(one.contacts), sum(not group.external_uri for group in one.groups), one.digest)
        for user, one in lists.items()
    }
    homed = {user for user, home in standing.homes().items() if home == PRIMARY_POOL}
    applications = {one.address for one in deployment.people if one.kind == "application"}
    assert {user["address"] for user in said["users"]} == homed - applications
    assert {DISABLED, NO_CONTACTS, APOSTROPHE} <= {user["address"] for user in said["users"]}
    names = [group.name for group in deployment.response_groups_of(PRIMARY_POOL)]
    assert len(said["response_groups"][PRIMARY_POOL]) == len(names) == 9
    assert all(any(one.endswith(name) for one in said["response_groups"][PRIMARY_POOL]) for name in names)
    assert chosen(standing).manifest.name == found.folder.run
    assert sets.damage(store_of(standing), sets.read_manifest(store_of(standing), found.folder.run)) == []
    assert not list(standing.blueprint.store.glob(f".*{found.folder.run}"))
    assert kept


def test_the_stored_lists_are_the_pool_s(standing: Scene) -> None:
    """The export in the store holds every list whole, as the pool has it."""
    found = ask(standing.params)
    stored = read_export(standing.blueprint.store / found.folder.run / "contacts" / f"{PRIMARY_POOL}.xml")
    assert {one.user: one.element for one in stored} == {
        user: one.element for user, one in standing.lists(PRIMARY_POOL).items()
    }


def test_a_backup_changes_nothing(standing: Scene) -> None:
    """It leaves users, lists, Response Groups and DNS as they were, and no file of its own outside the store."""
    before = standing.state(), standing.lists(PRIMARY_POOL), set(tree(standing.blueprint.drive_c))
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        groups = pool.response_groups()
    found = ask(standing.params)
    assert before == (standing.state(), standing.lists(PRIMARY_POOL), set(tree(standing.blueprint.drive_c)))
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        assert pool.response_groups() == groups
    assert not (standing.blueprint.folder / "work" / found.folder.run).exists()


# -- who is not in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [APOSTROPHE, DISABLED, NO_CONTACTS])
def test_a_homed_user_who_is_not_exported(standing: Scene, kept: dict[str, str], user: str) -> None:
    """One user whom the directory has on the pool and the export lacks makes the set INCOMPLETE: exit 4, named with
    the reason, kept, and never chosen.
    """
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        (whole,) = pool.lists(user)
        pool.remove_user(user)
        try:
            found = ask(standing.params)
        finally:
            pool.add(whole)
    assert (found.code, found.summary.outcome) == (4, "incomplete")
    reason = "not exported; disabled" if user == DISABLED else "not exported"
    assert f"{user}: {reason}." in found.text
    said = manifest_of(standing, found)
    assert said["state"] == found.fact("state") == "INCOMPLETE"
    assert said["differences"] == [{"address": user, "pool": PRIMARY_POOL, "reason": reason}]
    taken = chosen(standing).manifest.name
    assert taken != found.folder.run
    assert f"{taken}/manifest.json" in kept


def test_a_user_whose_move_is_half_done(standing: Scene, kept: dict[str, str]) -> None:
    """A user who is missing because a move never ended is named with that reason."""
    dn = next(one.dn for one in seed.generate(standing.blueprint).people if one.address == APOSTROPHE)
    with (
        PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool,
        directory_changed(standing, dn, "msRTCSIP-TargetHomeServer", POOLS[DR_POOL].service),
    ):
        (whole,) = pool.lists(APOSTROPHE)
        pool.remove_user(APOSTROPHE)
        try:
            found = ask(standing.params)
        finally:
            pool.add(whole)
    assert found.code == 4
    assert f"{APOSTROPHE}: not exported; a move to {DR_POOL} is half done." in found.text
    assert kept


def test_a_list_that_nobody_owns_any_more(standing: Scene) -> None:
    """A list whose user is homed elsewhere is named as extra, and does no harm."""
    dn = next(one.dn for one in seed.generate(standing.blueprint).people if one.address == APOSTROPHE)
    with directory_changed(standing, dn, "msRTCSIP-PrimaryHomeServer", POOLS[DR_POOL].service):
        found = ask(standing.params)
    said = manifest_of(standing, found)
    assert (found.code, said["state"], said["differences"]) == (0, "COMPLETE", [])
    assert [one["address"] for one in said["extra"]] == [APOSTROPHE]
