"""The way to the DR site: whatever the store does, no set appears that is not whole, and no set is lost."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene
from night_scene import ask, left_aside, manifest_of, nothing_published
from phase_scene import Ended, run, variant

from lyncdr_helpers import files
from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.errors import Locked
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.phases import backup
from lyncdr_helpers.ports import Store
from lyncdr_helpers.session import Session

# -- the store -------------------------------------------------------------------------------------------------------


def test_the_store_is_gone(standing: Scene, kept: dict[str, str]) -> None:
    """A share that is not mounted ends the night with exit 1, and no folder is made in its place."""
    found = ask(variant(standing, ("store: dr-store", "store: nowhere")))
    assert found.code == 1
    assert "is not there" in found.text
    assert not (standing.blueprint.folder / "nowhere").exists()
    nothing_published(standing, found, kept)


class Crowded:
    """A store whose disk has so many bytes left, as it says itself."""

    def __init__(self, store: Store, free: int) -> None:
        self._store, self._free = store, free

    def free(self) -> int:
        return self._free

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_the_store_says_that_it_is_full(standing: Scene, kept: dict[str, str]) -> None:
    """Free space is asked for before a byte is sent: the error says how much is needed and how much is there."""

    def crowd(session: Session) -> None:
        session.store = Crowded(session.store, 100_000)

    found = ask(standing.params, crowd)
    assert (found.code, found.summary.outcome) == (1, "failed")
    said = left_aside(standing, found, kept, "needs", "0.1 MB left")
    assert said["users"]
    assert sorted(path.name for path in aside(standing, found).iterdir()) == ["manifest.json", "summary.json"]


def test_a_disk_that_fills_up_on_the_way(standing: Scene, kept: dict[str, str]) -> None:
    """A disk that takes half of the set keeps no set; the next night is not hindered by what is left."""
    resource = pytest.importorskip("resource")
    session = backup.begin(standing.params)
    night = backup.take_inventory(session)
    backup.export_contacts(session, night)
    backup.export_settings(session, night)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        found = run(session, lambda session: backup.copy_to_dr(session, night))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (found.code, found.summary.outcome) == (1, "failed")
    nothing_published(standing, found, kept)
    assert ask(standing.params).code == 0


def aside(standing: Scene, found: Ended) -> Path:
    """Where the store keeps what was never published."""
    (folder,) = standing.blueprint.store.glob(f".*{found.folder.run}")
    return folder


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
    """A store whose disk flips one byte of a file: as it is written, or once everything was hashed."""

    def __init__(self, store: Store, root: Path, file: str, hashed: bool) -> None:
        self._store, self._root, self._file, self._hashed = store, root, file, hashed

    def send(self, source: Path, name: str, file: str) -> None:
        self._store.send(source, name, file)
        if file == self._file and not self._hashed:
            self._rot(name)

    def download(self, name: str, file: str, to: Path, *, published: bool = True) -> None:
        if self._hashed:
            self._rot(name)
        self._store.download(name, file, to, published=published)

    def _rot(self, name: str) -> None:
        (written,) = self._root.glob(f".*{name}/{self._file}")
        content = bytearray(written.read_bytes())
        content[len(content) // 2] ^= 1
        written.write_bytes(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


FILES = (f"contacts/{PRIMARY_POOL}.xml", "inventory/users.csv", "settings/topology.xml", "manifest.json")


@pytest.mark.parametrize("file", FILES)
def test_the_copy_differs(standing: Scene, kept: dict[str, str], file: str) -> None:
    """One byte that is not what was sent, in whichever file, keeps the set from getting its name."""

    def rot(session: Session) -> None:
        session.store = Rotten(session.store, standing.blueprint.store, file, hashed=False)

    found = ask(standing.params, rot)
    assert (found.code, found.summary.outcome) == (1, "failed")
    assert f"differs from what was sent: {file}." in found.text
    nothing_published(standing, found, kept)


def test_users_who_cannot_be_rebuilt(standing: Scene, kept: dict[str, str]) -> None:
    """A contact list that rots at the DR site after it was hashed: the restore check names who is hurt, no set appears.

    The period is one night: everybody is rebuilt.
    """

    def rot(session: Session) -> None:
        session.store = Rotten(session.store, standing.blueprint.store, FILES[0], hashed=True)

    params = variant(standing, ("  work_folder:", "  restore_check: {users: 1, period_days: 1}\n  work_folder:"))
    found = ask(params, rot)
    assert (found.code, found.summary.outcome) == (1, "failed")
    left_aside(standing, found, kept, f"the copy of {FILES[0]} at the DR site")


def test_over_the_period_everybody_is_rebuilt(standing: Scene) -> None:
    """Night after night others are rebuilt; once round, no user was left out, and each has the date in the manifest."""
    params = variant(standing, ("  work_folder:", "  restore_check: {users: 1, period_days: 4}\n  work_folder:"))
    began, nights = stamp(SystemClock().now()), [manifest_of(standing, ask(params)) for _ in range(4)]
    dates = [[user["rebuilt_at"] for user in night["users"]] for night in nights]
    rebuilt = [sum(date >= began for date in night) for night in dates]
    assert 0 < rebuilt[0] < len(dates[0])
    assert rebuilt == sorted(rebuilt)
    assert rebuilt[-1] == len(dates[-1])
    assert max(dates[-1]) <= nights[-1]["made_at"]


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
