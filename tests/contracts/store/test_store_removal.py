"""The contract of the backup store, its last duty: a set goes out of sight whole, and then for good."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lyncdr_helpers import files
from lyncdr_helpers.adapters.store import FolderStore
from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.ports import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A store with two sets in it."""
    made = tmp_path / "dr store"
    made.mkdir()
    for name in ("monday", "tuesday"):
        for part in ("manifest.json", "contacts/pool01.xml"):
            files.replace(tmp_path / "work" / part, name.encode())
        FolderStore(str(made)).upload(tmp_path / "work", name)
        FolderStore(str(made)).publish(name)
    return made


@pytest.fixture
def store(root: Path) -> Store:
    return FolderStore(str(root))


def test_a_removed_set_is_gone(store: Store, root: Path) -> None:
    """Nothing of it is left on the disk, and its neighbour is as it was."""
    store.remove("monday")
    assert store.sets() == ["tuesday"]
    assert [path.name for path in root.iterdir()] == ["tuesday"]
    assert store.read("tuesday/contacts/pool01.xml") == b"tuesday"


def test_removing_may_be_repeated(store: Store) -> None:
    """A set that is gone already, or never was, is no error."""
    for name in ("monday", "monday", "sunday"):
        store.remove(name)
    assert store.sets() == ["tuesday"]


def test_never_half_a_set(store: Store, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short in the middle of deleting, the set is out of sight; repeated, the rest of it goes too."""

    def dying(path: str) -> None:
        (Path(path) / "manifest.json").unlink()
        raise KeyboardInterrupt

    monkeypatch.setattr(shutil, "rmtree", dying)
    with pytest.raises(KeyboardInterrupt):
        store.remove("monday")
    monkeypatch.undo()
    assert store.sets() == ["tuesday"]
    with pytest.raises(OperationError):
        store.files("monday")
    assert any(root.rglob("pool01.xml"))
    store.remove("monday")
    assert [path.name for path in root.iterdir()] == ["tuesday"]


def test_a_name_may_come_back(store: Store, root: Path, tmp_path: Path) -> None:
    """What a removal left of an older set of that name is not in the way of removing a newer one."""
    (root / "monday").rename(root / ".removed-monday")
    store.upload(tmp_path / "work", "monday")
    store.publish("monday")
    store.remove("monday")
    assert [path.name for path in root.iterdir()] == ["tuesday"]


NO_SETS = ["", ".", "..", "../outside", "..\\outside", ".incoming-monday", "monday/contacts", "/"]


@pytest.mark.parametrize("name", NO_SETS)
def test_only_a_set_can_be_removed(store: Store, root: Path, name: str) -> None:
    """Not the store itself, nothing outside, no upload, and no part of a set."""
    (root.parent / "outside").mkdir()
    (root / ".incoming-monday").mkdir()
    before = sorted(root.parent.rglob("*"))
    with pytest.raises(OperationError, match="not the name of a set"):
        store.remove(name)
    assert sorted(root.parent.rglob("*")) == before


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    """A share that is not mounted is Unreachable: its sets are not taken for gone."""
    with pytest.raises(Unreachable):
        FolderStore(str(tmp_path / "not mounted")).remove("monday")


TRY = """
import sys
from lyncdr_helpers.adapters.store import FolderStore
from lyncdr_helpers.errors import OperationError
try:
    FolderStore(sys.argv[1]).remove("monday")
except OperationError as error:
    print(error)
"""
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_a_store_that_refuses(store: Store, root: Path) -> None:
    """Where nobody may rename, the set stays whole and in sight, and the error names the reason."""
    root.chmod(0o500)
    try:
        command = [*(UNPRIVILEGED if os.geteuid() == 0 else ()), sys.executable, "-c", TRY, str(root)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    finally:
        root.chmod(0o700)
    assert "Permission denied" in said
    assert store.files("monday") == ["contacts/pool01.xml", "manifest.json"]
