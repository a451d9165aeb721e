"""Nothing but the truthful outcome depends on our runner: papermill's own command does the same work."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyncdr_helpers import journal
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.dossier import proof
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import Blueprint

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blueprint]:
    blueprint = Blueprint(tmp_path_factory.mktemp("papermill") / "lab", "127.53.87", users=20)
    lifecycle.up(blueprint, os.getpid())
    yield blueprint
    lifecycle.down(blueprint.folder)


@pytest.mark.parametrize(("notebook", "folder"), [("1_prepare", "."), ("2_backup", "notebooks")])
def test_papermill(lab: Blueprint, tmp_path: Path, notebook: str, folder: str) -> None:
    """`papermill NOTEBOOK OUT -p params_file ...` from the checkout or its notebooks: the same journal, done."""
    command = [sys.executable, "-m", "papermill", str(ROOT / "notebooks" / f"{notebook}.ipynb")]
    parameters = ["-p", "params_file", str(lab.params_file)]
    finished = subprocess.run(
        [*command, str(tmp_path / "out.ipynb"), *parameters], cwd=ROOT / folder, capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    phase = notebook.partition("_")[2]
    kept = sorted(lab.folder.glob(f"runs/*-{phase}-*/journal.jsonl"))
    assert journal.read(kept[-1])[0][-1].facts["outcome"] == "done"
    points = {one.name: one.verdict for one in proof.check(kept[-1].parent, Keys(), open_path(lab.store))}
    assert points["manifest"] == points["files"] == points["copy at the DR site"] == "pass"
    assert "notebook" not in points, "papermill keeps it where it was told to"
