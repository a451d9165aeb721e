"""The night on two pages: it fits them, and it knows every exit code and every gate."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import mistune
import pytest
from handbook import DOCS, ROOT, rows, section

from lyncdr_helpers.errors import OUTCOMES

NIGHT, SITUATIONS = DOCS / "night.md", DOCS / "situations.md"
PRINTED = """<!doctype html><meta charset="utf-8"><style>
@page { size: A4; margin: 14mm }
body { font: 9.5pt/1.3 sans-serif }
table { border-collapse: collapse; width: 100% }
td, th { border: 1px solid #999; padding: 1px 5px; text-align: left }
pre { background: #eee; padding: 4px; white-space: pre-wrap }
pre, code { font-family: monospace; font-size: 8.5pt }
</style>"""
PHASES = ROOT / "lyncdr_helpers" / "phases"
WITHOUT_WAIVER = {"approval", "declaration", "central-management-store", "response-group-conflicts"}
"""Gates of an activation that no reason opens."""


@pytest.mark.real("chromium")
def test_the_night_fits_two_pages(tmp_path: Path) -> None:
    """Whoever prints it in small print has one sheet of paper."""
    page, pdf = tmp_path / "night.html", tmp_path / "night.pdf"
    text = mistune.create_markdown(escape=False, plugins=["table"])(NIGHT.read_text(encoding="utf-8"))
    page.write_text(f"{PRINTED}{text}", encoding="utf-8")
    flags = [
        "chromium",
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
    ]
    subprocess.run(
        [*flags, "--no-pdf-header-footer", f"--user-data-dir={tmp_path / 'b'}", f"--print-to-pdf={pdf}", page.as_uri()],
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert len(re.findall(rb"/Type\s*/Page[^s]", pdf.read_bytes())) == 2


def test_every_exit_code_has_its_line() -> None:
    """Whatever a run ends with, the table says what to do."""
    told = {int(row[0]) for row in rows(section(NIGHT, "## When it stops"))}
    assert told == {0, *OUTCOMES}


def test_every_gate_that_a_reason_opens_is_told() -> None:
    """The gates that errors name after --waive are those of the table, and the table names no other."""
    found = set(waivable())
    told = {row[0].strip("`"): row[3] for row in rows(section(SITUATIONS, "## A gate is closed (exit code 5)"))}
    assert found == {gate for gate, waived in told.items() if waived.startswith("yes")}


def test_the_night_names_the_gates_of_an_activation() -> None:
    """What may stop the night stands on its two pages; those of the way home do not."""
    listed = rows(section(SITUATIONS, "## A gate is closed (exit code 5)"))
    of_tonight = {row[0] for row in listed if row[1] != "failback"} - {"`contact-stores`"}
    on_the_pages = {gate for row in rows(section(NIGHT, "## Gates")) for gate in re.findall("`[a-z-]+`", row[0])}
    assert on_the_pages == of_tonight
    assert {f"`{gate}`" for gate in WITHOUT_WAIVER} <= on_the_pages


def waivable() -> Iterator[str]:
    """Every gate that a text of the phases offers to waive: `--waive name="..."`, or by the name of a constant."""
    for path in PHASES.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r'--waive ([a-z-]+)="', text)
        for constant in re.findall(r'--waive \{([A-Z_]+)\}="', text):
            module = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
            yield getattr(module, constant)


def test_the_search_for_gates_finds_both_spellings() -> None:
    """A gate by its name, and one by its constant; a gate that nobody waives is not among them."""
    found = set(waivable())
    assert {"primary-answers", "group-chat-in-place"} <= found
    assert not found & WITHOUT_WAIVER
