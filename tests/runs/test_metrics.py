"""The Prometheus textfile of a backup: strict in form, and honest about what is not known."""

from __future__ import annotations

import datetime as dt
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from prometheus_client.parser import text_string_to_metric_families

from lyncdr_helpers.clock import stamp
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.journal import FIRST, Line
from lyncdr_helpers.runs import metrics
from lyncdr_helpers.runs.runner import Outcome, run_phase

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"
ENDED = dt.datetime(2026, 3, 1, 2, 14, 9, 123000, dt.UTC)
LATER = ENDED + dt.timedelta(days=1)

STORED = {
    "users homed on pool01.lync.test": 200,
    "users homed on pool02.lync.test": 50,
    "contacts on pool01.lync.test": 9000,
    "contacts on pool02.lync.test": 1610,
    "set": "20260301-020000-backup-3f2a",
    "state": "COMPLETE",
    "differences": 0,
}


def lines(facts: dict[str, object]) -> list[Line]:
    return [
        Line(number, "", "fact", {"name": name, "value": value}, FIRST)
        for number, (name, value) in enumerate(facts.items(), 1)
    ]


def parsed(text: str, deployment: str = "lab") -> dict[str, float]:
    """Metric without its prefix -> value, by Prometheus' own parser; the form of every line is checked too."""
    assert text.endswith("\n")
    values = {}
    for family in text_string_to_metric_families(text):
        (sample,) = family.samples
        assert family.type == "gauge"
        assert family.documentation
        assert sample.timestamp is None
        assert sample.labels == {"deployment": deployment}
        values[sample.name.removeprefix("lyncdr_backup_")] = sample.value
    assert len(text.splitlines()) == 3 * len(values)
    return values


def after(path: Path, exit_code: int, facts: dict[str, object], ended: dt.datetime = ENDED) -> dict[str, float]:
    """What the file says after a backup that ended so."""
    metrics.write(path, "lab", lines(facts), exit_code, 12.5, ended)
    return parsed(path.read_text(encoding="utf-8"))


@pytest.fixture
def textfile(tmp_path: Path) -> Path:
    return tmp_path / "textfile" / "lyncdr.prom"


# -- the numbers -------------------------------------------------------------------------------------------------------
def test_a_complete_backup(textfile: Path) -> None:
    """Every number of the night, users and contacts of all pools together."""
    assert after(textfile, 0, STORED) == {
        "last_run_timestamp_seconds": ENDED.timestamp(),
        "last_success_timestamp_seconds": ENDED.timestamp(),
        "exit_code": 0,
        "duration_seconds": 12.5,
        "users": 250,
        "contacts": 10610,
        "differences": 0,
    }


def test_what_looks_wrong_and_what_is_missing(textfile: Path) -> None:
    """Alarms, parts that are not there, bytes, users rebuilt, and when the newest COMPLETE set was made."""
    more = {
        "users rebuilt from the copy": 31,
        "alarms": ["ana@lync.test: has no contacts", "dns has 3 bytes"],
        "failed parts": 1,
        "size": 3_141_592,
        "newest COMPLETE set made at": stamp(ENDED),
    }
    values = after(textfile, 4, {**STORED, **more}, LATER)
    assert {name: values[name] for name in values.keys() - after(textfile, 4, STORED, LATER).keys()} == {
        "alarms": 2,
        "absent_parts": 1,
        "size_bytes": 3_141_592,
        "rebuilt_users": 31,
    }
    assert values["newest_complete_set_timestamp_seconds"] == ENDED.timestamp()


def test_the_newest_complete_set_is_remembered(textfile: Path) -> None:
    """A night that fails before it looks knows what the night before knew; without any, nothing is made up."""
    newest = "newest_complete_set_timestamp_seconds"
    assert newest not in after(textfile, 1, {})
    after(textfile, 0, {**STORED, "newest COMPLETE set made at": stamp(ENDED)})
    assert after(textfile, 1, {}, LATER)[newest] == ENDED.timestamp()
    assert after(textfile, 0, {"newest COMPLETE set made at": stamp(LATER)}, LATER)[newest] == LATER.timestamp()


def test_an_incomplete_backup(textfile: Path) -> None:
    """The stored set is counted, and the last success is the one of the night before."""
    after(textfile, 0, STORED)
    values = after(textfile, 4, {**STORED, "state": "INCOMPLETE", "differences": 3}, LATER)
    assert (values["exit_code"], values["differences"], values["users"]) == (4, 3, 250)
    assert values["last_run_timestamp_seconds"] == LATER.timestamp()
    assert values["last_success_timestamp_seconds"] == ENDED.timestamp()


def test_a_backup_that_stored_nothing(textfile: Path) -> None:
    """Its counts are absent, not zero and not those of half a run; the last success outlives any number of failures."""
    after(textfile, 0, STORED)
    for exit_code in (1, 130, 8):
        values = after(textfile, exit_code, {"users homed on pool01.lync.test": 200}, LATER)
        assert not {"users", "contacts", "differences"} & values.keys()
        assert values["last_success_timestamp_seconds"] == ENDED.timestamp()
        assert values["exit_code"] == exit_code


@pytest.mark.parametrize(
    "before",
    [
        "",
        "nonsense\0",
        'lyncdr_backup_last_success_timestamp_seconds{deployment="other"} 1790000000.5\n',
        'lyncdr_backup_last_success_timestamp_seconds{deployment="lab"} 1.2.3\n',
        'lyncdr_backup_last_success_timestamp_seconds{deployment="lab"} 17900',
        '# lyncdr_backup_last_success_timestamp_seconds{deployment="lab"} 1790000000.5 \n',
    ],
)
def test_no_success_is_known(textfile: Path, before: str) -> None:
    """Without an earlier file of this deployment that parses, an alarm on the age of the last success goes off."""
    textfile.parent.mkdir()
    textfile.write_text(before, encoding="utf-8")
    assert after(textfile, 1, {})["last_success_timestamp_seconds"] <= 17900


@given(deployment=st.text(), moment=st.floats(0, 4e9), exit_code=st.integers(0, 255))
def test_labels_are_escaped(deployment: str, moment: float, exit_code: int) -> None:
    """Whatever the deployment is called, Prometheus reads the name back, and so does the next run its last success."""
    moment = round(moment, 3)
    text = metrics.exposition(deployment, {"last_success_timestamp_seconds": moment, "exit_code": exit_code})
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    assert [sample.labels for sample in found] == [{"deployment": deployment}] * 2
    assert [sample.value for sample in found] == [moment, exit_code]
    assert metrics.told(text, deployment, metrics.LAST_SUCCESS) == pytest.approx(moment, abs=1e-3)


# -- the file ----------------------------------------------------------------------------------------------------------
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bits")
def test_the_exporter_can_read_it(textfile: Path) -> None:
    """It is another user's to read, and nothing else is left in the folder that the exporter reads."""
    after(textfile, 0, STORED)
    after(textfile, 0, STORED, LATER)
    assert stat.S_IMODE(textfile.stat().st_mode) == 0o644
    assert list(textfile.parent.iterdir()) == [textfile]


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """It is an error with the file's name, and nothing was changed."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OperationError, match=r"lyncdr\.prom cannot be written"):
        after(tmp_path / "file" / "lyncdr.prom", 0, STORED)


# -- the runner --------------------------------------------------------------------------------------------------------
PARAMETERS = 'params_file: str = "params/lab.yml"\nrun: str = ""'

BEGIN = """from pathlib import Path
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.params.reading import read_params
loaded = read_params(Path(params_file))
journal = Journal.open(loaded.locate(loaded.params.runs_folder) / run / "journal.jsonl", SystemClock())
journal.write("begin", run=run, phase="backup", deployment="lab", mode="live", who={"user": "u", "host": "h"})
"""
FACTS = f"for name, value in {STORED!r}.items(): journal.write('fact', name=name, value=value)\n"
DONE = BEGIN + FACTS + 'journal.write("end", outcome="done", exit_code=0)'
FAILED = BEGIN + 'journal.write("end", outcome="failed", exit_code=1, message="Nobody answers.")\nraise ValueError'

Backup = Callable[[str, str], Outcome]


@pytest.fixture
def backup(tmp_path: Path) -> Backup:
    """Runs a notebook of one cell as the backup of a deployment whose parameters name that metrics file."""

    def run(cell: str, metrics_file: str) -> Outcome:
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), new_code_cell(cell)]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(new_notebook(cells=cells, metadata=metadata), folder / "2_backup.ipynb")
        params = tmp_path / "params" / "lab.yml"
        params.parent.mkdir(exist_ok=True)
        text = LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/")
        params.write_text(text.replace("backup:\n", f"backup:\n  metrics_file: {metrics_file}\n", 1), encoding="utf-8")
        return run_phase("backup", params, notebooks=folder)

    return run


def test_the_runner_writes_it(backup: Backup, tmp_path: Path) -> None:
    """After each backup the file has that run's numbers, beside the parameters where the path is relative."""
    textfile = tmp_path / "metrics" / "lyncdr.prom"
    done = backup(DONE, "../metrics/lyncdr.prom")
    good = parsed(textfile.read_text(encoding="utf-8"))
    assert (done.exit_code, good["exit_code"], good["contacts"]) == (0, 0, 10610)
    assert good["duration_seconds"] == done.seconds

    failed = backup(FAILED, "../metrics/lyncdr.prom")
    bad = parsed(textfile.read_text(encoding="utf-8"))
    assert (failed.exit_code, bad["exit_code"]) == (1, 1)
    assert bad["last_success_timestamp_seconds"] == good["last_success_timestamp_seconds"]
    assert bad["last_run_timestamp_seconds"] > good["last_run_timestamp_seconds"]


def test_a_textfile_changes_no_ending(backup: Backup, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where it cannot be written the backup is done all the same, and stderr says what is amiss."""
    (tmp_path / "file").write_text("")
    outcome = backup(DONE, "../file/lyncdr.prom")
    assert (outcome.outcome, outcome.exit_code) == ("done", 0)
    said = capfd.readouterr()
    assert "lyncdr.prom cannot be written" in said.err
    assert said.out == ""
