"""A dataframe that shows itself whole: for people who must act on what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self
from xml.etree.ElementTree import Element, tostring

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from lyncdr_helpers.views.markup import clean, node

ROWS = 30
"""How many rows a notebook shows; the dataframe has them all."""

SIGNS = {"✓": "good", "!": "warn", "✗": "bad", "?": "bad"}
"""A cell that begins with such a sign and a space gets a colour beside its words, never instead of them."""

CSS = """
.lyncdr table.rows {border-collapse: collapse; margin: 0; font-variant-numeric: tabular-nums;}
.lyncdr table.rows th, .lyncdr table.rows td {text-align: left; vertical-align: top; padding: .3em .9em .3em .3em;
  white-space: pre-wrap; overflow-wrap: break-word; max-width: 32em; border: 0; border-bottom: 1px solid #8884;}
.lyncdr table.rows .number {text-align: right; white-space: nowrap;}
.lyncdr table.rows .good, .lyncdr table.rows .warn, .lyncdr table.rows .bad {white-space: nowrap; font-weight: bold;}
.lyncdr table.rows .good {color: var(--jp-success-color1, #1b7a37);}
.lyncdr table.rows .warn {color: var(--jp-warn-color1, #9a5b00);}
.lyncdr table.rows .bad {color: var(--jp-error-color1, #c3221e);}
"""
"""Beside a page's own colours, whether they are light or dark."""


class Frame(pd.DataFrame):
    """A DataFrame that shows full text, aligned to the left, without a meaningless index, and a page of rows.

    A column with nothing in it is left out.

    rest: where all rows are, said when some are not shown. none: what to say instead of a table without rows.
    What pandas makes of it (filtered, sorted) shows itself the same way; an index with names in it is shown.
    """

    _metadata = ["rest", "none"]  # noqa: RUF012 - pandas' own way to carry attributes along
    rest: str = "to_csv() writes them all"
    none: str = "No rows."

    @classmethod
    def of(cls, rows: Iterable[Sequence[object]], columns: Sequence[str], *, rest: str = "", none: str = "") -> Self:
        """The frame with these rows."""
        made = cls(list(rows), columns=list(columns))
        made.rest, made.none = rest or cls.rest, none or cls.none
        return made

    @property
    def _constructor(self) -> type[Frame]:
        return Frame

    @property
    def more(self) -> str:
        """What is said below the table when there are more rows than it shows, else empty."""
        left = len(self) - ROWS
        return f"and {left:,} more; {self.rest}." if left > 0 else ""

    def _repr_html_(self) -> str:
        body = self._table() if len(self) else node("p", self.none)
        shown = node("div", node("style", CSS), body, node("p", self.more) if self.more else None, class_="lyncdr")
        return tostring(shown, encoding="unicode", method="html")

    def __repr__(self) -> str:
        if not len(self):
            return self.none
        shown = self._shown()
        lines = [[_title(name) for name in shown.columns], *_texts(shown)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        numbers = _numbers(shown)
        aligned = (
            "  ".join(
                text.rjust(width) if number else text.ljust(width)
                for text, width, number in zip(line, widths, numbers, strict=True)
            ).rstrip()
            for line in lines
        )
        return "\n".join([*aligned, *filter(None, [self.more])])

    def _table(self) -> Element:
        shown = self._shown()
        numbers = ["number" if number else None for number in _numbers(shown)]

        def row(tag: str, texts: Iterable[str]) -> Element:
            cells = zip(texts, numbers, strict=True)
            return node("tr", [node(tag, text, class_=number or _sign(text)) for text, number in cells])

        head = node("thead", row("th", map(_title, shown.columns)))
        return node("table", head, node("tbody", [row("td", texts) for texts in _texts(shown)]), class_="rows")

    def spelled(self) -> tuple[list[str], list[list[str]], list[bool]]:
        """(titles, every row as it is shown, which columns are counts)."""
        whole = self._shown(len(self))
        return [_title(name) for name in whole.columns], _cleaned(_texts(whole)), _numbers(whole)

    def _shown(self, rows: int = ROWS) -> pd.DataFrame:
        first = pd.DataFrame(self.head(rows))
        counted = first.index.name is None and first.index.nlevels == 1 and is_numeric_dtype(first.index.dtype)
        whole = first if counted else first.reset_index(allow_duplicates=True)
        return whole.loc[:, [any(map(_text, column)) for _, column in whole.items()]]


def _texts(frame: pd.DataFrame) -> list[list[str]]:
    return [[_text(value) for value in row] for row in frame.itertuples(index=False, name=None)]


def _cleaned(rows: list[list[str]]) -> list[list[str]]:
    return [[text if text.isprintable() else clean(text) for text in row] for row in rows]


def _text(value: object) -> str:
    match value:
        case bool() | np.bool_():
            return "yes" if value else "no"
        case int() | np.integer():
            return f"{value:,}"
        case float() | np.floating():
            return "" if np.isnan(value) else f"{value:,g}"
        case None:
            return ""
    return str(value)


def _numbers(frame: pd.DataFrame) -> list[bool]:
    return [is_numeric_dtype(dtype) and not is_bool_dtype(dtype) for dtype in frame.dtypes]


def _title(name: object) -> str:
    return str(name).replace("_", " ")


def _sign(text: str) -> str | None:
    return SIGNS.get(text.partition(" ")[0])
