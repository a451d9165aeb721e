"""Archiving before users sign in: linked by a person, proven by the topology, and nobody is led to DR before that."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import Ended, activated, management_host, run, variant

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.lab import archives, local_shell
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.phases.acts.archiving import LINK, STEP
from lyncdr_helpers.session import Session

MUST = ("\nretention:", "\nrequirements: {archiving: {needed: true, must_be_up_to_sign_in: true}}\nretention:")
THERE, HERE = "arch01.lync.test", "arch02.lync.test"
DID = Answers(did={STEP: "the queue is empty again"})
SKIP = Answers(skip={STEP: "the board allows a day without"})


@pytest.fixture
def archived(standing: Scene) -> Iterator[Scene]:
    """Both sites have Archiving, and the standby pool uses that of the head office."""
    archives.use(standing.blueprint.folder, THERE)
    yield standing
    (standing.blueprint.folder / archives.FILE).unlink()


def brought(session: Session) -> None:
    activate.bring_archiving(session)
    session.end("done", 0)


def ask(params: Path, answers: Answers | None = None, mode: str = "live", run_name: str = "new") -> Ended:
    return run(activate.begin(params, mode, run_name, answers=answers), brought)


def told(ended: Ended) -> list[str]:
    return [one["command"] for one in ended.kinds("guided")[0].facts["do"]]


def test_nobody_waits_for_it(archived: Scene) -> None:
    """Archiving that may follow holds nobody up, and nobody is asked."""
    for needs in ("{}", "{archiving: {needed: true}}"):
        found = ask(variant(archived, (MUST[0], f"\nrequirements: {needs}\nretention:")))
        assert (found.code, found.kinds("guided"), found.kinds("check")) == (0, [], [])


def test_the_whole_way(archived: Scene) -> None:
    """Refused with the commands; said to be done and not done, exit 3; the commands, run as they were printed, prove
    it; and it is asked once.
    """
    params = variant(archived, MUST)
    first = ask(params)
    assert first.code == 5
    assert f'--did {STEP}="what was seen"' in first.text
    assert told(first) == [
        f"Set-CsRegistrar -Identity 'Registrar:drse01.lync.test' -ArchivingServer 'ArchivingServer:{HERE}'",
        "Enable-CsTopology",
        "Invoke-CsManagementStoreReplication",
        f"Get-CsWindowsService -ComputerName '{HERE}' -ErrorAction 'Stop'",
        "Get-CsArchivingConfiguration",
    ]
    said = ask(params, DID, run_name=first.folder.run)
    assert said.code == 3
    assert f"ArchivingServer:{THERE}" in said.text
    for command in told(first)[:2]:
        assert local_shell.run(archived.blueprint, command).errors == []
    done = ask(params, DID, run_name=first.folder.run)
    assert (done.code, done.rows[LINK]) == (0, "pass")
    assert ask(params, run_name=first.folder.run).code == 0
    assert [one.facts["state"] for one in done.kinds("guided")] == ["asked", "unproven", "done"]


def test_it_is_so_already(archived: Scene) -> None:
    """A pool that archives in its own site: found, and nobody is asked."""
    archives.use(archived.blueprint.folder, HERE)
    found = ask(variant(archived, MUST))
    assert (found.code, [one.facts["state"] for one in found.kinds("guided")]) == (0, ["found"])


def test_left_out(archived: Scene) -> None:
    """A reason lets users in without it, and stays on record; a rehearsal tells the step and withholds it."""
    params = variant(archived, MUST)
    skipped = ask(params, SKIP)
    assert (skipped.code, [one.facts["state"] for one in skipped.kinds("guided")]) == (0, ["skipped"])
    withheld = ask(params, mode="rehearse")
    assert (withheld.code, [one.facts["state"] for one in withheld.kinds("guided")]) == (0, ["withheld"])
    assert len(told(withheld)) == 5


def test_whoever_left_it_out_is_not_told_that_all_is_well(archived: Scene) -> None:
    """The verification asks the topology again: a step that was skipped is red there, until it is done."""

    def served(session: Session) -> None:
        verify.service(session)
        session.end("done", 0)

    params = variant(archived, MUST)
    before = run(verify.begin(params), served)
    assert before.rows[LINK] == "fail"
    assert f"ArchivingServer:{THERE}" in before.seen(LINK)
    archives.use(archived.blueprint.folder, HERE)
    assert run(verify.begin(params), served).changed(before) == {LINK: "pass"}
    assert run(verify.begin(archived.params), served).changed(before) == {LINK: "gone"}


def test_a_site_without_archiving(standing: Scene) -> None:
    """Where the topology has none there, it is to be defined first; without an answer nothing goes on."""
    found = ask(variant(standing, MUST))
    assert (found.code, found.seen(LINK)) == (5, "none")
    assert "Topology Builder" in found.kinds("guided")[0].facts["do"][0]["text"]


def test_a_topology_that_cannot_be_read(archived: Scene, tmp_path: Path) -> None:
    """Whoever cannot be asked proves nothing: what is said to be done is not taken for done."""
    variant(archived, MUST)
    with management_host(archived, tmp_path, {"Get-CsTopology": lambda call: call.text("<Topology")}) as params:
        params.write_text(params.read_text(encoding="utf-8").replace(*MUST), encoding="utf-8")
        found = ask(params, DID)
    assert (found.code, found.rows[LINK]) == (3, "unknown")


def test_nobody_is_led_there_before(scene: Scene) -> None:
    """A whole activation stops at it, with everything back and no name changed; the answer lets it end."""
    archives.use(scene.blueprint.folder, THERE)
    scene.lose_primary()
    params, before = variant(scene, MUST), scene.zone()
    stopped = run(activate.begin(params, "live"), activated)
    assert (stopped.code, stopped.summary.error, scene.zone()) == (5, "Refusal", before)
    assert STEP in stopped.text
    assert any(line.facts["act"] == "restore contacts" for line in stopped.kinds("result"))
    archives.use(scene.blueprint.folder, HERE)
    done = run(activate.begin(params, "live", answers=DID), partial(activated, digest=""))
    assert (done.code, done.folder) == (0, stopped.folder)
    assert scene.zone() != before
