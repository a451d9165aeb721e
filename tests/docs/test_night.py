"""The night on two pages: it fits them, and it knows every exit code and every gate."""

from __future__ import annotations

import ast
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


def test_every_gate_is_told() -> None:
    """Those that the phases close are those of the table; and of each, whether a reason opens it."""
    told = {row[0].strip("`"): row[3] for row in rows(section(SITUATIONS, "## A gate is closed (exit code 5)"))}
    assert set(gates("hold", "hold_for", "accept", "stop_at")) == told.keys()
    assert set(waivable()) == {gate for gate, waived in told.items() if waived.startswith("yes")}


def test_every_step_by_hand_is_told() -> None:
    """By the name that --did and --skip take, with whether a reason is enough."""
    listed = rows(section(SITUATIONS, "## A step is for a person (exit code 5)"))
    told = {row[0].strip("`"): row[2].startswith("yes") for row in listed}
    assert told == dict(by_hand())


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
        yield from (constant(path, name) for name in re.findall(r'--waive \{([A-Z_]+)\}="', text))


def gates(*closing: str) -> Iterator[str]:
    """The gates of every call of these functions, by a text or the name of a constant."""
    for path, call in calls():
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name in closing:
            first = call.args[name in ("hold_for", "accept")]
            if isinstance(first, ast.Constant):
                yield first.value
            elif isinstance(first, ast.Name) and first.id.isupper():
                yield constant(path, first.id)


def by_hand() -> Iterator[tuple[str, bool]]:
    """Each step by hand, `dns-ZONE` for one a zone, and whether it can be skipped."""
    for path, call in calls():
        if getattr(call.func, "id", "") == "GuidedStep":
            given = {one.arg: one.value for one in call.keywords}
            skippable = "skippable" not in given or ast.literal_eval(given["skippable"])
            match given["name"]:
                case ast.Name(id=name):
                    yield constant(path, name), skippable
                case ast.JoinedStr(values=[ast.Constant(value=begin), *_]):
                    yield f"{begin}ZONE", skippable


def calls() -> Iterator[tuple[Path, ast.Call]]:
    """Every call in the phases."""
    for path in PHASES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from ((path, node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def constant(path: Path, name: str) -> str:
    """What a module calls so."""
    return str(getattr(import_module(".".join(path.relative_to(ROOT).with_suffix("").parts)), name))


def test_the_search_for_gates_finds_both_spellings() -> None:
    """A gate by its name, and one by its constant; a gate that nobody waives is not among them."""
    found = set(waivable())
    assert {"primary-answers", "group-chat-in-place"} <= found
    assert not found & WITHOUT_WAIVER
