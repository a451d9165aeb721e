"""`lyncdr runs show`: what is not ready is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import lyncdr
from journal_scene import check, end, run

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"


@pytest.fixture
def params(tmp_path: Path) -> Path:
    path = tmp_path / "params" / "lab.yml"
    path.parent.mkdir()
    path.write_text(LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/"), encoding="utf-8")
    return path


def test_show_says_what_is_not_green(params: Path, tmp_path: Path) -> None:
    """Below its lines: how many of each verdict, and each check that is not green with what to do about it."""
    checks = check("meet A"), check("sip A", "fail"), check("moves", "warn", "should", "directory")
    folder = run(tmp_path / "lab" / "runs", "prepare", *checks, end("check failed", 3), deployment="lab")
    shown = lyncdr("runs", "show", folder.name, "--params", params)
    assert shown.returncode == 0, shown.stderr
    said = shown.stdout.splitlines()
    assert "Checks: 1 pass, 1 warn, 1 fail, 0 unknown" in said
    assert "  FAIL (must)  DNS: sip A: this" in said
    assert said[said.index("  FAIL (must)  DNS: sip A: this") + 1] == "      Do it."
    assert not any("meet A: this" in line and line.startswith("  ") for line in said)
    assert (folder / "report.html").is_file()


def test_show_of_a_run_without_checks(params: Path, tmp_path: Path) -> None:
    """Nothing is said of what was not looked at."""
    folder = run(tmp_path / "lab" / "runs", "backup", end(), deployment="lab")
    assert "Checks:" not in lyncdr("runs", "show", folder.name, "--params", params).stdout
