"""The tests in parts: each file is in one of them, and CI asks for all."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
IGNORE = "--ignore="


def commands() -> list[list[str]]:
    """What each pytest is given that `.ci/run` comes to, as make would start it."""
    asked = re.findall(r"^make (.+) </dev/null$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "ARGS"))}
    said = subprocess.run(
        ["make", "--dry-run", *" ".join(asked).split()],
        cwd=ROOT,
        env=outside,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [line.split()[1:] for line in said.splitlines() if line.split()[:1] == [".venv/bin/pytest"]]


def covers(arguments: list[str], file: Path) -> bool:
    """Whether a pytest with these arguments runs the file; without a place it runs all of them."""
    name = file.relative_to(ROOT)
    ignored = [one.removeprefix(IGNORE) for one in arguments if one.startswith(IGNORE)]
    places = [one for one in arguments if not one.startswith("-")] or ["tests"]
    return any(name.is_relative_to(one) for one in places) and not any(name.is_relative_to(one) for one in ignored)


def test_each_file_is_in_one_part() -> None:
    """No test file is left out by CI, and none runs twice."""
    files, parts = sorted((ROOT / "tests").rglob("test_*.py")), commands()
    assert len(files) > 100
    assert len(parts) >= 10
    times = Counter(file for file in files for part in parts if covers(part, file))
    assert {file: times[file] for file in files if times[file] != 1} == {}
