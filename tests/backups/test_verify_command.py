"""`lyncdr backups verify`: a set that is what was stored, and every way in which it is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from backup_store import CONTACTS, POOL, Deployment, Said, edit_manifest

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import summary

Lyncdr = Callable[..., Said]


def test_whole_sets(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Without a name the newest COMPLETE set is proven; with one that set; with --all every set."""
    names = [deployment.night(3), deployment.night(2), deployment.night(1, complete=False)]
    for arguments, proven in (((), names[1:2]), ((names[0],), names[:1]), (("--all",), names)):
        said = lyncdr("verify", *arguments, "--json")
        assert (said.code, said.json["outcome"], said.json["damaged"]) == (0, "done", [])
        assert [one["name"] for one in said.json["sets"]] == proven
        assert all(one["users"] == 3 for one in said.json["sets"])


def test_a_flipped_bit(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """One bit of one user's record: exit 3, with the file and that user's name, and the others are proven."""
    name = deployment.night(1)
    path = deployment.store / name / CONTACTS
    content = bytearray(path.read_bytes())
    place = content.index("user1@lync.test".encode("utf-16-le"))
    at = content.index("buddy0".encode("utf-16-le"), place)
    content[at] ^= 1
    path.write_bytes(content)
    said = lyncdr("verify")
    assert said.code == 3
    assert f"{CONTACTS} is not what was stored" in said.out
    assert f"{CONTACTS}, user1@lync.test: is not the record that was backed up" in said.out
    assert "user0@lync.test" not in said.out
    assert name in said.err


def test_a_truncated_export(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Every user whose record is lost with the end of the file is named."""
    name = deployment.night(1)
    path = deployment.store / name / CONTACTS
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (one,) = lyncdr("verify", "--json").json["sets"]
    assert f"{CONTACTS}, user2@lync.test: cannot be read" in one["faults"]
    assert not one["whole"]


def test_a_file_that_is_gone(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A missing file is damage, and no user of it is proven."""
    name = deployment.night(1)
    (deployment.store / name / CONTACTS).unlink()
    said = lyncdr("verify", "--json")
    assert said.code == 3
    assert said.json["sets"][0]["faults"] == [f"{CONTACTS} is gone"]
    assert said.json["sets"][0]["users"] == 0


@pytest.mark.parametrize(("key", "value"), [("digest", "0" * 64), ("contacts", 9), ("address", "eve@lync.test")])
def test_a_manifest_that_says_otherwise(deployment: Deployment, lyncdr: Lyncdr, key: str, value: object) -> None:
    """The file is what was stored, yet a user is not what the manifest says: that is damage too, by name."""
    name = deployment.night(1)
    users = json.loads((deployment.store / name / manifests.NAME).read_bytes())["users"]
    edit_manifest(deployment, name, users=[users[0] | {key: value}, *users[1:]])
    said = lyncdr("verify")
    assert said.code == 3
    assert "user0@lync.test" in said.out


def test_users_without_a_file(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Users whose pool has no contacts in the set are not taken for proven."""
    edit_manifest(deployment, deployment.night(1), parts=[])
    said = lyncdr("verify", "--json")
    assert said.code == 3
    assert said.json["sets"][0]["faults"][0] == f"no file holds the contacts of {POOL}"


def lying(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / summary.NAME
    files.replace_json(path, json.loads(path.read_bytes()) | {"contacts": 600})


def of_another_set(deployment: Deployment, name: str) -> None:
    other = deployment.night(9)
    shutil.copy(deployment.store / other / summary.NAME, deployment.store / name / summary.NAME)


def emptied(deployment: Deployment, name: str) -> None:
    (deployment.store / name / summary.NAME).write_bytes(b"")


@pytest.mark.parametrize("spoil", [lying, of_another_set, emptied])
def test_a_summary_that_says_otherwise(
    deployment: Deployment, lyncdr: Lyncdr, spoil: Callable[[Deployment, str], None]
) -> None:
    """What lists show of a set is held against its manifest."""
    name = deployment.night(1)
    spoil(deployment, name)
    said = lyncdr("verify", name, "--json")
    assert said.code == 3
    assert said.json["sets"][0]["faults"] == [f"{summary.NAME} does not say what the manifest does"]


def test_a_set_without_a_summary(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A summary is a convenience: a set that has none is whole."""
    deployment.night(1, summary=False)
    assert lyncdr("verify").code == 0


def test_a_night_that_failed(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """By name it is exit 3 with the reason; among all sets it is named, and damages nobody's proof."""
    deployment.night(2)
    failed = deployment.night(1, failed="The share went away.")
    named = lyncdr("verify", failed)
    assert named.code == 3
    assert f"{failed} never became a set: The share went away." in named.err
    everything = lyncdr("verify", "--all")
    assert everything.code == 0
    assert f"{failed}: FAILED: The share went away." in everything.out


def test_what_lies_beside(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A file that somebody put into a set's folder is told, and harms nobody."""
    name = deployment.night(1)
    (deployment.store / name / "Thumbs.db").write_text("")
    said = lyncdr("verify")
    assert said.code == 0
    assert "Thumbs.db" in said.out
