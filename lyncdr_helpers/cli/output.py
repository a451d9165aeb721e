"""What every command says, and where: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from lyncdr_helpers.errors import LyncdrError


def explain(error: LyncdrError) -> None:
    """What happened, then what to do next. A list of mistakes keeps its lines, so that editors find file and line."""
    lines = [error.message] if "\n" in error.message else [f"lyncdr: {error.message}"]
    print("\n".join([*lines, error.remedy] if error.remedy else lines), file=sys.stderr)


def note(text: str) -> None:
    """One line of progress, on stderr."""
    print(text, file=sys.stderr, flush=True)


def table(rows: Sequence[Sequence[str]]) -> None:
    """Columns on stdout, as wide as they must be; the first row is their heads."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def answer(value: Mapping[str, Any]) -> None:
    """The one JSON line that ends a `--json` command."""
    print(json.dumps(value, ensure_ascii=False), flush=True)
