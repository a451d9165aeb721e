"""A deployment whose management host nobody reaches: phases wait for scripts that somebody runs there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import backed_up, run

from lyncdr_helpers.lab import script_operator
from lyncdr_helpers.lab.blueprint import MANAGEMENT_USER
from lyncdr_helpers.lab.script_operator import Operator
from lyncdr_helpers.phases import activate, backup


@pytest.fixture
def params(standing: Scene) -> Path:
    path = standing.params.with_name("script.yml")
    text = standing.params.read_text(encoding="utf-8").replace("transport: winrm", "transport: script")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def operator(standing: Scene) -> Iterator[Operator]:
    with script_operator.of(standing.blueprint) as made:
        yield made


def test_a_night_by_scripts(params: Path, operator: Operator) -> None:
    """A whole backup, dbimpexp and sqlcmd and all, comes out complete; each script is on record with its digest, its
    result and who ran it, and nothing is left in the exchange folder.
    """
    session = backup.begin(params)
    found = run(session, backed_up)
    assert (found.code, found.summary.outcome) == (0, "done")
    lines = found.kinds("script")
    written = [line.facts["file"] for line in lines if line.facts["state"] == "written"]
    assert len(written) == operator.runs >= 8
    assert [line.facts["file"] for line in lines if line.facts["state"] == "answered"] == written
    assert {line.facts["by"] for line in lines if line.facts["state"] == "answered"} == {f"{MANAGEMENT_USER} on mgmt"}
    kept = {path.name for path in (found.folder.path / "scripts").iterdir()}
    assert kept == {*written, *(name.replace(".ps1", ".result") for name in written)}
    assert not list(operator._folder.glob(f"{found.folder.run}*"))


def test_a_rehearsed_activation_writes_no_script_that_changes_anything(params: Path, operator: Operator) -> None:
    """What a rehearsal withholds is not even written down for a person to run."""
    session = activate.begin(params, "rehearse", "new")
    found = run(session, lambda one: (activate.reach(one), activate.evidence(one)))
    texts = [path.read_text(encoding="utf-8-sig") for path in (found.folder.path / "scripts").glob("*.ps1")]
    assert texts
    assert not [text for text in texts if "It changes the deployment" in text]
