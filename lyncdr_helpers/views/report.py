"""The HTML report: one run, or the runs of one incident, as their journals tell it. It opens anywhere, offline."""

from __future__ import annotations

import datetime as dt
import getpass
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree.ElementTree import Element

from lyncdr_helpers import files
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import approval, audit
from lyncdr_helpers.phases.earlier import readiness
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier.spoken import spoken
from lyncdr_helpers.views import blocks, pictures, report_checks, report_guided
from lyncdr_helpers.views.blocks import ROWS as ROWS
from lyncdr_helpers.views.markup import Child, node, page
from lyncdr_helpers.views.numbers import BACK, WAY_HOME
from lyncdr_helpers.views.record import MOVE_USERS, Act, Record, Table

PREPARE = "prepare"
"""The phase that is about its checks: they come before everything else."""

CHECKS = "checks.csv"
"""The table of checks, which the journal has too."""


def write_report(folders: Sequence[RunFolder], path: Path, title: str) -> None:
    """Write the report of these runs, oldest first, from their journals and tables alone."""
    records = [Record.of(folder) for folder in folders]
    css = resources.files("lyncdr_helpers.views").joinpath("report.css").read_text(encoding="utf-8")
    files.replace(path, page(title, css, _cover(records, title), [_run(record) for record in records], _foot()))


# -- the first page ----------------------------------------------------------------------------------------------------
def _cover(records: Sequence[Record], title: str) -> Element:
    began = min((record.began for record in records if record.began), default=None)
    deployments = dict.fromkeys(str(record.begin["deployment"]) for record in records if "deployment" in record.begin)
    return node(
        "header",
        node("p", "lyncdr · record of ", _plural(len(records), "run"), class_="kicker"),
        node("h1", title),
        node("p", " · ".join(filter(None, [", ".join(deployments), _day(began)])), class_="lead"),
        _numbers(records),
        _runs_table(records) if len(records) > 1 else None,
        _phases(records) if len(records) > 1 else None,
        _users_back(records) if len(records) > 1 else None,
    )


def _numbers(records: Sequence[Record]) -> Element | None:
    """What a reader asks first, in large figures: of a readiness check how ready, of the others what came back."""
    facts = {name: value for record in records for name, value in record.facts.items()}
    ready = _readiness(records[0]) if [record.phase for record in records] == [PREPARE] else []
    proven = [_tile(figure, words, whole=well) for record in records for figure, words, well in _audited(record)]
    tiles = [*ready, *proven, *_came_back(facts)]
    return node("div", tiles, class_="tiles") if tiles else None


def _incidents() -> ModuleType:
    # Imported here: with pandas it takes half a second, and every command ends with a report, hardly one of an audit.
    from lyncdr_helpers.views import report_incident

    return report_incident


def _audited(record: Record) -> Iterable[tuple[str, str, bool]]:
    return _incidents().tiles(record) if record.phase == audit.PHASE else ()


def _readiness(record: Record) -> list[Element]:
    """Checks as they were last made, and what would be lost if the primary died now; nothing that is not known."""
    facts, counted = record.facts, readiness.tally(readiness.checks_of(record.of_kind("check")))
    if not counted.total:
        return []
    tiles = [
        _tile(f"{counted.verdicts['pass']:,} of {counted.total:,}", "checks are green", whole=not counted.failed),
        _tile(f"{len(counted.failed):,}", "must-haves are not green", whole=not counted.failed),
    ]
    risk, homed = _number(facts, "users_at_risk"), _number(facts, "users_homed_now")
    changed = _number(facts, "lists_changed_estimated")
    if risk is not None and homed is not None:
        tiles.append(_tile(f"{risk:,} of {homed:,}", "users' contacts would not come back", whole=risk == 0))
    if changed is not None:
        about = "< 1" if 0 < changed < 0.5 else f"≈ {changed:,.0f}"
        tiles.append(_tile(about, "lists changed since the newest set (estimate)", whole=True))
    typical, slowest = _number(facts, "recovery_seconds_estimated"), _number(facts, "recovery_seconds_at_slowest")
    target = _number(facts, "recovery_seconds_target")
    if typical is not None and slowest is not None and target is not None:
        words = f"to recover (estimate); {pictures.spell(target)} promised"
        tiles.append(_tile(f"≈ {pictures.spell(typical)}", words, whole=slowest <= target))
    return tiles


def _number(facts: Mapping[str, Any], name: str) -> int | float | None:
    value = facts.get(name)
    return value if isinstance(value, int | float) else None


def _came_back(facts: Mapping[str, Any]) -> list[Element]:
    """As the verification counted it."""
    tiles = [
        _tile(f"{facts[got]:,} of {facts[wanted]:,}", words, whole=facts[got] == facts[wanted])
        for got, wanted, words in (*BACK, *WAY_HOME)
        if isinstance(facts.get(got), int) and isinstance(facts.get(wanted), int)
    ]
    for name, words in (("lost", "lost"), ("failback_lost", "lost on the way home")):
        if isinstance(facts.get(name), int):
            tiles.append(_tile(f"{facts[name]:,}", words, whole=facts[name] == 0))
    if isinstance(facts.get("rto_seconds"), int | float):
        tiles.append(_tile(pictures.spell(facts["rto_seconds"]), "from loss to proven service", whole=True))
    return tiles


def _tile(figure: str, words: str, *, whole: bool) -> Element:
    sign = None if whole else node("span", "✗ ", class_="sign")
    return node("div", node("strong", sign, figure), node("span", words), class_="tile" if whole else "tile short")


def _runs_table(records: Sequence[Record]) -> Element:
    rows = [
        (
            node("a", record.folder.run, href=f"#{record.folder.run}"),
            record.phase,
            str(record.begin.get("mode", "")),
            _moment(record.began),
            _took(record),
            _badge(record),
        )
        for record in records
    ]
    return blocks.table(("run", "phase", "mode", "began (UTC)", "took", "outcome"), rows)


def _phases(records: Sequence[Record]) -> Element | None:
    """All runs over one clock."""
    known = [(record, record.began, record.ended) for record in records]
    began = min((start for _, start, _ in known if start), default=None)
    bars = [
        pictures.Bar(record.phase, (start - began).total_seconds(), (end - start).total_seconds(), _bar_state(record))
        for record, start, end in known
        if began and start and end
    ]
    return pictures.timeline(bars, "What took how long, in minutes and seconds from the first line on record.")


def _bar_state(record: Record) -> str:
    return "done" if record.is_done else record.outcome


def _users_back(records: Iterable[Record]) -> Element | None:
    """The curve of users who are home again, from the results of the moves."""
    for record in records:
        if points := record.users_back():
            start = points[0][0]
            total = sum(len(act.states) for act in record.acts if act.name == MOVE_USERS)
            measured = [((moment - start).total_seconds(), count) for moment, count in points]
            caption = (
                "Users home again, each read back from the directory, in minutes and seconds "
                f"from the first move at {start:%H:%M:%S} UTC."
            )
            return pictures.growth(measured, total, "users", caption)
    return None


# -- one run -----------------------------------------------------------------------------------------------------------
def _run(record: Record) -> Element:
    if record.phase == audit.PHASE:
        return _audit(record)
    parts: list[Child | Iterable[Child]] = [
        node("h2", record.phase.capitalize(), " ", _badge(record)),
        _identity(record),
        _troubles(record),
        report_checks.to_do(record),
        report_checks.by_area(record) if record.phase == PREPARE else None,
        _steps(record),
        _plan(record),
        _gates(record),
        report_guided.by_hand(record),
        _acts(record),
        _users_back([record]),
        None if record.phase == PREPARE else report_checks.by_area(record),
        _facts(record),
        _withheld(record),
        [_kept(table) for table in record.tables(ROWS) if table.file != CHECKS],
    ]
    return node("section", *parts, id=record.folder.run, class_="run")


def _audit(record: Record) -> Element:
    """An audit is about other runs: what it found comes first, and what it was itself comes last."""
    own = blocks.section("The audit itself", _identity(record))
    head = node("h2", "What happened ", _badge(record))
    return node("section", head, _troubles(record), _incidents().story(record), own, id=record.folder.run, class_="run")


def _badge(record: Record) -> Element:
    sign, kind = ("✓", "good") if record.is_done else ("…", "open") if record.outcome == "unfinished" else ("✗", "bad")
    return node("span", f"{sign} {record.outcome}", class_=f"badge {kind}")


def _identity(record: Record) -> Element:
    begin, who = record.begin, record.begin.get("who", {})
    resumes = len(record.of_kind("resume"))
    torn = "; its last line was cut off by a crash and set aside" if record.torn else ""
    chain = record.broken or f"{_plural(len(record.lines), 'line')}, each carrying the digest of the one before{torn}"
    return blocks.pairs(
        {
            "Run": record.folder.run,
            "Deployment": begin.get("deployment", "unknown"),
            "Mode": begin.get("mode", "unknown"),
            "Carried out by": f"{who.get('user', '?')} on {who.get('host', '?')}",
            "Began": _moment(record.began),
            "Last line": f"{_moment(record.ended)}, after {_took(record)}",
            "Executions": f"{resumes + 1}: it was taken up again after it had stopped" if resumes else "",
            "Parameters": begin.get("params_digest", ""),
            "lyncdr": begin.get("version", ""),
            "Journal": chain,
            "Its last digest": record.head,
            "Over the phone": spoken(record.head) if record.head else "",
        }
    )


def _troubles(record: Record) -> Element | None:
    """Whatever ended an execution badly, in its own words, and what nobody knows the outcome of."""
    said = [
        f"{line.facts.get('outcome', '?')} in {line.facts.get('step', '?')}: {line.facts.get('message', '')}"
        for line in record.of_kind("end")
        if line.facts.get("exit_code")
    ]
    said += [f"outcome unknown: {line.facts.get('message', '')}" for line in record.of_kind("unknown")]
    if record.broken:
        said = [record.broken]
    elif record.outcome == "unfinished":
        said.append("The run has no end on record: its process was killed, or is still at work.")
    if not said:
        return None
    heading, style = ("How it stopped before", "earlier") if record.is_done else ("What went wrong", "troubles")
    return node("div", node("h3", heading), node("ul", [node("li", one) for one in said]), class_=style)


def _steps(record: Record) -> list[Element]:
    began = record.began
    bars = [
        pictures.Bar(step.name, (step.began - began).total_seconds(), step.seconds, step.state)
        for step in record.steps
        if began
    ]
    drawn = pictures.timeline(bars, "The steps, in minutes and seconds from the run's first line.")
    return blocks.section("Steps", drawn)


def _plan(record: Record) -> list[Element]:
    found: list[Child] = []
    for facts in {line.facts["digest"]: line.facts for line in record.of_kind("plan")}.values():
        counts = [(kind, f"{count:,}") for kind, count in facts.get("counts", {}).items()]
        basis = {f"Rests on {name}": value for name, value in facts.get("basis", {}).items()}
        given = approval.standing(record.lines, facts["digest"]).given
        approved = "; ".join(f"by {one.who} on {one.host}, {_moment_of(one.at)}" for one in given) or "no"
        pairs = {"Scope": facts.get("scope", ""), "Digest": facts["digest"], **basis, "Approved": approved}
        found += [blocks.pairs(pairs), blocks.table(("change", "how many"), counts)]
    return blocks.section("Plan", *found)


def _declared(line: Line) -> tuple[str, ...]:
    by, pool = line.facts.get("by", {}), line.facts.get("pool", "")
    reason = f"{line.facts.get('because', '')} ({by.get('user', '?')})"
    return _moment_of(line.at), line.kind, "declared", f"{pool} is lost", reason


def _gates(record: Record) -> list[Element]:
    rows = [
        (
            _moment_of(line.at),
            str(line.facts.get("gate", "")),
            "waived" if line.kind == "waiver" else "closed",
            str(line.facts.get("waived") or line.facts.get("message") or ""),
            f"{line.facts.get('reason', '')} ({line.facts.get('by', {}).get('user', '?')})"
            if line.kind == "waiver"
            else str(line.facts.get("remedy", "")),
        )
        for line in record.of_kind("gate", "waiver")
    ]
    head = ("when (UTC)", "gate", "state", "because", "reason to pass, or remedy")
    declared = [_declared(line) for line in record.of_kind("declaration")]
    return blocks.section("Gates and waivers", blocks.table(head, [*declared, *rows]) if declared or rows else None)


def _acts(record: Record) -> list[Element]:
    acts = record.acts
    rows = [
        (
            act.name,
            *(f"{act.count(state):,}" for state in ("done", "failed", "unknown", "withheld")),
            f"{act.already:,}",
        )
        for act in acts
    ]
    head = ("act", "done", "failed", "unknown", "withheld", "were so already")
    table = blocks.table(head, rows, numbers=5) if rows else None
    return blocks.section("Results", table, *(_failed(act) for act in acts))


def _failed(act: Act) -> Element | None:
    bad = [(target, state, act.reasons.get(target, "")) for target, state in act.states.items() if state in _BAD]
    return blocks.long_table(f"{act.name}: not done", ("target", "state", "reason"), bad, len(bad), "the journal")


_BAD = ("failed", "unknown")


def _facts(record: Record) -> list[Element]:
    return blocks.section("Numbers", blocks.pairs(record.facts) if record.facts else None)


def _withheld(record: Record) -> list[Element]:
    rows = [
        (_moment_of(line.at), str(line.facts.get("what", "")), str(line.facts.get("objects", "")))
        for line in record.of_kind("withheld")
    ]
    head = ("when (UTC)", "what was not done", "objects")
    return blocks.section(
        "Withheld: what a live run would have done", blocks.long_table("", head, rows, len(rows), "the journal")
    )


def _kept(table: Table) -> Element | None:
    return blocks.long_table(table.file, table.head, table.rows, table.total, f"tables/{table.file}")


# -- pieces ------------------------------------------------------------------------------------------------------------
def _foot() -> Element:
    now = _moment(dt.datetime.now(dt.UTC))
    return node("footer", f"Written {now} UTC by {getpass.getuser()}, from the journals and tables of the runs alone.")


def _took(record: Record) -> str:
    return pictures.spell((record.ended - record.began).total_seconds()) if record.began and record.ended else ""


def _moment(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else "never"


def _moment_of(stamp: str) -> str:
    return _moment(dt.datetime.fromisoformat(stamp))


def _day(moment: dt.datetime | None) -> str:
    return f"{moment:%d %B %Y}" if moment else ""


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
