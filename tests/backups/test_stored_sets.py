"""What is read of a store of many nights: two manifests for tonight's comparison, none for a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from backup_store import Deployment, edit_manifest

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import stored, summary
from lyncdr_helpers.ports import Store


class Counted:
    """A store that counts which files were read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads: list[str] = []

    def read(self, name: str, file: str, *, published: bool = True) -> bytes:
        self.reads.append(file)
        return self._store.read(name, file, published=published)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def manifests(self) -> int:
        return self.reads.count(manifests.NAME)


@pytest.fixture
def store(deployment: Deployment) -> Counted:
    return Counted(open_path(deployment.store))


# -- the nights before -------------------------------------------------------------------------------------------------
def test_the_newest_and_the_newest_complete(deployment: Deployment, store: Counted) -> None:
    """Whatever lies between and before is not read."""
    for days in range(20, 10, -1):
        deployment.night(days)
    complete = deployment.night(9)
    for days in range(8, 1, -1):
        deployment.night(days, complete=False)
    newest = deployment.night(1, complete=False)
    assert [one.name for one in stored.earlier(store, "lab")] == [complete, newest]
    assert store.manifests == 2


def test_the_newest_is_complete(deployment: Deployment, store: Counted) -> None:
    """Then it is all there is to compare with."""
    deployment.night(2)
    newest = deployment.night(1)
    assert [one.name for one in stored.earlier(store, "lab")] == [newest]
    assert store.manifests == 1


def test_no_night_before(deployment: Deployment, store: Counted) -> None:
    """An empty store, another deployment's sets and failed nights are nothing to compare with."""
    assert stored.earlier(store, "lab") == ()
    deployment.night(1, deployment="other")
    deployment.night(2, failed="The share went away.")
    assert stored.earlier(store, "lab") == ()


def test_a_set_that_was_damaged_since(deployment: Deployment, store: Counted) -> None:
    """Its summary says COMPLETE and its manifest cannot be read: the one before it is taken."""
    older, newest = deployment.night(2), deployment.night(1)
    path = deployment.store / newest / manifests.NAME
    path.write_bytes(path.read_bytes()[:-20])
    assert [one.name for one in stored.earlier(store, "lab")] == [older]


# -- pictures and lists ------------------------------------------------------------------------------------------------
def test_a_glance_reads_no_manifest(deployment: Deployment, store: Counted) -> None:
    """Of sets with a summary; one without is read once. What it tells is what `look` proves."""
    for days in range(9, 4, -1):
        deployment.night(days, alarms=1)
    deployment.night(3, failed="The share went away.")
    deployment.night(2, complete=False)
    glanced = stored.glance(store, "lab")
    assert store.manifests == 0
    assert glanced == stored.look(store, "lab")
    assert store.manifests == 0
    old = deployment.night(1, summary=False)
    assert stored.glance(store, "lab")[-1].name == old
    assert store.manifests == 1


def test_a_look_reads_what_its_summary_does_not_speak_for(deployment: Deployment, store: Counted) -> None:
    """A manifest that is another than the summary's is read and believed; a glance takes the summary's word."""
    name = deployment.night(1)
    edit_manifest(deployment, name, state="INCOMPLETE")
    (glanced,), (looked,) = stored.glance(store, "lab"), stored.look(store, "lab")
    assert (glanced.state, looked.state) == ("COMPLETE", "INCOMPLETE")
    assert looked.manifest == files.digest_file(deployment.store / name / manifests.NAME)
    assert stored.look_at(store, glanced, "lab") == looked


def test_a_summary_is_small(deployment: Deployment, tmp_path: Path) -> None:
    """It does not grow with the number of users, and comes back as it was written."""
    sizes = []
    for users in (2, 200):
        folder = deployment.store / deployment.night(users, users=users)
        sizes.append((folder / summary.NAME).stat().st_size)
        assert summary.parse((folder / summary.NAME).read_bytes(), folder.name).users == users
    assert sizes[1] - sizes[0] < 10
    assert max(sizes) < 600
