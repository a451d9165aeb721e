"""Blocks that a report is made of: a heading with what is under it, pairs, tables that know when they are too long."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from lyncdr_helpers.views.markup import Child, node

ROWS = 200
"""How many rows of a table a report shows; the file beside it has all."""


def section(title: str, *content: Child) -> list[Element]:
    """A heading with what is under it, or nothing at all."""
    there = [one for one in content if one is not None]
    return [node("h3", title), node("div", there)] if there else []


def pairs(values: Mapping[str, Any]) -> Element:
    shown = {name: f"{value:,}" if type(value) is int else str(value) for name, value in values.items() if value != ""}
    return node("dl", [part for name, text in shown.items() for part in (node("dt", name), node("dd", text))])


def table(head: Sequence[str], rows: Iterable[Sequence[Child]], numbers: int = 0) -> Element:
    """A table whose last `numbers` columns are counts. A column with nothing in it is left out."""
    rows = list(rows)
    first = len(head) - numbers
    filled = [place for place in range(len(head)) if any(len(row) > place and row[place] != "" for row in rows)]

    def cells(tag: str, row: Sequence[Child]) -> list[Element]:
        shown = [(place, row[place]) for place in filled if place < len(row)]
        return [node(tag, cell, class_="number" if place >= first else None) for place, cell in shown]

    body = node("tbody", [node("tr", cells("td", row)) for row in rows])
    return node("table", node("thead", node("tr", cells("th", head))), body)


def long_table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], total: int, where: str
) -> Element | None:
    """A table with its first rows, and a note of how many more there are and where."""
    if not head or not rows:
        return None
    more = total - min(len(rows), ROWS)
    return node(
        "div",
        node("h4", title) if title else None,
        table(head, rows[:ROWS]),
        node("p", f"{more:,} more rows are in {where}.", class_="note") if more else None,
        class_="long",
    )
