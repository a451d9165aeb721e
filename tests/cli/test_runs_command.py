"""`lyncdr run prepare` and `lyncdr runs show`: what is not ready is said, to people and to programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from dr_scene import Scene
from journal_scene import check, end, run
from phase_scene import variant

from lyncdr_helpers import journal

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"


def lyncdr(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lyncdr_helpers", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)


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


@pytest.mark.slow
def test_prepare_for_programs(standing: Scene) -> None:
    """Not ready is exit 3; the JSON line counts the verdicts and names each must-have that is not green."""
    strict = variant(standing, ("rto_minutes: 60", "rto_minutes: 0.5"))
    finished = lyncdr("run", "prepare", "--params", strict, "--json")
    said = json.loads(finished.stdout.splitlines()[-1])
    assert (finished.returncode, said["outcome"]) == (3, "check failed")
    assert list(said["checks"]) == ["pass", "warn", "fail", "unknown"]
    lines, _ = journal.read(Path(said["folder"]) / "journal.jsonl")
    made = [line.facts for line in lines if line.kind == "check"]
    failed = [f"{one['area']}: {one['name']}" for one in made if one["verdict"] == "fail"]
    assert said["checks"]["fail"] == len(failed) > 0
    assert set(failed) <= set(said["must_haves_failed"])
    assert "What to do" in Path(said["report"]).read_text(encoding="utf-8")
