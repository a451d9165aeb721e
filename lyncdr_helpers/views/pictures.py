"""Pictures of a run, as SVG that prints, scales and needs no colour: what took how long, and users back over time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from lyncdr_helpers.clock import spell as spell
from lyncdr_helpers.views.markup import node

WIDTH = 900
LABELS = 210
NOTES = 90
ROW = 26
AXIS = 28
CHART_HEIGHT = 230
LETTER = 6.5
"""How wide a letter is, about."""
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
MOST_TICKS = 8


@dataclass(frozen=True)
class Bar:
    """One row of a timeline, in seconds from its origin. `state`: done, unfinished, or the word for how it ended."""

    label: str
    began: float
    seconds: float
    state: str


@dataclass(frozen=True)
class Scale:
    """Seconds -> horizontal place."""

    left: float
    right: float
    seconds: float

    def x(self, seconds: float) -> float:
        return round(self.left + (self.right - self.left) * seconds / self.seconds, 2)

    def ticks(self) -> Iterator[float]:
        step = next((tick for tick in TICKS if self.seconds / tick <= MOST_TICKS), TICKS[-1])
        return (number * step for number in range(int(self.seconds / step) + 1))


def timeline(bars: Sequence[Bar], caption: str) -> Element | None:
    """A row per bar over one clock; nothing, where there are no bars."""
    if not bars:
        return None
    height = AXIS + ROW * len(bars) + 8
    scale = Scale(LABELS, WIDTH - NOTES, max(max(bar.began + bar.seconds for bar in bars), 0.001))
    rows = [_row(bar, scale, AXIS + ROW * place) for place, bar in enumerate(bars)]
    return _figure(caption, height, _grid(scale, AXIS - 4, height), *rows)


def growth(points: Sequence[tuple[float, int]], total: int, what: str, caption: str) -> Element | None:
    """A rising count over time, as steps: `points` are (seconds, count so far); nothing, where there are none."""
    if not points:
        return None
    top, bottom = AXIS, CHART_HEIGHT - 12
    seconds = max(points[-1][0] * 1.05, 0.001)
    scale = Scale(60, WIDTH - NOTES - 40, seconds)

    def y(count: int) -> float:
        return round(bottom - (bottom - top - 14) * count / max(total, 1), 2)

    line = [f"M {scale.x(0)} {bottom}"]
    for moment, count in points:
        line += [f"H {scale.x(moment)}", f"V {y(count)}"]
    line.append(f"H {scale.right}")
    last = points[-1][1]
    return _figure(
        caption,
        CHART_HEIGHT,
        _grid(scale, top - 4, bottom),
        node("path", d=f"{' '.join(line)} V {bottom} Z", class_="area"),
        node("path", d=" ".join(line), class_="line"),
        node("line", x1=scale.left, y1=y(total), x2=scale.right, y2=y(total), class_="limit"),
        node("text", f"{total:,}", x=scale.left - 8, y=y(total) + 4, class_="end"),
        node("text", "0", x=scale.left - 8, y=bottom + 4, class_="end"),
        node("line", x1=scale.left, y1=bottom, x2=scale.right, y2=bottom, class_="base"),
        node("text", f"{last:,} {what}", x=scale.right + 8, y=y(last) + 4, class_="strong"),
        node("text", f"after {spell(points[-1][0])}", x=scale.right + 8, y=y(last) + 20),
    )


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`; where tenths matter, `7.5 s`."""
    whole = int(seconds)
    if round(seconds - whole, 3):
        return f"{seconds:.1f} s"
    minutes = f"{whole // 60 % 60:02d}" if whole >= 3600 else f"{whole // 60}"
    return f"{whole // 3600}:{minutes}:{whole % 60:02d}" if whole >= 3600 else f"{minutes}:{whole % 60:02d}"


def _figure(caption: str, height: float, *parts: Element | Iterable[Element]) -> Element:
    drawn = node("svg", node("title", caption), *parts, viewBox=f"0 0 {WIDTH} {height}", role="img")
    return node("figure", drawn, node("figcaption", caption))


def _grid(scale: Scale, top: float, bottom: float) -> Iterator[Element]:
    for tick in scale.ticks():
        yield node("line", x1=scale.x(tick), y1=top, x2=scale.x(tick), y2=bottom, class_="grid")
        yield node("text", clock(tick), x=scale.x(tick), y=top - 8, class_="middle")


def _row(bar: Bar, scale: Scale, top: float) -> Element:
    left, middle = scale.x(bar.began), top + ROW / 2
    width = max(scale.x(bar.began + bar.seconds) - left, 2)
    style = bar.state if bar.state in ("done", "unfinished") else "failed"
    took = spell(bar.seconds) + ("" if bar.state == "done" else f", {bar.state}")
    note = left + width + 6
    fits = note + LETTER * len(took) <= WIDTH
    return node(
        "g",
        node("text", bar.label, x=LABELS - 12, y=middle + 4, class_="end"),
        node("rect", x=left, y=top + 5, width=round(width, 2), height=ROW - 10, class_=style),
        node("text", took, x=round(note if fits else left - 6, 2), y=middle + 4, class_=None if fits else "end"),
    )
