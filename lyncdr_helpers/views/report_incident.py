"""The page of an audit: one incident from the loss to the way home, told anew from the journals beside the audit's."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from lyncdr_helpers.phases import audit
from lyncdr_helpers.phases.audit import Case, Past
from lyncdr_helpers.phases.earlier import readiness
from lyncdr_helpers.views import audit as views
from lyncdr_helpers.views import blocks, incident_picture
from lyncdr_helpers.views.blocks import ROWS
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.markup import Child, node
from lyncdr_helpers.views.pictures import spell
from lyncdr_helpers.views.record import Record

EVERYTHING = "tables/ of the run"
WHOLE = ("at", "began", "by", "what", "phase", "took", "rto", "half", "95 of 100", "last", "verdict")
"""The columns whose few words stand on one line."""


def story(record: Record) -> list[Element]:
    """What the audit's run showed, section by section; nothing of one that did not get so far."""
    facts = record.facts
    if audit.POOL not in facts:
        return []
    begin, folder = record.begin, record.folder
    past = audit.of(folder.path.parent, str(begin.get("deployment")), str(facts[audit.POOL]), folder.run)
    case = _case(past, facts)
    checks = readiness.checks_of(record.lines)
    return [
        *_answers(case),
        *blocks.section("The incident", incident_picture.until_proven(case), incident_picture.users_back(case)),
        *_table("Users without service, from when the loss was noticed, or is known", views.service(case)),
        *_table("Moment by moment", views.timeline(case)),
        *blocks.section("The way home", incident_picture.way_home(case)),
        *_table("Who answered for what", views.decisions(case)),
        *_table("What was seen before the primary was given up", views.grounds(case)),
        *_table("What people did by hand", views.by_hand(case)),
        *_table("Every run, and whether its record is as it was written", views.runs(past, checks)),
        *_table("Incidents", views.incidents(past)),
        *_table("Drills", views.drills(past)),
        *_compared(past, str(facts.get(audit.COMPARED, ""))),
    ]


def tiles(record: Record) -> Iterator[tuple[str, str, bool]]:
    """(figure, words, whether all is well): what a reader of an audit asks first."""
    facts = record.facts
    broken = facts.get(audit.BROKEN)
    if isinstance(broken, int):
        yield (
            f"{facts.get('runs', 0) - broken:,} of {facts.get('runs', 0):,}",
            "records are as they were written",
            not broken,
        )
    if isinstance(facts.get(audit.UNTIL_BACK), int | float):
        yield spell(facts[audit.UNTIL_BACK]), "until every user had everything back", True


def _case(past: Past, facts: dict[str, object]) -> Case:
    wanted = str(facts.get(audit.WHICH, ""))
    return audit.case_of(past, wanted, str(facts.get(audit.LOST_AT, ""))) if wanted else Case()


def _answers(case: Case) -> list[Element]:
    found = [(node("dt", question), node("dd", answer)) for question, answer in views.spoken(case)]
    if not found:
        return [node("p", views.NOTHING)]
    return [node("dl", [part for pair in found for part in pair], class_="answers")]


def _compared(past: Past, names: str) -> list[Element]:
    if not names:
        return []
    found = audit.compared(past, names)
    title = f"What is other in {found.other.run if found.other else ''} than in {found.one.run if found.one else ''}"
    return [*_table(title, views.differences(found)), *_table("How long each step took", views.paces(found))]


def _table(title: str, frame: Frame) -> list[Element]:
    """A table with its first rows, or the words that stand for none; a moment is not broken in two."""
    columns = [str(name) for name in frame.columns]
    rows = [
        [_cell(name, value) for name, value in zip(columns, row, strict=True)]
        for row in frame.head(ROWS).itertuples(index=False, name=None)
    ]
    more = len(frame) - len(rows)
    head = [name.replace("_", " ") for name in columns]
    shown: list[Child] = [blocks.table(head, rows) if rows else node("p", frame.none)]
    if more:
        shown.append(node("p", f"{more:,} more rows are in {EVERYTHING}.", class_="note"))
    return blocks.section(title, node("div", shown, class_="told"))


def _cell(name: str, value: object) -> Child:
    text = _text(value)
    return node("span", text, class_="whole") if name in WHOLE and text else text


def _text(value: object) -> str:
    if value is None or value != value:  # a number that is none is not the same as itself
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,g}" if isinstance(value, float) else str(value)
