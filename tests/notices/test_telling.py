"""After every backup, whatever became of it, those hear of it who want to; and it ends as it ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from servers import NOBODY, Silent, Webhook, serving

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import read
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.runs import telling
from lyncdr_helpers.runs.runner import Outcome, run_phase

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"

PARAMETERS = 'params_file: str = "params/lab.yml"\nrun: str = ""'

BEGIN = """import os, time
from pathlib import Path
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import Locked
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.params.reading import read_params
loaded = read_params(Path(params_file))
folder = loaded.locate(loaded.params.runs_folder) / run
journal = Journal.open(folder / "journal.jsonl", SystemClock())
journal.write("begin", run=run, phase="backup", deployment="lab", mode="live", who={"user": "u", "host": "h"})
"""
FACT = 'journal.write("fact", name="{}", value={})\n'
END = 'journal.write("end", outcome="{}", exit_code={}, message="It says why.")\n'
SET = FACT.format("set", "run")
DONE = BEGIN + SET + END.format("done", 0)
ALARM = BEGIN + SET + FACT.format("alarms", ["fewer"]) + END.format("done", 0)
INCOMPLETE = BEGIN + SET + END.format("incomplete", 4) + "raise ValueError"
FAILED = BEGIN + END.format("failed", 1) + "raise ValueError"
DIED = BEGIN + "os._exit(9)"
LOCKED = 'from lyncdr_helpers.errors import Locked\nraise Locked("Run x of y holds the lock.", "Wait.")'
AT_WORK = BEGIN + '(folder / "at-work").touch()\ntime.sleep(60)'

Backup = Callable[..., Outcome]


@pytest.fixture
def hook() -> Iterator[Webhook]:
    server = Webhook()
    with serving(server):
        yield server


@pytest.fixture
def params(tmp_path: Path, hook: Webhook) -> Path:
    """A deployment that tells the webhook of everything but a night in order."""
    path = tmp_path / "params" / "lab.yml"
    path.parent.mkdir()
    text = LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/")
    path.write_text(text + "\nnotices:\n  to: [file:url]\n", encoding="utf-8")
    (path.parent / "url").write_text(hook.url("hooks/T0K3N"))
    return path


@pytest.fixture
def notebooks(tmp_path: Path) -> Callable[[str], Path]:
    """A folder whose backup is a notebook of that one cell."""

    def make(cell: str) -> Path:
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(cell)]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(new_notebook(cells=cells, metadata=metadata), folder / "2_backup.ipynb")
        return folder

    return make


@pytest.fixture
def backup(params: Path, notebooks: Callable[[str], Path]) -> Backup:
    def run(cell: str, timeout: float | None = None) -> Outcome:
        return run_phase("backup", params, notebooks=notebooks(cell), timeout=timeout)

    return run


def kept(outcome: Outcome) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (outcome.folder.path / telling.KEPT).read_text().splitlines()]


def wants(params: Path, *endings: str) -> None:
    with params.open("a", encoding="utf-8") as file:
        file.write(f"  on: [{', '.join(endings)}]\n")


def test_a_night_in_order_is_quiet(backup: Backup, hook: Webhook) -> None:
    """By default nobody hears of it, nothing is kept, and apprise is not even loaded."""
    outcome = backup(DONE)
    assert (outcome.exit_code, hook.told) == (0, [])
    assert not (outcome.folder.path / telling.KEPT).exists()


def test_a_message_every_night(backup: Backup, hook: Webhook, params: Path) -> None:
    """With `done` in notices.on they hear of it; who was told of what is kept beside the journal, which has ended."""
    wants(params, "done")
    outcome = backup(DONE)
    (said,) = hook.told
    assert (said["title"], said["type"]) == ("lyncdr lab: backup COMPLETE", "success")
    assert f"{outcome.run}: 0 hours old" in said["message"]
    (row,) = kept(outcome)
    assert (row["target"], row["service"], row["outcome"], row["subject"]) == (
        "file:url",
        "JSON",
        "sent",
        "lyncdr lab: backup COMPLETE",
    )
    assert "T0K3N" not in json.dumps(row)
    assert read(outcome.folder.journal)[0][-1].kind == "end"


@pytest.mark.parametrize(
    ("cell", "code", "subject"),
    [
        (ALARM, 0, "backup COMPLETE, 1 alarm"),
        (INCOMPLETE, 4, "backup INCOMPLETE"),
        (FAILED, 1, "backup FAILED"),
        (DIED, 8, "backup FAILED (kernel died)"),
    ],
    ids=["alarm", "incomplete", "failed", "kernel died"],
)
def test_a_night_that_somebody_must_hear_of(backup: Backup, hook: Webhook, cell: str, code: int, subject: str) -> None:
    """An alarm, an incomplete set, a failure, a kernel that died: each by its name, and the run ends as it ended."""
    outcome = backup(cell)
    assert outcome.exit_code == code
    assert [said["title"] for said in hook.told] == [f"lyncdr lab: {subject}"]
    assert kept(outcome)[0]["outcome"] == "sent"


def test_a_locked_night(backup: Backup, hook: Webhook) -> None:
    """A run that another one kept out is told, and leaves no folder for the notice either."""
    outcome = backup(LOCKED)
    assert outcome.exit_code == 7
    assert [said["title"] for said in hook.told] == ["lyncdr lab: backup FAILED (locked)"]
    assert "holds the lock" in hook.told[0]["message"]
    assert not outcome.folder.path.exists()


def test_a_night_without_a_kernel(params: Path, hook: Webhook, tmp_path: Path) -> None:
    """What is wrong before a kernel exists is told too, and raised as ever."""
    with pytest.raises(InputError):
        run_phase("backup", params, notebooks=tmp_path / "absent")
    (said,) = hook.told
    assert said["title"] == "lyncdr lab: backup FAILED (bad input)"
    assert "runs show" not in said["message"]


@pytest.mark.slow
def test_an_interrupted_night(params: Path, notebooks: Callable[[str], Path], hook: Webhook, tmp_path: Path) -> None:
    """SIGTERM ends the run with 130, and they hear of it before the process is gone."""
    folder = notebooks(AT_WORK)
    program = (
        "import sys; from pathlib import Path; from lyncdr_helpers.runs.runner import run_phase\n"
        "sys.exit(run_phase('backup', Path(sys.argv[1]), notebooks=Path(sys.argv[2])).exit_code)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(params), str(folder)])
    try:
        until = time.monotonic() + 60
        while not list((tmp_path / "lab" / "runs").glob("*/at-work")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()
    assert [said["title"] for said in hook.told] == ["lyncdr lab: backup FAILED (interrupted)"]


def test_other_phases_tell_nobody(params: Path, notebooks: Callable[[str], Path], hook: Webhook) -> None:
    """A verification that failed is its operator's to see."""
    folder = notebooks(FAILED)
    (folder / "2_backup.ipynb").rename(folder / "4_verify.ipynb")
    assert run_phase("verify", params, notebooks=folder).exit_code == 1
    assert hook.told == []


@pytest.mark.parametrize(
    ("url", "outcome", "said"),
    [
        (f"json://user:hunter2@{NOBODY}:9/", "failed", "refused"),
        ("hunter2", "bad input", "no URL"),
        ("", "bad input", "empty or missing"),
    ],
)
def test_a_notice_changes_no_ending(
    backup: Backup, params: Path, capfd: pytest.CaptureFixture[str], url: str, outcome: str, said: str
) -> None:
    """A dead server and a URL that is none: the backup ends as it ended, and stderr and the run's folder say what is
    amiss, without the password.
    """
    (params.parent / "url").write_text(url)
    ended = backup(INCOMPLETE)
    assert ended.exit_code == 4
    (row,) = kept(ended)
    shown = capfd.readouterr()
    assert row["outcome"] == outcome
    for text in (row["said"], shown.err):
        assert said in text
        assert "hunter2" not in text
    assert shown.out == ""


@pytest.mark.slow
def test_a_server_that_never_answers_does_not_hold_the_night(params: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The night is over some seconds later."""
    silent = Silent()
    (params.parent / "url").write_text(f"json://127.53.95.1:{silent.port}/?rto=600")
    with serving(silent):
        began = time.monotonic()
        telling.tell(read_params(params), None, ("failed", 1, "x"), 1)
        assert time.monotonic() - began < 15
    assert "not delivered" in capfd.readouterr().err


def test_a_folder_that_cannot_be_written(
    params: Path, hook: Webhook, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The message is sent although nobody can keep that it was; stderr says so."""
    from lyncdr_helpers.runfolder import RunFolder

    folder = RunFolder(tmp_path / "run")
    (folder.path / telling.KEPT).mkdir(parents=True)
    telling.tell(read_params(params), folder, ("failed", 1, "x"), 1)
    assert len(hook.told) == 1
    assert "not kept" in capfd.readouterr().err
