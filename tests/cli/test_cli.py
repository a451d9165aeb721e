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

import pytest

from lyncdr_helpers import errors

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"
SUBNET = "127.53.81"

Finished = subprocess.CompletedProcess[str]


def python(*arguments: str, cwd: Path | None = None) -> Finished:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=cwd, timeout=90)


def lyncdr(*arguments: str | Path, cwd: Path | None = None) -> Finished:
    return python("-m", "lyncdr_helpers", *map(str, arguments), cwd=cwd)


def with_command(body: str) -> Finished:
    """The real command line with one more command, `boom`, that does what the test says."""
    program = f"""import os, signal, time
from lyncdr_helpers import cli, errors
@cli.app.command()
def boom() -> None:
    {body}
cli.main()
"""
    return python("-c", program, "boom")


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
    shown = lyncdr("--help").stdout
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
def test_every_error_has_its_exit_code(error: type[errors.LyncdrError]) -> None:
    """An error of the tree: message, remedy on the next line, its own exit code, no traceback."""
    finished = with_command(f'raise errors.{error.__name__}("It broke.", "Mend it.")')
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
        assert lyncdr("lab", "up", "--folder", lab, "--users", "20", "--subnet", SUBNET).returncode == 0
        prepared = lyncdr("run", "prepare", "--params", lab / "lab.yml", "--json")
        assert prepared.returncode == 0, prepared.stderr
        facts = json.loads(prepared.stdout)
        assert Path(facts["report"]).is_file()
        assert facts["run"] in lyncdr("runs", "list", "--params", lab / "lab.yml").stdout
        assert "DONE" in lyncdr("runs", "show", facts["run"], "--params", lab / "lab.yml").stdout.upper()
        assert lyncdr("lab", "fail", "primary", "--folder", lab).returncode == 0
        rows = json.loads(lyncdr("lab", "status", "--folder", lab, "--json").stdout)["servers"]
        assert {row["server"]: row["state"] for row in rows}["pool01.lync.test"] == "site lost"
        assert lyncdr("lab", "heal", "primary", "--folder", lab).returncode == 0
        assert "site lost" not in lyncdr("lab", "status", "--folder", lab).stdout
    finally:
        assert lyncdr("lab", "down", "--folder", lab).returncode == 0
    assert [path.name for path in lab.iterdir()] == ["runs"]


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
