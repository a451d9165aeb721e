"""From an INCOMPLETE set to a live activation and its verification, on the command line, and how that refuses."""

from __future__ import annotations

import pytest
from dr_scene import Scene
from phase_scene import Ended, run
from signed_sets import add_set, own_key, without_a_user

from lyncdr_helpers.backups import signed
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import activate
from lyncdr_helpers.session import Session
from lyncdr_helpers.signatures import Standing

pytestmark = pytest.mark.timeout(300)

LIVE = ("activate", "--mode", "live", "--because", "the site is gone")
WAIVED = ("--waive", "incomplete-backup=it is all there is", "--waive", "users-without-export=she was told")


def test_a_waived_incomplete_set(scene: Scene) -> None:
    """Never chosen by itself. Named and signed for, it brings back everybody who is in it, and the verification holds
    the result against the same set.
    """
    changes = without_a_user(scene)
    name = add_set(scene, own_key(scene), **changes)
    (lost,) = (one["address"] for one in changes["differences"])
    before = {user: one.digest for user, one in scene.lists("pool01.lync.test").items()}
    scene.lose_primary()
    unnamed, named = stopped(scene), stopped(scene, name)
    assert name not in [line.facts["value"] for line in unnamed.kinds("fact")]
    assert (named.code, named.summary.plan) == (5, "")
    assert f"Set {name} is INCOMPLETE" in named.text

    digest = refused_with_a_plan(scene, *LIVE, "--run", "new", "--backup-set", name, *WAIVED)
    code, said, errors = scene.run(*LIVE, "--backup-set", name, *WAIVED, "--approve", digest)
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
    locked_out(scene)


def refused_with_a_plan(scene: Scene, *arguments: str) -> str:
    """A refusal is exit 5, one line of JSON and two for people: what holds it, and with which digest it goes on."""
    code, said, errors = scene.run(*arguments, "--approve", "0123456789ab")
    assert (code, said["outcome"]) == (5, "refused")
    assert said["plan"][:12] in explained(errors)
    assert not any(line.kind == "intent" for line in scene.lines(said["run"]))
    return str(said["plan"])


def locked_out(scene: Scene) -> None:
    """A password that the directory refuses: two lines for people and no traceback, though a kernel met the error."""
    scene.blueprint.secret("directory").write_text("Another-lab-only-2", encoding="utf-8")
    code, said, errors = scene.run(*LIVE, "--run", "new")
    assert (code, said["exit_code"]) == (1, 1)
    assert "password" in explained(errors)


def stopped(scene: Scene, backup_set: str = "") -> Ended:
    """An activation up to its plan."""

    def phase(session: Session) -> None:
        activate.make_plan(session, activate.choose_backup(session, backup_set))

    return run(activate.begin(scene.params, mode="live"), phase)


def explained(errors: str) -> str:
    """What `lyncdr:` says on stderr, without the progress above it. It is short, and no traceback."""
    assert "Traceback" not in errors
    said = errors[errors.index("lyncdr: ") :]
    assert len(said.splitlines()) <= 2
    return said
