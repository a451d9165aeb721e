"""`lyncdr runs watch`, on an activation that another process is at."""

from __future__ import annotations

import json
from pathlib import Path

import forked
import pytest
from command_line import lyncdr
from dr_scene import Scene

pytestmark = pytest.mark.timeout(120)


def test_while_it_goes_on(scene: Scene) -> None:
    """A second person sees the acts come one after the other, and the end; the same number of users as the journal."""
    scene.lose_primary()
    digest = forked.planned(scene)
    with forked.started(scene.params, digest):
        run = scene.runs()[-1].run
        watched = lyncdr("runs", "watch", run, "--params", scene.params)
    assert watched.returncode == 0, watched.stderr
    said = watched.stdout
    assert said.index("move users: ") < said.index("restore contacts: ") < said.index("repoint DNS: 6 of 6")
    assert "move users: 40 of 40" in said
    assert "done, after" in said
    assert "waits at its gate" not in said[said.index("move users: ") :]
    now = lyncdr("runs", "watch", "--params", scene.params, "--json")
    facts = json.loads(now.stdout)
    assert (facts["run"], facts["state"], facts["users_back"], facts["forecast"]) == (run, "done", 40, None)


def test_no_run_yet(tmp_path: Path) -> None:
    """Nothing to watch is told, with what to do."""
    params = tmp_path / "lab.yml"
    lab = Path(__file__).resolve().parents[2] / "params" / "lab.yml"
    params.write_text(lab.read_text(encoding="utf-8"), encoding="utf-8")
    ended = lyncdr("runs", "watch", "--params", params)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "There is no run in" in ended.stderr
