"""The Central Management Store in an activation: there, or brought by hand, or nothing goes on."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from dr_scene import Scene, make_scene
from phase_scene import Ended, directory_changed, management_host, run

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.lab import lifecycle, local_shell
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import CMS_POINTER
from lyncdr_helpers.lab.winrm import Call, Cmdlet
from lyncdr_helpers.phases.acts import central_store
from lyncdr_helpers.session import Session, open_session

pytestmark = pytest.mark.timeout(300)

STEP = central_store.STEP
DID = Answers(did={STEP: "both cmdlets ended without a word"})
FAIL_OVER = f"Invoke-CsManagementServerFailover -BackupSqlServerFqdn '{DR_POOL}' -BackupSqlInstanceName 'rtc' -Force"
STATUS = "Get-CsManagementStoreReplicationStatus"


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A lab whose store is on the primary pool, with one backup."""
    made = make_scene(tmp_path_factory.mktemp("away") / "lab", cms="primary")
    yield made
    lifecycle.down(made.blueprint.folder)


@pytest.fixture
def lost(away: Scene) -> Iterator[Scene]:
    """The primary is lost with it; afterwards everything is as it was."""
    away.lose_primary()
    yield away
    lifecycle.heal(away.blueprint.folder, "primary")
    with State(away.blueprint) as state:
        state.accounts.repoint_cms(f"{PRIMARY_POOL}\\rtc")
    away.blueprint.central_store(DR_POOL).unlink(missing_ok=True)


def brought(session: Session) -> None:
    with session.step("Central Management Store"):
        central_store.bring(session, central_store.look(session))
    session.end("done", 0)


def ask(params: Path, answers: Answers | None = None, mode: str = "live", run_name: str = "new") -> Ended:
    return run(open_session("activate", params, mode=mode, run=run_name, answers=answers), brought)


def told(ended: Ended) -> list[str]:
    """The commands that somebody was asked to run."""
    facts = ended.kinds("guided")[-1].facts
    return [one["command"] for one in facts["do"] if re.match(r"\w+-Cs", one["command"])]


def by_hand(scene: Scene, commands: list[str]) -> None:
    for command in commands:
        assert local_shell.run(scene.blueprint, command).errors == []


@contextmanager
def pointing(scene: Scene, store: str) -> Iterator[None]:
    with directory_changed(scene, CMS_POINTER, "msRTCSIP-BackEndServer", store):
        yield


def test_it_is_in_dr(standing: Scene) -> None:
    """A green check, and nobody is asked for anything."""
    for mode in ("live", "rehearse"):
        found = ask(standing.params, mode=mode)
        assert (found.code, found.kinds("guided")) == (0, [])
        assert set(found.rows.values()) == {"pass"}


def test_an_answer_that_nobody_asked_for_is_kept(standing: Scene) -> None:
    """Somebody moved it before the first run and says so: on record, and proven."""
    found = ask(standing.params, DID)
    assert [(line.facts["state"], line.facts["said"]) for line in found.kinds("guided")] == [("done", DID.did[STEP])]


def test_the_rescue(lost: Scene) -> None:
    """The whole branch. Refused with the exact commands; carried out on the DR server with the files that were placed;
    said, proven by directory and replication status, and on record; not asked again.
    """
    first = ask(lost.params)
    assert first.code == 5
    assert f'--did {STEP}="what was seen"' in first.text
    assert "--skip" not in first.text
    install, move, enable = told(first)
    assert install == f"Install-CsDatabase -CentralManagementDatabase -SqlServerFqdn '{DR_POOL}' -SqlInstanceName 'rtc'"
    assert move.startswith("Move-CsManagementServer -ConfigurationFileName 'C:\\lyncdr\\")
    assert enable == "Enable-CsTopology"
    by_hand(lost, [install, move, enable])
    second = ask(lost.params, DID, run_name=first.folder.run)
    assert second.code == 0
    assert [line.facts["state"] for line in second.kinds("guided")] == ["asked", "done"]
    assert ask(lost.params, run_name=first.folder.run).code == 0


def test_the_placed_files_are_those_of_the_newest_set(lost: Scene) -> None:
    """Configuration and locations lie in the exchange folder, and the digests told are theirs; a rehearsal puts nothing
    there, and names the same files.
    """
    folder = lost.blueprint.exchange
    before = set(folder.iterdir())
    rehearsed = ask(lost.params, mode="rehearse")
    assert rehearsed.code == 0
    assert rehearsed.kinds("guided")[-1].facts["state"] == "withheld"
    assert set(folder.iterdir()) == before
    refused = ask(lost.params)
    (files,) = [
        one for one in refused.kinds("guided")[-1].facts["do"] if ".zip" in one["command"] and "SHA" in one["text"]
    ]
    names = [path.rpartition("\\")[2] for path in files["command"].splitlines()]
    assert sorted(names) == sorted(path.name for path in set(folder.iterdir()) - before)
    newest = sorted(path for path in lost.blueprint.store.iterdir() if not path.name.startswith("."))[-1]
    for placed, stored in zip(names, ("configuration.zip", "lis.zip"), strict=True):
        assert (folder / placed).read_bytes() == (newest / "settings" / stored).read_bytes()


@pytest.mark.parametrize("done", [0, 1, 2])
def test_said_and_not_done(lost: Scene, done: int) -> None:
    """Somebody says it is done, and the store is not there, or nobody is master yet: exit 3, and nothing goes on."""
    first = ask(lost.params)
    by_hand(lost, told(first)[:done])
    second = ask(lost.params, DID, run_name=first.folder.run)
    assert second.code == 3
    assert "the facts do not show it" in second.text
    assert [line.facts["state"] for line in second.kinds("guided")] == ["asked", "unproven"]


def test_it_cannot_be_skipped(lost: Scene) -> None:
    """No reason takes the place of a store."""
    found = ask(lost.params, Answers(skip={STEP: "we do without"}))
    assert (found.code, "cannot be skipped" in found.text) == (5, True)


def test_a_store_that_answers_is_brought_over_whole(away: Scene) -> None:
    """The primary still answers: no files, no -Force, which would make two of it."""
    found = ask(away.params)
    assert found.code == 5
    assert told(found)[1] == "Move-CsManagementServer"
    assert "-Force" not in " ".join(told(found))


def test_without_a_backup_nothing_can_be_begun_anew(lost: Scene) -> None:
    """No set, no exports: refused, and it is said why."""
    aside = lost.blueprint.folder / "aside"
    lost.blueprint.store.rename(aside)
    lost.blueprint.store.mkdir()
    try:
        found = ask(lost.params)
    finally:
        shutil.rmtree(lost.blueprint.store)
        aside.rename(lost.blueprint.store)
    assert found.code == 5
    assert "No complete backup" in found.text


def test_nobody_knows_where_it_is(standing: Scene) -> None:
    """The directory names a server that is of neither site: no answer opens that, a person must look."""
    with pointing(standing, r"somebody.else.test\rtc"):
        found = ask(standing.params, DID)
    assert found.code == 5
    assert "Nobody can say where the store is" in found.text
    assert not found.kinds("guided")


@pytest.mark.parametrize(
    ("generation", "pair", "said"),
    [
        ("lync2013", DR_POOL, "pool01.lync.test is paired with this pool."),
        ("lync2013", "", ""),
        ("lync2013", "other.lync.test", ""),
        ("lync2013", None, f"If pool01.lync.test is paired with this pool, which nobody can say now: {FAIL_OVER}"),
        ("lync2010", DR_POOL, ""),
    ],
    ids=["paired", "not paired", "with another pool", "nobody can say", "2010"],
)
def test_pairing_keeps_a_copy(lost: Scene, tmp_path: Path, generation: str, pair: str | None, said: str) -> None:
    """From 2013 on a paired pool has a copy of the store, whose cmdlet is offered first, before the way that begins the
    store anew; where nobody can say whether it is paired, in words.
    """
    cmdlets: dict[str, Cmdlet] = {"Get-CsBackupServiceStatus": lambda call: None}
    if pair is not None:
        cmdlets["Get-CsPoolBackupRelationship"] = lambda call: call.output("Pair", **({"Pool": pair} if pair else {}))
    with management_host(lost, tmp_path, cmdlets) as params:
        text = params.read_text(encoding="utf-8").replace("generation: lync2010", f"generation: {generation}")
        params.write_text(text, encoding="utf-8")
        found = ask(params)
    assert found.code == 5
    commands = told(found)
    first = found.kinds("guided")[-1].facts["do"][0]["text"]
    assert said in first
    assert ("paired" in first) == bool(said)
    assert commands[:-3] == ([FAIL_OVER] if "is paired with this pool." in said else [])
    assert commands[-2].startswith("Move-CsManagementServer -ConfigurationFileName")


def test_two_masters(standing: Scene, tmp_path: Path) -> None:
    """The directory has it at the primary and a machine in DR says that it is master: nothing is brought anywhere."""

    def status(call: Call) -> None:
        call.output("Status", ActiveMasterFqdn=DR_POOL, UpToDate=True, ReplicaFqdn=DR_POOL)

    with management_host(standing, tmp_path, {STATUS: status}) as params, pointing(standing, rf"{PRIMARY_POOL}\rtc"):
        found = ask(params, DID)
    assert found.code == 5
    assert "2 masters" in found.text


def test_it_is_in_dr_and_does_not_answer(standing: Scene, tmp_path: Path) -> None:
    """Homed in DR, and its master is silent: there is nothing to rescue it from; refused with what was seen."""
    with management_host(standing, tmp_path, {STATUS: lambda call: None}) as params:
        found = ask(params)
    assert found.code == 5
    assert "CMS active master: nobody" in found.text
    assert not found.kinds("guided")
