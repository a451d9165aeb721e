"""Pictures of many nights: everything in them is said in words too, and nothing in them comes from elsewhere."""

from __future__ import annotations

import datetime as dt
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lyncdr_helpers.backups.calendar import Backup, Mark, calendar
from lyncdr_helpers.phases.history import History
from lyncdr_helpers.views import nights
from lyncdr_helpers.views.nights import LETTERS, SIGNS, Picture

NOW = dt.datetime(2026, 3, 4, 12, tzinfo=dt.UTC)  # a Wednesday


def backup(
    days: int, mark: Mark = Mark.COMPLETE, text: str = "", users: int | None = 40, contacts: int | None = 900
) -> Backup:
    moment = NOW - dt.timedelta(days=days)
    return Backup(f"{moment:%Y%m%d}-backup", moment, mark, text, users, contacts)


def past(*found: Backup, trouble: str = "") -> History:
    ordered = sorted(found, key=lambda one: one.moment)
    return History("lab", calendar(ordered, NOW, 6), tuple(one for one in ordered if one.users is not None), trouble)


EVENTFUL = past(
    backup(8),
    backup(7, Mark.INCOMPLETE, "without 3 users", 37, 810),
    backup(6, Mark.FAILED, "The share <went> & away.", None, None),
    backup(4),
    backup(2, Mark.ALARMS, "2 alarms", 40, 700),
    backup(0, Mark.RUNNING, "", None, None),
)


class Sanitized(HTMLParser):
    """What a page leaves that lets no drawing and no style through: the words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.text = ""
        self._in_style = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._in_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._in_style = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._in_style else data


def drawn(picture: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(ElementTree.tostring(picture.figure))


def words(picture: Picture, tag: str) -> list[str]:
    return [one.text or "" for one in drawn(picture).iter(tag)]


# -- the calendar ------------------------------------------------------------------------------------------------------
def test_each_day_has_a_colour_a_sign_and_words() -> None:
    """A square of its kind, the sign of its state, and its words for whoever points at it."""
    picture = nights.calendar(EVENTFUL)
    kinds = [one.get("class") for one in drawn(picture).iter("rect")]
    for mark in (Mark.COMPLETE, Mark.ALARMS, Mark.INCOMPLETE, Mark.FAILED, Mark.MISSING, Mark.RUNNING):
        days = [day for day in EVENTFUL.days if day.mark is mark]
        assert kinds.count(mark.name.lower()) == len(days) + 1  # and one in the legend
        assert words(picture, "text").count(SIGNS[mark]) == len(days) + 1
        assert str(mark) in words(picture, "text")
    told = [day.text for day in EVENTFUL.days if day.mark not in (Mark.DUE, Mark.UNKNOWN)]
    assert words(picture, "title") == told
    assert "2026-02-26: FAILED; 20260226-backup: The share <went> & away." in told


def test_signs_and_letters_are_no_two_the_same() -> None:
    """Who sees no colours tells the states apart; the letters are in every terminal's encoding."""
    for spelled in (SIGNS, LETTERS):
        said = [spelled[mark] for mark in Mark if mark not in (Mark.DUE, Mark.UNKNOWN)]
        assert len(set(said)) == len(said)
        assert all(said)
    assert "".join(LETTERS.values()).isascii()


def test_the_calendar_as_text() -> None:
    """A row a week, the letters that occur, and the days that were not plainly COMPLETE."""
    assert repr(nights.calendar(EVENTFUL)).splitlines() == [
        "           Mo Tu We Th Fr Sa Su",
        "2026-02-23  .  C  I  F  -  C  -",
        "2026-03-02  !  -  >  .  .  .  .",
        "C COMPLETE  ! COMPLETE with alarms  I INCOMPLETE  F FAILED  - missing  > running",
        "2026-02-25: INCOMPLETE; 20260225-backup: without 3 users",
        "2026-02-26: FAILED; 20260226-backup: The share <went> & away.",
        "2026-02-27: missing",
        "2026-03-01: missing",
        "2026-03-02: COMPLETE with alarms; 20260302-backup: 2 alarms",
        "2026-03-03: missing",
        "2026-03-04: running; 20260304-backup: running",
    ]


def test_what_is_left_without_drawing() -> None:
    """A page that lets no SVG through shows a calendar all the same."""
    lines = Sanitized(nights.calendar(EVENTFUL)._repr_html_()).text.splitlines()
    assert lines[:3] == [
        "            Mo  Tu  We  Th  Fr  Sa  Su  ",
        "23 Feb 2026 23  24✓ 25◐ 26✗ 27– 28✓  1–",
        "02 Mar 2026  2!  3–  4…  5   6   7   8 ",
    ]
    assert "2026-02-27: missing" in lines


def test_the_first_night() -> None:
    """One backup of all: one week, and no day before it to blame."""
    picture = nights.calendar(past(backup(0)))
    assert repr(picture).splitlines()[1] == "2026-03-02  .  .  C  .  .  .  ."
    assert "missing" not in repr(picture)


def test_a_store_that_tells_nothing() -> None:
    """Both pictures say so, below what the runs tell."""
    gone = past(backup(1), trouble="The backup store is not there.")
    for picture in (nights.calendar(gone), nights.growth(gone)):
        assert "The backup store is not there." in words(picture, "figcaption")
    assert "The backup store is not there." in repr(nights.calendar(gone))


# -- growth ------------------------------------------------------------------------------------------------------------
def test_growth() -> None:
    """Two panels, each with the last number, what changed, its least and most, and a point a night."""
    picture = nights.growth(EVENTFUL)
    assert repr(picture).splitlines() == [
        "40 users (as on 2026-02-28); 4 sets since 2026-02-24: 37 to 40",
        "700 contacts (-200 since 2026-02-28); 4 sets since 2026-02-24: 700 to 900",
    ]
    points = [one.get("class") for one in drawn(picture).iter("circle")]
    assert points == ["dot", "dot hollow", "dot", "dot"] * 2
    assert "2026-02-25: 37 users" in words(picture, "title")
    left = Sanitized(picture._repr_html_()).text
    assert left.startswith("40 users (as on 2026-02-28)\n37 40 2026-02-24 2026-03-02\n2026-02-24: 40 users\n")


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ([], "users: no set is known\ncontacts: no set is known"),
        ([backup(1)], "40 users; 1 set since 2026-03-03: 40 to 40\n900 contacts; 1 set since 2026-03-03: 900 to 900"),
    ],
)
def test_little_to_draw(found: list[Backup], text: str) -> None:
    """No night, and one night, are drawn too."""
    picture = nights.growth(past(*found))
    assert repr(picture) == text
    assert len(list(drawn(picture).iter("circle"))) == 2 * len(found)


# -- both --------------------------------------------------------------------------------------------------------------
BACKUPS = st.lists(
    st.builds(
        backup,
        st.integers(0, 45),
        st.sampled_from(tuple(Mark)[:5]),
        st.text(max_size=20),
        st.integers(0, 100_000),
        st.integers(0, 9_000_000),
    ),
    max_size=12,
)


@settings(deadline=None)  # the machine is shared
@given(BACKUPS)
def test_any_nights_can_be_drawn(found: list[Backup]) -> None:
    """Whatever an error said: well-formed, inside the frame, and nothing that runs or is fetched."""
    for picture in (nights.calendar(past(*found)), nights.growth(past(*found))):
        svg = next(drawn(picture).iter("svg"))
        _, _, width, height = (float(one) for one in (svg.get("viewBox") or "").split())
        for one in svg.iter():
            assert 0 <= float(one.get("x") or one.get("cx") or 0) <= width
            assert 0 <= float(one.get("y") or one.get("cy") or 0) <= height
        html = picture._repr_html_()
        assert not re.search(r"<script|href=|src=|url\(|@import|https?://", html)
