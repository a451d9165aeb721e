"""The command line: what it teaches, what it refuses, and how every ending becomes an exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from command_line import Said, lyncdr

from lyncdr_helpers import cli, errors, journal

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"
SUBNET = "127.53.81"

Finished = subprocess.CompletedProcess[str]


def python(*arguments: str, cwd: Path | None = None) -> Finished:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, timeout=90)


def with_command(body: str) -> Finished:
    """The real command line with one more command, `boom`, that does what the test says."""
    program = f"""import os, signal, time
from lyncdr_helpers import cli, errors, journal
@cli.app.command()
def boom() -> None:
    {body}
cli.main()
"""
    return python("-c", program, "boom")


def meets(error: errors.LyncdrError, monkeypatch: pytest.MonkeyPatch) -> Said:
    """The same in this process, where the command meets an error."""

    def boom() -> None:
        raise error

    monkeypatch.setattr(cli.app, "registered_commands", list(cli.app.registered_commands))
    cli.app.command()(boom)
    return lyncdr("boom")


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """The lab's parameters, with everything that they name under the test's folder."""
    path = tmp_path / "params" / "lab.yml"
    path.parent.mkdir()
    path.write_text(LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/"), encoding="utf-8")
    return path


# -- help --------------------------------------------------------------------------------------------------------------
def test_help_teaches() -> None:
    """--help has an example of each phase, and what every exit code means."""
    shown = python("-m", "lyncdr_helpers", "--help").stdout
    for phase in ("prepare", "backup", "activate", "verify"):
        assert f"lyncdr run {phase}" in shown
    for code in errors.OUTCOMES:
        assert f" {code}  " in shown


@pytest.mark.parametrize("verb", ["drill", "run", "runs list", "runs show", "lab up", "params check", "console"])
def test_help_of_a_verb(verb: str) -> None:
    """Each verb explains itself."""
    finished = lyncdr(*verb.split(), "--help")
    assert finished.returncode == 0
    assert "Usage: lyncdr" in finished.stdout


def test_help_is_quick() -> None:
    """Nothing heavy is imported before it is needed."""
    heavy = {"pandas", "papermill", "jupyter_client", "pydantic", "ldap3", "pypsrp", "lxml", "matplotlib", "twisted"}
    program = "import json, sys\nimport lyncdr_helpers.cli\nprint(json.dumps(sorted(sys.modules)))"
    assert not heavy & set(json.loads(python("-c", program).stdout))


# -- bad input ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["frobnicate"], "No such command"),
        (["run", "backup"], "--params"),
        (["run", "backup", "--params", "nowhere.yml"], "nowhere.yml cannot be read"),
        (["run", "retreat", "--params", "{params}"], "no phase 'retreat'"),
        (["run", "backup", "--params", "{params}", "--mode", "dry"], "dry"),
        (["run", "backup", "--params", "{params}", "--mode", "live"], "takes no mode"),
        (["run", "activate", "--params", "{params}", "--waive", "primary-answers"], "gives no reason"),
        (["run", "activate", "--params", "{params}", "--waive", "primary-answers= "], "gives no reason"),
        (["run", "activate", "--params", "{params}", "--run", "../../etc"], "There is no run"),
        (["runs", "show", "20200101-000000-backup-0000", "--params", "{params}"], "There is no run"),
        (["params", "check", "."], "cannot be read"),
        (["lab", "status", "--folder", "nolab"], "There is no lab"),
        (["lab", "down", "--folder", "params"], "There is no lab"),
        (["lab", "fail", "everything"], "everything"),
        (["drill", "--users", "3"], "greater than or equal to 20"),
    ],
)
def test_bad_input(arguments: list[str], said: str, params_file: Path, tmp_path: Path) -> None:
    """A mistake on the command line: exit code 2, said plainly on stderr, nothing on stdout, no traceback."""
    finished = lyncdr(*(one.format(params=params_file) for one in arguments), cwd=tmp_path)
    assert finished.returncode == 2
    assert said in finished.stderr
    assert "Traceback" not in finished.stderr
    assert finished.stdout == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["params"]


def test_mistakes_in_parameters(params_file: Path) -> None:
    """Every mistake at once, each on a line that begins with file and line, as editors want it."""
    params_file.write_text(params_file.read_text().replace("lync2010", "lync1999").replace("port: 5300", "port: 0"))
    broken = params_file.read_text() + "colour: red\n"
    params_file.write_text(broken)
    finished = lyncdr("params", "check", params_file)
    lines = [line for line in finished.stderr.splitlines() if line.startswith(f"{params_file}:")]
    assert finished.returncode == 2
    assert len(lines) >= 2
    assert any("generation" in line for line in lines)
    assert any("colour" in line for line in lines)


def test_good_parameters(params_file: Path) -> None:
    """A right file is confirmed in one line."""
    finished = lyncdr("params", "check", params_file)
    assert (finished.returncode, finished.stderr, finished.stdout.count("\n")) == (0, "", 1)


def test_schema() -> None:
    """The schema is JSON Schema."""
    assert "properties" in json.loads(lyncdr("params", "schema").stdout)


def test_json_of_a_failure() -> None:
    """With --json, what fails before it begins is one JSON line too."""
    finished = lyncdr("run", "backup", "--params", "nowhere.yml", "--json")
    assert json.loads(finished.stdout)["exit_code"] == 2
    assert finished.stdout.count("\n") == 1


def test_no_runs_yet(params_file: Path) -> None:
    """A deployment without runs has an empty list."""
    assert json.loads(lyncdr("runs", "list", "--params", params_file, "--json").stdout) == {"runs": []}


# -- endings -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "error", [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.LyncdrError)]
)
def test_every_error_has_its_exit_code(error: type[errors.LyncdrError], monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the tree: message, remedy on the next line, its own exit code, no traceback."""
    finished = meets(error("It broke.", "Mend it."), monkeypatch)
    assert finished.stderr == "lyncdr: It broke.\nMend it.\n"
    assert finished.returncode == error.exit_code


def test_a_bug_is_shown_whole() -> None:
    """Anything else is a bug: exit code 1, and the traceback that whoever mends it needs."""
    finished = with_command("1 / 0")
    assert finished.returncode == 1
    assert "ZeroDivisionError" in finished.stderr


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals to send")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted(name: str) -> None:
    """A signal is exit code 130, without a traceback, whichever of them it was."""
    finished = with_command(f"os.kill(os.getpid(), signal.{name}); time.sleep(30)")
    assert (finished.returncode, finished.stdout) == (130, "")
    assert "Traceback" not in finished.stderr


# -- the lab -----------------------------------------------------------------------------------------------------------
def test_a_lab_by_hand(tmp_path: Path) -> None:
    """Up, a phase on it, its runs, a site lost and given back, status, down: each verb by itself."""
    lab = tmp_path / "lab"
    try:
        assert (
            python(
                "-m", "lyncdr_helpers", "lab", "up", "--folder", str(lab), "--users", "20", "--subnet", SUBNET
            ).returncode
            == 0
        )
        said = not_ready(lab / "lab.yml")
        assert said["run"] in lyncdr("runs", "list", "--params", lab / "lab.yml").stdout
        assert "FAIL (must)" in lyncdr("runs", "show", said["run"], "--params", lab / "lab.yml").stdout
        assert lyncdr("lab", "fail", "primary", "--folder", lab).returncode == 0
        rows = json.loads(lyncdr("lab", "status", "--folder", lab, "--json").stdout)["servers"]
        assert {row["server"]: row["state"] for row in rows}["pool01.lync.test"] == "site lost"
        assert lyncdr("lab", "heal", "primary", "--folder", lab).returncode == 0
        assert "site lost" not in lyncdr("lab", "status", "--folder", lab).stdout
    finally:
        assert lyncdr("lab", "down", "--folder", lab).returncode == 0
    assert [path.name for path in lab.iterdir()] == ["runs"]


def not_ready(params: Path) -> dict[str, Any]:
    """`lyncdr run prepare` where the time to recovery is too long is exit 3; the JSON line, which is the last one on
    stdout, counts the verdicts and names each must-have that is not green, and the report says what to do.
    """
    params.write_text(params.read_text(encoding="utf-8").replace("rto_minutes: 60", "rto_minutes: 0.5"))
    finished = python("-m", "lyncdr_helpers", "run", "prepare", "--params", str(params), "--json")
    said: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
    assert (finished.returncode, said["outcome"]) == (3, "check failed"), finished.stderr
    assert list(said["checks"]) == ["pass", "warn", "fail", "unknown"]
    lines, _ = journal.read(Path(said["folder"]) / "journal.jsonl")
    made = [line.facts for line in lines if line.kind == "check"]
    failed = [f"{one['area']}: {one['name']}" for one in made if one["verdict"] == "fail"]
    assert said["checks"]["fail"] == len(failed) > 0
    assert set(failed) <= set(said["must_haves_failed"])
    assert "What to do" in Path(said["report"]).read_text(encoding="utf-8")
    return said


# -- the console -------------------------------------------------------------------------------------------------------
def test_a_console_for_parameters_that_are_wrong(tmp_path: Path) -> None:
    """Bad input is said before anything listens, and not by each notebook in its turn."""
    finished = lyncdr("console", "--no-browser", "--params", str(tmp_path / "nowhere.yml"))
    assert finished.returncode == 2
    assert "nowhere.yml" in finished.stderr
    assert "token=" not in finished.stderr


def test_console() -> None:
    """JupyterLab answers on loopback, to its token only, with one kernel: this interpreter. It ends with its owner."""
    command = [sys.executable, "-m", "lyncdr_helpers", "console", "--no-browser", "--port", "48911"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            token = process.stderr.readline().strip().rpartition("token=")[2]
            address = "http://127.0.0.1:48911/api/kernelspecs"
            specs = json.loads(_answer(f"{address}?token={token}"))["kernelspecs"]
            assert [spec["spec"]["argv"][0] for spec in specs.values()] == [sys.executable]
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(address, timeout=5)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(address, timeout=2)


def _answer(address: str) -> bytes:
    patience = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5) as reply:
                return bytes(reply.read())
        except urllib.error.URLError:
            if time.monotonic() > patience:
                raise
            time.sleep(0.1)
