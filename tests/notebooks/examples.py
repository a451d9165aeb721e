"""Run `python tests/notebooks/examples.py` to make the example outputs of the notebooks anew.

They come from a lab of 40 users on the addresses of params/lab.yml, which must be free (`lyncdr lab down`): a rehearsal
while the primary lives, then its loss, an activation and its verification, a rehearsal of the way home, and an audit of
all of it. Cells that would name this machine or whoever uses it stay without output.
"""

from __future__ import annotations

import json
import os
import platform
import re
import tempfile
from pathlib import Path

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.util import run_sync
from stage import AFTER_IT, BEFORE_THE_LOSS, LOOKING_BACK, WAY_HOME, Stage, blueprint, set_stage

from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.claim import Claim
from lyncdr_helpers.runs.kernel import OwnInterpreter
from lyncdr_helpers.runs.notebooks import notebooks_folder

PRIVATE = ("tables.runs(", "trend.readiness(", "trend.recoveries(")
"""What shows who ran something, and where."""

WIDGET = "application/vnd.jupyter.widget-view+json"
"""A widget lives as long as its kernel; what is kept is its text."""

SCRIPT = re.compile(r"<script>.*?</script>", re.DOTALL)
"""A grid comes to life when somebody runs its cell; what is kept of it are its first rows."""


WHO, HOST = "meier", "mgmt02"
"""Who is said to have made the examples, and where: whoever made them is nobody's business."""


def main() -> None:
    os.environ["LOGNAME"] = WHO
    with tempfile.TemporaryDirectory() as place, Claim(blueprint(Path(place))) as claim:
        stage = set_stage(Path(place), claim)
        try:
            for name in BEFORE_THE_LOSS:
                keep(name, executed(stage, name))
            stage.lose_and_activate()
            keep(AFTER_IT, executed(stage, AFTER_IT))
            stage.live_there_and_heal()
            keep(WAY_HOME, executed(stage, WAY_HOME))
            keep(LOOKING_BACK, executed(stage, LOOKING_BACK))
        finally:
            lifecycle.down(stage.lab)


def executed(stage: Stage, name: str) -> nbformat.NotebookNode:
    """The notebook with what its cells came to on the stage."""
    notebook = nbformat.read(stage.notebook(name), as_version=4)
    kernel = AsyncKernelManager(kernel_spec_manager=OwnInterpreter())
    place = {"metadata": {"path": str(stage.folder)}}
    try:
        NotebookClient(notebook, km=kernel, resources=place, coalesce_streams=True).execute()
    finally:
        run_sync(kernel.shutdown_kernel)(now=True)
    text = nbformat.writes(notebook)
    for place in (json.dumps(f"{stage.folder}{os.sep}")[1:-1], f"{stage.folder.as_posix()}/"):
        text = text.replace(place, "")  # where the lab stands is nobody's business
    for between in ("@", " on "):
        text = text.replace(f"{WHO}{between}{platform.node()}", f"{WHO}{between}{HOST}")
    return nbformat.reads(text, as_version=4)


def keep(name: str, done: nbformat.NotebookNode) -> None:
    """Give the source its outputs, and nothing else of the execution."""
    path = notebooks_folder() / f"{name}.ipynb"
    source = nbformat.read(path, as_version=4)
    for cell, ran in zip(source.cells, done.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = kept(ran)
    path.write_text(spelled(source), encoding="utf-8", newline="\n")


def kept(ran: nbformat.NotebookNode) -> tuple[list[nbformat.NotebookNode], int | None]:
    """(outputs, execution count) of a cell that ran, or of one that never did."""
    if any(mark in ran.source for mark in PRIVATE):
        return [], None
    for output in ran.outputs:
        shown = output.get("data", {})
        shown.pop(WIDGET, None)
        if "text/html" in shown:
            shown["text/html"] = SCRIPT.sub("", shown["text/html"])
    return ran.outputs, ran.execution_count


def spelled(notebook: nbformat.NotebookNode) -> str:
    """The one form in which notebooks are kept, so that a difference is a change."""
    nbformat.validate(notebook)
    return nbformat.writes(notebook, indent=1) + "\n"


if __name__ == "__main__":
    main()
