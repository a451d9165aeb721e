"""What shell/script.py prints, the lab reads back: the same command with the same values."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.lab.command_line import parse
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell.script import line

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
VALUES: Any = st.one_of(st.booleans(), st.integers(0, 10**6), TEXTS, st.lists(TEXTS, min_size=2, max_size=4))


@given(st.dictionaries(st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True), VALUES, max_size=5))
def test_a_printed_line_is_read_back(parameters: dict[str, Any]) -> None:
    """Whatever a value holds, quotes of every kind, commas, dashes: it arrives as it was."""
    assert parse(line(Command("Do-It", parameters))) == ("Do-It", parameters)
