"""The report's section on steps done by hand: who said what came of them, when, and on what evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import guided
from lyncdr_helpers.views import blocks
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.record import Record

HEAD = ("when (UTC)", "step", "state", "by", "what was seen, or why it was skipped", "evidence")


def by_hand(record: Record) -> list[Element]:
    """Every word on every step, in the order of the journal, and below it what each step asked for."""
    lines = record.of_kind(guided.KIND)
    rows = [
        (
            f"{parse_stamp(line.at):%Y-%m-%d %H:%M:%S}",
            f"{line.facts['title']} ({line.facts['step']})",
            line.facts["state"],
            "{user} on {host}".format(**line.facts["by"]),
            str(line.facts.get("said", "")),
            "; ".join(_evidence(line.facts)),
        )
        for line in lines
    ]
    told = {line.facts["step"]: _told(line.facts) for line in lines if "do" in line.facts}
    return blocks.section("Done by hand", blocks.table(HEAD, rows) if rows else None, *told.values())


def rows(lines: Sequence[Line]) -> Iterator[str]:
    """The last word on each step, for a terminal."""
    last = {line.facts["step"]: line for line in lines if line.kind == guided.KIND}
    for line in last.values():
        account = guided.of_line(line)
        yield account.text if account.said else f"{account.step}: {account.state}"
        yield from (f"    {one}" for one in _evidence(line.facts))


def _evidence(facts: Mapping[str, Any]) -> list[str]:
    return [f"{one['file']} (SHA-256 {one['sha256']})" for one in facts.get("evidence", ())]


def _told(facts: Mapping[str, Any]) -> Element:
    """What people were asked to do, as they were told."""
    done = [
        node("li", one["text"], node("pre", node("code", one["command"])) if one["command"] else None)
        for one in facts["do"]
    ]
    return node("div", node("h4", f"{facts['title']}: what was asked"), node("p", facts["where"]), node("ol", done))
