"""The drill: a lab comes up, its primary site is lost, and every user is brought back by the same phases as for real.

A drill is a run of its own, with a journal whose steps are the phases; their runs are kept below it, in lab/runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lyncdr_helpers import __version__, files, journal, runfolder
from lyncdr_helpers.answers import Answers
from lyncdr_helpers.clock import Clock, SystemClock
from lyncdr_helpers.drill_score import FAILBACK_NUMBERS, LIFE_NUMBERS, NUMBERS, Score, judge
from lyncdr_helpers.errors import OUTCOMES, LyncdrError
from lyncdr_helpers.journal import Journal, Line
from lyncdr_helpers.lab import group_chat, life, lifecycle, local_shell
from lyncdr_helpers.lab.blueprint import Blueprint, CmsHome, DirectoryKind, DnsKind
from lyncdr_helpers.lab.claim import OFFERED, claim_subnet
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases.group_chat_home import START, STOP
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs.runner import Outcome, run_phase
from lyncdr_helpers.views.report import write_report

BECAUSE = "a drill: the lab's primary site was switched off"
"""What the drill declares, as the operator whom it plays."""

LAB_UP, PREPARE, BACKUP, LOST, PLAN, ACTIVATE, VERIFY, LAB_DOWN = STEPS = (
    "lab up",
    "prepare",
    "backup",
    "site lost",
    "plan",
    "activate",
    "verify",
    "lab down",
)


HEALED, HOME_PLAN, HOME = THERE_AND_BACK = ("site healed", "plan of the way home", "failback")
"""The steps before the lab goes down, where the way home is drilled."""

STORE = "store brought to DR"
"""The step before the plan, where the Central Management Store is lost with the primary and an operator brings it."""

PHASES = {PLAN: ACTIVATE, STORE: ACTIVATE, HOME_PLAN: HOME}
"""What runs in a step that is not called like its phase."""


@dataclass(frozen=True)
class Order:
    """What is drilled. `keep`: leave the lab up afterwards. `failback`: the way home too, with lists that changed.

    cms: where the Central Management Store is; at the primary it is lost too, and prepare is red for it.
    """

    users: int = 250
    generation: Generation = "lync2010"
    directory: DirectoryKind = "embedded"
    dns: DnsKind = "embedded"
    keep: bool = False
    failback: bool = False
    cms: CmsHome = "dr"

    @property
    def steps(self) -> tuple[str, ...]:
        """What is done, in this order."""
        by_hand = (STORE,) if self.cms == "primary" else ()
        return (*STEPS[:4], *by_hand, *STEPS[4:-1], *(THERE_AND_BACK if self.failback else ()), LAB_DOWN)

    @property
    def numbers(self) -> tuple[str, ...]:
        """What is counted."""
        return NUMBERS + (FAILBACK_NUMBERS if self.failback else ())


class Watcher:
    """Whoever watches a drill. This one looks away; `cli.live` shows it."""

    def began(self, step: str) -> None:
        """A step begins."""

    def told(self, text: str) -> None:
        """Something to know about the present step."""

    def saw(self, line: Line) -> None:
        """A line appeared in the journal of the present phase; called from another thread."""

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        """The step is over."""


class Stopped(LyncdrError):
    """A phase did not end as the drill needs it. Carries the phase's own exit code."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.phase}: {outcome.outcome}. {outcome.message}")
        self.exit_code = outcome.exit_code or 1


def is_done(outcome: Outcome) -> bool:
    return outcome.exit_code == 0


def is_looked_at(outcome: Outcome) -> bool:
    """Done, or red: a readiness check that finds what is wrong has done its work."""
    return outcome.exit_code in (0, 3)


def refused_for_a_person(outcome: Outcome) -> bool:
    """Nothing may go on before somebody has done what only a person can do."""
    return outcome.exit_code == 5 and not outcome.plan


def refused_with_a_plan(outcome: Outcome) -> bool:
    """Without an approval the gate must hold, and say what it waits for."""
    return outcome.exit_code == 5 and bool(outcome.plan)


def drill(runs_folder: Path, order: Order, watcher: Watcher | None = None, subnets: Iterable[int] = OFFERED) -> Score:
    """Lose a site and bring every user back; the run folder with the report is made in `runs_folder`.

    subnets: the third bytes of 127.53.N.0 to look for a free one in. Every ending is a Score, an interrupt too.
    """
    clock = SystemClock()
    folder = runfolder.new_run(runs_folder.resolve(), "drill", clock)
    play = _Play(folder, order, watcher or Watcher(), clock)
    began = clock.monotonic()
    try:
        play.all(subnets)
        outcome, exit_code, message = "done", 0, ""
    except KeyboardInterrupt:
        outcome, exit_code, message = OUTCOMES[130], 130, "The drill was interrupted."
    except LyncdrError as error:
        outcome, exit_code, message = OUTCOMES[error.exit_code], error.exit_code, str(error)
    if exit_code in (0, 3) and play.verified:
        outcome, exit_code, message = judge(play.numbers, outcome, exit_code, message)
    score = Score(
        outcome=outcome,
        exit_code=exit_code,
        message=message,
        numbers=play.numbers,
        rto_seconds=play.rto_seconds if exit_code == 0 else None,
        rto_target_seconds=play.rto_target_seconds,
        seconds=round(clock.monotonic() - began, 3),
        folder=folder,
        phases=tuple(play.phases),
    )
    play.close(score)
    return score


@dataclass
class _Play:
    """The drill as it goes on."""

    folder: RunFolder
    order: Order
    watcher: Watcher
    clock: Clock
    verified: bool = False
    rto_seconds: float | None = None
    rto_target_seconds: float = 0.0
    numbers: dict[str, int | None] = field(default_factory=dict)
    phases: list[Mapping[str, Any]] = field(default_factory=list)
    runs: dict[str, RunFolder] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = dict.fromkeys(self.order.numbers)
        self.journal = Journal.open(self.folder.journal, self.clock)
        self.journal.write(
            "begin",
            run=self.folder.run,
            phase="drill",
            deployment="lab",
            mode="live",
            version=__version__,
            who=files.whoami(),
            **asdict(self.order),
        )

    def all(self, subnets: Iterable[int]) -> None:
        """Every step. Whatever ends it, the lab ends with it, unless it is to be kept."""
        claim = claim_subnet(self._blueprint(), subnets)
        lab = claim.blueprint
        with self._step(LAB_UP):
            lifecycle.up(lab, None if self.order.keep else os.getpid(), self.watcher.told, claim)
        try:
            self._site_is_lost_and_won_back(lab)
        finally:
            if not self.order.keep:
                with self._step(LAB_DOWN):
                    lifecycle.down(lab.folder)

    def close(self, score: Score) -> None:
        """The drill's own record, and the report of everything."""
        for name, value in {**score.numbers, "rto_seconds": score.rto_seconds}.items():
            if value is not None:
                self.journal.write("fact", name=name, value=value)
        ending = {"message": score.message} if score.message else {}
        self.journal.write("end", outcome=score.outcome, exit_code=score.exit_code, **ending)
        title = f"Disaster recovery drill: {score.outcome}"
        write_report([self.folder, *self.runs.values()], self.folder.report, title)

    def _blueprint(self) -> Blueprint:
        order = self.order
        return Blueprint(
            self.folder.path / "lab",
            users=order.users,
            generation=order.generation,
            directory=order.directory,
            dns=order.dns,
            cms=order.cms,
        )

    def _site_is_lost_and_won_back(self, lab: Blueprint) -> None:
        self.rto_target_seconds = read_params(lab.params_file).params.thresholds.rto_minutes * 60
        self._phase(lab, PREPARE, is_done if self.order.cms == "dr" else is_looked_at)
        self._phase(lab, BACKUP)
        lived = life.before_the_loss(lab) if self.order.failback else life.Life()
        with self._step(LOST):
            lost_at = self.clock.monotonic()
            lifecycle.fail(lab.folder, "primary")
        answers = self._store_brought(lab) if self.order.cms == "primary" else None
        self._approved(lab, PLAN, ACTIVATE, because=BECAUSE, answers=answers)
        try:
            self._phase(lab, VERIFY)
        finally:
            self._count(NUMBERS)
        self.rto_seconds = round(self.clock.monotonic() - lost_at, 3)
        if self.order.failback:
            self._goes_home(lab, lived)

    def _store_brought(self, lab: Blueprint) -> Answers:
        """An activation stops for the lost store; the operator runs what it printed, on the DR pool's server."""
        run = self._phase(lab, STORE, refused_for_a_person, mode="live", because=BECAUSE)
        asked = [line for line in journal.read(run.folder.journal)[0] if line.kind == "guided"][-1].facts
        for command in (one["command"] for one in asked["do"] if "-Cs" in one["command"]):
            self.watcher.told(f"the drill plays the operator at the server: {command}")
            if said := local_shell.run(lab, command).errors:
                raise LyncdrError(f"{command}: {said[0].message}")
        return Answers(did={asked["step"]: "the drill, as the operator, ran every command without an error"})

    def _approved(
        self, lab: Blueprint, planning: str, acting: str, because: str = "", answers: Answers | None = None
    ) -> None:
        """The phase without an approval, whose gate must hold; then with the digest that it asked for."""
        plan = self._phase(lab, planning, refused_with_a_plan, mode="live", because=because, answers=answers).plan
        self.journal.write("fact", name="approved by the drill, which plays the operator", value=plan)
        self.watcher.told(f"the drill plays the operator and approves plan {plan[:12]}")
        self._phase(lab, acting, mode="live", approve=plan, answers=answers)

    def _goes_home(self, lab: Blueprint, lived: life.Life) -> None:
        """Users have changed their lists at the DR site; the primary is well again, and they go home with them."""
        with self._step(HEALED):
            lived = life.at_the_dr_site(lab, lived)
            lifecycle.heal(lab.folder, "primary")
            answers = self._group_chat_stopped(lab)
        try:
            self._approved(lab, HOME_PLAN, HOME, answers=answers)
        finally:
            self._count(FAILBACK_NUMBERS)
        counted = life.count(lab, lived)
        strays = sum(counted[name] - counted[f"{name}_kept"] for name in LIFE_NUMBERS[::2]) + counted["doubled"]
        proven = self.numbers["failback_lost"]
        self.numbers |= counted | {"failback_lost": None if proven is None else proven + strays}

    def _group_chat_stopped(self, lab: Blueprint) -> Answers:
        """The operator stops Group Chat's server at the DR site, and says so; its port proves it."""
        group_chat.stopped(lab).touch()
        self.watcher.told("the drill plays the operator and stops Group Chat's server at the DR site")
        return Answers(
            did={
                STOP: "the drill, as the operator, stopped its services",
                START: "the drill, as the operator: in the lab nothing of it runs at the primary",
            }
        )

    def _phase(
        self,
        lab: Blueprint,
        step: str,
        wanted: Callable[[Outcome], bool] = is_done,
        mode: str = "",
        approve: str = "",
        because: str = "",
        answers: Answers | None = None,
    ) -> Outcome:
        """Run a phase as a person would. Raises Stopped when it does not end as wanted."""
        with self._step(step) as came_to:
            phase = PHASES.get(step, step)
            outcome = run_phase(
                phase,
                lab.params_file,
                mode=mode,
                approve=approve,
                because=because,
                answers=answers,
                on_line=self.watcher.saw,
            )
            self.runs[outcome.run] = outcome.folder
            self.phases.append(
                {
                    "phase": step,
                    "outcome": outcome.outcome,
                    "exit_code": outcome.exit_code,
                    "seconds": outcome.seconds,
                    "run": outcome.run,
                }
            )
            came_to.append(outcome.outcome)
            if not wanted(outcome):
                raise Stopped(outcome)
        return outcome

    def _count(self, names: Iterable[str]) -> None:
        """The numbers, from the journals of the phases."""
        lines = [line for run in self.runs.values() for line in journal.read(run.journal)[0]]
        facts = {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"}
        self.numbers |= {name: facts.get(name) for name in names}
        self.verified = True

    @contextmanager
    def _step(self, name: str) -> Iterator[list[str]]:
        """A step on record and before the watcher's eyes; what it came to can be put into the list."""
        self.journal.write("step", name=name, state="started")
        self.watcher.began(name)
        began = self.clock.monotonic()
        came_to: list[str] = []
        try:
            yield came_to
        except BaseException:
            seconds = round(self.clock.monotonic() - began, 3)
            self.journal.write("step", name=name, state="stopped", seconds=seconds)
            self.watcher.ended(name, "".join(came_to) or "stopped", seconds)
            raise
        seconds = round(self.clock.monotonic() - began, 3)
        self.journal.write("step", name=name, state="done", seconds=seconds)
        self.watcher.ended(name, "".join(came_to) or "done", seconds)
