"""Pictures of many nights: the calendar, and how users and contacts grew. SVG in a notebook, text on a terminal.

They stand beside a page's own colours, light or dark; a state is a sign and a word, never a colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring

from lyncdr_helpers.backups.calendar import WEEK, Backup, Day, Mark
from lyncdr_helpers.phases.history import History
from lyncdr_helpers.views.markup import node

SIGNS = {
    Mark.COMPLETE: "✓",
    Mark.ALARMS: "!",
    Mark.INCOMPLETE: "◐",
    Mark.FAILED: "✗",
    Mark.MISSING: "–",
    Mark.RUNNING: "…",
    Mark.DUE: "",
    Mark.UNKNOWN: "",
}
LETTERS = {
    Mark.COMPLETE: "C",
    Mark.ALARMS: "!",
    Mark.INCOMPLETE: "I",
    Mark.FAILED: "F",
    Mark.MISSING: "-",
    Mark.RUNNING: ">",
    Mark.DUE: ".",
    Mark.UNKNOWN: ".",
}
"""For terminals, whose encoding may have no other signs."""

QUIET = (Mark.COMPLETE, Mark.DUE, Mark.UNKNOWN)
"""Days of which nobody needs to be told more."""

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")

CSS = """
.lyncdr .nights {max-width: 44rem; margin: .4rem 0;}
.lyncdr .nights pre {margin: 0; padding: 0; border: 0; background: none; color: inherit; line-height: normal;}
.lyncdr .nights svg {width: 100%; height: auto; font: 12px system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
  fill: currentColor; font-variant-numeric: tabular-nums;}
.lyncdr .nights figcaption {font-size: .85em; opacity: .75;}
.lyncdr .nights .soft {opacity: .7;}
.lyncdr .nights .middle {text-anchor: middle;}
.lyncdr .nights .end {text-anchor: end;}
.lyncdr .nights .date {font-size: 10px; fill: #fff;}
.lyncdr .nights .sign {font-size: 15px; font-weight: bold; text-anchor: middle; fill: #fff;}
.lyncdr .nights .plain {fill: currentColor;}
.lyncdr .nights rect.complete {fill: #2b7a3d;}
.lyncdr .nights rect.alarms {fill: #916300;}
.lyncdr .nights rect.incomplete {fill: #bf4d0a;}
.lyncdr .nights rect.failed {fill: #b3261e;}
.lyncdr .nights rect.running {fill: #1f66b5;}
.lyncdr .nights rect.missing {fill: none; stroke: #d0473d; stroke-width: 1.5; stroke-dasharray: 4 3;}
.lyncdr .nights rect.due, .lyncdr .nights rect.unknown {fill: none; stroke: currentColor; stroke-opacity: .2;}
.lyncdr .nights rect.over {fill: none; pointer-events: all;}
.lyncdr .nights .line {fill: none; stroke: #3d84c6; stroke-width: 2; stroke-linejoin: round;}
.lyncdr .nights .dot {fill: #3d84c6; stroke: #3d84c6; stroke-width: 1.5;}
.lyncdr .nights .hollow {fill: var(--jp-layout-color0, Canvas);}
.lyncdr .nights .grid {stroke: currentColor; stroke-opacity: .25;}
.lyncdr .nights .figure {font-size: 20px; font-weight: bold;}
"""
"""A fill that white reads on, in both; everything else takes the page's colour."""

COLUMN, ROW, LEFT, TOP = 46, 38, 96, 24
LEGEND, KEY = LEFT + WEEK * COLUMN + 28, 24
WIDTH = 640
PANEL, CHART, GAP = 300, 84, 40

Children = Iterator[Element | str]
"""Elements, and between them blanks and line ends: SVG draws none of these. But what shows a notebook that it does not
trust yet removes all drawing and leaves the words, which are laid out so that they can be read.
"""


@dataclass(frozen=True)
class Picture:
    """Shows itself: a figure where HTML is shown, the text everywhere else."""

    figure: Element
    text: str

    def _repr_html_(self) -> str:
        shown = node("div", node("style", CSS), self.figure, class_="lyncdr")
        return tostring(shown, encoding="unicode", method="html")

    def __repr__(self) -> str:
        return self.text


# -- the calendar ------------------------------------------------------------------------------------------------------
def calendar(past: History) -> Picture:
    """A square for each day (UTC), a row for each week."""
    caption = f"Nights of {past.deployment}, {past.days[0].date} to {past.days[-1].date}, by days in UTC."
    keys = [mark for mark in SIGNS if SIGNS[mark]]
    height = TOP + max(ROW * len(past.days) // WEEK, KEY * len(keys))
    drawn = _drawing(height, caption, [*_head(), *_weeks(past.days), *_legend(keys), *_words(past.days)])
    return Picture(_figure(drawn, caption, past.trouble), calendar_text(past))


def calendar_text(past: History) -> str:
    """The calendar with a letter for each day, what the letters mean, and each day that was not plainly COMPLETE."""
    rows = [" ".join([f"{week[0].date}", *(f" {LETTERS[day.mark]}" for day in week)]) for week in _by_week(past.days)]
    keys = dict.fromkeys(day.mark for day in past.days)
    legend = "  ".join(f"{LETTERS[mark]} {mark}" for mark in SIGNS if mark in keys and SIGNS[mark])
    told = [day.text for day in past.days if day.mark not in QUIET]
    head = " ".join([" " * 10, *WEEKDAYS])
    return "\n".join(filter(None, [head, *rows, legend, *told, past.trouble]))


def _by_week(days: Sequence[Day]) -> list[Sequence[Day]]:
    return [days[start : start + WEEK] for start in range(0, len(days), WEEK)]


def _head() -> Children:
    yield " " * 12
    for place, name in enumerate(WEEKDAYS):
        yield node("text", name, x=LEFT + COLUMN * place + 20, y=TOP - 8, class_="middle soft")
        yield "  "
    yield "\n"


def _weeks(days: Sequence[Day]) -> Children:
    for row, week in enumerate(_by_week(days)):
        top = TOP + ROW * row
        yield node("text", f"{week[0].date:%d %b %Y}", x=LEFT - 10, y=top + 21, class_="end soft")
        for place, day in enumerate(week):
            yield from _square(day, LEFT + COLUMN * place, top)
        yield "\n"


def _square(day: Day, left: float, top: float) -> Children:
    plain = " plain" if day.mark in (Mark.MISSING, Mark.DUE, Mark.UNKNOWN) else ""
    faint = "" if SIGNS[day.mark] else " soft"
    yield node("rect", x=left, y=top, width=COLUMN - 6, height=ROW - 6, rx=4, class_=day.mark.name.lower())
    yield " " * (2 if day.date.day < 10 else 1)
    yield node("text", f"{day.date.day}", x=left + 4, y=top + 11, class_=f"date{plain}{faint}")
    yield node("text", SIGNS[day.mark], x=left + 22, y=top + 24, class_=f"sign{plain}")
    yield "" if SIGNS[day.mark] else " "


def _legend(marks: Sequence[Mark]) -> Children:
    for row, mark in enumerate(marks):
        top, plain = TOP + KEY * row, " plain" if mark is Mark.MISSING else ""
        yield node("rect", x=LEGEND, y=top, width=22, height=18, rx=3, class_=mark.name.lower())
        yield node("text", SIGNS[mark], x=LEGEND + 11, y=top + 14, class_=f"sign{plain}")
        yield " "
        yield node("text", str(mark), x=LEGEND + 30, y=top + 13)
        yield "  "


def _words(days: Sequence[Day]) -> Children:
    """What is shown of a day to whoever points at its square: it lies on top of all that is drawn."""
    yield "\n"
    for row, week in enumerate(_by_week(days)):
        for place, day in enumerate(week):
            if day.mark not in (Mark.DUE, Mark.UNKNOWN):
                left, top = LEFT + COLUMN * place, TOP + ROW * row
                over = node("title", day.text)
                yield node("rect", over, x=left, y=top, width=COLUMN - 6, height=ROW - 6, class_="over")
                yield "\n"


# -- growth ------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Series:
    """One number of each night: what it counts, and its value by day, oldest first."""

    name: str
    points: tuple[tuple[Backup, int], ...]

    @property
    def low(self) -> int:
        return min(value for _, value in self.points)

    @property
    def high(self) -> int:
        return max(value for _, value in self.points)

    @property
    def last(self) -> str:
        """`3,027 contacts (+48 since 2026-11-22)`, without the number."""
        if len(self.points) < 2:
            return self.name
        (before, had), (_, has) = self.points[-2:]
        return f"{self.name} ({has - had:+,} since {before.day})" if has != had else f"{self.name} (as on {before.day})"

    @property
    def text(self) -> str:
        if not self.points:
            return f"{self.name}: no set is known"
        sets = "1 set" if len(self.points) == 1 else f"{len(self.points)} sets"
        spread = f"{sets} since {self.points[0][0].day}: {self.low:,} to {self.high:,}"
        return f"{self.points[-1][1]:,} {self.last}; {spread}"


def growth(past: History) -> Picture:
    """Users and contacts in each night's set, each on a scale of its own from its least to its most."""
    series = (
        Series("users", tuple((one, one.users or 0) for one in past.growth)),
        Series("contacts", tuple((one, one.contacts or 0) for one in past.growth)),
    )
    caption = "Users and contacts in the set of each night; a hollow point is an INCOMPLETE one."
    panels = [part for place, one in enumerate(series) for part in _panel(one, (PANEL + GAP) * place)]
    figure = _figure(_drawing(CHART + 62, caption, panels), caption, past.trouble)
    return Picture(figure, "\n".join(one.text for one in series))


def _panel(series: Series, left: float) -> Children:
    last = f"{series.points[-1][1]:,}" if series.points else "no"
    yield node("text", last, x=left, y=20, class_="figure")
    yield " "
    yield node("text", series.last, x=left, y=38, class_="soft")
    yield "\n"
    if series.points:
        yield from _curve(series, left, top=56, bottom=CHART + 30)


def _curve(series: Series, left: float, top: float, bottom: float) -> Children:
    low, high = series.low, series.high
    began, ended = (series.points[end][0].moment.timestamp() for end in (0, -1))
    right = left + PANEL - 52

    def place(one: Backup, value: int) -> tuple[float, float]:
        across = (one.moment.timestamp() - began) / (ended - began) if ended > began else 1
        up = (value - low) / (high - low) if high > low else 0.5
        return round(left + 4 + (right - left - 8) * across, 1), round(bottom - (bottom - top) * up, 1)

    for value, y in {low: bottom, high: top}.items() if high > low else [(low, (top + bottom) / 2)]:
        yield node("line", x1=left, y1=y, x2=right, y2=y, class_="grid")
        yield node("text", f"{value:,}", x=right + 6, y=y + 4, class_="soft")
        yield " "
    yield node(
        "polyline", points=" ".join(f"{x},{y}" for x, y in (place(*one) for one in series.points)), class_="line"
    )
    yield node("text", f"{series.points[0][0].day}", x=left, y=bottom + 20, class_="soft")
    yield " "
    yield node("text", f"{series.points[-1][0].day}", x=right, y=bottom + 20, class_="end soft")
    yield "\n"
    for one, value in series.points:
        x, y = place(one, value)
        hollow = " hollow" if one.mark is Mark.INCOMPLETE else ""
        yield node(
            "circle", node("title", f"{one.day}: {value:,} {series.name}"), cx=x, cy=y, r=3.5, class_=f"dot{hollow}"
        )
        yield "\n"


# -- both --------------------------------------------------------------------------------------------------------------
def _drawing(height: float, caption: str, parts: Sequence[Element | str]) -> Element:
    return node("svg", parts, viewBox=f"0 0 {WIDTH} {height}", role="img", aria_label=caption)


def _figure(drawn: Element, *captions: str) -> Element:
    under = [node("figcaption", text) for text in captions if text]
    return node("figure", node("pre", drawn), under, class_="nights")
