"""The notebooks run as they stand, and what they show is what they showed when their examples were made.

Where a number has changed on purpose: `python tests/notebooks/examples.py`, and read the difference.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import nbformat
import pytest
from stage import AFTER_IT, BEFORE_THE_LOSS, LOOKING_BACK, WAY_HOME, Stage

from lyncdr_helpers import runfolder
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.dossier import proof
from lyncdr_helpers.journal import Line, read
from lyncdr_helpers.runs import runner
from lyncdr_helpers.runs.notebooks import notebooks_folder

CONFIGURATION = Path(__file__).with_name("nbval.cfg")
COMPARED = "nbval-check-output"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Validation:
    """What nbval came to. cells: `notebook Cell n` -> what was wrong with it, or an empty string."""

    exit_code: int
    cells: dict[str, str]
    said: str

    @property
    def wrong(self) -> dict[str, str]:
        return {cell: why for cell, why in self.cells.items() if why}


def validate(stage: Stage, *notebooks: Path) -> Validation:
    """nbval over notebooks of the stage; the kernel is this interpreter, whatever else the user has."""
    results = stage.folder / "results.xml"
    options = ["--nbval-lax", "--nbval-current-env", "--nbval-sanitize-with", str(CONFIGURATION)]
    place = ["-p", "no:cacheprovider", f"--rootdir={stage.folder}", f"--junitxml={results}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *place, *options, *(notebook.name for notebook in notebooks)],
        cwd=stage.folder,
        env={**os.environ, **with_foreign_kernel(stage.folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    cases = ElementTree.parse(results).iter("testcase")
    cells = {f"{str(case.get('classname')).removesuffix('.ipynb')} {case.get('name')}": trouble(case) for case in cases}
    return Validation(done.returncode, cells, done.stdout)


def trouble(case: ElementTree.Element) -> str:
    return "\n".join(child.text or child.tag for child in case if child.tag in ("failure", "error", "skipped"))


def with_foreign_kernel(folder: Path) -> dict[str, str]:
    """A user's Jupyter, looked at first, whose `python3` is not ours and does not work."""
    specification = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    specification.parent.mkdir(parents=True, exist_ok=True)
    argv = [sys.executable, "-c", "raise SystemExit('not this one')", "{connection_file}"]
    specification.write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}), encoding="utf-8")
    return {"JUPYTER_DATA_DIR": str(folder / "jupyter"), "JUPYTER_PREFER_ENV_PATH": "0"}


def code_cells(name: str) -> list[Any]:
    notebook = nbformat.read(notebooks_folder() / f"{name}.ipynb", as_version=4)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def expected_cells(*names: str) -> list[str]:
    return [f"{name} Cell {number}" for name in names for number, _ in enumerate(code_cells(name))]


@pytest.fixture(scope="module")
def before(stage: Stage) -> Validation:
    """The notebooks of an ordinary day, and after them the first one with a number that is not so."""
    return validate(stage, *map(stage.notebook, BEFORE_THE_LOSS), with_another_number(stage))


@pytest.fixture(scope="module")
def after(stage: Stage, before: Validation) -> Validation:
    stage.lose_and_activate()
    return validate(stage, stage.notebook(AFTER_IT))


@pytest.fixture(scope="module")
def way_home(stage: Stage, after: Validation) -> Validation:
    stage.live_there_and_heal()
    return validate(stage, stage.notebook(WAY_HOME), stage.notebook(LOOKING_BACK))


def with_another_number(stage: Stage) -> Path:
    """The start page as `changed`: one digit differs in a set's row."""
    notebook = nbformat.read(stage.notebook("0_start_here"), as_version=4)
    cell = next(cell for cell in notebook.cells if cell.source.startswith("tables.backups("))
    for mime, text in cell.outputs[0].data.items():
        assert "3,027" in text
        cell.outputs[0].data[mime] = text.replace("3,027", "3,028")
    changed = stage.folder / "changed.ipynb"
    nbformat.write(notebook, changed)
    return changed


def test_on_an_ordinary_day(before: Validation) -> None:
    """Backup, start page, readiness and a rehearsal of the activation: every cell runs, every number is as it was."""
    shown = {cell: why for cell, why in before.cells.items() if not cell.startswith("changed ")}
    assert not any(shown.values()), before.said
    assert sorted(shown) == sorted(expected_cells(*BEFORE_THE_LOSS))


@pytest.mark.parametrize("name", [*BEFORE_THE_LOSS, AFTER_IT, WAY_HOME, LOOKING_BACK])
def test_what_is_compared_has_something_to_be_compared_with(name: str) -> None:
    """nbval compares nothing where a cell has no execution count: each tagged cell has one, and an output."""
    compared = [cell for cell in code_cells(name) if COMPARED in cell.metadata.get("tags", [])]
    assert len(compared) >= 2
    assert all(cell.execution_count and cell.outputs for cell in compared)


def test_another_number_is_found(before: Validation) -> None:
    """The comparison can fail: one digit that differs in a set's row fails its cell, and no other."""
    assert before.exit_code == 1
    assert list(before.wrong) == ["changed Cell 3"]
    assert "Cell outputs differ" in before.wrong["changed Cell 3"]


def test_plain_jupyter_does_the_same_work(stage: Stage, before: Validation) -> None:
    """`jupyter execute` and our runner leave the same journal, line for line, and the same set."""
    notebook = stage.notebook("2_backup")
    command = [sys.executable, "-m", "jupyter", "execute", str(notebook), "--output", str(stage.folder / "out.ipynb")]
    finished = subprocess.run(command, cwd=stage.folder, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    plain = runfolder.all_runs(stage.lab / "runs")[-1]
    ours = runner.run_phase("backup", stage.params_file)
    assert (plain.phase, plain.outcome, ours.outcome) == ("backup", "done", "done")
    assert plain.run != ours.run
    assert told(stage, plain.run) == told(stage, ours.run)
    assert held(stage, plain.run) == held(stage, ours.run)


@pytest.mark.parametrize(("name", "folder"), [("1_prepare", "."), ("2_backup", "notebooks")])
def test_plain_papermill(stage: Stage, before: Validation, name: str, folder: str) -> None:
    """`papermill NOTEBOOK OUT -p params_file ...` from the checkout or its notebooks: done, by a sealed journal."""
    command = [sys.executable, "-m", "papermill", str(notebooks_folder() / f"{name}.ipynb")]
    finished = subprocess.run(
        [*command, str(stage.folder / "out.ipynb"), "-p", "params_file", str(stage.params_file)],
        cwd=notebooks_folder().parent / folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr[-2000:]
    newest = runfolder.all_runs(stage.lab / "runs")[-1]
    assert (newest.phase, newest.outcome) == (name.partition("_")[2], "done")
    sealed = proof.check(stage.lab / "runs" / newest.run, Keys(), open_path(stage.lab / "dr-store"))
    points = {one.name: one.verdict for one in sealed}
    assert points["manifest"] == points["files"] == points["copy at the DR site"] == "pass"
    assert "notebook" not in points, "papermill keeps it where it was told to"


def test_after_a_loss(after: Validation) -> None:
    """The site is lost and its users moved: the verification shows every one of them back."""
    assert not after.wrong, after.said
    assert after.exit_code == 0
    assert sorted(after.cells) == sorted(expected_cells(AFTER_IT))


def test_a_record_has_the_last_of_what_was_told(stage: Stage, after: Validation) -> None:
    """In the notebook that a live run leaves behind, the bar at its top is of its end, and an act has one line."""
    run = next(one for one in reversed(runfolder.all_runs(stage.lab / "runs")) if one.phase == "activate")
    notebook = nbformat.read(stage.lab / "runs" / run.run / "notebook.ipynb", as_version=4)
    bars = [cell.outputs[0].data["text/plain"] for cell in notebook.cells if cell.source == "status.show(session)"]
    assert len(bars) == 2
    assert all(bar.startswith("LIVE: ") and "users back: 40 of 40 moved" in bar for bar in bars)
    assert all("install Group Chat, verdict" in bar and "· to come: " not in bar for bar in bars)
    moved = next(cell for cell in notebook.cells if "activate.move_users" in cell.source)
    paced = [one.data["text/plain"] for one in moved.outputs if one.output_type == "display_data"]
    assert len(paced) == 1
    assert paced[0].startswith("move users: 40 of 40, ")


def test_on_the_way_home_and_looking_back(way_home: Validation) -> None:
    """The primary is back: the rehearsal shows what people did to their lists, and the plan that takes them home.

    The audit then tells what happened, from all of these runs.
    """
    assert not way_home.wrong, way_home.said
    assert way_home.exit_code == 0
    assert sorted(way_home.cells) == sorted(expected_cells(WAY_HOME, LOOKING_BACK))


def told(stage: Stage, run: str) -> list[tuple[object, ...]]:
    """The journal without what differs from night to night: moments, names of sets, seconds."""
    differs = {"seconds", "run", "set", "who"}
    lines: list[Line] = read(runfolder.RunFolder(stage.lab / "runs" / run).journal)[0]
    return [
        (line.kind, *(_of_any_night(str(value)) for name, value in line.facts.items() if name not in differs))
        for line in lines
    ]


def _of_any_night(text: str) -> str:
    """Without the names of runs and sets, and without moments."""
    named = re.sub(r"\d{8}-\d{6}-backup-[0-9a-f]{4}", "RUN", text)
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "MOMENT", named)


def held(stage: Stage, name: str) -> dict[str, int]:
    """The files of a set and their sizes."""
    folder = stage.lab / "dr-store" / name
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*.xml")}
