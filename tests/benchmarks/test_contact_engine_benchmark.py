"""How fast an export becomes a table of its users with their digests, and in how much memory.

Only ratios are asserted, between rivals that take turns in one run: seconds belong to a machine. They are those of the
processor: nobody here waits or uses a second core, and what runs beside must not count. The whole claim about memory,
100,000 users in 2 GB, is `pytest tests/benchmarks --full`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from xml.parsers import expat

import pandas as pd
import pytest
from exports import CONTACTS
from measure import Show, in_turns, peak_memory

from lyncdr_helpers.contacts.columns import read_table
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE

pytestmark = pytest.mark.slow

ExportOf = Callable[..., Path]
"""The fixture `export_of`: (users, people) -> file."""

MOST_OF_EXPAT = 3.0
LEAST_OF_PANDAS = 6.0
MOST_MEMORY = 400e6
MB = 1e6

READ = """
import sys, pathlib
from lyncdr_helpers.contacts.columns import read_table
table = read_table(pathlib.Path(sys.argv[1]))
assert table.num_rows == int(sys.argv[2]), table.num_rows
"""
ATTRIBUTES = ["Buddy", "SubscribePresence", "Groups", "DisplayName"]


def parse_only(path: Path) -> None:
    """The least that reading XML can take: expat, which tells nobody what it finds."""
    with path.open("rb") as file:
        expat.ParserCreate().ParseFile(file)


def test_against_expat(export_of: ExportOf, show: Show) -> None:
    """10,000 users with 80 contacts are read and digested in at most 3 times what expat needs to do nothing.

    Where no two contacts of anybody are alike nothing can be remembered, and it takes longer; how much is shown.
    """
    rows, ratios = [("", "CPU seconds", "times as long")], []
    for users, people in ((10_000, 20_000), (2_000, 2_000 * CONTACTS)):
        path = export_of(users, people)
        best = in_turns(2, expat=partial(parse_only, path), table=partial(read_table, path))
        ratios.append(best["table"] / best["expat"])
        rows += [
            (f"{users:,} users, {people:,} people: expat with no handlers", f"{best['expat']:.2f}", "1.0"),
            ("the table of users with digests", f"{best['table']:.2f}", f"{ratios[-1]:.1f}"),
        ]
    show(f"An export with {CONTACTS} contacts per user, in UTF-16", rows)
    assert ratios[0] <= MOST_OF_EXPAT


def test_against_pandas(export_of: ExportOf, show: Show) -> None:
    """pandas.read_xml, which makes no digests, takes at least 6 times as long; so it does for twice as many users."""
    rows, ratios = [("", "CPU seconds", "times as long")], []
    for users in (600, 1_200):
        path = export_of(users)
        best = in_turns(
            2,
            table=partial(read_table, path),
            xpath=partial(pd.read_xml, path, xpath=".//d:Contact", namespaces={"d": NAMESPACE}, encoding="utf-16"),
            stream=partial(pd.read_xml, path, iterparse={"Contact": ATTRIBUTES}, encoding="utf-16"),
        )
        times = {name: seconds / best["table"] for name, seconds in best.items()}
        ratios.append(times["xpath"])
        names = {"table": "table of users with digests", "xpath": "pandas.read_xml", "stream": "... by iterparse"}
        rows += [(f"{users:,} users: {names[name]}", f"{best[name]:.2f}", f"{times[name]:.1f}") for name in best]
    show("The contacts as pandas reads them", rows)
    assert min(ratios) >= LEAST_OF_PANDAS


def test_memory_stays_flat(export_of: ExportOf, show: Show) -> None:
    """Ten times the users take hardly more memory: what grows with them is their row in the table."""
    peaks = {users: peak_memory(READ, export_of(users), users) for users in (500, 5_000)}
    show(
        "Memory of a process that reads an export into a table",
        [("users", "file, MB", "peak, MB")]
        + [
            (f"{users:,}", f"{export_of(users).stat().st_size / MB:,.0f}", f"{peak / MB:.0f}")
            for users, peak in peaks.items()
        ],
    )
    assert peaks[5_000] - peaks[500] < 0.1 * export_of(5_000).stat().st_size
    assert max(peaks.values()) < MOST_MEMORY


@pytest.mark.usefixtures("full")
@pytest.mark.timeout(1800)
def test_memory_of_100_000_users(export_of: ExportOf, show: Show) -> None:
    """100,000 users, about 2 GB, are read in less than 400 MB."""
    path = export_of(100_000)
    peak = peak_memory(READ, path, 100_000)
    show(
        "Memory of a process that reads an export into a table",
        [("users", "file, MB", "peak, MB"), ("100,000", f"{path.stat().st_size / MB:,.0f}", f"{peak / MB:.0f}")],
    )
    assert peak < MOST_MEMORY
