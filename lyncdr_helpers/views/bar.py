"""The status bar of a run: which deployment, what it may change, from which pool to which, how the RTO clock stands.

Every state is a sign and a word beside its colour. What is shown says of which moment it is: a page does not go on by
itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from lyncdr_helpers.clock import spell
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases.progress import Forecast
from lyncdr_helpers.phases.rto import Part, RtoClock
from lyncdr_helpers.phases.steps import State, Step
from lyncdr_helpers.views.markup import node

REHEARSED = "REHEARSAL: every change is withheld"
LIVE = "LIVE: below the gate the deployment changes"
READS = "READS ONLY: nothing changes"
MODES = {
    ("activate", "rehearse"): ("rehearsal", REHEARSED),
    ("activate", "live"): ("live", LIVE),
    ("failback", "rehearse"): ("rehearsal", REHEARSED),
    ("failback", "live"): ("live", LIVE),
    ("backup", "live"): ("reads", "BACKUP: writes one set, and changes nothing else"),
}
"""(colour, words) of what may change the deployment; every other phase reads."""

SIGNS = {
    State.DONE: "✓",
    State.RUNNING: "▶",
    State.WAITS: "‖",
    State.FAILED: "✗",
    State.CUT_SHORT: "✗",
    State.TO_COME: "·",
    State.SKIPPED: "–",
}
PART_SIGNS = {"done": "✓", "running": "▶", "to come": "·", "unknown": "?"}

CSS = """
.lyncdr .status {border: 1px solid #8886; border-radius: 6px; overflow: hidden; max-width: 62rem; margin: .3rem 0;
  font-variant-numeric: tabular-nums;}
.lyncdr .status > div {padding: .45em .9em;}
.lyncdr .status .mode {color: #fff; font-weight: bold; display: flex; flex-wrap: wrap; gap: .2em 1.2em;
  justify-content: space-between;}
.lyncdr .status .mode.live {background: #b3261e;}
.lyncdr .status .mode.rehearsal {background: #1f66b5;}
.lyncdr .status .mode.reads {background: #4a5560;}
.lyncdr .status .parts {display: flex; flex-wrap: wrap; gap: .4em; padding-top: .6em;}
.lyncdr .status .part {flex: 1 1 8em; border-left: 4px solid #8888; padding: .1em .6em;}
.lyncdr .status .part b, .lyncdr .status .part span {display: block;}
.lyncdr .status .part.done {border-color: #2b7a3d;}
.lyncdr .status .part.running {border-color: #1f66b5; border-left-width: 8px;}
.lyncdr .status .part.late {border-color: #b3261e;}
.lyncdr .status .soft {opacity: .75; font-size: .9em;}
.lyncdr .status ol {list-style: none; margin: 0; padding: 0; display: flex; flex-wrap: wrap; gap: .25em .4em;}
.lyncdr .status li {border: 1px solid #8885; border-radius: 4px; padding: .05em .5em; white-space: nowrap;}
.lyncdr .status li.running, .lyncdr .status li.waits {border: 2px solid #1f66b5; font-weight: bold;}
.lyncdr .status li.failed {border: 2px solid #b3261e; font-weight: bold;}
.lyncdr .status li.still {opacity: .65; border-style: dashed;}
.lyncdr .status p {margin: .35em 0 0 0;}
"""
KINDS = {State.RUNNING: "running", State.WAITS: "waits", State.FAILED: "failed", State.CUT_SHORT: "failed"} | {
    State.TO_COME: "still",
    State.SKIPPED: "still",
}


@dataclass(frozen=True)
class Bar:
    """Shows itself: as HTML, and as lines of text. now: the moment that it is of. No clock: no disaster is under way.

    trouble: why nobody can tell how the clock stands, or empty.
    """

    params: Params
    phase: str
    mode: str
    now: dt.datetime
    run: str = ""
    clock: RtoClock | None = None
    forecast: Forecast | None = None
    steps: Sequence[Step] = ()
    trouble: str = ""

    def _repr_html_(self) -> str:
        colour, words = self._mode
        head = node("div", node("span", words), node("span", self._title), class_=f"mode {colour}")
        where = node("div", self._where, node("span", f" as of {self.now:%Y-%m-%d %H:%M:%S} UTC", class_="soft"))
        parts = [head, where, self._drawn_clock(), self._drawn_steps()]
        shown = node("div", node("style", CSS), node("div", parts, class_="status", role="status"), class_="lyncdr")
        return tostring(shown, encoding="unicode", method="html")

    def __repr__(self) -> str:
        return "\n".join(self._lines())

    # -- words ------------------------------------------------------------------------------------------------------
    @property
    def _mode(self) -> tuple[str, str]:
        return MODES.get((self.phase, self.mode), ("reads", READS))

    @property
    def _title(self) -> str:
        return " · ".join(filter(None, [f"{self.params.deployment} ({self.params.generation})", self.phase, self.run]))

    @property
    def _where(self) -> str:
        failed, target = self.params.failed_pool.fqdn, self.params.target_pool.fqdn
        if self.phase == "failback":
            return f"home: {target} -> {failed}"
        return f"lost: {failed} -> takes over: {target}" if self.clock else f"{failed} -> {target}, should it be lost"

    @property
    def _target(self) -> float:
        return self.params.thresholds.rto_minutes * 60

    @property
    def _against(self) -> str:
        """`12 min 10 s of 60 min promised since the first command`."""
        if self.clock is None:
            return ""
        seconds = self.clock.seconds(self.now)
        sign = "✗" if seconds > self._target else "✓" if self.clock.proven else "▶"
        what = "service was proven after" if self.clock.proven else "so far"
        return f"{sign} {what} {spell(seconds)} of {spell(self._target)} promised, from the first command"

    def _lines(self) -> Iterator[str]:
        yield f"{self._mode[1]} | {self._title}"
        yield f"{self._where}; as of {self.now:%Y-%m-%d %H:%M:%S} UTC"
        if self.clock:
            yield "RTO clock: " + " | ".join(f"{one.name} {self._spoken(one)}" for one in self.clock.parts)
            yield self._users
            yield self._against
        if self.trouble:
            yield self.trouble
        if self.forecast:
            yield f"forecast: {self.forecast.text}"
        for state in State:
            if names := [one.name for one in self.steps if one.state is state]:
                yield f"{SIGNS[state]} {state}: {', '.join(names)}"
        yield from (f"{one.name}: {one.said}" for one in self.steps if one.said)

    def _spoken(self, part: Part) -> str:
        sign, seconds = PART_SIGNS[part.state], part.seconds(self.now)
        if seconds is None:
            return f"{sign} {part.state}"
        most = "at most " if part.name == "detect" else ""
        return f"{sign} {most}{spell(seconds)}" + (" so far" if part.state == "running" else "")

    @property
    def _users(self) -> str:
        """`users back: 1,204 of 1,204 moved, 1,180 with everything, the last after 9 min`."""
        assert self.clock is not None, "it is a line of the clock"
        if not self.clock.users:
            return "users back: nobody is in a plan yet"
        text = f"users back: {len(self.clock.moved):,} of {self.clock.users:,} moved"
        text += f", {len(self.clock.back):,} with contacts and DNS"
        last = max([*self.clock.moved[-1:], *self.clock.back[-1:]], default=None)
        return f"{text}, the last after {spell((last - self.clock.began).total_seconds())}" if last else text

    # -- drawn ------------------------------------------------------------------------------------------------------
    def _drawn_clock(self) -> Element | None:
        if not (self.clock or self.forecast or self.trouble):
            return None
        parts = [*map(self._drawn_part, self.clock.parts), self._drawn_users(self.clock)] if self.clock else []
        alive = self.clock.outage.alive if self.clock else None
        life = f"last sign of life {alive.at:%Y-%m-%d %H:%M:%S} UTC: {alive.what} ({alive.run})" if alive else ""
        said = [self._users, self._against] if self.clock else []
        said += [f"forecast: {self.forecast.text}"] if self.forecast else []
        said += [self.trouble] if self.trouble else []
        lines = [*(node("p", one) for one in said), node("p", life, class_="soft") if life else None]
        return node("div", node("div", parts, class_="parts") if parts else None, lines)

    def _drawn_part(self, part: Part) -> Element:
        late = self.clock is not None and not self.clock.proven and self.clock.seconds(self.now) > self._target
        kind = "late" if part.state == "running" and late else part.state.replace(" ", "-")
        return node("div", node("b", part.name), node("span", self._spoken(part)), class_=f"part {kind}")

    def _drawn_users(self, clock: RtoClock) -> Element:
        everybody = 0 < clock.users == len(clock.moved)
        kind = "done" if everybody else "running" if clock.moved else "to-come"
        text = f"{PART_SIGNS[kind.replace('-', ' ')]} {len(clock.moved):,} of {clock.users:,} moved"
        return node("div", node("b", "users back"), node("span", text), class_=f"part {kind}")

    def _drawn_steps(self) -> Element | None:
        if not self.steps:
            return None
        said = [node("p", f"{SIGNS[one.state]} {one.name}: {one.said}") for one in self.steps if one.said]
        return node("div", node("ol", [_chip(one) for one in self.steps], aria_label="Steps"), said)


def _chip(step: Step) -> Element:
    when = f" {step.at:%H:%M}" if step.at and step.state is State.DONE else ""
    by = f", {step.at:%Y-%m-%d %H:%M:%S} UTC by {step.by}" if step.at else ""
    took = f", took {spell(step.seconds)}" if step.seconds is not None else ""
    state = f" {step.state}" if step.state in (State.RUNNING, State.WAITS, State.FAILED, State.CUT_SHORT) else ""
    text = f"{SIGNS[step.state]} {step.name}{state}{when}"
    return node("li", text, class_=KINDS.get(step.state), title=f"{step.name}: {step.state}{by}{took}")
