"""From an INCOMPLETE set to a live activation and its verification, on the command line."""

from __future__ import annotations

import pytest
from dr_scene import Scene
from signed_sets import add_set, own_key, without_a_user

from lyncdr_helpers.backups import signed
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.signatures import Standing

pytestmark = pytest.mark.timeout(300)

LIVE = ("activate", "--mode", "live", "--because", "the site is gone")


def test_a_waived_incomplete_set(scene: Scene) -> None:
    """Never chosen by itself. Named and signed for, it brings back everybody who is in it, and the verification holds
    the result against the same set.
    """
    changes = without_a_user(scene)
    name = add_set(scene, own_key(scene), **changes)
    (lost,) = (one["address"] for one in changes["differences"])
    before = {user: one.digest for user, one in scene.lists("pool01.lync.test").items()}
    scene.lose_primary()
    _, said, _ = scene.run(*LIVE)
    assert name not in [line.facts["value"] for line in scene.lines(said["run"]) if line.kind == "fact"]

    named = (*LIVE, "--backup-set", name)
    code, said, errors = scene.run(*named, "--run", "new")
    assert (code, said["plan"]) == (5, "")
    assert f"Set {name} is INCOMPLETE" in errors

    waived = ("--waive", "incomplete-backup=it is all there is", "--waive", "users-without-export=she was told")
    code, said, _ = scene.run(*named, *waived)
    assert (code, bool(said["plan"])) == (5, True)
    code, said, errors = scene.run(*named, *waived, "--approve", str(said["plan"]))
    assert code == 0, errors

    after = {user: one.digest for user, one in scene.lists().items()}
    assert set(scene.homes()) >= {lost}
    assert {user: after[user] for user in before if user != lost} == {
        user: digest for user, digest in before.items() if user != lost
    }
    waivers = [line for line in scene.lines(said["run"]) if line.kind == "waiver"]
    keys = signed.keys_of(read_params(scene.params))
    assert {line.facts["gate"] for line in waivers} == {"incomplete-backup", "users-without-export"}
    assert {signed.check_waiver(said["run"], line.facts, keys).standing for line in waivers} == {Standing.TRUSTED}

    _, said, _ = scene.run("verify")
    assert name in [line.facts["value"] for line in scene.lines(said["run"]) if line.kind == "fact"]
