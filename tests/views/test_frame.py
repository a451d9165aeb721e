"""What a notebook shows of a dataframe: all that matters, escaped, and never more than a page."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from lxml import html

from lyncdr_helpers.views.frame import ROWS, Frame

LONG = "Move the Central Management Store to the DR pool before it is needed: without it no user can be moved. " * 3


def shown(frame: Frame) -> html.HtmlElement:
    return html.fromstring(frame._repr_html_())


def texts(frame: Frame, path: str) -> list[str]:
    return [one.text_content() for one in shown(frame).xpath(path)]


def test_text_is_shown_in_full() -> None:
    """A remedy of 300 characters is not cut off, neither in the page nor in plain text."""
    frame = Frame.of([("DNS", LONG)], ["area", "remedy"])
    assert texts(frame, "//td") == ["DNS", LONG]
    assert LONG.strip() in repr(frame)


def test_there_is_no_index() -> None:
    """Row numbers mean nothing to anybody."""
    frame = Frame.of([("a", 1), ("b", 2)], ["display_name", "users"])
    assert texts(frame, "//th") == ["display name", "users"]
    assert repr(frame) == "display name  users\na                 1\nb                 2"


def test_an_index_with_names_in_it_is_shown() -> None:
    """What somebody grouped by is in the picture."""
    frame = Frame.of([("pool01", 1), ("pool01", 2), ("drse01", 3)], ["home", "users"])
    grouped = frame.groupby("home").sum()
    assert texts(grouped, "//th") == ["home", "users"]
    assert texts(grouped, "//td") == ["drse01", "3", "pool01", "3"]
    assert texts(frame.set_index("home", drop=False), "//th") == ["home", "home", "users"]


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b", "o'brien\"@lync.test", "</td></table>"])
def test_every_text_is_escaped(name: str) -> None:
    """A display name is text, whatever somebody wrote into it; also as a column's name."""
    frame = Frame.of([(name,)], [name])
    assert texts(frame, "//td") == [name]
    assert texts(frame, "//th") == [name]
    assert not shown(frame).xpath("//script")
    assert len(shown(frame).xpath("//tr")) == 2


def test_characters_that_turn_text_around_are_spelled_out() -> None:
    """A name cannot make a row read backwards or ring a bell."""
    frame = Frame.of([("ann\u202etset.cnyl\x07",)], ["address"])
    assert texts(frame, "//td") == ["ann\\u202etset.cnyl\\x07"]


def test_ten_thousand_rows_stay_small() -> None:
    """A large deployment does not fill the notebook; how many rows are left out is said, and where they are."""
    frame = Frame.of(
        ((f"u{n}@lync.test", LONG[:60], n) for n in range(10_000)), ["a", "b", "n"], rest="all are in x.csv"
    )
    began = time.monotonic()
    page = frame._repr_html_()
    plain = repr(frame)
    assert time.monotonic() - began < 1
    assert len(page) < 20_000
    assert len(plain) < 10_000
    assert page.count("<tr>") == ROWS + 1
    assert texts(frame, "//p") == ["and 9,970 more; all are in x.csv."]
    assert plain.endswith("\nand 9,970 more; all are in x.csv.")
    assert len(frame) == 10_000


@pytest.mark.parametrize(("rows", "said"), [(ROWS, ""), (ROWS + 1, "and 1 more; to_csv() writes them all.")])
def test_the_last_row_that_fits(rows: int, said: str) -> None:
    """Exactly as many rows as are shown leave nothing to say."""
    assert Frame.of([(n,) for n in range(rows)], ["n"]).more == said


def test_a_column_with_nothing_in_it_is_left_out() -> None:
    """An empty remedy beside ten green checks is only width; a zero and a no are something."""
    frame = Frame.of([("a", "", None, 0, False), ("b", "", None, 0, False)], ["home", "remedy", "why", "lost", "voice"])
    assert texts(frame, "//th") == ["home", "lost", "voice"]
    assert "remedy" not in repr(frame)
    assert list(frame.columns) == ["home", "remedy", "why", "lost", "voice"]


def test_no_rows_are_said_in_words() -> None:
    """A table of headings alone would leave the reader wondering whether something is missing."""
    frame = Frame.of([], ["kind", "what"], none="Nothing is missing.")
    assert texts(frame, "//p") == ["Nothing is missing."]
    assert not shown(frame).xpath("//table")
    assert repr(frame) == "Nothing is missing."
    assert list(frame.columns) == ["kind", "what"]


def test_it_is_a_dataframe_and_stays_one() -> None:
    """Whatever pandas can do, it does; and what comes out shows itself the same way."""
    frame = Frame.of([("a", 1), ("b", 2)], ["home", "users"], rest="all are in x.csv", none="nobody")
    few = frame[frame.users > 5]
    assert isinstance(frame, pd.DataFrame)
    assert isinstance(few, Frame)
    assert (few.rest, repr(few)) == ("all are in x.csv", "nobody")
    assert frame.sort_values("users", ascending=False).users.tolist() == [2, 1]
    assert repr(frame.merge(frame, on="home").assign(more=[True, None])) == repr(
        Frame.of([("a", 1, 1, True), ("b", 2, 2, None)], ["home", "users_x", "users_y", "more"])
    )


def test_values_read_as_people_write_them() -> None:
    """Thousands are grouped, yes and no are words, and what is not known is empty."""
    frame = Frame.of([(1204, True, 0.5, None), (7, False, float("nan"), "x")], ["count", "enabled", "hours", "why"])
    assert texts(frame, "//td") == ["1,204", "yes", "0.5", "", "7", "no", "", "x"]


def test_a_colour_never_stands_alone() -> None:
    """Only what begins with a sign and says it in a word is coloured, with a colour of the page's theme."""
    frame = Frame.of([("✗ FAIL",), ("! warn",), ("? unknown",), ("✓ pass",), ("COMPLETE",), ("5",)], ["verdict"])
    assert [one.get("class") for one in shown(frame).xpath("//td")] == ["bad", "warn", "bad", "good", None, None]


def test_numbers_stand_to_the_right_and_all_else_to_the_left() -> None:
    """So that counts can be compared at a glance."""
    frame = Frame.of([("a", 1, True, "5")], ["home", "users", "enabled", "version"])
    assert [one.get("class") for one in shown(frame).xpath("//td")] == [None, "number", None, None]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """An export opens without a network, and nothing in it is a script."""
    page = Frame.of([("a",)], ["x"])._repr_html_()
    assert "url(" not in page
    assert "http" not in page
    assert "<script" not in page
