"""Backup: COMPLETE means that everybody can be restored from what lies in the store; anything less is another state."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest
from dr_scene import Scene
from phase_scene import (
    Ended,
    backed_up,
    directory_changed,
    management_host,
    run,
    sha256sum,
    tree,
    variant,
)

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups import sets
from lyncdr_helpers.contacts.dbimpexp import read_export, write_import
from lyncdr_helpers.errors import Locked, Refusal
from lyncdr_helpers.lab import lifecycle, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.people import APOSTROPHE, DISABLED, NO_CONTACTS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.winrm import Call, CmdletError, Executable, ProgramCall
from lyncdr_helpers.phases import backup
from lyncdr_helpers.ports import Store
from lyncdr_helpers.session import Session


def ask(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> Ended:
    session = backup.begin(params)
    meddle(session)
    return run(session, backed_up)


@pytest.fixture
def kept(standing: Scene) -> Iterator[dict[str, str]]:
    """Every file in the store before the test; whatever happens in it, they stay as they were."""
    before = tree(standing.blueprint.store)
    yield before
    after = tree(standing.blueprint.store)
    assert {name: after.get(name) for name in before} == before


def store_of(scene: Scene) -> Store:
    return open_path(scene.blueprint.store)


def manifest_of(scene: Scene, found: Ended) -> dict[str, Any]:
    path = scene.blueprint.store / found.folder.run / "manifest.json"
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def nothing_published(scene: Scene, found: Ended, kept: dict[str, str]) -> None:
    """No set has the run's name, and every set that can be seen was there before."""
    assert store_of(scene).sets() == sorted({name.partition("/")[0] for name in kept if not name.startswith(".")})
    assert not (scene.blueprint.store / found.folder.run).exists()


# -- a whole night ---------------------------------------------------------------------------------------------------


def test_a_complete_set(standing: Scene, kept: dict[str, str]) -> None:
    """What the manifest says is so: digests and sizes of the files, users of the directory, counts of the seed."""
    found = ask(standing.params)
    assert (found.code, found.summary.outcome) == (0, "done")
    folder, said = standing.blueprint.store / found.folder.run, manifest_of(standing, found)
    assert (said["state"], said["differences"]) == ("COMPLETE", [])
    assert {part["file"]: part["sha256"] for part in said["parts"]} == {
        path.relative_to(folder).as_posix(): sha256sum(path)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert all(part["size"] == (folder / part["file"]).stat().st_size for part in said["parts"])
    deployment = seed.generate(standing.blueprint)
    lists = {one.user: one for one in deployment.contact_lists(PRIMARY_POOL)}
    assert {user["address"]: (user["contacts"], user["groups"], user["digest"]) for user in said["users"]} == {
        user: (len(one.contacts), sum(not group.external_uri for group in one.groups), one.digest)
        for user, one in lists.items()
    }
    homed = {user for user, home in standing.homes().items() if home == PRIMARY_POOL}
    applications = {one.address for one in deployment.people if one.kind == "application"}
    assert {user["address"] for user in said["users"]} == homed - applications
    assert {DISABLED, NO_CONTACTS, APOSTROPHE} <= {user["address"] for user in said["users"]}
    names = [group.name for group in deployment.response_groups_of(PRIMARY_POOL)]
    assert len(said["response_groups"][PRIMARY_POOL]) == len(names) == 9
    assert all(any(one.endswith(name) for one in said["response_groups"][PRIMARY_POOL]) for name in names)
    assert sets.choose(store_of(standing), "lab").name == found.folder.run
    assert sets.damage(store_of(standing), sets.read_manifest(store_of(standing), found.folder.run)) == []
    assert not list(standing.blueprint.store.glob(f".*{found.folder.run}"))
    assert kept


def test_the_stored_lists_are_the_pool_s(standing: Scene) -> None:
    """The export in the store holds every list whole, as the pool has it."""
    found = ask(standing.params)
    stored = read_export(standing.blueprint.store / found.folder.run / "contacts" / f"{PRIMARY_POOL}.xml")
    assert {one.user: one.element for one in stored} == {
        user: one.element for user, one in standing.lists(PRIMARY_POOL).items()
    }


def test_a_backup_changes_nothing(standing: Scene) -> None:
    """It leaves users, lists, Response Groups and DNS as they were, and no file of its own outside the store."""
    before = standing.state(), standing.lists(PRIMARY_POOL), set(tree(standing.blueprint.drive_c))
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        groups = pool.response_groups()
    found = ask(standing.params)
    assert before == (standing.state(), standing.lists(PRIMARY_POOL), set(tree(standing.blueprint.drive_c)))
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        assert pool.response_groups() == groups
    assert not (standing.blueprint.folder / "work" / found.folder.run).exists()


# -- who is not in it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", [APOSTROPHE, DISABLED, NO_CONTACTS])
def test_a_homed_user_who_is_not_exported(standing: Scene, kept: dict[str, str], user: str) -> None:
    """One user whom the directory has on the pool and the export lacks makes the set INCOMPLETE: exit 4, named with
    the reason, kept, and never chosen.
    """
    with PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool:
        (whole,) = pool.lists(user)
        pool.remove_user(user)
        try:
            found = ask(standing.params)
        finally:
            pool.add(whole)
    assert (found.code, found.summary.outcome) == (4, "incomplete")
    reason = "not exported; disabled" if user == DISABLED else "not exported"
    assert f"{user}: {reason}." in found.text
    said = manifest_of(standing, found)
    assert said["state"] == found.fact("state") == "INCOMPLETE"
    assert said["differences"] == [{"address": user, "pool": PRIMARY_POOL, "reason": reason}]
    chosen = sets.choose(store_of(standing), "lab").name
    assert chosen != found.folder.run
    assert f"{chosen}/manifest.json" in kept
    with pytest.raises(Refusal, match="not complete"):
        sets.choose(store_of(standing), "lab", found.folder.run)


def test_a_user_whose_move_is_half_done(standing: Scene, kept: dict[str, str]) -> None:
    """A user who is missing because a move never ended is named with that reason."""
    dn = next(one.dn for one in seed.generate(standing.blueprint).people if one.address == APOSTROPHE)
    with (
        PoolStore(standing.blueprint.pool_store(PRIMARY_POOL)) as pool,
        directory_changed(standing, dn, "msRTCSIP-TargetHomeServer", POOLS[DR_POOL].service),
    ):
        (whole,) = pool.lists(APOSTROPHE)
        pool.remove_user(APOSTROPHE)
        try:
            found = ask(standing.params)
        finally:
            pool.add(whole)
    assert found.code == 4
    assert f"{APOSTROPHE}: not exported; a move to {DR_POOL} is half done." in found.text
    assert kept


def test_a_list_that_nobody_owns_any_more(standing: Scene) -> None:
    """A list whose user is homed elsewhere is named as extra, and does no harm."""
    dn = next(one.dn for one in seed.generate(standing.blueprint).people if one.address == APOSTROPHE)
    with directory_changed(standing, dn, "msRTCSIP-PrimaryHomeServer", POOLS[DR_POOL].service):
        found = ask(standing.params)
    said = manifest_of(standing, found)
    assert (found.code, said["state"], said["differences"]) == (0, "COMPLETE", [])
    assert [one["address"] for one in said["extra"]] == [APOSTROPHE]


# -- an export that is not what it should be -------------------------------------------------------------------------


def spoiling(scene: Scene, spoil: Callable[[Path], None]) -> dict[str, Executable]:
    """A dbimpexp that reports success, and whose file is then spoiled."""
    real = programs(scene.blueprint)["dbimpexp.exe"]

    def program(call: ProgramCall) -> int:
        code = real(call)
        written = next(one.partition(":")[2] for one in call.arguments if one.lower().startswith("/hrxmlfile:"))
        spoil(scene.blueprint.drive_c.joinpath(*PureWindowsPath(written.strip('"')).parts[1:]))
        return code

    return {"dbimpexp.exe": program}


def cut_in_half(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 4 * 2])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def another_document(path: Path) -> None:
    path.write_text("<html><body>Service unavailable</body></html>", encoding="utf-16")


def one_user_twice(path: Path) -> None:
    content = path.read_text(encoding="utf-16")
    start, end = content.index("<HomedResource "), content.index("</HomedResource>") + len("</HomedResource>")
    path.write_text(content[:end] + content[start:end] + content[end:], encoding="utf-16")


@pytest.mark.parametrize("spoil", [cut_in_half, emptied, another_document, one_user_twice, Path.unlink])
def test_an_export_that_is_damaged(
    standing: Scene, kept: dict[str, str], tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    """dbimpexp says it went well and its file is cut, empty, not its own or gone: nothing is stored, exit 1."""
    with management_host(standing, tmp_path, some_programs=spoiling(standing, spoil)) as params:
        found = ask(params)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert "dbimpexp" in found.text
    nothing_published(standing, found, kept)


def test_an_export_without_anybody(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A well-formed document that holds nobody is INCOMPLETE by everybody, not an empty success."""
    nobody = spoiling(standing, lambda path: write_import(path, []))
    with management_host(standing, tmp_path, some_programs=nobody) as params:
        found = ask(params)
    assert (found.code, found.summary.outcome) == (4, "incomplete")
    said = manifest_of(standing, found)
    assert (said["state"], len(said["differences"])) == ("INCOMPLETE", found.fact(f"users homed on {PRIMARY_POOL}"))
    assert kept


def test_dbimpexp_fails_and_leaves_a_file(standing: Scene, kept: dict[str, str], tmp_path: Path) -> None:
    """A whole file does not make up for an exit code that is not zero."""
    real = programs(standing.blueprint)["dbimpexp.exe"]

    def program(call: ProgramCall) -> int:
        real(call)
        call.err("Error: the connection was lost.\r\n")
        return 3

    with management_host(standing, tmp_path, some_programs={"dbimpexp.exe": program}) as params:
        found = ask(params)
    assert found.code == 1
    assert "exit code 3, Error: the connection was lost." in found.text
    nothing_published(standing, found, kept)


SETTINGS = ("Export-CsRgsConfiguration", "Export-CsConfiguration", "Export-CsLisConfiguration", "Get-CsRgsWorkflow")


@pytest.mark.parametrize("cmdlet", SETTINGS)
def test_settings_that_cannot_be_exported(standing: Scene, kept: dict[str, str], tmp_path: Path, cmdlet: str) -> None:
    """A cmdlet that fails after the contacts went well still ends the night without a set."""

    def refuse(_: Call) -> None:
        raise CmdletError("The database is locked.")

    with management_host(standing, tmp_path, {cmdlet: refuse}) as params:
        found = ask(params)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert f"{cmdlet} failed" in found.text
    assert "The database is locked." in found.text
    nothing_published(standing, found, kept)


@pytest.mark.parametrize(("cmdlet", "writes"), [*((one, False) for one in SETTINGS[:3]), (SETTINGS[1], True)])
def test_settings_that_are_empty(
    standing: Scene, kept: dict[str, str], tmp_path: Path, cmdlet: str, writes: bool
) -> None:
    """A cmdlet that reports no error and writes no file, or an empty one, has exported nothing."""
    real = cmdlets(standing.blueprint)[cmdlet]

    def nothing(call: Call) -> None:
        if writes:
            real(call)
            emptied(standing.blueprint.drive_c.joinpath(*PureWindowsPath(call.get("FileName")).parts[1:]))

    with management_host(standing, tmp_path, {cmdlet: nothing}) as params:
        found = ask(params)
    assert found.code == 1
    assert f"{cmdlet} failed: it reported no error" in found.text
    nothing_published(standing, found, kept)


def test_the_primary_is_down(standing: Scene, kept: dict[str, str]) -> None:
    """A pool that is lost exports nothing: exit 1, no set, and the sets of the nights before stay chosen."""
    chosen = sets.choose(store_of(standing), "lab").name
    lifecycle.fail(standing.blueprint.folder, "primary")
    try:
        found = ask(standing.params)
    finally:
        lifecycle.heal(standing.blueprint.folder, "primary")
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert f"dbimpexp exported nothing of {PRIMARY_POOL}" in found.text
    nothing_published(standing, found, kept)
    assert sets.choose(store_of(standing), "lab").name == chosen


# -- the store -------------------------------------------------------------------------------------------------------


def test_the_store_is_gone(standing: Scene, kept: dict[str, str]) -> None:
    """A share that is not mounted ends the night with exit 1, and no folder is made in its place."""
    found = ask(variant(standing, ("store: dr-store", "store: nowhere")))
    assert found.code == 1
    assert "is not there" in found.text
    assert not (standing.blueprint.folder / "nowhere").exists()
    nothing_published(standing, found, kept)


def test_the_store_is_full(standing: Scene, kept: dict[str, str]) -> None:
    """A disk that takes half of the set keeps no set; the next night is not hindered by what is left."""
    resource = pytest.importorskip("resource")
    session = backup.begin(standing.params)
    night = backup.take_inventory(session)
    backup.export_contacts(session, night)
    backup.export_settings(session, night)
    made = backup.seal(session, night)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        found = run(session, lambda session: backup.send_to_dr(session, night, made))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert "could not be written" in found.text
    nothing_published(standing, found, kept)
    assert ask(standing.params).code == 0


def test_a_set_of_that_name_is_there(standing: Scene, kept: dict[str, str]) -> None:
    """The store already holds the name: refused with exit 5, and what is there stays."""

    def occupy(session: Session) -> None:
        (standing.blueprint.store / session.folder.run).mkdir()
        (standing.blueprint.store / session.folder.run / "theirs").write_text("theirs")

    found = ask(standing.params, occupy)
    there = standing.blueprint.store / found.folder.run
    assert (found.code, found.summary.outcome) == (5, "refused")
    assert [one.name for one in there.iterdir()] == ["theirs"]
    shutil.rmtree(there)
    nothing_published(standing, found, kept)


class Rotten:
    """A store whose disk flips one byte of a file on its way."""

    def __init__(self, store: Store, root: Path, file: str) -> None:
        self._store, self._root, self._file = store, root, file

    def upload(self, source: Path, name: str) -> None:
        self._store.upload(source, name)
        written = next(path for path in self._root.glob(f".*{name}/{self._file}"))
        content = bytearray(written.read_bytes())
        content[len(content) // 2] ^= 1
        written.write_bytes(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


@pytest.mark.parametrize("file", [f"contacts/{PRIMARY_POOL}.xml", "inventory/users.csv", "manifest.json"])
def test_the_copy_differs(standing: Scene, kept: dict[str, str], file: str) -> None:
    """One byte that is not what was sent, in whichever file, keeps the set from getting its name."""

    def rot(session: Session) -> None:
        session.store = Rotten(session.store, standing.blueprint.store, file)

    found = ask(standing.params, rot)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert f"differs from what was sent: {file}." in found.text
    nothing_published(standing, found, kept)


# -- two at once -----------------------------------------------------------------------------------------------------

HOLD = (
    "import sys; from lyncdr_helpers.phases import backup; s = backup.begin(sys.argv[1]); print(s.folder.run); input()"
)


def test_two_backups_at_once(standing: Scene, kept: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """While one backup runs a second is locked out (exit 7) with the name of the first, and leaves no run behind."""
    first = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(standing.params)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert first.stdout is not None
        name = first.stdout.readline().strip()
        runs = {one.run for one in standing.runs()}
        monkeypatch.setattr(files, "PATIENCE", 0.2)
        with pytest.raises(Locked, match=name) as caught:
            backup.begin(standing.params)
        assert caught.value.exit_code == 7
        assert {one.run for one in standing.runs()} == runs
    finally:
        first.kill()
        first.communicate()
    found = ask(standing.params)
    assert found.code == 0, "the lock goes with its process"
    assert kept
