"""Users who are back, over time: moved, and with all that belongs to them. A picture, and the same in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from xml.etree.ElementTree import Element

from lyncdr_helpers.clock import spell
from lyncdr_helpers.phases.rto import RtoClock
from lyncdr_helpers.session import Session
from lyncdr_helpers.views import status
from lyncdr_helpers.views.incident_picture import CSS
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.nights import Picture
from lyncdr_helpers.views.pictures import growth

NOBODY = "Nobody was moved in a disaster that is under way: a rehearsal brings nobody back."
SHARES = (0.5, 0.95, 1.0)


def picture(session: Session) -> Picture:
    """Of the incident that the run belongs to, counted from its first command."""
    return of(status.clock(session))


def of(clock: RtoClock | None) -> Picture:
    """One curve for who was moved, one for who has contacts and DNS as well."""
    drawn, words = list[Element](), list[str]()
    if clock:
        for what, moments in (("moved to the DR pool", clock.moved), ("with contacts and DNS as well", clock.back)):
            caption = f"Users {what}, from the first command at {clock.began:%Y-%m-%d %H:%M:%S} UTC"
            figure = growth(_points(moments, clock.began), clock.users, "users", caption)
            drawn += [figure] if figure is not None else []
            words += [f"{caption}: {_spoken(moments, clock)}"] if moments else []
    shown = drawn or node("p", NOBODY)
    return Picture(node("div", node("style", CSS), shown, class_="incident"), "\n".join(words) or NOBODY)


def _points(moments: Sequence[dt.datetime], began: dt.datetime) -> list[tuple[float, int]]:
    """(seconds, how many by then), rising."""
    last = {moment: count for count, moment in enumerate(moments, start=1)}
    return [((moment - began).total_seconds(), count) for moment, count in last.items()]


def _spoken(moments: Sequence[dt.datetime], clock: RtoClock) -> str:
    """`602 of 1,204 after 4 min, 1,144 after 8 min, 1,204 after 9 min`: half, 95 of 100, and all, as far as reached."""
    places = [max(round(share * clock.users), 1) for share in SHARES]
    reached = [place for place in dict.fromkeys(places) if place <= len(moments)] or [len(moments)]
    after = [f"{place:,} after {spell((moments[place - 1] - clock.began).total_seconds())}" for place in reached]
    left = clock.users - len(moments)
    return f"{', '.join(after)}; of {clock.users:,}" + (f", {left:,} not yet" if left else "")
