"""The trend over runs: tables, and pictures that are read in words too where no drawing is shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from lyncdr_helpers.clock import spell
from lyncdr_helpers.phases.earlier.readiness import Readiness, since
from lyncdr_helpers.phases.earlier.recoveries import Recovery
from lyncdr_helpers.phases.trend import Trend
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.nights import Picture

STATES = {"ready": "✓ ready", "not ready": "✗ not ready", "cut short": "? cut short"}
SIGNS = {"ready": "✓", "not ready": "✗", "cut short": "?"}
VERDICTS = ("pass", "warn", "fail", "unknown")
KINDS = {"live": "live run, from its first command", "drill": "drill, from the loss"}

SHOWN = 28
"""How many of the newest runs a picture shows; the tables have them all."""

CSS = """
.lyncdr .trend rect.fail {fill: #b3261e;}
.lyncdr .trend rect.unknown {fill: #7a4fb5;}
.lyncdr .trend rect.warn {fill: #916300;}
.lyncdr .trend rect.ready {fill: #2b7a3d;}
.lyncdr .trend rect.within {fill: #3d84c6;}
.lyncdr .trend rect.beyond {fill: #b3261e;}
.lyncdr .trend .word {font-weight: bold;}
.lyncdr .trend .limit {stroke: currentColor; stroke-width: 1.5; stroke-dasharray: 5 4;}
"""
"""Beside the colours of nights.py; a colour is never alone: each column has its sign, each bar its words."""

WIDTH = 640
COLUMN, TOP, CHART, FOOT = 16, 30, 96, 46
LEFT = 36
LEGEND = 150
ROW, LABELS, NOTES = 26, 226, 112

Parts = Iterator[Element | str]


# -- readiness ---------------------------------------------------------------------------------------------------------
def readiness(past: Trend, now: dt.datetime) -> Frame:
    """Columns: began (UTC), days (ago), state, pass, warn, fail, unknown, must_haves_failed, run. Newest first."""
    rows = [
        (
            f"{one.began:%Y-%m-%d %H:%M}",
            (now - one.began).days,
            STATES[one.state],
            *(one.tally.verdicts[verdict] for verdict in VERDICTS),
            "; ".join(one.tally.failed),
            one.run,
        )
        for one in past.readiness
    ]
    columns = ["began", "days", "state", *VERDICTS, "must_haves_failed", "run"]
    return Frame.of(rows[::-1], columns, rest="lyncdr runs list names them all", none="No readiness check was run yet.")


def readiness_picture(past: Trend) -> Picture:
    """A column for each run: what is not green in it, stacked, below its sign."""
    shown = past.readiness[-SHOWN:]
    caption = f"Checks that are not green, run by run; {standing(past)}"
    if not shown:
        return _picture(40, caption, [node("text", "No readiness check was run yet.", x=0, y=24)], caption)
    most = max(1, *(_not_green(one) for one in shown))
    parts = [*_scale(most), *_columns(shown, most), *_legend()]
    return _picture(TOP + CHART + FOOT, caption, parts, "\n".join([caption, *map(_spoken, shown)]))


def standing(past: Trend) -> str:
    """`ready since 2026-03-01, 9 runs in a row`."""
    first = since(past.readiness)
    if first is None:
        return "no run yet."
    row = len(past.readiness) - past.readiness.index(first)
    runs = "1 run" if row == 1 else f"{row} runs in a row"
    return f"{past.readiness[-1].state} since {first.began:%Y-%m-%d}, {runs}."


def _not_green(one: Readiness) -> int:
    return sum(one.tally.verdicts[verdict] for verdict in ("fail", "unknown", "warn"))


def _spoken(one: Readiness) -> str:
    failed = f": {'; '.join(one.tally.failed)}" if one.tally.failed else ""
    return f"{one.began:%Y-%m-%d %H:%M} {SIGNS[one.state]} {one.state}, {one.tally.text}{failed}"


def _scale(most: int) -> Parts:
    bottom = TOP + CHART
    for value, y in ((most, TOP), (0, bottom)):
        yield node("line", x1=LEFT - 6, y1=y, x2=WIDTH - LEGEND, y2=y, class_="grid")
        yield node("text", f"{value}", x=LEFT - 10, y=y + 4, class_="end soft")
        yield " "
    yield "\n"


def _columns(shown: Sequence[Readiness], most: int) -> Parts:
    day = ""
    for place, one in enumerate(shown):
        left, bottom = LEFT + COLUMN * place, float(TOP + CHART)
        for verdict in ("fail", "unknown", "warn"):
            height = round(CHART * one.tally.verdicts[verdict] / most, 1)
            bottom -= height
            if height:
                yield node("rect", x=left, y=round(bottom, 1), width=COLUMN - 4, height=height, class_=verdict)
        if one.is_ready and bottom == TOP + CHART:
            yield node("rect", x=left, y=bottom - 3, width=COLUMN - 4, height=3, class_="ready")
        yield node("text", SIGNS[one.state], x=left + 6, y=TOP + CHART + 17, class_="middle word")
        words = node("title", _spoken(one))
        yield node("rect", words, x=left - 2, y=TOP, width=COLUMN - 1, height=CHART, class_="over")
        yield " "
        if f"{one.began:%d %b}" != day and place % 4 == 0:
            day = f"{one.began:%d %b}"
            yield node("text", day, x=left, y=TOP + CHART + 36, class_="soft")
            yield " "
    yield "\n"


def _legend() -> Parts:
    words = (("fail", "✗ failed"), ("unknown", "? not known"), ("warn", "! warns"), ("ready", "✓ all green"))
    for row, (kind, text) in enumerate(words):
        top = TOP + 24 * row
        yield node("rect", x=WIDTH - LEGEND + 24, y=top, width=16, height=14, rx=2, class_=kind)
        yield node("text", text, x=WIDTH - LEGEND + 48, y=top + 11)
        yield "  "
    yield "\n"


# -- recoveries --------------------------------------------------------------------------------------------------------
def recoveries(past: Trend) -> Frame:
    """Columns: began (UTC), took, against (the target), users, kind, run. Newest first."""
    rows = [
        (
            f"{one.began:%Y-%m-%d %H:%M}",
            "? service never proven" if one.seconds is None else spell(one.seconds),
            _against(one, past.target),
            one.users,
            KINDS[one.kind],
            one.run,
        )
        for one in past.recoveries
    ]
    columns = ["began", "took", "against", "users", "kind", "run"]
    return Frame.of(rows[::-1], columns, none="No activation and no drill of this deployment is on record here.")


def recovery_picture(past: Trend) -> Picture:
    """A bar for each drill and live run whose service was proven, against the target."""
    shown = [(one, one.seconds) for one in past.recoveries if one.seconds is not None][-SHOWN // 2 :]
    caption = f"From the loss, or the first command, to proven service; {spell(past.target)} are promised."
    if not shown:
        none = "No activation and no drill of this deployment was ever proven by a verification."
        return _picture(40, caption, [node("text", none, x=0, y=24)], f"{caption}\n{none}")
    longest = max(past.target, *(seconds for _, seconds in shown))
    height = TOP + ROW * len(shown) + 10
    parts = [*_target(past.target, longest, height), *_bars(shown, past.target, longest)]
    words = [f"{_name(one)}: {spell(seconds)}, {_against(one, past.target)}" for one, seconds in shown]
    return _picture(height, caption, parts, "\n".join([caption, *words]))


def _against(one: Recovery, target: float) -> str:
    if one.seconds is None:
        return ""
    return "✓ within" if one.seconds <= target else f"✗ {spell(one.seconds - target)} beyond"


def _name(one: Recovery) -> str:
    return f"{one.began:%Y-%m-%d %H:%M} {one.kind}, {one.users:,} users"


def _x(seconds: float, longest: float) -> float:
    return round(LABELS + (WIDTH - NOTES - LABELS) * seconds / longest, 1)


def _target(target: float, longest: float, height: float) -> Parts:
    x = _x(target, longest)
    yield node("line", x1=LABELS, y1=TOP - 6, x2=LABELS, y2=height - 8, class_="grid")
    yield node("line", x1=x, y1=TOP - 6, x2=x, y2=height - 8, class_="limit")
    yield node("text", f"target {spell(target)}", x=x, y=TOP - 12, class_="middle soft")
    yield "\n"


def _bars(shown: Sequence[tuple[Recovery, float]], target: float, longest: float) -> Parts:
    for place, (one, seconds) in enumerate(shown):
        top, end = TOP + ROW * place, max(_x(seconds, longest), LABELS + 2)
        kind = "within" if seconds <= target else "beyond"
        yield node("text", _name(one), x=LABELS - 8, y=top + 15, class_="end")
        yield " "
        yield node("rect", x=LABELS, y=top + 3, width=round(end - LABELS, 1), height=ROW - 10, class_=kind)
        sign = "✓" if kind == "within" else "✗"
        yield node("text", f"{sign} {spell(seconds)}", x=end + 6, y=top + 15)
        yield "\n"


# -- both --------------------------------------------------------------------------------------------------------------
def _picture(height: float, caption: str, parts: Sequence[Element | str], text: str) -> Picture:
    drawn = node("svg", parts, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=caption)
    figure = node("figure", node("style", CSS), node("pre", drawn), node("figcaption", caption), class_="nights trend")
    return Picture(figure, text)
