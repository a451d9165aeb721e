"""The drill as it goes on, at the terminal: what is being done, how far it is, how long service has been lost."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from lyncdr_helpers.drill import ACTIVATE, HOME, HOME_PLAN, LOST, PLAN, PREPARE, STEPS, STORE, VERIFY, Watcher
from lyncdr_helpers.journal import Line
from lyncdr_helpers.views.pictures import clock, spell
from lyncdr_helpers.views.record import MOVE_USERS

WORDS = {
    (PREPARE, "check failed"): "red, as it must be: the Central Management Store is at the primary",
    (STORE, "refused"): "the activation waited, and the drill ran its commands on the DR server",
    (PLAN, "refused"): "the gate held: the plan waits for approval",
    (ACTIVATE, "done"): "done, approved by the drill, which plays the operator",
    (HOME_PLAN, "refused"): "the gate held: the plan waits for approval",
    (HOME, "done"): "done, approved by the drill, which plays the operator",
}


class LiveProgress(Watcher):
    """A list of the steps that redraws itself; use it as a context manager around the drill."""

    def __init__(self, console: Console, steps: Sequence[str] = STEPS) -> None:
        self._console = console
        self._steps = steps
        self._ended: dict[str, tuple[str, float]] = {}
        self._now = ""
        self._since = 0.0
        self._doing = ""
        self._lost_at: float | None = None
        self._moved = Moved()
        self._live = Live(console=console, refresh_per_second=8, get_renderable=self._drawn, transient=True)

    def __enter__(self) -> LiveProgress:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()
        self._console.print(self._drawn())

    def began(self, step: str) -> None:
        self._now, self._since, self._doing = step, time.monotonic(), ""
        if step == LOST:
            self._lost_at = time.monotonic()

    def told(self, text: str) -> None:
        self._doing = text

    def saw(self, line: Line) -> None:
        self._moved.saw(line)
        if line.kind == "step" and line.facts["state"] == "started":
            self._doing = line.facts["name"]

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        self._ended[step] = (outcome, seconds)
        self._now = ""
        if step == VERIFY:
            self._lost_at = None

    def _drawn(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for step in self._steps:
            table.add_row(*self._row(step))
        if self._lost_at is None:
            return table
        lost = Text(f"  service lost for {clock(time.monotonic() - self._lost_at)}", style="bold")
        return Group(table, Text(), lost)

    def _row(self, step: str) -> tuple[RenderableType, ...]:
        if step in self._ended:
            outcome, seconds = self._ended[step]
            said = WORDS.get((step, outcome), "" if outcome == "done" else outcome)
            good = outcome == "done" or (step, outcome) in WORDS
            sign = Text(" ✓" if good else " ✗", style="green" if good else "bold red")
            return sign, Text(step), Text(spell(seconds).rjust(8), style="dim"), Text(said)
        if step == self._now:
            took = Text(spell(time.monotonic() - self._since).rjust(8))
            return Spinner("dots", style="cyan"), Text(step, style="bold"), took, self._moved.drawn(self._doing)
        return Text(" ·", style="dim"), Text(step, style="dim"), Text(), Text()


class PlainProgress(Watcher):
    """One line per step, for a log file or a scheduler."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put back."""

    def told(self, text: str) -> None:
        self._console.print(f"    {text}", markup=False, highlight=False)

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        self._console.print(f"{step}: {WORDS.get((step, outcome), outcome)}, {spell(seconds)}", markup=False)


class Moved:
    """How many users are home again, and how fast."""

    def __init__(self) -> None:
        self.total = 0
        self.so_far = 0
        self._began = 0.0
        self._at_work = False

    def saw(self, line: Line) -> None:
        facts = line.facts
        if line.kind == "plan":
            self.total = facts["counts"].get("move-user", 0)
        if line.kind == "step" and facts["name"] == MOVE_USERS:
            self._at_work = facts["state"] == "started"
            self._began = time.monotonic()
        if line.kind == "result" and facts["act"] == MOVE_USERS:
            self.so_far += len(facts.get("done", ()))

    def drawn(self, doing: str) -> RenderableType:
        """The present step in words; while users move, with a bar and the rate."""
        if not self._at_work or not self.total:
            return Text(doing)
        rate = self.so_far / max(time.monotonic() - self._began, 0.001)
        table = Table.grid(padding=(0, 1))
        words = Text(f"{self.so_far:,} of {self.total:,} users, {rate:,.0f}/s")
        table.add_row(Text(doing), ProgressBar(total=self.total, completed=self.so_far, width=24), words)
        return table


def watch(console: Console, steps: Sequence[str] = STEPS) -> LiveProgress | PlainProgress:
    """What fits the console: a terminal is redrawn, a file gets lines. steps: what the drill will do."""
    return LiveProgress(console, steps) if console.is_terminal else PlainProgress(console)
