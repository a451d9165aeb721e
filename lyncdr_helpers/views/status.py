"""The status bar in a notebook: shown after the beginning and at the end, and kept true while cells run.

Nothing here runs beside the run: its own thread tells what is new, and the bars that are shown already are drawn anew.
What stays in a record is the last of it.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import tostring

from IPython.core.getipython import get_ipython
from IPython.display import display

from lyncdr_helpers import runfolder
from lyncdr_helpers.clock import SystemClock, spell
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.phases import foreseen, progress, rto, steps
from lyncdr_helpers.phases.earlier import spent
from lyncdr_helpers.phases.earlier.durations import RecoveryTime
from lyncdr_helpers.phases.earlier.recoveries import VERIFY
from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.incident import ACTIVATE, incidents
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.phases.progress import Forecast
from lyncdr_helpers.phases.rto import RtoClock
from lyncdr_helpers.session import Session
from lyncdr_helpers.views.bar import Bar
from lyncdr_helpers.views.markup import node

EVERY_SECONDS = 1.0
"""How often a bar is drawn anew while a step is at work, at most; each end of a step is shown at once."""
MOST_OF_A_RUN = 0.02
"""The share of a run's time that drawing may take while a step is at work: 10,000 users are drawn less often."""
LONG_SECONDS = 5.0
"""A step that took so long the last time says so while it is at work."""


def of_deployment(loaded: LoadedParams) -> Bar:
    """How a deployment stands, where no run is at work."""
    params, now = loaded.params, SystemClock().now()
    runs = told.read(loaded.locate(params.runs_folder), params.deployment)
    clock, trouble = _clock(runs, "", params.failed_pool.fqdn, now)
    return Bar(params, "", "", now, clock=clock, trouble=trouble)


def show(session: Session) -> None:
    """Show how the run stands now; from now on it is kept true, wherever it was shown."""
    eyes = session.eyes if isinstance(session.eyes, Watch) else Watch(session)
    session.eyes = eyes
    eyes.show()


def clock(session: Session) -> RtoClock | None:
    """The RTO clock of the incident that a run belongs to, else of the present one; None where nobody can tell."""
    return Watch(session).bar().clock


class Watch:
    """Shows one run. It reads the other runs once, when it begins: of them nothing changes meanwhile."""

    def __init__(self, session: Session) -> None:
        params = session.params
        self._session = session
        self._others = told.read(_runs_folder(session), params.deployment, but=session.folder.run)
        self._took = _took(self._others, session)
        self._expected: RecoveryTime | None = None
        self._bars: list[Any] = []
        self._lines: dict[tuple[int, str], Any] = {}
        self._draws_from = 0.0

    def show(self) -> None:
        """The bar, here and now."""
        self._bars.append(display(self.bar(), display_id=True))  # type: ignore[no-untyped-call]

    def stepped(self, name: str, state: str) -> None:
        """A step that is known to be long says how long; the bars are drawn anew."""
        if name and state == "started" and self._took.get(name, 0.0) >= LONG_SECONDS:
            self._tell(name, f"{name}: at work; it took {spell(self._took[name])} the last time")
        elif name and state == "done" and self._took.get(name, 0.0) >= LONG_SECONDS:
            last = self._session.journal.last("step")
            seconds = last.facts.get("seconds", 0.0) if last else 0.0
            self._tell(name, f"{name}: it took {spell(seconds)}, and {spell(self._took[name])} the last time")
        self._draw(at_once=state != "started")

    def paced(self, about: str, text: str) -> None:
        """One line for each act, in the cell that is at work."""
        self._tell(about, text)
        self._draw(at_once=False)

    def bar(self) -> Bar:
        """How the run stands, by its journal and those of the other runs."""
        session, now = self._session, self._session.clock.now()
        summary = runfolder.summarise(session.folder)
        own = [Told(session.folder, summary, session.journal.lines)] if summary else []
        runs = sorted((*self._others, *own), key=lambda one: (one.began, one.run))
        clock, trouble = _clock(runs, session.folder.run, session.params.failed_pool.fqdn, now)
        return Bar(
            session.params,
            session.phase,
            session.mode,
            now,
            session.folder.run,
            clock,
            self._forecast(clock),
            steps.of(session.journal.lines),
            trouble,
        )

    def _forecast(self, clock: RtoClock | None) -> Forecast | None:
        """Of the activation under way, and of its verification, until service is proven; a rehearsal proves nothing."""
        lines = self._activation(clock)
        rehearsed = self._session.mode == "rehearse" and progress.of(lines).is_over
        if not lines or rehearsed or (clock and clock.proven):
            return None
        if self._expected is None or any(line.kind == "plan" for line in lines[-2:]):
            self._expected = foreseen.expected(self._session.loaded, lines)
        found = progress.of(lines)
        if self._session.phase == "verify":
            proof = progress.of(self._session.journal.lines)
            found.steps += [f"{VERIFY}{name}" for name in proof.steps]
            found.step, found.step_began = proof.step and f"{VERIFY}{proof.step}", proof.step_began
        return progress.forecast(found, self._session.clock.now(), self._expected)

    def _activation(self, clock: RtoClock | None) -> Sequence[Line]:
        if self._session.phase == ACTIVATE:
            return self._session.journal.lines
        runs = clock.incident.of_phase(ACTIVATE) if clock and self._session.phase == "verify" else ()
        return runs[-1].lines if runs else ()

    def _draw(self, *, at_once: bool) -> None:
        began = time.monotonic()
        if not self._bars or (not at_once and began < self._draws_from):
            return
        made = self.bar()
        for handle in self._bars:
            if handle:
                handle.update(made)
        took = time.monotonic() - began
        self._draws_from = began + max(EVERY_SECONDS, took / MOST_OF_A_RUN)

    def _tell(self, about: str, text: str) -> None:
        """The line's place is the cell at work: run again, it begins a line of its own."""
        shell = get_ipython()
        place = (shell.execution_count if shell else 0, about)
        if handle := self._lines.get(place):
            handle.update(Paced(text))
        else:
            self._lines[place] = display(Paced(text), display_id=True)  # type: ignore[no-untyped-call]


class Paced:
    """How far a long step is."""

    def __init__(self, text: str) -> None:
        self._text = text

    def _repr_html_(self) -> str:
        style = "font-family: var(--jp-code-font-family, monospace); white-space: pre-wrap"
        shown = node("div", self._text, style=style)
        return tostring(shown, encoding="unicode", method="html")

    def __repr__(self) -> str:
        return self._text


def _clock(runs: Sequence[Told], run: str, pool: str, now: dt.datetime) -> tuple[RtoClock | None, str]:
    """The clock of the present incident, or why nobody can read it: another run's strange record stops no run."""
    try:
        incident = rto.current(incidents(runs), run, now)
        return (rto.clock(incident, runs, pool) if incident else None), ""
    except (LyncdrError, KeyError, TypeError, ValueError) as error:
        return None, f"? The RTO clock cannot be read from the runs on record: {type(error).__name__}: {error}"


def _runs_folder(session: Session) -> Path:
    return session.loaded.locate(session.params.runs_folder)


def _took(runs: Sequence[Told], session: Session) -> dict[str, float]:
    """Step -> seconds that it took in the newest finished run of this phase and mode."""
    like = [one for one in runs if (one.phase, one.summary.mode) == (session.phase, session.mode)]
    done = [one for one in like if one.summary.finished]
    return {name: one.seconds for name, one in spent.of(done[-1].lines).items()} if done else {}
