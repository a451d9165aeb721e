"""Where the notebooks are, which phase each one carries, and the parameters it takes."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lyncdr_helpers.errors import InputError

BESIDE = Path(__file__).resolve().parents[2] / "notebooks"


def notebooks_folder() -> Path:
    """The folder `notebooks` of the checkout this package belongs to. Raises InputError where it is not there."""
    if not BESIDE.is_dir():
        raise InputError(
            f"There are no notebooks at {BESIDE}.", "lyncdr runs from its checkout: install it with `pip install -e .`."
        )
    return BESIDE


def phases(folder: Path) -> dict[str, Path]:
    """The notebook of each phase, in the order of the procedure: `1_prepare.ipynb` carries `prepare`."""
    found = sorted(folder.glob("[1-9]_*.ipynb"))
    return {path.stem.partition("_")[2]: path for path in found}


def notebook_of(phase: str, folder: Path) -> Path:
    """The notebook of a phase. Raises InputError where there is none."""
    known = phases(folder)
    if phase not in known:
        raise InputError(f"There is no phase {phase!r}.", f"Phases: {', '.join(known)}.")
    return known[phase]


def defaults(notebook: Path) -> dict[str, Any]:
    """The parameters a notebook takes, with their defaults: what its cell tagged `parameters` assigns."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    tagged = [cell for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    source = "".join("".join(cell["source"]) for cell in tagged[:1])
    return dict(pair for statement in ast.parse(source).body if (pair := _assigned(statement)))


def _assigned(statement: ast.stmt) -> tuple[str, Any] | None:
    match statement:
        case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
            return name, ast.literal_eval(value)
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            return name, ast.literal_eval(value)
    return None


def accepted(notebook: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """The given parameters that say something. Raises InputError for one that the notebook does not take."""
    known = defaults(notebook)
    said = {name: value for name, value in given.items() if value}
    for name in said:
        if name not in known:
            raise InputError(
                f"The phase of {notebook.name} takes no {name.replace('_', ' ')}.", f"It takes: {', '.join(known)}."
            )
    return said
