"""How long users were without service in one incident: since when, and when each of them had what back. Pure."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from lyncdr_helpers.checks import Severity
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import activation_plan, declaration, evidence
from lyncdr_helpers.phases.acts import contacts, moves, records
from lyncdr_helpers.phases.guided import DONE, FOUND
from lyncdr_helpers.phases.incidents.incident import ACTIVATE, Incident
from lyncdr_helpers.phases.incidents.told import Told

HALF, MOST, ALL = SHARES = (0.5, 0.95, 1.0)
MOVED, LISTS, NAMES = NEEDS = ("moved", "contacts", "DNS")
ALIVE = ("accepts connections", "signed in")
"""What a check of the primary has seen where it served."""
BY_HAND = "dns-"
"""How the guided steps are called in which somebody changes a zone."""


@dataclass(frozen=True)
class Sign:
    """Something that shows how things stood at a moment. run: whose journal has it, or empty."""

    at: dt.datetime
    what: str
    run: str = ""


@dataclass(frozen=True)
class Back:
    """When one user had what back; None: never, as far as is on record. needs: of NEEDS, what this user had to get."""

    user: str
    needs: frozenset[str]
    moved: dt.datetime | None
    contacts: dt.datetime | None
    names: dt.datetime | None

    def of(self, need: str) -> dt.datetime | None:
        return {MOVED: self.moved, LISTS: self.contacts, NAMES: self.names}[need]

    @property
    def whole(self) -> dt.datetime | None:
        """When the last of it was back."""
        moments = [moment for need in self.needs if (moment := self.of(need))]
        return max(moments) if moments and len(moments) == len(self.needs) else None


@dataclass(frozen=True)
class Share:
    """Of so many users, when the first half, 95 of 100, and the last had something back: seconds, None: never."""

    what: str
    users: int
    back: int
    half: float | None
    most: float | None
    last: float | None


@dataclass(frozen=True)
class Outage:
    """alive: the last sign of life of the lost pool before. noticed: the first line that says it is lost.

    lost: when it was lost, if somebody outside the journals knows. proven: when a verification had proven service.
    """

    alive: Sign | None
    noticed: Sign
    lost: Sign | None
    users: tuple[Back, ...]
    proven: Sign | None

    @property
    def since(self) -> Sign:
        """From when on it is certain that there was no service."""
        return self.lost or self.noticed

    @property
    def doubt(self) -> float:
        """For how many seconds before that nobody knows; 0 where somebody does. NaN: nothing ever showed it alive."""
        if self.lost:
            return 0.0
        return (self.noticed.at - self.alive.at).total_seconds() if self.alive else math.nan

    def seconds(self, moment: dt.datetime | None) -> float | None:
        return (moment - self.since.at).total_seconds() if moment else None

    @property
    def until_proven(self) -> float | None:
        return self.seconds(self.proven.at) if self.proven else None

    @property
    def never(self) -> tuple[Back, ...]:
        """Who did not get everything back, as far as the activations tell."""
        return tuple(one for one in self.users if one.whole is None)

    def shares(self) -> tuple[Share, ...]:
        """One for each need that anybody had, then one for all of it."""
        rows = []
        for need in NEEDS:
            some = [one for one in self.users if need in one.needs]
            if some:
                rows.append(self._share(need, [one.of(need) for one in some]))
        return (*rows, self._share("all of it", [one.whole for one in self.users])) if rows else ()

    def _share(self, what: str, moments: Sequence[dt.datetime | None]) -> Share:
        back = sorted(moment for moment in moments if moment)
        half, most, last = (self.seconds(_after(back, len(moments), share)) for share in SHARES)
        return Share(what, len(moments), len(back), half, most, last)


def outage(incident: Incident, runs: Iterable[Told], pool: str, lost_at: str = "") -> Outage:
    """runs: all of the deployment, oldest first. pool: the lost one. lost_at: ISO 8601, when it was lost, if known.

    Raises InputError for a moment that is none, or that the journals contradict.
    """
    noticed = _noticed(incident)
    alive = _alive(runs, noticed.at, pool)
    lost = _said(lost_at, alive, noticed) if lost_at.strip() else None
    proof = incident.proof
    proven = Sign(proof.ended, "a verification proved service", proof.run) if proof else None
    return Outage(alive, noticed, lost, _users(incident.of_phase(ACTIVATE)), proven)


def _after(back: Sequence[dt.datetime], of: int, share: float) -> dt.datetime | None:
    """When so large a share of all was back: nearest rank."""
    rank = math.ceil(share * of)
    return back[rank - 1] if 0 < rank <= len(back) else None


# -- since when --------------------------------------------------------------------------------------------------------
def _noticed(incident: Incident) -> Sign:
    """The first declaration, or the first look at the primary that found it silent, whichever came first.

    A pool that serves after that was given up while it lived: then service ended with the first order to move.
    """
    first: Sign | None = None
    for run in incident.of_phase(ACTIVATE):
        for line in run.lines:
            at = parse_stamp(line.at)
            if _is_alive(line):
                first = None
            elif line.kind == declaration.KIND:
                first = first or Sign(at, "it was declared lost", run.run)
            elif _is_look(line) and line.facts.get("verdict") == "pass":
                first = first or Sign(at, f"{line.facts['name']}: {line.facts['seen']}", run.run)
            elif line.kind == "intent" and line.facts.get("act") == moves.ACT:
                return first or Sign(at, "users were moved while it still served", run.run)
    return first or Sign(incident.began, "the activation began", incident.name)


def _alive(runs: Iterable[Told], until: dt.datetime, pool: str) -> Sign | None:
    """The newest of: its contact lists were exported, it was seen to serve, everybody came home to it."""
    found = None
    for run in runs:
        for line in run.lines:
            if (what := _shows_life(run, line, pool)) and parse_stamp(line.at) < until:
                found = Sign(parse_stamp(line.at), what, run.run)
    return found


def _shows_life(run: Told, line: Line, pool: str) -> str:
    facts = line.facts
    if line.kind == "fact" and facts.get("name") == f"contacts on {pool}":
        return "its contact lists were exported"
    if _is_alive(line):
        return f"{facts['name']}: {facts['seen']}"
    if line.kind == "end" and run.phase == "failback" and run.is_live and facts.get("outcome") == "done":
        return "everybody had come home to it"
    return ""


def _is_look(line: Line) -> bool:
    """Whether it is about the pool's own service; what else answers at the site proves nothing."""
    facts = line.facts
    return line.kind == "check" and facts.get("area") == evidence.AREA and facts.get("severity") == Severity.MUST


def _is_alive(line: Line) -> bool:
    return _is_look(line) and any(word in str(line.facts.get("seen")) for word in ALIVE)


def _said(text: str, alive: Sign | None, noticed: Sign) -> Sign:
    try:
        moment = dt.datetime.fromisoformat(text.strip())
    except ValueError as cause:
        raise InputError(f"{text!r} is no moment.", "Write it like 2026-03-01T02:10:00Z.") from cause
    if moment.tzinfo is None:
        raise InputError(f"{text!r} does not say in which time zone.", "Add Z for UTC, or an offset such as +01:00.")
    moment = moment.astimezone(dt.UTC)
    if moment > noticed.at:
        raise InputError(
            f"It cannot have been lost at {text}: at {noticed.at:%Y-%m-%d %H:%M:%S} UTC {noticed.what}.",
            "Give the moment before, or none.",
        )
    if alive and moment < alive.at:
        raise InputError(
            f"It cannot have been lost at {text}: at {alive.at:%Y-%m-%d %H:%M:%S} UTC {alive.what} ({alive.run}).",
            "Look at that run, then give the moment after it, or none.",
        )
    return Sign(moment, "somebody who knows says so")


# -- until when --------------------------------------------------------------------------------------------------------
def _users(activations: Sequence[Told]) -> tuple[Back, ...]:
    """Everybody whom a plan was to move, or who was moved."""
    moved = _moments(activations, moves.ACT, activation_plan.MOVE)
    lists = _moments(activations, contacts.ACT, activation_plan.CONTACTS)
    names = _moments(activations, records.ACT, activation_plan.RECORD)
    needs_names = {NAMES} if names else set()
    named = max((at for at in names.values() if at), default=None) if all(names.values()) else None
    return tuple(
        Back(
            user,
            frozenset({MOVED} | ({LISTS} if user in lists else set()) | needs_names),
            moved[user],
            lists.get(user),
            named,
        )
        for user in sorted(moved)
    )


def _moments(runs: Iterable[Told], act: str, kind: str) -> dict[str, dt.datetime | None]:
    """When each target of an act was as it should be for the first time; None: never, as far as is on record."""
    found: dict[str, dt.datetime | None] = {}
    for run in runs:
        planned = {change.target for change in run.plan.of_kind(kind)} if run.plan else set[str]()
        done = _done(run, act)
        tried = {str(one) for line in _of(run, act, "intent") for one in line.facts.get("targets", ())}
        done = {**dict.fromkeys(planned - tried, _found_so(run, act, kind)), **done}
        for target in sorted(planned | tried):
            found[target] = found.get(target) or done.get(target)
    return found


def _done(run: Told, act: str) -> dict[str, dt.datetime | None]:
    done: dict[str, dt.datetime | None] = {}
    for line in _of(run, act, "result"):
        for target in line.facts.get("done", ()):
            done.setdefault(str(target), parse_stamp(line.at))
    return done


def _found_so(run: Told, act: str, kind: str) -> dt.datetime | None:
    """When what nobody had to do was seen to be so; of a zone that somebody changed by hand, when that was proven."""
    seen = [line.at for line in _of(run, act, "found") if line.facts.get("count")]
    if kind == activation_plan.RECORD:
        seen += [line.at for line in run.of_kind("guided") if _is_zone(line.facts["step"], line.facts["state"])]
    return max(map(parse_stamp, seen)) if seen else None


def _is_zone(step: str, state: str, proven: Collection[str] = (DONE, FOUND)) -> bool:
    return step.startswith(BY_HAND) and state in proven


def _of(run: Told, act: str, kind: str) -> Iterable[Line]:
    return (line for line in run.of_kind(kind) if line.facts.get("act") == act)
