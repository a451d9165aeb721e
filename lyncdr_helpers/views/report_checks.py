"""The checks of a run in its report: what to do, as text to copy, and every check below its area; failures first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from lyncdr_helpers.checks import Check, Severity, Verdict
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases.earlier.readiness import checks_of
from lyncdr_helpers.views import blocks
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.record import Record

VERDICTS = {"fail": "✗ FAIL", "unknown": "? unknown", "warn": "! warn", "pass": "✓ pass"}
"""What is not green comes first. A verdict is a sign and a word, never a colour alone."""

ORDER = {verdict: place for place, verdict in enumerate(VERDICTS)}


def to_do(record: Record) -> list[Element]:
    """Each check that is not green as it was last made, with its remedy as text to copy; nothing where all is green."""
    bad = sorted((one for one in checks_of(record.of_kind("check")) if one.verdict is not Verdict.PASS), key=_worst)
    items = [node("li", *_item(one)) for one in bad]
    return blocks.section("What to do", node("ol", items, class_="todo") if items else None)


def by_area(record: Record) -> list[Element]:
    """Every check on record, area by area: the area with the worst verdict first, and so its checks."""
    areas: dict[str, list[Line]] = {}
    for line in record.of_kind("check"):
        areas.setdefault(str(line.facts.get("area", "")), []).append(line)
    ranked = sorted(areas.items(), key=lambda one: min(map(_rank, one[1])))
    parts = [part for area, lines in ranked for part in _area(area, sorted(lines, key=_rank))]
    return blocks.section("Checks", *parts)


def _item(one: Check) -> Iterator[Element | str]:
    yield node("strong", VERDICTS[one.verdict], class_=str(one.verdict))
    yield f" {one.area}: {one.name} ({one.severity}). "
    yield node(
        "span", f"Seen: {one.seen.rstrip('.') or 'nothing'}. Expected: {one.expected.rstrip('.')}.", class_="seen"
    )
    if one.remedy:
        yield node("pre", one.remedy, class_="copy")


def _area(area: str, lines: Sequence[Line]) -> Iterator[Element]:
    head = ("verdict", "at (UTC)", "severity", "expectation", "seen", "expected")
    counts = {verdict: sum(_verdict(line) == verdict for line in lines) for verdict in VERDICTS}
    said = ", ".join(f"{count:,} {VERDICTS[verdict]}" for verdict, count in counts.items() if count)
    yield node("h4", area, " ", node("span", said, class_="note"))
    yield node("div", blocks.table(head, [_row(line) for line in lines]), class_="checks")


def _row(line: Line) -> tuple[Element | str, ...]:
    verdict, facts = _verdict(line), {"severity": Severity.MUST, **line.facts}
    texts = (str(facts.get(key, "")) for key in ("severity", "name", "seen", "expected"))
    shown = node("strong", VERDICTS.get(verdict, verdict), class_=verdict if verdict in VERDICTS else None)
    return (shown, f"{dt.datetime.fromisoformat(line.at):%H:%M:%S}", *texts)


def _verdict(line: Line) -> str:
    return str(line.facts.get("verdict"))


def _rank(line: Line) -> int:
    return ORDER.get(_verdict(line), 0)


def _worst(one: Check) -> tuple[int, bool]:
    """Failures first, and of one verdict the must-haves."""
    return ORDER[one.verdict], one.severity != "must"
