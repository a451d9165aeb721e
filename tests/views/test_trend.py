"""The trend over runs: pictures that are said in words too, and tables with the newest first."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from xml.etree import ElementTree

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.phases.earlier.readiness import Readiness, Tally
from lyncdr_helpers.phases.earlier.recoveries import Kind, Recovery
from lyncdr_helpers.phases.trend import Trend
from lyncdr_helpers.views import trend
from lyncdr_helpers.views.nights import Picture
from lyncdr_helpers.views.trend import SHOWN, WIDTH

NOW = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)


def ran(days: float, *failed: str, warn: int = 0, unknown: int = 0, ended: bool = True) -> Readiness:
    counts = {"pass": 20, "warn": warn, "fail": len(failed), "unknown": unknown}
    tally = Tally({str(verdict): counts[verdict] for verdict in Verdict}, failed)
    return Readiness(f"run-{days:g}", NOW - dt.timedelta(days=days), tally, ended)


def recovered(days: float, seconds: float | None, kind: Kind = "live") -> Recovery:
    return Recovery(f"run-{days:g}", kind, NOW - dt.timedelta(days=days), 1204, seconds, {})


def past(*runs: Readiness, recoveries: tuple[Recovery, ...] = ()) -> Trend:
    return Trend("contoso", runs, recoveries, 3600.0)


EVENTFUL = past(
    ran(6),
    ran(5, "DNS: sip <A>", warn=2),
    ran(4, warn=1),
    ran(3, ended=False),
    ran(2, "DNS: sip <A>", "TLS: chain", unknown=1),
    recoveries=(recovered(40, 2400), recovered(30, None), recovered(9, 5400), recovered(1, 95, "drill")),
)


class Words(HTMLParser):
    """What a page leaves that lets no drawing and no style through."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text, self._in_style = "", False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_style else data


def drawn(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(ElementTree.tostring(picture.figure))


def boxes(picture: Picture, kind: str) -> list[ElementTree.Element]:
    return [one for one in drawn(picture).iter("rect") if one.get("class") == kind]


def inside(picture: Picture) -> bool:
    """Whether nothing is drawn beyond the picture's edges."""
    svg = next(drawn(picture).iter("svg"))
    height = float(str(svg.get("viewBox")).split()[3])
    rects = [[float(str(one.get(name))) for name in ("x", "y", "width", "height")] for one in svg.iter("rect")]
    return all(x >= 0 and y >= 0 and x + w <= WIDTH and y + h <= height + 0.1 for x, y, w, h in rects)


# -- readiness ---------------------------------------------------------------------------------------------------------
def test_each_run_has_a_column_a_sign_and_words() -> None:
    """What is not green is stacked, a run with nothing wrong is a green line, and each is said to whoever points."""
    picture = trend.readiness_picture(EVENTFUL)
    in_legend = 1
    assert [len(boxes(picture, kind)) - in_legend for kind in ("fail", "unknown", "warn", "ready")] == [2, 1, 2, 1]
    signs = [one.text for one in drawn(picture).iter("text") if one.get("class") == "middle word"]
    assert signs == ["✓", "✗", "✓", "?", "✗"]
    titles = [one.text or "" for one in drawn(picture).iter("title")]
    assert len(titles) == 5
    assert "not ready" in titles[1]
    assert "DNS: sip <A>" in titles[1]
    assert inside(picture)


def test_readiness_is_said_in_words_too() -> None:
    """On a terminal, and where a page lets no drawing through."""
    picture = trend.readiness_picture(EVENTFUL)
    assert "not ready since 2026-03-18, 1 run." in repr(picture)
    assert len(repr(picture).splitlines()) == 1 + 5
    words = Words(picture._repr_html_()).text
    assert "not ready since 2026-03-18" in words
    assert "✗ failed" in words
    assert "DNS: sip <A>" in words


def test_many_runs() -> None:
    """The newest are drawn, within the picture; the table has all."""
    many = past(*(ran(days, warn=days % 4) for days in range(200, 0, -1)))
    picture = trend.readiness_picture(many)
    assert len(list(drawn(picture).iter("title"))) == SHOWN
    assert inside(picture)
    assert "ready since 2025-09-01, 200 runs in a row" in repr(picture)
    assert len(trend.readiness(many, NOW)) == 200


def test_no_run_yet() -> None:
    """Nothing to draw is said."""
    assert "no run yet" in repr(trend.readiness_picture(past()))
    assert "No readiness check was run yet." in Words(trend.readiness_picture(past())._repr_html_()).text
    assert repr(trend.readiness(past(), NOW)) == "No readiness check was run yet."


def test_the_table_of_runs() -> None:
    """Newest first: when, how long ago, state, counts, must-haves by name."""
    frame = trend.readiness(EVENTFUL, NOW)
    assert list(frame.columns) == [
        *("began", "days", "state", "pass", "warn", "fail", "unknown", "must_haves_failed", "run")
    ]
    first = frame.iloc[0]
    assert (first["days"], first["state"], first["fail"]) == (2, "✗ not ready", 2)
    assert first["must_haves_failed"] == "DNS: sip <A>; TLS: chain"
    assert list(frame["state"]) == ["✗ not ready", "? cut short", "✓ ready", "✗ not ready", "✓ ready"]


# -- recoveries --------------------------------------------------------------------------------------------------------
def test_recoveries_against_the_target() -> None:
    """A bar for each that was proven, longest within the picture, with its time and which side of the target it is."""
    picture = trend.recovery_picture(EVENTFUL)
    assert (len(boxes(picture, "within")), len(boxes(picture, "beyond"))) == (2, 1)
    assert inside(picture)
    words = Words(picture._repr_html_()).text
    assert "✗ 1 h 30 min" in words
    assert "target 60 min" in words
    assert "2026-03-11 12:00 live, 1,204 users: 1 h 30 min, ✗ 30 min beyond" in repr(picture)


def test_the_table_of_recoveries() -> None:
    """Newest first; one whose service was never proven has no time."""
    frame = trend.recoveries(EVENTFUL)
    assert list(frame["took"]) == ["1 min 35 s", "1 h 30 min", "? service never proven", "40 min"]
    assert list(frame["against"]) == ["✓ within", "✗ 30 min beyond", "", "✓ within"]
    assert frame["kind"].iloc[0] == "drill, from the loss"


def test_no_recovery_yet() -> None:
    """Nothing on record is said, and one that was never proven is nothing to draw."""
    assert "ever proven" in repr(trend.recovery_picture(past(recoveries=(recovered(1, None),))))
    assert repr(trend.recoveries(past())) == "No activation and no drill of this deployment is on record here."


def test_nothing_comes_from_elsewhere() -> None:
    """No script, no link, no image; what people wrote is text and nothing else."""
    for picture in (trend.readiness_picture(EVENTFUL), trend.recovery_picture(EVENTFUL)):
        html = picture._repr_html_()
        assert not any(word in html for word in ("<script", "href", "src=", "url(", "@import", "<A>"))
