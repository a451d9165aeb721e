"""Who decided what, from where, and on what: declarations, waivers, approvals, and what was done by hand. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lyncdr_helpers.checks import Check
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import approval, declaration, evidence, guided
from lyncdr_helpers.phases.incidents.incident import ACTIVATE
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.plan import SHORT


@dataclass(frozen=True)
class Decision:
    """what: declared, waived, approved. about: pool, gate, or the plan's digest. said: reason, or the plan's scope.

    names: whom or what a waiver stands for, by name. signed: the name of the key that signed it, or empty.
    """

    at: dt.datetime
    what: str
    about: str
    said: str
    user: str
    host: str
    run: str
    names: tuple[str, ...] = ()
    signed: str = ""


@dataclass(frozen=True)
class ByHand:
    """A step that a person did, or did not. evidence: files in the run folder that show it."""

    at: dt.datetime
    step: str
    title: str
    state: str
    said: str
    user: str
    host: str
    run: str
    evidence: tuple[str, ...] = ()


def decisions(runs: Iterable[Told]) -> tuple[Decision, ...]:
    """Everything that a person answered for, in the order in which it was decided."""
    found = [decision for run in runs for line in run.lines if (decision := _decision(run, line))]
    return tuple(sorted(found, key=lambda one: one.at))


def by_hand(runs: Iterable[Told]) -> tuple[ByHand, ...]:
    """Every answer to a guided step, and every step that was asked for and never answered, oldest first."""
    return tuple(sorted((one for run in runs for one in _guided(run)), key=lambda one: one.at))


def grounds(runs: Iterable[Told]) -> tuple[tuple[Told, Check], ...]:
    """What was seen of the primary before it was given up, each look as it was last made in its run."""
    return tuple((run, one) for run in runs if run.phase == ACTIVATE for one in run.checks if one.area == evidence.AREA)


def _decision(run: Told, line: Line) -> Decision | None:
    facts = line.facts
    match line.kind:
        case declaration.KIND:
            return _by(run, line, "declared", str(facts.get("pool")), str(facts.get("because")))
        case "waiver":
            return _by(
                run,
                line,
                "waived",
                str(facts.get("gate")),
                str(facts.get("reason")),
                tuple(map(str, facts.get("names", ()))),
                str(facts.get("signature", {}).get("key", "")),
            )
        case "approval":
            digest = str(facts.get("digest"))
            plans = [one.facts for one in run.of_kind("plan") if one.facts["digest"] == digest]
            made = _by(run, line, "approved", digest[:SHORT], str(plans[-1].get("scope")) if plans else "")
            return replace(made, user=approval.of_line(line).who)
    return None


def _by(
    run: Told, line: Line, what: str, about: str, said: str, names: tuple[str, ...] = (), signed: str = ""
) -> Decision:
    by = line.facts.get("by", {})
    who = str(by.get("user", "?")), str(by.get("host", "?"))
    return Decision(parse_stamp(line.at), what, about, said, *who, run.run, names, signed)


def _guided(run: Told) -> Iterator[ByHand]:
    titles: dict[str, str] = {}
    waiting: dict[str, Line] = {}
    for line in run.of_kind(guided.KIND):
        step, state = str(line.facts["step"]), line.facts["state"]
        titles[step] = str(line.facts.get("title") or titles.get(step, step))
        if state == guided.ASKED:
            waiting[step] = line
        else:
            waiting.pop(step, None)
            yield _step(run, line, titles[step])
    for step, line in waiting.items():
        yield _step(run, line, titles[step])


def _step(run: Told, line: Line, title: str) -> ByHand:
    facts, by = line.facts, line.facts.get("by", {})
    kept = facts.get("evidence") or ()
    files = tuple(str(one.get("file", "")) for one in kept if isinstance(one, dict))
    who = str(by.get("user", "?")), str(by.get("host", "?"))
    at, said = parse_stamp(line.at), str(facts.get("said", ""))
    return ByHand(at, str(facts["step"]), title, str(facts["state"]), said, *who, run.run, files)
