"""The runner says how a run ended, whatever happens to its notebook and its kernel."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from lyncdr_helpers import journal
from lyncdr_helpers.dossier import proof
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs.engine import SAVE_SECONDS
from lyncdr_helpers.runs.kernel import LAST_WORDS_SECONDS
from lyncdr_helpers.runs.runner import Outcome, run_phase

Notebooks = Callable[..., Path]

LAB = Path(__file__).resolve().parents[2] / "params" / "lab.yml"

PARAMETERS = """params_file: str = "params/lab.yml"
run: str = ""
mode: str = "rehearse"
approve: str = ""
waive: dict = {}"""

BEGIN = """import os, signal, sys, time
from pathlib import Path
from lyncdr_helpers import errors
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.journal import Journal
folder = Path(params_file).parents[1] / "lab" / "runs" / run
journal = Journal.open(folder / "journal.jsonl", SystemClock())
who = {"user": "u", "host": "h", "pid": os.getpid()}
journal.write("resume" if journal.lines else "begin", run=run, phase="try", deployment="lab", mode=mode, who=who)
"""

END = 'journal.write("end", outcome="done", exit_code=0)'
REFUSED = 'journal.write("end", outcome="refused", exit_code=5)'

AT_WORK = """try:
    for n in range(600):
        (folder / "ticks").write_text(str(n))
        time.sleep(0.05)
except KeyboardInterrupt:
    journal.write("end", outcome="interrupted", exit_code=130)
    raise"""


@pytest.fixture
def params_file(tmp_path: Path) -> Path:
    """The lab's parameters, with their run folders under the test's folder."""
    path = tmp_path / "params" / "lab.yml"
    path.parent.mkdir()
    path.write_text(LAB.read_text(encoding="utf-8").replace("../.lab/", "../lab/"), encoding="utf-8")
    return path


@pytest.fixture
def runs_folder(tmp_path: Path) -> Path:
    return tmp_path / "lab" / "runs"


@pytest.fixture
def notebooks(tmp_path: Path) -> Notebooks:
    """Makes a folder with one notebook, 1_try.ipynb: the parameters, then the given cells."""

    def make(*cells: str) -> Path:
        folder = tmp_path / "notebooks"
        folder.mkdir(exist_ok=True)
        parameters = new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
        notebook = new_notebook(cells=[new_markdown_cell("# Try"), parameters, *map(new_code_cell, cells)])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(notebook, folder / "1_try.ipynb")
        return folder

    return make


def ending(outcome: Outcome) -> tuple[str, int]:
    return outcome.outcome, outcome.exit_code


def notebook(outcome: Outcome) -> dict[str, Any]:
    return json.loads(outcome.folder.notebook.read_text(encoding="utf-8"))


def tags(outcome: Outcome) -> list[list[str]]:
    """The tags of the cells that the test gave: those after the parameters, given and injected."""
    cells = [cell for cell in notebook(outcome)["cells"] if cell["cell_type"] == "code"]
    return [cell["metadata"].get("tags", []) for cell in cells[2:]]


def is_steady(path: Path) -> bool:
    """Whether nobody writes the file any more."""
    seen = path.read_text()
    time.sleep(0.3)
    return path.read_text() == seen


# -- how it ends -------------------------------------------------------------------------------------------------------
def test_done(notebooks: Notebooks, params_file: Path) -> None:
    """A notebook whose journal says done is done; outcome, run, parameters are in the kept notebook; it is sealed."""
    outcome = run_phase("try", params_file, mode="live", notebooks=notebooks(BEGIN, END))
    assert outcome.folder.report.exists()
    points = {one.name: one.verdict for one in proof.check(outcome.folder)}
    assert points == dict.fromkeys(("journal", "manifest", "files", "notebook"), "pass")
    assert ending(outcome) == ("done", 0)
    kept = notebook(outcome)
    assert kept["metadata"]["lyncdr"] == {"outcome": "done", "exit_code": 0, "run": outcome.run}
    assert kept["metadata"]["papermill"]["parameters"]["mode"] == "live"
    assert tags(outcome) == [[], []]
    assert not list(outcome.folder.path.glob(".*"))


def test_own_words_of_the_journal(notebooks: Notebooks, params_file: Path) -> None:
    """Outcome, exit code, message and plan are those on record, not those of the traceback."""
    cells = (
        BEGIN + 'journal.write("plan", digest="ab" * 32)',
        'journal.write("end", outcome="refused", exit_code=5, message="The gate is closed.")\nraise ValueError("x")',
    )
    outcome = run_phase("try", params_file, notebooks=notebooks(*cells))
    assert (ending(outcome), outcome.message, outcome.plan) == (("refused", 5), "The gate is closed.", "ab" * 32)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        ('errors.InputError("No such file.")', ("bad input", 2)),
        ('errors.Unreachable("Nobody answers.")', ("failed", 1)),
        ('ValueError("a bug")', ("failed", 1)),
        ('type("ParamsError", (errors.InputError,), {})("No such key.")', ("bad input", 2)),
    ],
)
def test_error_before_the_journal(
    notebooks: Notebooks, params_file: Path, raised: str, expected: tuple[str, int]
) -> None:
    """An error raised before a journal exists ends the run as its class says."""
    cells = notebooks("from lyncdr_helpers import errors", f"raise {raised}", END)
    outcome = run_phase("try", params_file, notebooks=cells)
    assert ending(outcome) == expected
    assert outcome.message
    assert tags(outcome) == [[], [], ["never-ran"]]


def test_locked(notebooks: Notebooks, params_file: Path, runs_folder: Path) -> None:
    """A run that another one keeps out says so, whatever the other writes meanwhile, and leaves nothing behind."""
    locked = 'from lyncdr_helpers import errors\nraise errors.Locked("Run x holds it.", "Wait.")'
    outcome = run_phase("try", params_file, notebooks=notebooks(locked, END))
    assert (ending(outcome), outcome.message) == (("locked", 7), "Run x holds it. Wait.")
    assert not list(runs_folder.iterdir())
    other = run_phase("try", params_file, notebooks=notebooks(BEGIN, END))
    before = other.folder.notebook.read_bytes()
    theirs = BEGIN + REFUSED + "\n" + locked
    assert ending(run_phase("try", params_file, run=other.run, notebooks=notebooks(theirs))) == ("locked", 7)
    assert other.folder.notebook.read_bytes() == before


def test_done_but_raised(notebooks: Notebooks, params_file: Path) -> None:
    """A notebook that fails after its journal was closed is not done."""
    outcome = run_phase("try", params_file, notebooks=notebooks(BEGIN, END, "1 / 0"))
    assert ending(outcome) == ("failed", 1)
    assert "ZeroDivisionError" in outcome.message


@pytest.mark.parametrize(
    ("end", "death"), [(END, "os._exit(0)"), (REFUSED, "os._exit(0)"), (END, "os.kill(os.getpid(), 9)")]
)
def test_kernel_dies(notebooks: Notebooks, params_file: Path, end: str, death: str) -> None:
    """A dead kernel is said to be dead, also when the journal was closed; the cells that never ran say so."""
    outcome = run_phase("try", params_file, notebooks=notebooks(BEGIN, end, death, "1 + 1"))
    assert ending(outcome) == ("kernel died", 8)
    assert tags(outcome) == [[], [], ["unfinished"], ["never-ran"]]
    states = [cell["metadata"]["papermill"]["status"] for cell in notebook(outcome)["cells"]]
    assert states[-2:] == ["running", "pending"]


def test_exit_in_a_cell(notebooks: Notebooks, params_file: Path) -> None:
    """sys.exit(0) in a cell leaves the rest undone, and the run incomplete."""
    outcome = run_phase("try", params_file, notebooks=notebooks(BEGIN, "sys.exit(0)", END))
    assert ending(outcome) == ("incomplete", 4)
    assert tags(outcome)[-1] == ["never-ran"]


def test_no_end_line(notebooks: Notebooks, params_file: Path) -> None:
    """All cells ran, but the journal was not closed: incomplete, and sealed as a run that was cut short."""
    outcome = run_phase("try", params_file, notebooks=notebooks(BEGIN, "1 + 1"))
    assert ending(outcome) == ("incomplete", 4)
    assert outcome.seconds < LAST_WORDS_SECONDS  # nobody is at work any more who could have a last word
    assert any("cut short" in one.seen for one in proof.check(outcome.folder))
    assert proof.verified(outcome.folder)


def test_timeout(notebooks: Notebooks, params_file: Path) -> None:
    """A notebook that takes too long as a whole is ended, with a last word in its journal, and nothing goes on."""
    outcome = run_phase("try", params_file, timeout=8, notebooks=notebooks(BEGIN, AT_WORK, END))
    assert ending(outcome) == ("kernel died", 8)
    assert "8 s" in outcome.message
    assert outcome.seconds < 20
    assert tags(outcome) == [[], ["unfinished"], ["never-ran"]]
    assert journal.read(outcome.folder.journal)[0][-1].facts["outcome"] == "interrupted"
    assert is_steady(outcome.folder.path / "ticks")


# -- before a kernel ---------------------------------------------------------------------------------------------------
def test_bad_parameters(notebooks: Notebooks, tmp_path: Path) -> None:
    """Parameters that cannot be read are an error before anything is started or written."""
    with pytest.raises(InputError, match=r"nowhere\.yml"):
        run_phase("try", tmp_path / "nowhere.yml", notebooks=notebooks(BEGIN, END))
    assert [path.name for path in tmp_path.iterdir()] == ["notebooks"]


def test_unknown_phase(notebooks: Notebooks, params_file: Path) -> None:
    """A phase without a notebook is an input error that names the phases there are."""
    with pytest.raises(InputError, match="Phases: try"):
        run_phase("retreat", params_file, notebooks=notebooks(BEGIN, END))


def test_parameter_the_phase_does_not_take(notebooks: Notebooks, params_file: Path, runs_folder: Path) -> None:
    """A parameter that the notebook does not declare is an error, and never silently dropped."""
    with pytest.raises(InputError, match="takes no backup set"):
        run_phase("try", params_file, backup_set="monday", notebooks=notebooks(BEGIN, END))
    assert not runs_folder.exists()


def test_used_digest(notebooks: Notebooks, params_file: Path) -> None:
    """The digest of a finished run is refused before a kernel is started."""
    cells = notebooks(BEGIN + 'journal.write("plan", digest="cd" * 32)', END)
    run_phase("try", params_file, notebooks=cells)
    with pytest.raises(Refusal, match="was used"):
        run_phase("try", params_file, approve="cd" * 8, notebooks=cells)


# -- going on ----------------------------------------------------------------------------------------------------------
def test_a_run_is_continued(notebooks: Notebooks, params_file: Path) -> None:
    """The same command continues a run that acted and did not finish, and keeps the earlier notebook beside the new."""
    acts = BEGIN + 'journal.write("intent", act="move users", intent=1)'
    first = run_phase("try", params_file, notebooks=notebooks(acts, "os._exit(1)"))
    second = run_phase("try", params_file, notebooks=notebooks(BEGIN, END))
    assert (first.run, ending(first), ending(second)) == (second.run, ("kernel died", 8), ("done", 0))
    earlier = json.loads((second.folder.path / "notebook-1.ipynb").read_text(encoding="utf-8"))
    assert earlier["metadata"]["lyncdr"]["outcome"] == "kernel died"


def test_an_earlier_end_does_not_count(notebooks: Notebooks, params_file: Path) -> None:
    """What an earlier execution came to says nothing about this one."""
    first = run_phase("try", params_file, notebooks=notebooks(BEGIN, END))
    for cells in (("1 + 1",), (BEGIN,)):
        second = run_phase("try", params_file, run=first.run, notebooks=notebooks(*cells))
        assert ending(second) == ("incomplete", 4)


def test_lines_as_they_appear(notebooks: Notebooks, params_file: Path) -> None:
    """The caller sees each new journal line once, in order, while the notebook is still at work."""
    seen: list[tuple[Line, float]] = []
    cells = notebooks(BEGIN, 'journal.write("step", name="one", state="started"); time.sleep(1.5)', END)
    run_phase("try", params_file, on_line=lambda line: seen.append((line, time.monotonic())), notebooks=cells)
    assert [line.kind for line, _ in seen] == ["begin", "step", "end"]
    assert seen[2][1] - seen[1][1] > 1


WRITTEN = """def written():
    (partial,) = folder.glob(".*.partial.ipynb")
    return partial.stat().st_mtime_ns, partial.read_text()
begun, times = time.monotonic(), []"""


def test_a_power_cut_takes_two_seconds_of_outputs(notebooks: Notebooks, params_file: Path) -> None:
    """While a run is at work its notebook is on disk, never older than that; and not written for every short cell."""
    quick = ["times.append(written()[0])"] * 20
    told = 'journal.write("fact", name="writings", value=[len(set(times)), time.monotonic() - begun])'
    early = ['print("an early" + " word")', f"time.sleep({SAVE_SECONDS} + 0.1)"]
    read = 'journal.write("fact", name="early", value="an early word" in written()[1])'
    outcome = run_phase("try", params_file, notebooks=notebooks(BEGIN, WRITTEN, *quick, told, *early, read, END))
    assert ending(outcome) == ("done", 0)
    facts = [line.facts["value"] for line in journal.read(outcome.folder.journal)[0] if line.kind == "fact"]
    writings, seconds = facts[0]
    assert writings <= seconds / SAVE_SECONDS + 2 < len(quick)
    assert facts[1] is True
    assert not list(outcome.folder.path.glob(".*.partial.ipynb"))


# -- the kernel is ours ------------------------------------------------------------------------------------------------
def test_hostile_kernel(
    notebooks: Notebooks, params_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kernel named python3 that somebody registered, and their start-up files, do not come into a run."""
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    hostile = [sys.executable, "-c", "import sys; sys.exit(9)"]
    (spec / "kernel.json").write_text(json.dumps({"argv": hostile, "display_name": "x", "language": "python"}))
    startup = tmp_path / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "00.py").write_text("import os; os._exit(9)")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    cells = (BEGIN, 'journal.write("fact", name="python", value=[sys.executable, os.getcwd()])', END)
    outcome = run_phase("try", params_file, notebooks=notebooks(*cells))
    assert ending(outcome) == ("done", 0)
    fact = journal.read(outcome.folder.journal)[0][1].facts
    assert fact["value"] == [sys.executable, str(tmp_path / "notebooks")]


def test_runs_side_by_side(notebooks: Notebooks, params_file: Path) -> None:
    """Runs at the same moment do not disturb each other."""
    cells = notebooks(BEGIN, "time.sleep(0.5)", END)
    with ThreadPoolExecutor(3) as pool:
        outcomes = list(pool.map(lambda _: run_phase("try", params_file, run="new", notebooks=cells), range(3)))
    assert [ending(outcome) for outcome in outcomes] == [("done", 0)] * 3
    assert len({outcome.run for outcome in outcomes}) == 3


def test_no_kernel_is_left(notebooks: Notebooks, params_file: Path) -> None:
    """The kernel is gone when the runner returns, however the run ended."""
    before = {child.pid for child in psutil.Process().children()}
    for cells in ((BEGIN, END), (BEGIN, "1 / 0"), (BEGIN, "time.sleep(60)")):
        run_phase("try", params_file, run="new", timeout=4, notebooks=notebooks(*cells))
    assert {child.pid for child in psutil.Process().children()} == before


# -- signals -----------------------------------------------------------------------------------------------------------
PROGRAM = """import sys
from pathlib import Path
from lyncdr_helpers.runs.runner import run_phase
outcome = run_phase("try", Path(sys.argv[1]), notebooks=Path(sys.argv[2]))
print(outcome.outcome, outcome.exit_code)
"""


@pytest.fixture
def at_work(notebooks: Notebooks, params_file: Path, runs_folder: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A runner in a process of its own whose notebook is at work, and its run folder."""
    folder = notebooks(BEGIN, AT_WORK, END)
    command = [sys.executable, "-c", PROGRAM, str(params_file), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            patience = time.monotonic() + 30
            while not (ticks := list(runs_folder.glob("*/ticks"))):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < patience
                time.sleep(0.05)
            yield process, ticks[0].parent
        finally:
            process.kill()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals to send")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP"])
def test_asked_to_end(at_work: tuple[subprocess.Popen[str], Path], name: str) -> None:
    """A signal ends kernel and run at once and in order: exit code 130, a last line, nothing goes on, no noise."""
    process, folder = at_work
    process.send_signal(getattr(signal, name))
    stdout, stderr = process.communicate(timeout=10)
    assert stdout == "interrupted 130\n"
    assert all("is sealed" in line for line in stderr.splitlines()), stderr  # there is no store, and it is said
    assert journal.read(folder / "journal.jsonl")[0][-1].facts["outcome"] == "interrupted"
    assert is_steady(folder / "ticks")
    assert RunFolder(folder).notebook.exists()


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_runner_killed(at_work: tuple[subprocess.Popen[str], Path]) -> None:
    """The kernel of a killed runner ends by itself, within two seconds."""
    process, folder = at_work
    process.kill()
    time.sleep(2)
    assert is_steady(folder / "ticks")
