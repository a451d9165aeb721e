"""Backups: none, too old, damaged, not signed, never rebuilt from, followed by nights that failed; and the key."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, variant
from signed_sets import added, own_key, without_a_user

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.adapters.stores.folders import ASIDE
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import signed
from lyncdr_helpers.backups.sets import list_sets
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.phases.readiness.backups import KEY, LATER, NEWEST, REBUILT, SIGNED, WHOLE
from lyncdr_helpers.signatures import SigningKey

ask = partial(ready_scene.ask, steps=("topology", "directory", "requirements", "store"))

OF_A_SET = (WHOLE, SIGNED, REBUILT, LATER)
DATABASE = f"database of {DR_POOL}"
"""How large it would become, nobody can say without a set."""
NO_KEY = ('  signing_key: "file:secrets/signing"\n', "")


@pytest.fixture
def copy(standing: Scene, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """(a copy of the store, parameters that lead to it)."""
    store = tmp_path / "store"
    shutil.copytree(standing.blueprint.store, store)
    yield store, variant(standing, ("store: dr-store", f"store: {store}"))


def newest(store: Path) -> Path:
    return store / list_sets(open_path(store), "lab")[-1].name


def test_a_store_that_is_missing(standing: Scene, ready: Ended) -> None:
    """A share that is not mounted is unknown and holds the verdict back; nothing is made in its place."""
    found = ask(variant(standing, ("store: dr-store", "store: nowhere")))
    assert found.changed(ready) == {NEWEST: "unknown", DATABASE: "unknown", **dict.fromkeys(OF_A_SET, "gone")}
    assert found.code == 3
    assert not (standing.blueprint.folder / "nowhere").exists()


def test_no_set_yet(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """An empty store warns: the first backup is still to come."""
    found = ask(variant(standing, ("store: dr-store", f"store: {tmp_path}")))
    assert found.changed(ready) == {NEWEST: "warn", DATABASE: "unknown", **dict.fromkeys(OF_A_SET, "gone")}
    assert (found.code, found.seen(NEWEST)) == (0, "none yet")


def test_a_set_that_is_too_old(standing: Scene, ready: Ended) -> None:
    """A newest set beyond the threshold warns with its age."""
    found = ask(variant(standing, ("export_age_hours: 26", "export_age_hours: 0.000001")))
    assert found.changed(ready) == {NEWEST: "warn"}
    assert "hours old" in found.seen(NEWEST)


@pytest.mark.parametrize("damage", ["flipped bit", "missing file"])
def test_a_set_that_is_damaged(copy: tuple[Path, Path], ready: Ended, damage: str) -> None:
    """A fresh set that no longer is what was stored is red: an activation would refuse it."""
    store, params = copy
    contacts = newest(store) / "contacts" / "pool01.lync.test.xml"
    if damage == "missing file":
        contacts.unlink()
    else:
        content = bytearray(contacts.read_bytes())
        content[1000] ^= 1
        contacts.write_bytes(content)
    found = ask(params)
    assert found.changed(ready) == {WHOLE: "fail"}
    assert found.code == 3
    assert "contacts/pool01.lync.test.xml" in found.seen(WHOLE)


def test_other_folders_on_the_share(copy: tuple[Path, Path], ready: Ended) -> None:
    """A folder that is no set, and a manifest that is none, are not taken for sets and hide none."""
    store, params = copy
    (store / "zz lost and found").mkdir()
    (store / "zz broken").mkdir()
    (store / "zz broken" / "manifest.json").write_text("{")
    found = ask(params)
    assert found.changed(ready) == {}
    assert found.code == 0


# -- signatures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["missing", "a stranger's", "of another manifest", "garbage"])
def test_a_signature_that_does_not_count(copy: tuple[Path, Path], standing: Scene, ready: Ended, how: str) -> None:
    """A set without a signature that this deployment trusts is red: an activation would refuse it."""
    store, params = copy
    place = newest(store) / signed.NAME
    made = list_sets(open_path(store), "lab")[-1]
    content = (newest(store) / manifests.NAME).read_bytes()
    if how == "missing":
        place.unlink()
    elif how == "garbage":
        place.write_bytes(b"{")
    else:
        key = SigningKey.new() if how == "a stranger's" else own_key(standing)
        signs = content if how == "a stranger's" else b"something else"
        moment = parse_stamp(made.made_at)
        place.write_bytes(signed.sign_manifest(key, signs, made.name, made.made_by, moment))
    found = ask(params)
    assert found.changed(ready) == {SIGNED: "fail"}
    assert found.code == 3


def test_a_deployment_that_signs_nothing(standing: Scene, ready: Ended) -> None:
    """Without keys a set is as good as whoever may write to the store: that warns, and holds nothing back."""
    found = ask(variant(standing, NO_KEY))
    assert found.changed(ready) == {KEY: "warn", SIGNED: "warn"}
    assert (found.code, found.seen(KEY)) == (0, "none is named")


def test_a_key_that_cannot_be_read(standing: Scene, ready: Ended) -> None:
    """Tonight's backup could not be signed; and a set that this key signed is proven by nobody else here."""
    found = ask(variant(standing, ("secrets/signing", "secrets/nowhere")))
    assert found.changed(ready) == {KEY: "fail", SIGNED: "fail"}
    assert found.code == 3


def test_a_key_that_cannot_be_read_and_is_trusted(standing: Scene, ready: Ended) -> None:
    """Where its public half is trusted by name, the sets it signed still count."""
    trusted = f"  trusted_keys: ['{own_key(standing).public}']\n  signing_key: file:nowhere\n"
    found = ask(variant(standing, (NO_KEY[0], trusted)))
    assert found.changed(ready) == {KEY: "fail"}


# -- the restore check, and later nights -----------------------------------------------------------------------------


def rebuilt(scene: Scene, moment: str) -> dict[str, object]:
    """What a manifest says in which that moment is the last at which anybody was rebuilt."""
    made = list_sets(open_path(scene.blueprint.store), "lab")[0]
    said = json.loads((scene.blueprint.store / made.name / manifests.NAME).read_bytes())
    return {"users": [user | {"rebuilt_at": moment} for user in said["users"]]}


@pytest.mark.parametrize(
    ("moment", "seen"), [("", "never"), ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z: 40")]
)
def test_nobody_was_rebuilt_lately(standing: Scene, ready: Ended, moment: str, seen: str) -> None:
    """A set from which nobody has been rebuilt within the period warns: that it can be restored is not proven."""
    with added(standing, own_key(standing), **rebuilt(standing, moment)):
        found = ask(standing.params)
    assert found.changed(ready) == {REBUILT: "warn"}
    assert found.seen(REBUILT).startswith(seen)


def test_a_later_night_is_incomplete(standing: Scene, ready: Ended) -> None:
    """A night after the newest complete set that lacks a user is named; what would be restored is the older one."""
    with added(standing, own_key(standing), **without_a_user(standing)) as name:
        found = ask(standing.params)
    assert found.changed(ready) == {LATER: "warn"}
    assert found.seen(LATER) == f"{name} is INCOMPLETE"
    assert name not in found.seen(NEWEST)


def test_a_later_night_was_cut_short(copy: tuple[Path, Path], ready: Ended) -> None:
    """A night that was never published is named, if it is later than the newest set."""
    store, params = copy
    for name in ("99991231-235959-backup-0000", "20000101-000000-backup-0000"):
        (store / f"{ASIDE}{name}").mkdir()
    found = ask(params)
    assert found.changed(ready) == {LATER: "warn"}
    assert found.seen(LATER) == "99991231-235959-backup-0000 was never published"
