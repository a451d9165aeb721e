"""A session: one run of one phase on one deployment. The one place where parameters and mode become ports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, Protocol

from lyncdr_helpers import __version__, files, runfolder
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.answers import Answer, Answers
from lyncdr_helpers.backups import signed
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.checks import Check
from lyncdr_helpers.clock import Clock, SystemClock, parse_stamp
from lyncdr_helpers.dossier import sealing
from lyncdr_helpers.errors import OUTCOMES, InputError, LyncdrError, Refusal
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.params import secrets
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.ports import Ports
from lyncdr_helpers.redaction import Redaction
from lyncdr_helpers.runfolder import RunFolder

Mode = Literal["rehearse", "live"]
MODES: tuple[Mode, ...] = ("rehearse", "live")
PARAMS = "LYNCDR_PARAMS"
"""The environment variable by which `lyncdr console --params` says which deployment its notebooks are about."""
LAB = "params/lab.yml"


@dataclass(frozen=True)
class ClosedGate:
    """A gate that stops a live run. stands_for: whom or what a waiver of it would name; None: no reason opens it."""

    name: str
    refusal: Refusal
    stands_for: tuple[str, ...] | None = None


class Eyes(Protocol):
    """Whoever shows a run as it goes on, in a place of its own. It is told in the run's own thread, and is quick."""

    def stepped(self, name: str, state: str) -> None:
        """A step has started, is done, or has ended the run."""

    def paced(self, about: str, text: str) -> None:
        """How far a long step is: the text stands for what was said before about the same."""


@dataclass(kw_only=True)
class Session(Ports):
    """What a phase works with. Phases read `params`, ask and act through the ports, and tell `journal` everything.

    waivers: gate name -> the reason somebody gave for passing it closed. answers: step -> what somebody says about it.
    redaction: takes the deployment's secrets out of what is told and kept.
    on_closed: who shows a closed gate, before it stops the run. eyes: who shows how far the run is, while it is at it.
    """

    loaded: LoadedParams
    phase: str
    mode: Mode
    folder: RunFolder
    journal: Journal
    clock: Clock
    waivers: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)
    on_closed: Callable[[ClosedGate], None] | None = None
    eyes: Eyes | None = None
    lock: files.Lock | None = None
    redaction: Redaction = field(default_factory=Redaction)

    @property
    def params(self) -> Params:
        return self.loaded.params

    @property
    def resumed(self) -> bool:
        """Whether this run was begun before."""
        return self.journal.last("resume") is not None

    # -- telling people and the journal -----------------------------------------------------------------------------
    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the phase. Whatever ends it badly ends the run, and the journal says so before anybody else."""
        self._wake()
        if earlier := self._done_before(name):
            self.tell(f"{name}: already done at {earlier}; it is looked at once more.")
        self.journal.write("step", name=name, state="started")
        self._show(name, "started")
        began = self.clock.monotonic()
        try:
            yield
        except LyncdrError as error:
            self.end(
                OUTCOMES[error.exit_code], error.exit_code, error=type(error).__name__, message=str(error), step=name
            )
            raise
        except KeyboardInterrupt:
            self.end("interrupted", 130, error="Interrupted", message=f"Stopped during {name}.", step=name)
            raise
        except BaseException as error:
            self.end("failed", 1, error=type(error).__name__, message=str(error), step=name)
            raise
        self.journal.write("step", name=name, state="done", seconds=round(self.clock.monotonic() - began, 3))
        self._show(name, "done")

    def _show(self, step: str, state: str) -> None:
        if self.eyes:
            self.eyes.stepped(step, state)

    def _done_before(self, step: str) -> str:
        """`02:14 UTC by anna@mgmt02`, where the journal has the step as done; else empty."""
        found, who = "", "?"
        for line in self.journal.of_kind("begin", "resume", "step"):
            if line.kind != "step":
                who = "{user}@{host}".format(**line.facts["who"])
            elif line.facts["name"] == step and line.facts["state"] == "done":
                at = parse_stamp(line.at)
                today = at.date() == self.clock.now().date()
                found = f"{at:%H:%M} UTC by {who}" if today else f"{at:%Y-%m-%d %H:%M} UTC by {who}"
        return found

    def pace(self, about: str, text: str) -> None:
        """How far a long step is: shown in place where somebody shows it so, told as a line elsewhere."""
        if self.eyes:
            self.eyes.paced(about, text)
        else:
            self.tell(text)

    def tell(self, text: str) -> None:
        """A line for whoever watches: in the notebook, under the cell."""
        print(self.redaction.text(text)[0], flush=True)

    def fact(self, name: str, value: object) -> None:
        """Put one number or name on record."""
        self.journal.write("fact", name=name, value=value)

    def keep(self, name: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Keep a table in the run folder, as tables/<name>.csv; without secrets, and the journal says so."""
        kept, count = self.redaction.all_of(rows)
        files.replace_csv(self.folder.table(name), kept)
        if count:
            self.fact(f"redacted in tables/{name}.csv", count)

    def record(self, *checks: Check) -> None:
        """Put checks on record."""
        for check in checks:
            self.journal.write("check", **check.as_row())

    def end(self, outcome: str, exit_code: int, **facts: object) -> None:
        """The run is over, for now: a later run of the same command may continue it. Its folder is sealed."""
        if kept := sealing.digests(self.folder):
            self.journal.write("kept", files=kept)
        self.journal.write("end", outcome=outcome, exit_code=exit_code, **facts)
        self._show("", outcome)
        try:
            # A store that was never asked before is not waited for, should it be away.
            store = partial(open_store, self.params.backup, self.loaded, self.clock)
            for trouble in sealing.seal(self.folder, self.clock, self.keys, store):
                self.tell(trouble)
        finally:
            self.close()

    def _wake(self) -> None:
        """A notebook goes on after a closed gate: the run takes its lock again and says that it resumes.

        Meanwhile somebody may have approved it, or gone on with it elsewhere: what they put on record counts here too.
        Raises Refusal when they carried the plan out.
        """
        ended = self.journal.last("end", "begin", "resume")
        if ended and ended.kind == "end":
            if self.lock:
                self.lock.take(self.folder.run)
                self.journal.reread()
                self._refuse_when_over()
            self.journal.write("resume", who=files.whoami(), after=ended.facts["outcome"])

    def _refuse_when_over(self) -> None:
        last, began = self.journal.last("end", "begin", "resume"), self.journal.last("begin", "resume")
        if not (last and began and last.facts.get("outcome") == "done" and self.journal.last("approval")):
            return
        self.close()
        who = began.facts["who"]
        raise Refusal(
            f"Already done at {last.at} by {who['user']} on {who['host']}: nothing is left of run {self.folder.run}.",
            "Nothing was done again. To begin another run: restart the kernel, and run all cells.",
        )

    def close(self) -> None:
        """Leave the deployment and free the lock."""
        self.shell.close()
        self.directory.close()
        if self.lock:
            self.lock.free()

    # -- gates ------------------------------------------------------------------------------------------------------
    @cached_property
    def keys(self) -> Keys:
        """What this deployment signs with, and whose signatures it trusts."""
        return signed.keys_of(self.loaded)

    def hold(self, gate: str, refusal: Refusal, *, names: Sequence[str] = (), **about: object) -> None:
        """A closed gate that a waiver with a reason passes; that, too, is on record, signed where there is a key.

        names: whom the waiver stands for, and nobody else. about: what else it stands for.
        """
        if reason := self.redaction.text(self.waivers.get(gate, "").strip())[0]:
            by = files.whoami()
            facts = {"gate": gate, "reason": reason, "waived": refusal.message, "by": by, **about}
            if names:
                facts["names"] = list(names)
            if key := self.keys.to_sign():
                who, now = "{user}@{host}".format(**by), self.clock.now()
                facts["signature"] = signed.sign_waiver(key, self.folder.run, facts, who, now)
            self.journal.write("waiver", **facts)
            return
        self.stop_at(gate, refusal, tuple(names))

    def stop_at(self, gate: str, refusal: Refusal, stands_for: tuple[str, ...] | None = None) -> None:
        """A closed gate: a live run stops, a rehearsal notes that it would.

        stands_for: whom or what a waiver would name; None where no reason opens the gate.
        """
        self.journal.write("gate", gate=gate, state="closed", message=refusal.message, remedy=refusal.remedy)
        if self.mode == "live":
            if self.on_closed:
                self.on_closed(ClosedGate(gate, refusal, stands_for))
            raise refusal


def open_session(
    phase: str,
    params_file: str | Path,
    *,
    mode: str = "live",
    run: str = "",
    approve: str = "",
    waivers: Mapping[str, str] | None = None,
    answers: Answers | None = None,
    locked: bool = True,
    clock: Clock | None = None,
) -> Session:
    """Begin a run, or continue one. `run`: empty (choose), `new`, or the name of a run.

    Raises InputError for bad parameters and answers, Locked where another process works on the same phase.
    """
    if mode not in MODES:
        raise InputError(f"There is no mode {mode!r}.", f"Give one of: {', '.join(MODES)}.")
    clock = clock or SystemClock()
    loaded = read_params(found(params_file))
    answered = answers.read(loaded) if answers else {}
    runs_folder = loaded.locate(loaded.params.runs_folder)
    lock = files.Lock(runs_folder / f"{phase}.lock", clock) if locked else None
    if lock:
        lock.take(run or phase)
    try:
        folder = _folder(runs_folder, run, phase, loaded.params.deployment, mode, approve, clock)
        if lock:
            lock.take(folder.run)
        redaction = secrets.redaction(loaded)
        journal = Journal.open(folder.journal, clock, redaction.facts)
        session = _composed(loaded, phase, "live" if mode == "live" else "rehearse", folder, journal, clock)
    except BaseException:
        if lock:
            lock.free()
        raise
    session.waivers, session.answers, session.lock = dict(waivers or {}), answered, lock
    session.redaction = redaction
    _announce(session)
    return session


def found(params_file: str | Path) -> Path:
    """The parameters that a notebook names; empty: those that the console was opened with, or the lab's.

    A relative path is looked for here, then in the checkout, so that a notebook finds it from wherever it runs.
    """
    named = Path(str(params_file) or os.environ.get(PARAMS, "") or LAB)
    beside = Path(__file__).parents[1] / named
    return beside if not named.exists() and beside.exists() else named


def _folder(
    runs_folder: Path, run: str, phase: str, deployment: str, mode: str, approve: str, clock: Clock
) -> RunFolder:
    if run == "new":
        return runfolder.new_run(runs_folder, phase, clock)
    if run:
        return runfolder.existing(runs_folder, run)
    return runfolder.choose(runs_folder, phase, deployment, mode, approve, clock)


def _composed(
    loaded: LoadedParams, phase: str, mode: Mode, folder: RunFolder, journal: Journal, clock: Clock
) -> Session:
    # Imported here: they take a third of a second, and whoever only reads what sessions left behind needs none of them.
    from lyncdr_helpers.connections import connections

    ports = connections(loaded, folder, journal, clock, rehearsed=mode == "rehearse")
    return Session(**vars(ports), loaded=loaded, phase=phase, mode=mode, folder=folder, journal=journal, clock=clock)


def _announce(session: Session) -> None:
    began = session.journal.last("begin")
    facts = {
        "run": session.folder.run,
        "phase": session.phase,
        "deployment": session.params.deployment,
        "mode": session.mode,
        "params_digest": session.loaded.digest,
        "version": __version__,
        "who": files.whoami(),
    }
    same = ("phase", "deployment", "mode")
    if began and [began.facts[name] for name in same] != [facts[name] for name in same]:
        session.close()
        raise InputError(
            "Run {run} is a {phase} of {deployment}, mode {mode}.".format(**began.facts),
            "Leave `run` empty, or name a {phase} run of {deployment}, mode {mode}.".format(**facts),
        )
    session.journal.write("resume" if began else "begin", **facts)
