"""A whole night, timed part by part: `python tests/benchmarks/night.py` backs up 10,000 users of a Samba lab (root).

`python tests/benchmarks/night.py 2000 embedded` does the same with fewer, and without Samba.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from lyncdr_helpers import journal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.runs.runner import Outcome, run_phase

USERS = 10_000


def main(users: int = USERS, directory: str = "samba") -> int:
    """The exit code of the night."""
    with tempfile.TemporaryDirectory(prefix="lyncdr-night-") as place:
        claim = claim_subnet(Blueprint(Path(place) / "lab", users=users, directory=directory))  # type: ignore[arg-type]
        try:
            lifecycle.up(claim.blueprint, os.getpid(), lambda said: print(f"  {said}", file=sys.stderr), claim)
            night = run_phase("backup", claim.blueprint.params_file)
        finally:
            lifecycle.down(claim.blueprint.folder)
        print(table(night, journal.read(night.folder.journal)[0]))
        return night.exit_code


def parts(lines: list[Line]) -> dict[str, float]:
    """Seconds by step, in their order."""
    return {line.facts["name"]: line.facts["seconds"] for line in lines if "seconds" in line.facts}


def table(night: Outcome, lines: list[Line]) -> str:
    """One row a part: seconds, and its share of the whole night."""
    facts = {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"}
    contacts = sum(value for name, value in facts.items() if name.startswith("contacts on "))
    users = sum(value for name, value in facts.items() if name.startswith("users homed on "))
    taken = parts(lines)
    rows = [*taken.items(), ("kernel, tables, the rest", night.seconds - sum(taken.values())), ("whole", night.seconds)]
    head = f"{users:,} users, {contacts:,} contacts: {night.outcome}"
    return "\n".join([head, *(f"{name:42}{spent:9.2f} s{spent / night.seconds:7.0%}" for name, spent in rows)])


if __name__ == "__main__":
    raise SystemExit(main(*(convert(text) for convert, text in zip((int, str), sys.argv[1:], strict=False))))
