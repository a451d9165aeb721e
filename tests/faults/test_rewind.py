"""A lab that is put back is the lab it was: what many faults are tried on, one after the other."""

from __future__ import annotations

import forked
import pytest
from dr_scene import Scene
from phase_scene import tree
from rewind import Moment, everything, signed_in

from lyncdr_helpers.lab import lifecycle, sites
from lyncdr_helpers.lab.blueprint import BASE_DN

pytestmark = pytest.mark.timeout(300)


def test_everything_is_as_it_was(begun: Moment) -> None:
    """After a whole activation, a site that came back, a user who was cut off and files that went, the lab is the same
    as before in all that can be asked for, its runs and its parameters among it; and the next activation ends as the
    first one did.
    """
    begun.rewind()
    scene, lab = begun.scene, begun.scene.blueprint.folder
    before, runs = everything(scene), tree(lab / "runs")
    ended = forked.activation(scene.params, forked.planned(scene))
    assert ended.code == 0, ended.text
    moved = everything(scene)
    spoil(scene)
    assert everything(scene) != moved

    begun.rewind()
    assert everything(scene) == before
    assert (sites.read(lab), tree(lab / "runs")) == (begun.up, runs)
    assert before != moved

    ended = forked.activation(scene.params, forked.planned(scene))
    assert ended.code == 0, ended.text
    assert everything(scene) == moved


def spoil(scene: Scene) -> None:
    """What else tests do to a lab."""
    lifecycle.heal(scene.blueprint.folder, "primary")
    (scene.blueprint.store / "litter").mkdir()
    next(scene.blueprint.store.rglob("manifest.json")).unlink()
    (scene.blueprint.exchange / "left").write_bytes(b"x")
    scene.params.write_text(scene.params.read_text(encoding="utf-8").replace("timeout", "time_out"), encoding="utf-8")
    with signed_in(scene) as connection:
        connection.search(BASE_DN, "(msRTCSIP-PrimaryUserAddress=*)", attributes=["msRTCSIP-PrimaryHomeServer"])
        dn = connection.response[0]["dn"]
        names = ("PrimaryUserAddress", "UserEnabled", "PrimaryHomeServer", "UserPolicies")
        connection.modify(dn, {f"msRTCSIP-{name}": [("MODIFY_REPLACE", [])] for name in names})
