"""A waiver stands for those it names: somebody new closes the gate again, and nobody passes with old words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene
from phase_scene import Ended, run
from signed_sets import added, own_key, without_a_user

from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.phases import activate
from lyncdr_helpers.session import Session

GATE = "users-without-export"
TOLD = {GATE: "they were told"}


def restorable(
    params: Path, backup: str, name: str, waive: Mapping[str, str] | None = None, mode: str = "live"
) -> Ended:
    """How the look at each user ended, with that set."""

    def phase(session: Session) -> None:
        chosen = activate.choose_backup(session, backup)
        activate.restorability(session, chosen)

    given = {**(waive or {}), "incomplete-backup": "all there is"}
    return run(activate.begin(params, "live", name, waive=given), phase)


def missing(scene: Scene, count: int) -> dict[str, Any]:
    """What a manifest says that lacks so many users; COMPLETE, so that no other gate is in the way."""
    said = without_a_user(scene)
    users = said["users"]
    return {"users": users[count - 1 :]}


@pytest.fixture(scope="module")
def lacking(standing: Scene) -> Iterator[dict[int, str]]:
    """Sets that lack one user, and two."""
    key = own_key(standing)
    with (
        added(standing, key, **missing(standing, 1)) as one,
        added(standing, key, **missing(standing, 2)) as two,
    ):
        yield {1: one, 2: two}


def test_everybody_is_looked_at(standing: Scene) -> None:
    """One row for each user to be moved, all of them restorable; on record and as a table."""
    found = restorable(standing.params, "", "new")
    assert found.code == 0
    rows = found.table("restorability")
    assert len(rows) == found.fact("users_restorable") == standing.blueprint.users
    assert {(row["record"], row["store_then"], row["store_now"], row["why_not"]) for row in rows} == {
        ("same", "", "lync", "")
    }
    held = standing.lists(PRIMARY_POOL)
    assert {row["address"]: int(row["contacts"]) for row in rows} == {one: len(held[one].contacts) for one in held}


def test_a_waiver_names_users(standing: Scene, lacking: dict[int, str]) -> None:
    """Refused by name without one; the waiver lists exactly whom it stands for; repeated words waive nobody new."""
    closed = restorable(standing.params, lacking[1], "new")
    assert closed.code == 5
    (lost,) = (row["address"] for row in closed.table("restorability") if row["why_not"])
    assert f"{lost}: the backup has no record" in closed.text
    name = closed.folder.run
    passed = restorable(standing.params, lacking[1], name, TOLD)
    assert passed.code == 0
    assert [line.facts["names"] for line in passed.kinds("waiver") if line.facts["gate"] == GATE] == [[lost]]
    again = restorable(standing.params, lacking[1], name)
    assert again.code == 0, "whoever was waived once in a run stays so"
    more = restorable(standing.params, lacking[2], name, TOLD)
    assert more.code == 5
    (other,) = {row["address"] for row in more.table("restorability") if row["why_not"]} - {lost}
    assert f"does not name {other}." in more.text
    anew = restorable(standing.params, lacking[2], name, {GATE: "the second one was told too"})
    assert anew.code == 0
    names = [line.facts["names"] for line in anew.kinds("waiver") if line.facts["gate"] == GATE]
    assert names == [[lost], sorted([lost, other])]


def test_a_record_that_is_another(standing: Scene) -> None:
    """A record whose digest is not the manifest's is not what was backed up: its user is named."""
    said = without_a_user(standing)
    users = [{**user, "digest": "0" * 64} if number == 0 else user for number, user in enumerate(said["users"])]
    with added(standing, own_key(standing), users=users, state="COMPLETE", differences=[]) as name:
        found = restorable(standing.params, name, "new")
    rows = {row["address"]: row for row in found.table("restorability")}
    assert rows[users[0]["address"]]["record"] == "other"
    assert found.code == 5
