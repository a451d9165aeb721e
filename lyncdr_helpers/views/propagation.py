"""What resolvers say after a cutover: a table of the last answers, and a picture of when each became the new one."""

from __future__ import annotations

from lyncdr_helpers.clock import spell
from lyncdr_helpers.phases.propagation import Answer, Spread
from lyncdr_helpers.views import pictures
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.nights import Picture
from lyncdr_helpers.views.pictures import Bar

NOBODY = "No resolver is watched: dns.resolvers names none."
CAPTION = "How long each resolver gave the old answer, from the cutover; and, where it still does, for how long it may."
CSS = "rect.done {fill: #3d84c6} rect.failed {fill: #d0473d}"


def answers(found: Spread) -> Frame:
    """Columns: resolver, record, state, says, lives (seconds that the answer may stay), after (seconds). Late first."""
    ordered = sorted(found.answers, key=lambda one: (one.state == "new", -(one.left or 0), one.resolver, one.record))
    return Frame.of(
        [(one.resolver, one.record, _marked(one), one.said, one.left, one.at) for one in ordered],
        ["resolver", "record", "state", "says", "lives", "after"],
        rest="all looks are in tables/propagation.csv of the run",
        none=NOBODY,
    )


def picture(found: Spread) -> Picture:
    """A bar for each resolver and record; a late one reaches as far as its answer may live."""
    bars = [Bar(_label(one), 0.0, _until(one), "done" if one.state == "new" else one.state) for one in found.answers]
    drawn = pictures.timeline(bars, CAPTION)
    words = [f"{_label(one)}: {_marked(one)} after {spell(one.at)}" for one in found.answers]
    figure = node("figure", node("style", CSS), drawn, class_="nights") if drawn is not None else node("p", NOBODY)
    return Picture(figure, "\n".join([CAPTION, *words]) if words else NOBODY)


def _label(one: Answer) -> str:
    return f"{one.record.partition(' ')[0]} {one.resolver}"


def _marked(one: Answer) -> str:
    return "✓ new" if one.state == "new" else f"! {one.state}"


def _until(one: Answer) -> float:
    return one.at if one.state == "new" else one.at + (one.left or 0)
