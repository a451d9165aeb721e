"""What only a person can do, on the real command line: refused with the exact commands, carried out, said, and done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import lyncdr
from dr_scene import Scene, make_scene

from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL

pytestmark = pytest.mark.timeout(300)

LIVE = ("activate", "--mode", "live", "--because", "the head office has burned down")
STORE, ZONE = "central-management-store", "dns-lync.test"


@pytest.fixture(scope="module")
def lost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The primary is lost, the Central Management Store with it, and the zone is changed by a person."""
    made = make_scene(tmp_path_factory.mktemp("lost") / "lab", users=20, cms="primary")
    text = made.params.read_text(encoding="utf-8")
    key = next(row for row in text.splitlines() if row.strip().startswith("tsig:"))
    made.params.write_text(text.replace("update: tsig", "update: manual").replace(f"{key}\n", ""), encoding="utf-8")
    made.lose_primary()
    yield made
    lifecycle.down(made.blueprint.folder)


def asked(scene: Scene, run: str, step: str) -> list[str]:
    """The commands of a step, as the journal has them."""
    line = next(line for line in reversed(scene.lines(run)) if line.kind == "guided" and line.facts["step"] == step)
    return [
        row for one in line.facts["do"] for row in one["command"].splitlines() if " -" in row or row[:6] == "Enable"
    ]


def by_hand(scene: Scene, commands: list[str]) -> None:
    """The operator at the server, with the lab's own command line."""
    for command in commands:
        done = lyncdr("lab", "local", command, "--folder", scene.blueprint.folder)
        assert (done.returncode, done.stderr) == (0, ""), command


def test_a_wrong_answer_never_begins_a_run(lost: Scene) -> None:
    """Evidence that is not there, and a password in an answer, are bad input: exit 2, no notebook holds them."""
    before = lost.runs()
    code, _, errors = lost.run(*LIVE, "--did", "x=seen", "--evidence", "x=nowhere.png")
    assert (code, "nowhere.png cannot be read" in errors) == (2, True)
    secret = lost.blueprint.secret("management").read_text(encoding="utf-8").strip()
    code, said, errors = lost.run(*LIVE, "--did", f"x=signed in with {secret}")
    assert (code, secret in f"{said}{errors}") == (2, False)
    assert lost.runs() == before


def test_a_whole_activation_with_two_steps_by_hand(lost: Scene, tmp_path: Path) -> None:
    """Four times the same command, each time with one answer more. Nothing is moved before the store is proven to be
    in DR; the plan is approved; users come back; the zone is changed by a person; verification finds all of it.
    """
    code, said, errors = lost.run(*LIVE)
    assert (code, said["plan"]) == (5, "")
    assert f'--did {STORE}="what was seen"' in errors
    assert "Move-CsManagementServer -ConfigurationFileName" in errors
    assert set(lost.homes().values()) != {DR_POOL}
    commands = asked(lost, said["run"], STORE)
    by_hand(lost, [one for one in commands if "-Cs" in one])

    shot = tmp_path / "status.txt"
    shot.write_text("ActiveMasterFqdn : drse01.lync.test", encoding="utf-8")
    did = ("--did", f"{STORE}=the replication status names drse01", "--evidence", f"{STORE}={shot}")
    code, planned, _ = lost.run(*LIVE, *did)
    assert (code, planned["run"]) == (5, said["run"])
    assert planned["plan"]

    code, stopped, errors = lost.run(*LIVE, "--approve", str(planned["plan"]))
    assert (code, stopped["run"]) == (5, said["run"])
    assert f"--did {ZONE}=" in errors
    assert "Add-DnsServerResourceRecord" in errors
    by_hand(lost, asked(lost, said["run"], ZONE)[-12:])

    code, done, _ = lost.run(*LIVE, "--approve", str(planned["plan"]), "--did", f"{ZONE}=shown by nslookup")
    assert (code, done["outcome"], done["run"]) == (0, "done", said["run"])
    states = [(line.facts["step"], line.facts["state"]) for line in lost.lines(said["run"]) if line.kind == "guided"]
    assert [one for one in states if one[0] in (STORE, ZONE)] == [
        (STORE, "asked"),
        (STORE, "done"),
        (ZONE, "asked"),
        (ZONE, "done"),
    ]
    (kept,) = (lost.blueprint.folder / "runs" / said["run"] / "evidence" / STORE).iterdir()
    assert kept.read_bytes() == shot.read_bytes()
    assert lost.run("verify")[0] == 0
