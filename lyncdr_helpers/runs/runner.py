"""Runs a phase's notebook and tells the truth about how it ended."""

from __future__ import annotations

import logging
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from lyncdr_helpers import errors, journal, runfolder
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.answers import Answers
from lyncdr_helpers.backups import signed
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.dossier import sealing
from lyncdr_helpers.errors import Incomplete, Interrupted, KernelDied, LyncdrError, OperationError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.params import secrets
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.redaction import REDACTED
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs import executed, metrics, telling
from lyncdr_helpers.runs.follow import Follower
from lyncdr_helpers.runs.notebooks import accepted, defaults, notebook_of, notebooks_folder
from lyncdr_helpers.runs.signals import ending_in_order
from lyncdr_helpers.views.report import write_report


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    outcome: done, rehearsed, or one of errors.OUTCOMES. plan: the digest of its last plan, or empty. redacted: how many
    secrets were taken out of its notebook and its report.
    """

    run: str
    folder: RunFolder
    phase: str
    outcome: str
    exit_code: int
    message: str
    seconds: float
    plan: str
    redacted: int = 0


def run_phase(
    phase: str,
    params_file: Path,
    *,
    mode: str = "",
    approve: str = "",
    because: str = "",
    groups: str = "",
    contacts_by: str = "",
    watch_dns: float = 0.0,
    waivers: Mapping[str, str] | None = None,
    answers: Answers | None = None,
    backup_set: str = "",
    pilot: str = "",
    incident: str = "",
    lost_at: str = "",
    compare: str = "",
    run: str = "",
    timeout: float | None = None,
    on_line: Callable[[Line], None] | None = None,
    notebooks: Path | None = None,
) -> Outcome:
    """Execute the phase's notebook in a run folder, and say how it ended.

    mode: empty for the phase's own default. because, groups, incident and their like: what the notebook of that name
    asks. run: empty (continue what was left, or begin), `new`, or a run's name.
    timeout: seconds for the whole notebook. on_line: called with each journal line as it appears, from another thread.
    Raises InputError and Refusal for what is wrong before a kernel exists; afterwards every ending is an Outcome.
    """
    loaded = read_params(params_file)
    answers = answers or Answers()
    answers.read(loaded)  # what is wrong with them must not get into a notebook first
    given: dict[str, Any] = {"mode": mode, "approve": approve, "because": because, "backup_set": backup_set}
    given |= {
        "pilot": pilot,
        "groups": groups,
        "contacts_by": contacts_by,
        "watch_dns": watch_dns,
        "incident": incident,
        "lost_at": lost_at,
        "compare": compare,
        "waive": dict(waivers or {}),
        **answers.as_parameters(),
    }
    with _telling_of_a_death(loaded) if phase == "backup" else nullcontext():
        outcome, lines = _run(loaded, phase, given, run, timeout, on_line, notebooks or notebooks_folder())
    if phase == "backup":
        if textfile := loaded.params.backup.metrics_file:
            _measure(loaded.locate(textfile), loaded.params.deployment, lines, outcome.exit_code, outcome.seconds)
        how = outcome.outcome, outcome.exit_code, outcome.message
        telling.tell(loaded, outcome.folder, how, outcome.seconds, lines)
    if outcome.folder.journal.exists() and outcome.outcome != errors.OUTCOMES[errors.Locked.exit_code]:
        outcome = _keep_record(loaded, outcome)
    return outcome


def _keep_record(loaded: LoadedParams, outcome: Outcome) -> Outcome:
    """The report, and the seal over all that lies in the folder now: the session's was made before the notebook."""
    write_report([outcome.folder], outcome.folder.report, f"{outcome.phase}: {outcome.outcome}")
    redacted = outcome.redacted + executed.clean(outcome.folder.report, secrets.redaction(loaded))
    if redacted:
        print(
            f"lyncdr: {redacted} times a secret stood in what the run left; it says {REDACTED} there.", file=sys.stderr
        )
    store = partial(open_store, loaded.params.backup, loaded)
    for trouble in sealing.seal(outcome.folder, SystemClock(), signed.keys_of(loaded), store):
        print(f"lyncdr: {trouble}", file=sys.stderr)
    return replace(outcome, redacted=redacted)


def _run(
    loaded: LoadedParams,
    phase: str,
    given: Mapping[str, Any],
    run: str,
    timeout: float | None,
    on_line: Callable[[Line], None] | None,
    notebooks: Path,
) -> tuple[Outcome, list[Line]]:
    """How it ended, and its journal."""
    source = notebook_of(phase, notebooks)
    parameters = accepted(source, given)
    mode = given["mode"] or defaults(source).get("mode", "live")
    runs_folder = loaded.locate(loaded.params.runs_folder)
    folder = _folder(runs_folder, run, phase, loaded.params.deployment, mode, given["approve"])
    parameters |= {"params_file": str(loaded.path.resolve()), "run": folder.run}

    before = len(journal.read(folder.journal)[0])
    began = time.monotonic()
    with Follower(folder.journal, on_line) if on_line else nullcontext():
        trouble = _execute(source, folder, parameters, timeout)
    lines = journal.read(folder.journal)[0]
    outcome, exit_code, message = judge(trouble, lines[before:])
    plans = [line.facts["digest"] for line in lines if line.kind == "plan"]
    redaction, redacted = secrets.redaction(loaded), 0
    if isinstance(trouble, errors.Locked):
        executed.discard(_partial(folder), folder)
    else:
        facts = {"outcome": outcome, "exit_code": exit_code, "run": folder.run}
        redacted = executed.keep(_partial(folder), folder, facts, redaction)
    seconds = round(time.monotonic() - began, 3)
    plan = plans[-1] if plans else ""
    said = redaction.text(message)[0]
    return Outcome(folder.run, folder, phase, outcome, exit_code, said, seconds, plan, redacted), lines


@contextmanager
def _telling_of_a_death(loaded: LoadedParams) -> Iterator[None]:
    """A backup that never came to an ending of its own is a night without a set: people hear of that too."""
    began = time.monotonic()
    try:
        yield
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            how = _of(Interrupted("The backup was interrupted before it began."))
        else:
            how = _of(error if isinstance(error, LyncdrError) else LyncdrError(f"{type(error).__name__}: {error}"))
        telling.tell(loaded, None, how, time.monotonic() - began)
        raise


def _measure(textfile: Path, deployment: str, lines: Sequence[Line], exit_code: int, seconds: float) -> None:
    """Leave the numbers for Prometheus. Whether that works changes nothing about how the backup ended."""
    try:
        metrics.write(textfile, deployment, lines, exit_code, seconds, SystemClock().now())
    except OperationError as error:
        print(f"lyncdr: {error}", file=sys.stderr)


def _folder(runs_folder: Path, run: str, phase: str, deployment: str, mode: str, approve: str) -> RunFolder:
    if run == "new":
        return runfolder.new_run(runs_folder, phase, SystemClock())
    if run:
        return runfolder.existing(runs_folder, run)
    return runfolder.choose(runs_folder, phase, deployment, mode, approve, SystemClock())


def _partial(folder: RunFolder) -> Path:
    """Where papermill writes, cell by cell; named by this process, for two may be given the same run."""
    return folder.path / f".{os.getpid()}.partial.ipynb"


# -- executing ---------------------------------------------------------------------------------------------------------
def _execute(
    source: Path, folder: RunFolder, parameters: Mapping[str, Any], timeout: float | None
) -> LyncdrError | None:
    """Run the notebook in a kernel of its own, which is gone afterwards. What went wrong, or None.

    Signals end it in order: the kernel is interrupted at once, and nothing it was doing goes on.
    """
    interrupted = Interrupted(f"The run {folder.run} was interrupted.", "The same command continues it.")
    with (
        ending_in_order() as ending,
        tempfile.TemporaryDirectory(prefix="lyncdr-", ignore_cleanup_errors=True) as place,
    ):
        try:
            trouble = _in_kernel(Path(place), source, folder, parameters, timeout)
        except KeyboardInterrupt:
            trouble = interrupted
        return interrupted if ending.came else trouble


def _in_kernel(
    place: Path, source: Path, folder: RunFolder, parameters: Mapping[str, Any], timeout: float | None
) -> LyncdrError | None:
    # Imported here: they take a second, which neither --help nor a mistake in the parameters should cost.
    with _lean():
        import papermill
    from nbclient.exceptions import CellTimeoutError
    from nbclient.util import run_sync

    from lyncdr_helpers.runs import engine
    from lyncdr_helpers.runs.kernel import OwnKernel

    logging.getLogger("papermill").addHandler(logging.NullHandler())
    deadline = time.monotonic() + (timeout or math.inf)
    kernel, at_work = OwnKernel(place), True
    try:
        papermill.execute_notebook(
            source,
            _partial(folder),
            parameters=dict(parameters),
            engine_name=engine.NAME,
            autosave_cell_every=engine.SAVE_SECONDS,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            coalesce_streams=True,
            km=kernel,
            resources={"metadata": {"path": str(source.parent)}},
            timeout_func=lambda _cell: None if timeout is None else max(1, round(deadline - time.monotonic())),
        )
        at_work = False
    except papermill.PapermillExecutionError as error:
        at_work = False
        return _raised(error.ename, error.evalue)
    except CellTimeoutError:
        return KernelDied(f"The notebook {source.name} was not done after {timeout:g} s.", "Its kernel was ended.")
    except RuntimeError as error:  # nbclient's DeadKernelError, and what jupyter_client raises of a stillborn one
        why = f"{error}. {kernel.last_words}".strip(" .")
        return KernelDied(f"The kernel of {source.name} died: {why}.", "The same command continues the run.")
    finally:
        run_sync(kernel.stop)(lambda: not at_work or _has_spoken(folder))
    return None


@contextmanager
def _lean() -> Iterator[None]:
    """An import of papermill without the two thirds of it that nobody here needs.

    nbformat imports jsonschema, which builds the grammar of IRIs for a format that no notebook has; papermill itself
    imports pyarrow to write to Hadoop. Both take them where they are installed and do without where they are not.
    """
    absent = [name for name in ("rfc3987_syntax", "pyarrow") if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]  # how Python spells "not installed"
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def _raised(name: str, message: str) -> LyncdrError:
    """The error that a cell raised, known by its class's name and its text alone."""
    error = errors.by_name(name)
    return error(message or name if error is not LyncdrError else f"{name}: {message}")


def _has_spoken(folder: RunFolder) -> bool:
    """Whether the journal says how the run ended, or has nothing to say."""
    lines = journal.read(folder.journal)[0]
    return not lines or lines[-1].kind == "end"


# -- judging -----------------------------------------------------------------------------------------------------------
def judge(trouble: LyncdrError | None, lines: Sequence[Line]) -> tuple[str, int, str]:
    """(outcome, exit code, message) of an execution that ended with this trouble and added these journal lines.

    The journal is the truth, except that a kernel which did not live to its end, a run that never got the lock and a
    notebook that failed after its journal was closed are never called done.
    """
    end = lines[-1].facts if lines and lines[-1].kind == "end" else None
    if isinstance(trouble, KernelDied | Interrupted | errors.Locked):
        return _of(trouble)
    if end and not (trouble and end["outcome"] in runfolder.DONE):
        return end["outcome"], end["exit_code"], end.get("message", "")
    if trouble:
        return _of(trouble)
    return _of(Incomplete("The notebook ended, but its journal does not say how the run did.", "Look at the notebook."))


def _of(error: LyncdrError) -> tuple[str, int, str]:
    return errors.OUTCOMES[error.exit_code], error.exit_code, str(error)
