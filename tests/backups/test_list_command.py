"""`lyncdr backups list` and `show`: what a person sees of the sets, and that none is silently absent."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from backup_store import CONTACTS, POOL, Deployment, Said, digest_in, edit_manifest

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests

Lyncdr = Callable[..., Said]


def test_list_says_what_keeps_each_set(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A line a set, oldest first: state, age, users, contacts, size, and the rule that keeps it, or that none does."""
    names = [deployment.night(400), deployment.night(200), deployment.night(199.5, complete=False), deployment.night(1)]
    said = lyncdr("list")
    assert (said.code, said.err) == (0, "")
    rows = said.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == names
    assert "prune removes it: none of the rules keeps it" in rows[0]
    assert "keeps it: one of the 2 newest" in rows[1]
    assert "keeps it: the last COMPLETE set" in rows[3]
    assert "INCOMPLETE" in rows[2]
    assert re.search(r"COMPLETE +24 h +3 +6 +\d+ B|COMPLETE +24 h +3 +6 +\d kB", rows[3])


def test_list_as_json(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """One JSON line with the same, in numbers."""
    name = deployment.night(1)
    (found,) = lyncdr("list", "--json").json["sets"]
    assert (found["name"], found["users"], found["contacts"], found["kept"]) == (name, 3, 6, True)
    assert 23.9 < found["age_hours"] < 24.1


def test_an_empty_store(lyncdr: Lyncdr) -> None:
    """No set is no error to a list; to verify it is: nothing was proven."""
    assert "holds no set of lab" in lyncdr("list").out
    assert lyncdr("list", "--json").json == {"sets": []}
    assert lyncdr("verify").code == 2


def test_other_folders_are_left_out(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Another deployment's sets, and what people keep on the share, are none of this deployment's sets."""
    ours = deployment.night(1)
    deployment.night(2, deployment="other")
    (deployment.store / "photos").mkdir()
    assert [one["name"] for one in lyncdr("list", "--json").json["sets"]] == [ours]


def lost(deployment: Deployment, name: str) -> None:
    (deployment.store / name / manifests.NAME).unlink()


def cut(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / manifests.NAME
    path.write_bytes(path.read_bytes()[:-20])


def renamed(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, name="20260101-000000-backup-ffff")


def undated(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, made_at="yesterday")


def without_zone(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, made_at="2026-01-01T00:00:00")


@pytest.mark.parametrize("damage", [lost, cut, renamed, undated, without_zone])
def test_a_set_that_cannot_be_read(
    deployment: Deployment, lyncdr: Lyncdr, damage: Callable[[Deployment, str], None]
) -> None:
    """It is listed as such, kept by prune, shown with exit 3, and damaged to verify: never silently absent."""
    broken = deployment.night(300)
    for days in (150, 100, 2, 1):
        deployment.night(days)
    damage(deployment, broken)
    row = lyncdr("list", "--json").json["sets"][-1]
    assert (row["name"], row["state"], row["kept"]) == (broken, "UNREADABLE", True)
    assert "UNREADABLE" in lyncdr("list").out
    assert lyncdr("show", broken).code == 3
    proven = lyncdr("verify", "--all", "--json")
    assert proven.code == 3
    assert proven.json["damaged"] == [broken]
    lyncdr("prune", "--approve", digest_in(lyncdr("prune")))
    assert broken in deployment.names()


def test_show(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Who made it and when, each file with its size and digest, and each user whom it cannot bring back, by name."""
    name = deployment.night(1, complete=False)
    shown = lyncdr("show", name).out
    assert f"{POOL}: 3 users, 6 contacts" in shown
    assert "svc-lyncdr@mgmt02" in shown
    assert files.digest_file(deployment.store / name / CONTACTS) in shown
    assert "ana@lync.test: not exported; disabled" in shown
    assert lyncdr("show", name, "--json").json["state"] == "INCOMPLETE"
