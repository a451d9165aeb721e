"""The RTO clock of an incident: what went into detecting, deciding, acting and proving, and who is back. Pure.

It is read from the journals of all runs of the incident, its activations and its verifications:

- detect: from the last sign of life of the lost pool on record, in whatever run, to the first declaration. Nobody knows
  when between them the pool was lost, so that this is the most that it can have taken. A pool that was seen alive after
  it had been declared lost is detected by the first look that found it silent.
- decide: from that declaration to the first approval of a plan.
- act: from that approval to the last end of the step that repoints DNS.
- verify: from then until a verification has proven service; somebody has to begin it, and that counts.
- users back: who is homed at the DR pool, by the results of the moves; who has contacts and DNS as well.

What is held against the target begins with the first command, as in every forecast and every earlier recovery.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import declaration
from lyncdr_helpers.phases.acts import records
from lyncdr_helpers.phases.incidents import service
from lyncdr_helpers.phases.incidents.incident import ACTIVATE, SAME, Incident
from lyncdr_helpers.phases.incidents.service import Outage
from lyncdr_helpers.phases.incidents.told import Told

PARTS = ("detect", "decide", "act", "verify")


@dataclass(frozen=True)
class Part:
    """One part of the clock. began, ended: None where it has not, or where nothing is on record."""

    name: str
    began: dt.datetime | None
    ended: dt.datetime | None

    def seconds(self, now: dt.datetime) -> float | None:
        """How long it took, or has taken until now; None before it begins, and where nobody knows."""
        if self.began is None:
            return None
        return max(((self.ended or now) - self.began).total_seconds(), 0.0)

    @property
    def state(self) -> str:
        """done, running, to come, or unknown: it is over, and nobody knows when it began."""
        if self.ended:
            return "done" if self.began else "unknown"
        return "running" if self.began else "to come"


@dataclass(frozen=True)
class RtoClock:
    """One incident. began: the first command. moved: who is homed at the DR pool; back: who has everything, each with
    the moment. users: how many there are to bring back.
    """

    incident: Incident
    outage: Outage
    parts: tuple[Part, ...]
    users: int
    moved: tuple[dt.datetime, ...]
    back: tuple[dt.datetime, ...]

    @property
    def began(self) -> dt.datetime:
        return self.incident.began

    @property
    def proven(self) -> dt.datetime | None:
        return self.outage.proven.at if self.outage.proven else None

    def seconds(self, now: dt.datetime) -> float:
        """From the first command to proven service, or until now."""
        return ((self.proven or now) - self.began).total_seconds()


def current(found: Sequence[Incident], run: str, now: dt.datetime) -> Incident | None:
    """The incident that this run belongs to, else the newest, unless everybody is home again or nothing came of it."""
    for one in found:
        if run in [each.run for each in one.runs]:
            return one
    newest = found[-1] if found else None
    if newest is None or newest.state == "home":
        return None
    return None if newest.state == "nothing changed" and now > newest.ended + SAME else newest


def clock(incident: Incident, runs: Sequence[Told], pool: str) -> RtoClock:
    """runs: all of the deployment, oldest first. pool: the lost one."""
    outage = service.outage(incident, runs, pool)
    declared, approved = _first(incident, declaration.KIND), _first(incident, "approval")
    repointed = max((parse_stamp(line.at) for line in _repointed(incident)), default=None)
    proven = outage.proven.at if outage.proven else None
    alive = outage.alive.at if outage.alive else None
    if declared and alive and declared < alive:
        declared = outage.noticed.at
    ends = (declared, approved, repointed if approved else None, proven)
    parts = tuple(Part(name, began, ended) for name, began, ended in zip(PARTS, (alive, *ends[:-1]), ends, strict=True))
    moved = sorted(one.moved for one in outage.users if one.moved)
    back = sorted(one.whole for one in outage.users if one.whole)
    return RtoClock(incident, outage, parts, len(outage.users), tuple(moved), tuple(back))


def _first(incident: Incident, kind: str) -> dt.datetime | None:
    lines = (line for run in incident.of_phase(ACTIVATE) for line in run.of_kind(kind))
    return next((parse_stamp(line.at) for line in lines), None)


def _repointed(incident: Incident) -> Iterator[Line]:
    for run in incident.of_phase(ACTIVATE):
        for line in run.of_kind("step"):
            if (line.facts["name"], line.facts["state"]) == (records.ACT, "done"):
                yield line
