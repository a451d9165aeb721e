"""The steps of a run, from its journal: what is done and by whom, what is at work, waits, and is to come. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import if_it_died
from lyncdr_helpers.phases.acts import (
    conference_directories,
    contacts,
    edges,
    endpoints,
    group_chat,
    merges,
    moves,
    records,
    response_groups,
    response_groups_home,
)
from lyncdr_helpers.phases.earlier.spent import REFUSED
from lyncdr_helpers.runfolder import DONE as FINISHED

VERDICT = "verdict"

STEPS: Mapping[str, tuple[str, ...]] = {
    "prepare": (
        *("topology", "directory", "requirements", "management host", "preflight", "DR site", "DNS", "Group Chat"),
        *("backup store", if_it_died.AREA, VERDICT),
    ),
    "backup": (
        *("inventory", "contact export", "settings export", "copy to DR", "restore check", "manifest", VERDICT),
    ),
    "activate": (
        *("declare", "reach", "evidence", "pairing", "find the Central Management Store"),
        *("bring the Central Management Store to DR", "backup", "restorability", "plan", "approval"),
        *(moves.ACT, endpoints.ACT, conference_directories.ACT, contacts.ACT, response_groups.ACT, group_chat.ACT),
        *("archiving by hand", "bring archiving to DR", edges.ACT, "zones by hand", records.ACT, "watch DNS"),
        *("install Group Chat", VERDICT),
    ),
    "verify": (
        *("expectation", "users", "endpoints", "conference directories", "contacts", "response groups", "group chat"),
        *("DNS", "Edge", "service", VERDICT),
    ),
    "failback": (
        *("what happened", "health", "both pools backed up", "comparison", "plan", "approval", "move the pilot"),
        *(moves.ACT, endpoints.ACT, merges.ACT, "return response groups by hand", response_groups_home.ACT),
        *(edges.HOME, records.ACT, "stop Group Chat"),
        *("return Group Chat", "start Group Chat", "proof", VERDICT),
    ),
    "audit": ("look back", "incident", "records", "differences", VERDICT),
}
"""What each phase does, in its notebook's order. A step that only some runs have comes in where it happens."""


class State(StrEnum):
    """How a step stands. A colour never says it alone: SIGNS has a sign for each."""

    DONE = "done"
    RUNNING = "running"
    WAITS = "waits at its gate"
    FAILED = "failed"
    CUT_SHORT = "cut short"
    TO_COME = "to come"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Step:
    """One step. at: when it came to that state; by: who was at it. seconds: of its last whole execution.

    said: why it waits or failed.
    """

    name: str
    state: State
    at: dt.datetime | None = None
    by: str = ""
    seconds: float | None = None
    said: str = ""


def of(lines: Sequence[Line]) -> tuple[Step, ...]:
    """The steps of a run, in the order of its phase."""
    found, who, over = dict[str, Step](), "?", False
    for line in lines:
        match line.kind:
            case "begin" | "resume":
                who, over = "{user}@{host}".format(**line.facts["who"]), False
                _cut_short(found)
            case "step":
                _cut_short(found)
                _take(found, line, who)
            case "end":
                over = line.facts["outcome"] in FINISHED
                _end(found, line, who)
    return tuple(_ordered(found, STEPS.get(str(lines[0].facts["phase"]), ()) if lines else (), over))


def _take(found: dict[str, Step], line: Line, who: str) -> None:
    name, at = str(line.facts["name"]), parse_stamp(line.at)
    if line.facts["state"] == "started":
        found[name] = Step(name, State.RUNNING, at, who)
    else:
        found[name] = Step(name, State.DONE, at, who, float(line.facts.get("seconds", 0.0)))


def _end(found: dict[str, Step], line: Line, who: str) -> None:
    """The step in which a run ended, waiting for somebody or badly."""
    facts = line.facts
    if name := str(facts.get("step", "")):
        state = State.WAITS if facts["outcome"] == REFUSED else State.FAILED
        found[name] = Step(name, state, parse_stamp(line.at), who, None, str(facts.get("message", "")))


def _cut_short(found: dict[str, Step]) -> None:
    """A step that is at work when something else begins was cut off, and nobody could say so."""
    for name, step in found.items():
        if step.state is State.RUNNING:
            found[name] = Step(name, State.CUT_SHORT, step.at, step.by)


def _ordered(found: Mapping[str, Step], wanted: Sequence[str], over: bool) -> list[Step]:
    names = list(wanted)
    for place, name in enumerate(found):
        if name not in names:
            before = list(found)[place - 1] if place else None
            names.insert(names.index(before) + 1 if before else 0, name)
    reached = len(names) if over else max((names.index(name) for name in found), default=-1)
    return [
        found.get(name) or Step(name, State.SKIPPED if place < reached else State.TO_COME)
        for place, name in enumerate(names)
    ]
