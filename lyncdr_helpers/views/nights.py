"""Pictures of many nights: the calendar, and how users and contacts grew. SVG in a notebook, text on a terminal.

They stand beside a page's own colours, light or dark; a state is a sign and a word, never a colour alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
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
.lyncdr .nights rect.today {fill: none; stroke: currentColor; stroke-width: 2;}
.lyncdr .nights .line {fill: none; stroke: #3d84c6; stroke-width: 2; stroke-linejoin: round;}
.lyncdr .nights .dot {fill: #3d84c6; stroke: #3d84c6; stroke-width: 1.5;}
.lyncdr .nights .hollow {fill: none;}
.lyncdr .nights .grid {stroke: currentColor; stroke-opacity: .25;}
.lyncdr .nights .figure {font-size: 20px; font-weight: bold;}
"""
"""A fill that white reads on, in both; everything else takes the page's colour."""

COLUMN, ROW, LEFT, TOP = 46, 38, 84, 24
LEGEND = LEFT + WEEK * COLUMN + 28
WIDTH = 640
PANEL, CHART, GAP = 300, 84, 40


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
    """A square for each day (UTC), a row for each week; below it whatever was not plainly COMPLETE, in words."""
    weeks = [past.days[start : start + WEEK] for start in range(0, len(past.days), WEEK)]
    height = TOP + ROW * max(len(weeks), len(SIGNS))
    caption = f"Nights of {past.deployment}, {past.days[0].date} to {past.days[-1].date}, by days in UTC."
    drawn = node(
        "svg",
        [
            node("text", name, x=LEFT + COLUMN * place + 20, y=TOP - 8, class_="middle soft")
            for place, name in _weekdays()
        ],
        [one for row, week in enumerate(weeks) for one in _week(week, TOP + ROW * row)],
        [_key(mark, TOP + 24 * row) for row, mark in enumerate(SIGNS) if SIGNS[mark]],
        viewBox=f"0 0 {WIDTH} {height}",
        role="img",
        aria_label=caption,
    )
    captions = [caption, past.trouble] if past.trouble else [caption]
    figure = node("figure", drawn, [node("figcaption", text) for text in captions], class_="nights")
    return Picture(figure, calendar_text(past))


def calendar_text(past: History) -> str:
    """The calendar with a letter for each day, what the letters mean, and each day that was not plainly COMPLETE."""
    weeks = [past.days[start : start + WEEK] for start in range(0, len(past.days), WEEK)]
    rows = [" ".join([f"{week[0].date}", *(f" {LETTERS[day.mark]}" for day in week)]) for week in weeks]
    keys = dict.fromkeys(day.mark for day in past.days)
    legend = "  ".join(f"{LETTERS[mark]} {mark}" for mark in SIGNS if mark in keys and SIGNS[mark])
    told = [day.text for day in past.days if day.mark not in QUIET]
    head = " ".join([" " * 10, *WEEKDAYS])
    return "\n".join(filter(None, [head, *rows, legend, *told, past.trouble]))


def _weekdays() -> Iterator[tuple[int, str]]:
    return enumerate(WEEKDAYS)


def _week(days: Sequence[Day], top: float) -> Iterator[Element]:
    yield node("text", f"{days[0].date:%d %b %Y}", x=LEFT - 10, y=top + 21, class_="end soft")
    for place, day in enumerate(days):
        yield _square(day, LEFT + COLUMN * place, top)


def _square(day: Day, left: float, top: float) -> Element:
    plain = " plain" if day.mark in (Mark.MISSING, Mark.DUE, Mark.UNKNOWN) else ""
    faint = " soft" if not SIGNS[day.mark] else ""
    return node(
        "g",
        node("title", day.text),
        node("rect", x=left, y=top, width=COLUMN - 6, height=ROW - 6, rx=4, class_=day.mark.name.lower()),
        node("text", f"{day.date.day}", x=left + 4, y=top + 11, class_=f"date{plain}{faint}"),
        node("text", SIGNS[day.mark], x=left + 22, y=top + 24, class_=f"sign{plain}"),
    )


def _key(mark: Mark, top: float) -> Element:
    plain = " plain" if mark is Mark.MISSING else ""
    return node(
        "g",
        node("rect", x=LEGEND, y=top, width=22, height=18, rx=3, class_=mark.name.lower()),
        node("text", SIGNS[mark], x=LEGEND + 11, y=top + 14, class_=f"sign{plain}"),
        node("text", str(mark), x=LEGEND + 30, y=top + 13),
    )


# -- growth ------------------------------------------------------------------------------------------------------------
def growth(past: History) -> Picture:
    """Users and contacts of each night's set, each on a scale of its own from its least to its most."""
    found = past.growth
    panels = (("users", lambda one: one.users or 0), ("contacts", lambda one: one.contacts or 0))
    caption = "Users and contacts in the set of each night; a hollow point is an INCOMPLETE one."
    drawn = node(
        "svg",
        [
            one
            for place, (name, value) in enumerate(panels)
            for one in _panel(name, found, value, (PANEL + GAP) * place)
        ],
        viewBox=f"0 0 {WIDTH} {CHART + 70}",
        role="img",
        aria_label=caption,
    )
    text = "\n".join(_in_words(name, found, value) for name, value in panels)
    return Picture(node("figure", drawn, node("figcaption", caption), class_="nights"), text)


Value = Callable[[Backup], int]


def _panel(name: str, found: Sequence[Backup], value: Value, left: float) -> Iterator[Element]:
    last = f"{value(found[-1]):,}" if found else "none"
    yield node("text", last, x=left, y=20, class_="figure")
    yield node("text", f"{name}{_since(found, value)}", x=left, y=38, class_="soft")
    if not found:
        return
    top, bottom = 52, 52 + CHART - 24
    low, high = min(map(value, found)), max(map(value, found))
    began, ended = found[0].moment.timestamp(), found[-1].moment.timestamp()

    def place(one: Backup) -> tuple[float, float]:
        across = (one.moment.timestamp() - began) / (ended - began) if ended > began else 1
        up = (value(one) - low) / (high - low) if high > low else 0.5
        return round(left + 4 + (PANEL - 60) * across, 1), round(bottom - (bottom - top) * up, 1)

    ends = {low: bottom, high: top} if high > low else {low: (top + bottom) / 2}
    for number, y in ends.items():
        yield node("line", x1=left, y1=y, x2=left + PANEL - 52, y2=y, class_="grid")
        yield node("text", f"{number:,}", x=left + PANEL - 46, y=y + 4, class_="soft")
    if len(found) > 1:
        yield node("polyline", points=" ".join(f"{x},{y}" for x, y in map(place, found)), class_="line")
    for one in found:
        x, y = place(one)
        shape = "dot hollow" if one.mark is Mark.INCOMPLETE else "dot"
        title = node("title", f"{one.day}: {value(one):,} {name}")
        yield node("circle", title, cx=x, cy=y, r=3, class_=shape)
    yield node("text", f"{found[0].day}", x=left, y=bottom + 20, class_="soft")
    yield node("text", f"{found[-1].day}", x=left + PANEL - 56, y=bottom + 20, class_="end soft")


def _since(found: Sequence[Backup], value: Value) -> str:
    """` (+2 since the night before)`, where there is one."""
    if len(found) < 2:
        return ""
    by = value(found[-1]) - value(found[-2])
    return f" ({by:+,} since {found[-2].day})" if by else f" (as on {found[-2].day})"


def _in_words(name: str, found: Sequence[Backup], value: Value) -> str:
    if not found:
        return f"{name}: no set is known"
    low, high = min(map(value, found)), max(map(value, found))
    nights = f"{len(found)} sets since {found[0].day}: {low:,} to {high:,}"
    return f"{name}: {value(found[-1]):,}{_since(found, value)}; {nights}"
