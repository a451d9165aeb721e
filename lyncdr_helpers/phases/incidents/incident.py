"""Which runs belong to one incident: an activation, what went with it, its verifications, and the way home. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.phases import declaration
from lyncdr_helpers.phases.incidents.told import Told

ACTIVATE, VERIFY, FAILBACK = PHASES = ("activate", "verify", "failback")
SAME = dt.timedelta(hours=24)
"""An activation that changed nothing, and one that begins later than this after it, are two incidents."""


@dataclass(frozen=True)
class Incident:
    """runs: live, oldest first; the first is an activation. broken: runs of these days that tell nothing any more."""

    runs: tuple[Told, ...]
    broken: tuple[Told, ...] = ()

    @property
    def name(self) -> str:
        """The run it began with."""
        return self.runs[0].run

    @property
    def began(self) -> dt.datetime:
        return self.runs[0].began

    @property
    def ended(self) -> dt.datetime:
        """The last line on record so far."""
        return max(one.ended for one in self.runs)

    def of_phase(self, phase: str) -> tuple[Told, ...]:
        return tuple(one for one in self.runs if one.phase == phase)

    @property
    def acted(self) -> bool:
        """Whether an activation changed the deployment."""
        return any(one.summary.acted for one in self.of_phase(ACTIVATE))

    @property
    def proof(self) -> Told | None:
        """The first verification that proved service."""
        return next((one for one in self.of_phase(VERIFY) if one.summary.finished), None)

    @property
    def way_home(self) -> Told | None:
        """The fail back that brought everybody home; an incident without one is not over."""
        return next((one for one in self.of_phase(FAILBACK) if one.summary.finished), None)

    @property
    def state(self) -> str:
        """How far it came: nothing changed, acting, not proven, in DR, home."""
        if self.way_home:
            return "home"
        if not self.acted:
            return "nothing changed"
        if not any(one.summary.finished for one in self.of_phase(ACTIVATE)):
            return "acting"
        return "in DR" if self.proof else "not proven"


def incidents(runs: Sequence[Told]) -> tuple[Incident, ...]:
    """Every incident in these runs, oldest first. runs: oldest first."""
    found: list[list[Told]] = []
    open_ = False
    for run in runs:
        if run.phase not in PHASES or not run.is_live:
            continue
        if run.phase == ACTIVATE:
            if not _is_meant(run):
                continue
            if not open_ or _is_another(found[-1], run):
                found.append([])
            open_ = True
        if open_:
            found[-1].append(run)
            open_ = not (run.phase == FAILBACK and run.summary.finished)
    newest = len(found) - 1
    return tuple(_with_broken(tuple(some), runs, is_newest=place == newest) for place, some in enumerate(found))


def choose(found: Sequence[Incident], wanted: str = "") -> Incident | None:
    """The incident that has the run of that name; without a name the newest. Raises InputError where none has it."""
    if not wanted:
        return found[-1] if found else None
    for one in found:
        if any(run.run == wanted for run in one.runs):
            return one
    begun = ", ".join(one.name for one in found) or "there was none yet"
    raise InputError(f"No incident has a run {wanted!r}.", f"Incidents, by the run that each began with: {begun}.")


def _is_meant(run: Told) -> bool:
    """Whether somebody declared a disaster in it, or it changed something; others did not get so far."""
    return run.summary.acted or any(run.of_kind(declaration.KIND))


def _is_another(incident: Sequence[Told], run: Told) -> bool:
    acted = any(one.summary.acted for one in incident)
    return not acted and run.began > max(one.ended for one in incident) + SAME


def _with_broken(runs: tuple[Told, ...], every: Sequence[Told], *, is_newest: bool) -> Incident:
    """Broken runs count for the incident in whose time their names stand; the newest goes on until people are home."""
    incident = Incident(runs)
    goes_on = is_newest and not incident.way_home
    broken = tuple(
        one
        for one in every
        if one.is_broken
        and one.phase in PHASES
        and one.began >= incident.began - SAME
        and (goes_on or one.began <= incident.ended)
    )
    return Incident(runs, broken)
