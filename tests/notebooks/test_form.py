"""The form of the notebooks: thin stories, kept in one spelling, with examples that belong to nobody's machine."""

from __future__ import annotations

import ast
import getpass
import platform
import tempfile
from pathlib import Path
from typing import Any

import nbformat
import pytest
from examples import spelled

from lyncdr_helpers.runs.notebooks import defaults, notebooks_folder, phases

NOTEBOOKS = sorted(notebooks_folder().glob("*.ipynb"))
MOST_LINES = 9
"""Of code: five, two of them imports, and what formatting adds. A parameters cell has a line for each."""
MOST_BYTES = 150_000
TAGS = {"parameters", "nbval-check-output"}
KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
METADATA = {"kernelspec": KERNEL, "language_info": {"name": "python"}}

PARAMETERS: dict[str, dict[str, Any]] = {
    "prepare": {},
    "backup": {},
    "activate": {
        "mode": "rehearse",
        "approve": "",
        "because": "",
        "groups": "",
        "contacts_by": "update",
        "watch_dns": 300,
        "backup_set": "",
        "waive": {},
        "did": {},
        "skip": {},
        "evidence": {},
    },
    "verify": {"backup_set": ""},
    "failback": {
        "mode": "rehearse",
        "approve": "",
        "backup_set": "",
        "groups": "",
        "pilot": "",
        "waive": {},
        "did": {},
        "skip": {},
        "evidence": {},
    },
    "audit": {"incident": "", "lost_at": "", "compare": ""},
}
"""Beside params_file and run, which every phase takes; the runner passes nothing else."""

NO_STORY = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.For, ast.While, ast.With, ast.Try)

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path: Path, kind: str) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def tags(cell: Any) -> list[str]:
    return list(cell.metadata.get("tags", []))


def test_there_are_notebooks() -> None:
    """The start page and one for each phase."""
    assert NOTEBOOKS[0].stem == "0_start_here"
    assert set(phases(notebooks_folder())) == set(PARAMETERS)


@pytest.mark.parametrize("phase", PARAMETERS)
def test_the_parameters_are_what_the_runner_passes(phase: str) -> None:
    """A parameter that only one of the two knows would be lost on its way."""
    path = phases(notebooks_folder())[phase]
    assert defaults(path) == {"params_file": "", "run": "", **PARAMETERS[phase]}


@each
def test_one_cell_holds_the_parameters(path: Path) -> None:
    """papermill replaces the first cell of that tag: it comes before all other code, and it is the only one."""
    code = cells(path, "code")
    assert [number for number, cell in enumerate(code) if "parameters" in tags(cell)] == [0]


@each
def test_a_notebook_is_a_thin_story(path: Path) -> None:
    """A promise first; then short cells without loops or functions, each after a text that says what it is about."""
    first, *_ = nbformat.read(path, as_version=4).cells
    assert first.cell_type == "markdown"
    for cell in cells(path, "code"):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert 1 <= len(lines) <= MOST_LINES or "parameters" in tags(cell), cell.source
        assert not [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, NO_STORY)]


@each
def test_examples_are_said_to_be_examples(path: Path) -> None:
    """Nobody takes what was true in a lab for the state of their own deployment."""
    assert "is an example from a lab of 40 users" in cells(path, "markdown")[0].source


@each
def test_no_example_is_an_error(path: Path) -> None:
    """What is shown is what a reader gets when all is well: no traceback, nothing on stderr."""
    outputs = [output for cell in cells(path, "code") for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@each
def test_nothing_is_left_of_an_execution(path: Path) -> None:
    """No timings, widget states, versions or editor's settings; one spelling, with a name for each cell."""
    notebook = nbformat.read(path, as_version=4)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata == METADATA
    assert all(set(cell.metadata) <= {"tags"} and set(tags(cell)) <= TAGS for cell in notebook.cells)
    names = [f"{path.name[0]}-{place:02}" for place in range(len(notebook.cells))]
    assert [cell.id for cell in notebook.cells] == names
    assert path.read_bytes() == spelled(notebook).encode()


@each
def test_examples_are_small_and_belong_to_nobody(path: Path) -> None:
    """No folder, host or user of the machine they were made on, and nothing of where a secret is kept."""
    text = path.read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    folders = (notebooks_folder().parent, Path(tempfile.gettempdir()), Path.home())
    private = [str(folder) for folder in folders if folder != Path(folder.anchor)]
    private += [f"{getpass.getuser()}@{platform.node()}", "secrets/", "keyring:"]
    assert not [one for one in private if one in text]
