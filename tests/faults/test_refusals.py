"""What must stop an activation stops it: the right exit code, one clear line, and nothing changed."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import forked
import pytest
from dr_scene import Scene
from phase_scene import Ended, run
from rewind import Moment

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.sets import list_sets
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.lab import lifecycle, pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.phases import activate
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def lost(begun: Moment) -> Iterator[Scene]:
    """A lab whose primary is lost and that no test here may change."""
    begun.rewind()
    before = begun.scene.state()
    yield begun.scene
    assert begun.scene.state() == before, "a refused activation changed the deployment"


@pytest.fixture
def elsewhere(lost: Scene, tmp_path: Path) -> Iterator[Scene]:
    """The same deployment by a copy of its parameters, for a test to spoil."""
    kept = lost.params.read_text(encoding="utf-8")
    try:
        yield lost
    finally:
        lost.params.write_text(kept, encoding="utf-8")


def spoil(scene: Scene, old: str, new: str) -> None:
    text = scene.params.read_text(encoding="utf-8")
    assert old in text
    scene.params.write_text(text.replace(old, new), encoding="utf-8")


def refused(scene: Scene, digest: str = "", backup_set: str = "", **waivers: str) -> Ended:
    """A live activation that stops before it acts; its words are what the command prints, and no traceback."""
    given = {gate.replace("_", "-"): reason for gate, reason in waivers.items()}

    def phase(session: Session) -> None:
        activate.reach(session)
        activate.evidence(session)
        activate.approve(session, activate.make_plan(session, activate.choose_backup(session, backup_set)), digest)

    try:
        session = activate.begin(scene.params, mode="live", approve=digest, waive=given)
    except LyncdrError as error:
        return Ended(RunFolder(scene.blueprint.folder / "runs" / "none"), error.exit_code, str(error))
    ended = run(session, phase)
    assert not any(line.kind == "intent" for line in ended.lines)
    return ended


@pytest.mark.parametrize("digest", ["", "0123456789ab", "75"])
def test_no_digest_and_a_wrong_digest(lost: Scene, digest: str) -> None:
    """Without the plan's own digest the gate stays closed: exit 5, and the message gives the digest to read."""
    ended = refused(lost, digest)
    assert (ended.code, ended.summary.outcome) == (5, "refused")
    assert ended.summary.plan[:12] in ended.text


def test_no_reason_opens_the_approval(lost: Scene) -> None:
    """The approval is no gate that a waiver passes: without the digest, exit 5 whatever reason is given."""
    ended = refused(lost, approval="I am sure")
    assert (ended.code, ended.summary.outcome) == (5, "refused")
    assert not ended.kinds("waiver")


def test_no_backup(lost: Scene) -> None:
    """Without any set in the store there is nothing to bring back: refused before a plan is made."""
    aside = lost.blueprint.folder / "aside"
    lost.blueprint.store.rename(aside)
    lost.blueprint.store.mkdir()
    try:
        ended = refused(lost)
    finally:
        shutil.rmtree(lost.blueprint.store)
        aside.rename(lost.blueprint.store)
    assert (ended.code, ended.summary.outcome, ended.summary.plan) == (5, "refused", "")
    assert "No complete backup" in ended.text


@pytest.mark.parametrize("damage", ["flipped bit", "missing file", "incomplete"])
def test_a_backup_that_is_not_whole(lost: Scene, tmp_path: Path, damage: str) -> None:
    """A damaged or incomplete set is named and refused."""
    made = list_sets(open_path(lost.blueprint.store), "lab")[-1]
    folder = lost.blueprint.store / made.name
    shutil.copytree(folder, tmp_path / "kept")
    contacts = folder / made.part("contacts", "pool01.lync.test").file
    try:
        if damage == "flipped bit":
            content = bytearray(contacts.read_bytes())
            content[len(content) // 2] ^= 1
            contacts.write_bytes(content)
        elif damage == "missing file":
            contacts.unlink()
        else:
            manifest = folder / "manifest.json"
            manifest.write_text(manifest.read_text(encoding="utf-8").replace('"COMPLETE"', '"INCOMPLETE"'))
        ended = refused(lost, backup_set=made.name)
    finally:
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "kept", folder)
    assert (ended.code, ended.summary.plan) == (5, "")
    assert made.name in ended.text


def test_an_old_backup_needs_a_reason(elsewhere: Scene) -> None:
    """A set older than the threshold closes a gate; a waiver with a reason passes it and is on record."""
    spoil(elsewhere, "export_age_hours: 26", "export_age_hours: 0.000001")
    ended = refused(elsewhere)
    assert (ended.code, ended.summary.plan) == (5, "")
    assert "hours old" in ended.text
    ended = refused(elsewhere, backup_age="the share was down all week")
    assert (ended.code, bool(ended.summary.plan)) == (5, True)
    (waiver,) = ended.kinds("waiver")
    assert (waiver.facts["gate"], waiver.facts["reason"]) == ("backup-age", "the share was down all week")


OUT_OF_REACH = {
    "directory dead": (":6360", ":6359", "No answer from the domain controller"),
    "management host dead": (":5986", ":5985", "Connection refused"),
    "nameserver dead": ("port: {dns_port}", "port: 5299", "answer"),
    "directory password wrong": ("secrets/directory", "secrets/management", "password"),
    "management password wrong": ("secrets/management", "secrets/directory", "does not let"),
    "tsig key missing": ("secrets/tsig", "secrets/absent", "absent"),
}


@pytest.mark.parametrize("trouble", OUT_OF_REACH)
def test_what_cannot_be_asked_stops_it(elsewhere: Scene, trouble: str) -> None:
    """A server that is dead or refuses our password ends the run with one clear line, and no plan was acted on."""
    old, new, words = OUT_OF_REACH[trouble]
    spoil(elsewhere, old.format(dns_port=elsewhere.blueprint.dns_port), new)
    ended = refused(elsewhere)
    assert ended.code == (2 if "missing" in trouble else 1)
    assert words in ended.text


@pytest.mark.parametrize("who", ["directory", "management host"])
def test_an_untrusted_certificate(elsewhere: Scene, tmp_path: Path, who: str) -> None:
    """A server whose certificate another CA signed is not spoken to."""
    stranger = Blueprint(tmp_path / "stranger")
    pki.issue(stranger)
    text = elsewhere.params.read_text(encoding="utf-8")
    head, mark, tail = text.partition("management_host:")
    part = head if who == "directory" else tail
    spoiled = part.replace("ca_file: ca.pem", f"ca_file: {stranger.ca_file}")
    assert spoiled != part
    elsewhere.params.write_text(spoiled + mark + tail if who == "directory" else head + mark + spoiled)
    ended = refused(elsewhere)
    assert ended.code == 1
    assert "certificate" in ended.text


def test_the_primary_still_answers(lost: Scene) -> None:
    """While the primary accepts connections an activation is refused; a waiver needs a reason, and is journaled."""
    lifecycle.heal(lost.blueprint.folder, "primary")
    try:
        ended = refused(lost)
        waived = refused(lost, primary_answers="the building burns")
    finally:
        lifecycle.fail(lost.blueprint.folder, "primary")
    assert (ended.code, ended.summary.outcome, ended.summary.plan) == (5, "refused", "")
    assert "it accepts connections" in ended.text
    assert (waived.code, bool(waived.summary.plan)) == (5, True)
    (waiver,) = waived.kinds("waiver")
    assert waiver.facts["reason"] == "the building burns"
    assert waiver.facts["by"]["user"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals")
def test_a_used_digest_and_a_second_operator(begun: Moment, lost: Scene) -> None:
    """While one activation runs, a second is refused with the name of the first (exit 7). When it is done, its digest
    is used: exit 5, nothing changes, and nothing is moved again.
    """
    stopped = refused(lost).summary
    with forked.started(lost.params, stopped.plan) as first:
        forked.wait_for(lost, lambda line: line.kind == "approval", first.is_alive)
        assert first.pid
        os.kill(first.pid, signal.SIGSTOP)
        second = refused(lost)
        os.kill(first.pid, signal.SIGCONT)
        first.join(60)
        assert first.exitcode == 0
    assert second.code == 7
    assert stopped.run in second.text
    before = lost.state()
    used = refused(lost, stopped.plan)
    assert (used.code, "was used" in used.text) == (5, True)
    assert lost.state() == before
    begun.rewind()
