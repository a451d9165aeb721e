"""One sealed run for whoever only reads it, and a copy of it for whoever tampers with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sealed_runs import sealed

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import RunFolder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A sealed run, with its store beside the runs folder; nobody changes it."""
    place = tmp_path_factory.mktemp("model")
    (place / "store").mkdir()
    return sealed(place / "runs", place / "store")


@pytest.fixture
def mine(model: RunFolder, tmp_path: Path) -> RunFolder:
    """A copy of the sealed run, to tamper with."""
    return RunFolder(Path(shutil.copytree(model.path, tmp_path / "runs" / model.run)))


@pytest.fixture
def store(model: RunFolder, tmp_path: Path) -> Store:
    """A copy of the store that has its head."""
    return open_path(Path(shutil.copytree(model.path.parents[1] / "store", tmp_path / "store")))
