"""An incident as a picture: what took how long over one clock, and how many users had everything back when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases.audit import Case
from lyncdr_helpers.phases.earlier.spent import REFUSED
from lyncdr_helpers.phases.incidents.incident import FAILBACK
from lyncdr_helpers.phases.incidents.service import Outage
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.runfolder import DONE
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.nights import Picture
from lyncdr_helpers.views.pictures import Bar, growth, spell, timeline

CSS = """
.lyncdr .incident {max-width: 60rem;}
.lyncdr .incident figure {margin: .5em 0;}
.lyncdr .incident svg {width: 100%; height: auto; font: 13px system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  fill: currentColor; font-variant-numeric: tabular-nums;}
.lyncdr .incident .middle {text-anchor: middle; opacity: .7;}
.lyncdr .incident .end {text-anchor: end;}
.lyncdr .incident .strong {font-weight: bold;}
.lyncdr .incident .grid {stroke: currentColor; stroke-opacity: .2;}
.lyncdr .incident .base, .lyncdr .incident .limit {stroke: currentColor;}
.lyncdr .incident .limit {stroke-dasharray: 2 4;}
.lyncdr .incident .line {fill: none; stroke: #3d84c6; stroke-width: 2.5;}
.lyncdr .incident .area {fill: #3d84c6; fill-opacity: .15;}
.lyncdr .incident rect.done {fill: #3d84c6;}
.lyncdr .incident rect.failed {fill: none; stroke: #d0473d; stroke-width: 2.5;}
.lyncdr .incident rect.unfinished {fill: none; stroke: currentColor; stroke-dasharray: 4 3;}
.lyncdr .incident figcaption {font-size: .85em; opacity: .75;}
"""
"""Beside a page's own colours, light or dark; a state is a word and a shape, never a colour alone."""


def until_proven(case: Case) -> Element | None:
    """What took how long, from the moment on which all is counted to the proof; nothing, where nothing happened."""
    if case.incident is None or case.outage is None:
        return None
    runs = [one for one in case.runs if one.phase != FAILBACK]
    began = case.outage.since.at
    bars = [bar for run in runs for bar in _bars(run, began)]
    caption = f"From {began:%Y-%m-%d %H:%M:%S} UTC ({case.outage.since.what}), in hours, minutes and seconds."
    return timeline(bars, caption)


def way_home(case: Case) -> Element | None:
    """The same of the way home, where somebody set out."""
    runs = [one for one in case.runs if one.phase == FAILBACK]
    if not runs:
        return None
    began = runs[0].began
    caption = f"The way home, from {began:%Y-%m-%d %H:%M:%S} UTC, in hours, minutes and seconds."
    return timeline([bar for run in runs for bar in _bars(run, began)], caption)


def users_back(case: Case) -> Element | None:
    """How many users had everything back at each moment: home, contacts and DNS."""
    outage = case.outage
    if outage is None:
        return None
    caption = f"Users who had everything back: home, contact list and DNS, counted from {outage.since.at:%H:%M:%S} UTC."
    return growth(list(_back(outage)), len(outage.users), "users", caption)


def picture(case: Case) -> Picture:
    """All of it for a notebook; in words where no drawing is shown."""
    drawn = [one for one in (until_proven(case), users_back(case), way_home(case)) if one is not None]
    figure = node("div", node("style", CSS), drawn or node("p", "No incident is on record."), class_="incident")
    return Picture(figure, "\n".join(_words(case)) or "No incident is on record.")


def _words(case: Case) -> Iterator[str]:
    outage = case.outage
    for run in case.runs if outage else ():
        assert outage is not None
        for bar in _bars(run, outage.since.at):
            ended = "" if bar.state == "done" else f", {bar.state}"
            yield f"{run.phase:<9} +{spell(max(bar.began, 0.0))}: {bar.label}, {spell(bar.seconds)}{ended}"


def _back(outage: Outage) -> Iterator[tuple[float, int]]:
    """(seconds, users so far), rising; nothing, where nobody came back."""
    moments = sorted(one.whole for one in outage.users if one.whole)
    for count, moment in enumerate(moments, start=1):
        if count == len(moments) or moments[count] != moment:
            yield (moment - outage.since.at).total_seconds(), count


def _bars(run: Told, origin: dt.datetime) -> Iterator[Bar]:
    """A row for each execution of a run up to its end, for each wait between two, and for each step that acted."""
    began, gate = run.began, ""
    for line in run.lines:
        at = parse_stamp(line.at)
        if line.kind == "end":
            outcome = str(line.facts.get("outcome"))
            yield _bar(run.phase, began, at, origin, "done" if outcome in DONE else outcome)
            began, gate = at, outcome
        elif line.kind == "resume":
            if gate == REFUSED:
                yield _bar("waits for people", began, at, origin, "done")
            began, gate = at, ""
    if not gate:
        yield _bar(run.phase, began, run.ended, origin, "unfinished")
    yield from _acts(run, origin)


def _acts(run: Told, origin: dt.datetime) -> Iterator[Bar]:
    """The steps in which something was changed and read back."""
    started: Line | None = None
    acted = False
    for line in run.lines:
        if line.kind == "step" and line.facts.get("state") == "started":
            started, acted = line, False
        elif line.kind == "result" and "done" in line.facts:
            acted = True
        elif started and line.kind in ("step", "end"):
            if acted:
                state = "done" if line.kind == "step" else str(line.facts.get("outcome"))
                yield _bar(f"· {started.facts['name']}", parse_stamp(started.at), parse_stamp(line.at), origin, state)
            started = None


def _bar(label: str, began: dt.datetime, ended: dt.datetime, origin: dt.datetime, state: str) -> Bar:
    """A row; what began before the origin is cut there."""
    start = max((began - origin).total_seconds(), 0.0)
    return Bar(label, start, max((ended - origin).total_seconds() - start, 0.0), state)
