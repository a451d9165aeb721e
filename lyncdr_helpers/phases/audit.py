"""6_audit: what happened, and can we prove it? Reads the record of every run, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.checks import Check, Checklist, Verdict, judge, require
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.dossier import proof
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.phases.earlier.recoveries import RTO, Recovery
from lyncdr_helpers.phases.incidents import decisions, differences, incident, service, timeline, told
from lyncdr_helpers.phases.incidents.differences import Difference, Pace
from lyncdr_helpers.phases.incidents.incident import Incident
from lyncdr_helpers.phases.incidents.service import Outage
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import DONE
from lyncdr_helpers.session import Session, open_session

PHASE = "audit"
AREA = "record"
DRILL: Final = "drill"
EXPECTED = "as it was written when it happened"
REMEDY = "Keep the folder as evidence, and find out who had access. See: lyncdr runs verify"
POOL, WHICH, LOST_AT, COMPARED = "lost pool", "incident", "lost at", "compared"
"""The facts by which a report tells the same story again."""
BROKEN, UNTIL_BACK = "records that do not hold", "seconds until users were back"


@dataclass(frozen=True)
class Past:
    """Every run of the deployment, oldest first, and its incidents. pool: the one that may be lost."""

    deployment: str
    pool: str
    runs: tuple[Told, ...]
    incidents: tuple[Incident, ...]
    target_seconds: float = 0.0

    @property
    def drills(self) -> tuple[Told, ...]:
        return tuple(one for one in self.runs if one.phase == DRILL)


@dataclass(frozen=True)
class Case:
    """One incident, and how long users were without service in it; neither, where there never was one."""

    incident: Incident | None = None
    outage: Outage | None = None

    @property
    def runs(self) -> tuple[Told, ...]:
        return self.incident.runs if self.incident else ()


@dataclass(frozen=True)
class Compared:
    """Two runs side by side, the older one first; None where there are no two of a kind."""

    one: Told | None = None
    other: Told | None = None
    differences: tuple[Difference, ...] = ()
    paces: tuple[Pace, ...] = ()


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin an audit."""
    return open_session(PHASE, params_file, run=run or "new", locked=False)


def look_back(session: Session) -> Past:
    """Every run of this deployment on record here, but for this one."""
    with session.step("look back"):
        params = session.params
        runs_folder = session.loaded.locate(params.runs_folder)
        past = of(runs_folder, params.deployment, params.failed_pool.fqdn, session.folder.run)
        session.fact(POOL, past.pool)
        session.fact("runs", len(past.runs))
        session.fact("incidents", len(past.incidents))
        # What was read, so that it can be said later what this audit was of.
        session.fact("heads", {one.run: one.lines[-1].digest for one in past.runs if one.lines})
        session.fact("plans", sorted({line.facts["digest"] for one in past.runs for line in one.of_kind("plan")}))
        return Past(past.deployment, past.pool, past.runs, past.incidents, params.thresholds.rto_minutes * 60)


def of(runs_folder: Path, deployment: str, pool: str, but: str = "") -> Past:
    """The past of a deployment. but: a run that is left out."""
    runs = told.read(runs_folder, deployment, but)
    return Past(deployment, pool, runs, incident.incidents(runs))


def prove(session: Session, past: Past) -> Checklist:
    """A check for each run: its record is what was written when it happened. One that is not fails by name.

    The copies of their heads at the DR site are looked at, too, where the store can be asked; a run that has one there
    and no folder here is a check of its own.
    """
    here = [session.folder.run, *(one.run for one in past.runs)]
    with session.step("records"):
        checks, store = Checklist(), None
        with checks.asking(AREA, "copies at the DR site", "they can be asked for", soft=True):
            checks.add(*proof.missing(session.store, past.deployment, here))
            store = session.store
        checks.add(*(proven(one, session.keys, store) for one in past.runs))
        session.record(*checks)
        session.fact(BROKEN, sum(one.verdict == "fail" for one in checks))
        return checks


def choose(session: Session, past: Past, wanted: str = "", lost_at: str = "") -> Case:
    """The incident that has the run of that name, or the newest; lost_at: when the pool was lost, if somebody knows."""
    with session.step("incident"):
        case = case_of(past, wanted, lost_at)
        if case.incident and case.outage:
            session.fact(WHICH, case.incident.name)
            if lost_at.strip():
                session.fact(LOST_AT, lost_at.strip())
            for name, seconds in {
                UNTIL_BACK: _until_back(case.outage),
                RTO: case.outage.until_proven,
            }.items():
                if seconds is not None:
                    session.fact(name, round(seconds, 3))
        return case


def case_of(past: Past, wanted: str = "", lost_at: str = "") -> Case:
    """As `choose`, on no record. Raises InputError for a run that no incident has, and a moment that cannot be."""
    found = incident.choose(past.incidents, wanted.strip())
    if found is None:
        if lost_at.strip():
            raise InputError("No incident is on record, so nothing was lost at any moment.", "Leave lost_at empty.")
        return Case()
    return Case(found, service.outage(found, past.runs, past.pool, lost_at))


def compare(session: Session, past: Past, wanted: str = "") -> Compared:
    """Two runs side by side. wanted: their names, with a comma between; empty: the newest and its like before it."""
    with session.step("differences"):
        found = compared(past, wanted)
        if found.one and found.other:
            session.fact(COMPARED, f"{found.one.run}, {found.other.run}")
        return found


def compared(past: Past, wanted: str = "") -> Compared:
    """As `compare`, on no record. Raises InputError where not two runs are named that can be read."""
    one, other = _named(past, wanted) if wanted.strip() else _newest(past)
    if one is None or other is None:
        return Compared()
    return Compared(one, other, differences.between(one, other), differences.paces(one, other))


def recoveries(past: Past) -> tuple[Recovery, ...]:
    """How long recoveries took, oldest first: each drill from the loss, each incident from when it was noticed."""
    drilled = [_drilled(one) for one in past.drills if one.lines]
    real = [_recovered(past, one) for one in past.incidents if one.acted]
    return tuple(sorted([*drilled, *real], key=lambda one: one.began))


def finish(session: Session, past: Past, case: Case, checks: Checklist) -> str:
    """The last word: done when every record holds. Raises CheckFailed that names those that do not."""
    for name, rows in _tables(past, case, checks).items():
        session.keep(name, rows)
    with session.step("verdict"):
        require(checks, "The record cannot be relied on")
    session.end("done", 0)
    doubted = [one.name for one in checks if one.verdict is not Verdict.PASS]
    proven = "every record is as it was written"
    said = f"nothing was found changed; not proven: {', '.join(doubted)}" if doubted else proven
    return f"{_counted(past.runs, 'run')}, {_counted(past.incidents, 'incident')}: {said}."


def _counted(some: Sequence[object], noun: str) -> str:
    return f"{len(some):,} {noun}" if len(some) == 1 else f"{len(some):,} {noun}s"


# -- records -----------------------------------------------------------------------------------------------------------
def proven(run: Told, keys: Keys | None = None, store: Store | None = None) -> Check:
    """All that dossier.proof finds in a run's folder, as one check; of a drill its journal alone, for none seals it."""
    found = [one for one in proof.check(run.folder, keys, store) if run.phase != DRILL or one.name == "journal"]
    against = [one for one in found if one.verdict is Verdict.FAIL]
    doubts = [one for one in found if one.verdict is not Verdict.PASS]
    said = "; ".join(dict.fromkeys(f"{one.name}: {one.seen}" for one in against or doubts))
    soft = not against
    seen = said or f"{len(run.lines):,} lines, and {len(found) - 1} other proofs"
    return judge(AREA, run.run, not doubts, seen=seen, expected=EXPECTED, remedy=REMEDY, soft=soft)


# -- two runs ----------------------------------------------------------------------------------------------------------
def _named(past: Past, wanted: str) -> tuple[Told, Told]:
    names = [name.strip() for name in wanted.split(",") if name.strip()]
    if len(names) != 2 or names[0] == names[1]:
        raise InputError(
            f"{wanted!r} does not name two runs.", "Give two names with a comma between. See: lyncdr runs list"
        )
    return told.named(past.runs, names[0]), told.named(past.runs, names[1])


def _newest(past: Past) -> tuple[Told | None, Told | None]:
    """The newest run but an audit that has a like before it: of the same phase, in the same mode."""
    whole = [one for one in past.runs if not one.is_broken and one.phase != PHASE]
    for place in range(len(whole) - 1, 0, -1):
        newest = whole[place]
        for earlier in reversed(whole[:place]):
            if (earlier.phase, earlier.summary.mode) == (newest.phase, newest.summary.mode):
                return earlier, newest
    return None, None


# -- recoveries --------------------------------------------------------------------------------------------------------
def _drilled(run: Told) -> Recovery:
    users = int(run.lines[0].facts.get("users", 0))
    seconds = run.facts.get(RTO) if run.summary.outcome in DONE else None
    return Recovery(run.run, DRILL, run.began, users, seconds, {})


def _recovered(past: Past, one: Incident) -> Recovery:
    found = service.outage(one, past.runs, past.pool)
    return Recovery(one.name, "live", one.began, len(found.users), found.until_proven, {})


def _until_back(outage: Outage) -> float | None:
    shares = outage.shares()
    return shares[-1].last if shares else None


# -- tables ------------------------------------------------------------------------------------------------------------
def _tables(past: Past, case: Case, checks: Checklist) -> Mapping[str, list[dict[str, Any]]]:
    holds = {one.name: str(one.verdict) for one in checks}
    return {
        "runs": [{**asdict(one.summary), "phase": one.phase, "record": holds[one.run]} for one in past.runs],
        "timeline": [{**vars(one), "at": stamp(one.at)} for one in timeline.events(case.runs)],
        "decisions": [
            {**asdict(one), "at": stamp(one.at), "names": " ".join(one.names)} for one in decisions.decisions(case.runs)
        ],
        "by-hand": [
            {**asdict(one), "at": stamp(one.at), "evidence": " ".join(one.evidence)}
            for one in decisions.by_hand(case.runs)
        ],
        "users-back": list(_users_back(case)),
    }


def _users_back(case: Case) -> Iterator[dict[str, Any]]:
    """Each user, and how many seconds after the loss they had what back; empty where never, or not needed."""
    for one in case.outage.users if case.outage else ():
        moments = {need: one.of(need) if need in one.needs else None for need in service.NEEDS}
        assert case.outage is not None
        yield {
            "user": one.user,
            **{need: case.outage.seconds(moment) for need, moment in moments.items()},
            "all": case.outage.seconds(one.whole),
        }
