"""The executed notebook as a file of the run: whole, never overwriting an earlier one, and honest about its cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.redaction import Redaction
from lyncdr_helpers.runfolder import RunFolder

NEVER_RAN = "never-ran"
UNFINISHED = "unfinished"
PAPERMILL_WORDS = {NEVER_RAN: "pending", UNFINISHED: "running"}


def keep(partial: Path, folder: RunFolder, facts: dict[str, Any], redaction: Redaction) -> int:
    """Make what was executed the run's notebook, with the facts in its metadata under `lyncdr`; how many secrets were
    taken out of it stands there, too, as `redacted`, and is returned.

    Nothing is kept where the kernel never began.
    """
    if not partial.exists():
        return 0
    notebook, redacted = redaction.all_of(json.loads(partial.read_text(encoding="utf-8")))
    for cell in notebook["cells"]:
        _mark(cell)
    notebook["metadata"]["lyncdr"] = {**facts, "redacted": redacted} if redacted else facts
    notebook["metadata"]["papermill"]["output_path"] = str(folder.notebook)
    _set_aside(folder)
    files.replace_json(folder.notebook, notebook)
    partial.unlink()
    return int(redacted)


def clean(page: Path, redaction: Redaction) -> int:
    """Take secrets out of a page that was written; how many there were."""
    text, redacted = redaction.text(page.read_text(encoding="utf-8"))
    if redacted:
        files.replace(page, text.encode())
    return redacted


def discard(partial: Path, folder: RunFolder) -> None:
    """Leave no trace of an execution that found the run at work elsewhere: the folder's record is the other's."""
    partial.unlink(missing_ok=True)
    if not any(folder.path.iterdir()):
        folder.path.rmdir()


def _mark(cell: dict[str, Any]) -> None:
    """Tag a code cell that did not come to its end: papermill calls all of them completed after a kernel's death."""
    state = _state(cell)
    if state:
        cell["metadata"].setdefault("tags", []).append(state)
        cell["metadata"]["papermill"]["status"] = PAPERMILL_WORDS[state]


def _state(cell: dict[str, Any]) -> str:
    if cell["cell_type"] != "code" or not "".join(cell["source"]).strip():
        return ""
    if not cell["metadata"]["papermill"]["start_time"]:
        return NEVER_RAN
    return "" if "shell.execute_reply" in cell["metadata"].get("execution", {}) else UNFINISHED


def _set_aside(folder: RunFolder) -> None:
    """An earlier execution of the same run stays, as notebook-1.ipynb and so on."""
    if folder.notebook.exists():
        earlier = len(list(folder.path.glob("notebook-*.ipynb")))
        folder.notebook.rename(folder.path / f"notebook-{earlier + 1}.ipynb")
