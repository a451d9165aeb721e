"""If it died now: whose contacts would not come back, how long a recovery would take, and what stays lost. Reads only.

Facts and estimates are told apart: who is not in the newest set is a fact; how many changed their list since, and how
long a recovery would take, are estimates from this deployment's own nights and runs, and each says what it rests on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from lyncdr_helpers.backups import risk, sets, stored
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.backups.risk import NIGHTS, AtRisk, ChangedSince
from lyncdr_helpers.checks import Check, Checklist, judge, some_of, unknown
from lyncdr_helpers.directory.inventory import Inventory, read_inventory
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.phases import contact_stores, never_back
from lyncdr_helpers.phases.acts import conference_directories, endpoints, group_chat, response_groups
from lyncdr_helpers.phases.earlier import durations, recoveries
from lyncdr_helpers.phases.earlier.durations import Estimate, RecoveryTime
from lyncdr_helpers.phases.endpoints import by_kind
from lyncdr_helpers.phases.never_back import Gone
from lyncdr_helpers.session import Session

T = TypeVar("T")

AREA = "if it died now"
CONTACTS = "contacts that would not come back"
WHOLE = "newest complete set is whole"
CHANGED = "lists changed since the newest set"
TIME = "recovery time"
SETS = NIGHTS * 4
"""How many sets are read at most to find the last nights: several may have been made on one day."""


@dataclass(frozen=True)
class IfItDied:
    """The answer. users: homed on the pool now; None where the directory could not be asked.

    newest: the set an activation would choose. at_risk: users by name; None where nobody could tell, and checks say
    why. changed: an estimate; None without a set. time: an estimate, stage by stage. gone: what an activation does not
    bring back. checks: all of it, judged; none of them holds anything back.
    """

    users: int | None
    newest: Manifest | None
    at_risk: tuple[AtRisk, ...] | None
    changed: ChangedSince | None
    time: RecoveryTime
    gone: tuple[Gone, ...]
    checks: Checklist


def look(session: Session, faults: Sequence[str] | None = None) -> IfItDied:
    """Look at it all.

    faults: why the newest set may not be relied on, from whoever proved it in this run, none where it is whole; None:
    it is proven here, which reads all of it.
    """
    with session.step(AREA):
        checks, pool, base = Checklist(), session.params.failed_pool.fqdn, session.params.directory.base
        inventory = _asked(checks, "users of the pool", lambda: read_inventory(session.directory, base))
        complete = _asked(checks, "newest complete set", lambda: _complete(session))
        newest = complete[-1] if complete else None
        changed = _changed(session, complete, pool)
        homed = None if inventory is None else [user.address for user in inventory.movable(pool)]
        askable = homed is not None and complete is not None
        at_risk = _at_risk(session, checks, homed or [], newest, faults) if askable else None
        if changed:
            checks.add(_judged_changes(changed))
        time = _time(session, inventory, newest)
        checks.add(_judged_time(time))
        gone = never_back.table(session.params, changed, inventory)
        found = IfItDied(None if homed is None else len(homed), newest, at_risk, changed, time, gone, checks)
        _keep(session, found)
        return found


# -- asking ------------------------------------------------------------------------------------------------------------
def _asked(checks: Checklist, name: str, ask: Callable[[], T]) -> T | None:
    """The answer; None, and a row that says why, where nobody could be asked."""
    answers: list[T] = []
    with checks.asking(AREA, name, "known", soft=True):
        answers.append(ask())
    return answers[0] if answers else None


def _complete(session: Session) -> list[Manifest]:
    """The newest COMPLETE sets, oldest first: as many as the estimate needs, for each is read whole.

    Raises OperationError where a folder cannot be looked into: it may hold the newest set.
    """
    store, pool, found = session.store, session.params.failed_pool.fqdn, list[Manifest]()
    seen = [one for one in stored.glance(store, session.params.deployment) if one.published]
    for one in seen:
        if not one.made_at:
            store.files(one.name)
    for name in reversed([one.name for one in seen if one.restores][-SETS:]):
        with suppress(InputError):  # its summary calls it COMPLETE, and its manifest is none
            made = stored.read(store, name)
            found += [made] if made.complete else []
        if len(risk.nights(found, pool)) == NIGHTS:
            break
    return found[::-1]


def _at_risk(
    session: Session, checks: Checklist, homed: Sequence[str], newest: Manifest | None, faults: Sequence[str] | None
) -> tuple[AtRisk, ...] | None:
    if newest and faults is None:
        faults = _asked(checks, WHOLE, lambda: sets.faults(session.store, newest, session.keys))
        if faults is None:
            return None
    held = _asked(checks, contact_stores.NAME, lambda: _held(session, checks, newest)) if newest and not faults else {}
    found = risk.at_risk(homed, newest, session.params.failed_pool.fqdn, held or {}, faults or ())
    checks.add(_judged_contacts(found, len(homed)))
    return found


def _held(session: Session, checks: Checklist, newest: Manifest) -> Mapping[str, str]:
    """Whose contacts are in the other store now; where nobody can say, they would be imported, and that is a row."""
    pool = session.params.failed_pool.fqdn
    compared = contact_stores.compare(session, pool, newest.users_of(pool))
    if compared.unknown:
        seen = f"Debug-CsUnifiedContactStore does not tell of {compared.unknown:,} users"
        checks.add(unknown(AREA, contact_stores.NAME, seen=seen, expected="known", soft=True))
    return compared.held


def _changed(session: Session, complete: Sequence[Manifest] | None, pool: str) -> ChangedSince | None:
    if not complete:
        return None
    newest = complete[-1]
    users = sum(bool(one.digest) for one in newest.users_of(pool).values())
    age = sets.age_hours(newest, session.clock.now())
    return risk.changed_since(risk.nights(complete, pool), users, age)


def _time(session: Session, inventory: Inventory | None, newest: Manifest | None) -> RecoveryTime:
    params, pool = session.params, session.params.failed_pool.fqdn
    runs_folder = session.loaded.locate(params.runs_folder)
    past = recoveries.read(runs_folder, params.deployment, pool, params.target_pool.fqdn)
    skip = [response_groups.ACT] if newest and not newest.response_groups.get(pool) else []
    skip += [group_chat.ACT] if newest and not any(one.kind == "group-chat-database" for one in newest.parts) else []
    skip += [conference_directories.ACT] if _directories(session, newest) == 0 else []
    skip += [endpoints.ACT] if inventory and not by_kind(inventory.homed_on(pool)) else []
    users = len(inventory.movable(pool)) if inventory else None
    return durations.estimate(past, users, params.thresholds.rto_minutes * 60, skip)


def _directories(session: Session, newest: Manifest | None) -> int | None:
    """How many conference directories the newest set lists of the pool; None where it has no such list to be read."""
    with suppress(InputError, OperationError, ValueError):
        if newest:
            part = newest.part("conference-directories", session.params.failed_pool.fqdn)
            return len(json.loads(session.store.read(newest.name, part.file)))
    return None


# -- judging -----------------------------------------------------------------------------------------------------------
def _judged_contacts(found: Sequence[AtRisk], users: int) -> Check:
    who = f": {some_of([one.address for one in found])}" if found else ""
    seen = f"{len(found):,} of {users:,} users{who}"
    remedy = "Run the backup, and look at what it says of these users."
    return judge(AREA, CONTACTS, not found, seen=seen, expected="nobody's", remedy=remedy, soft=True)


def _judged_changes(changed: ChangedSince) -> Check:
    """Never a warning: what changes between two nights is the price of backing up by night, and known beforehand."""
    seen, expected = f"{changed.text}, in {changed.age_hours:.1f} h", "an estimate, for people to judge"
    if changed.typical is None:
        return unknown(AREA, CHANGED, seen=seen, expected=expected, remedy=changed.how, soft=True)
    return judge(AREA, CHANGED, True, seen=seen, expected=expected, soft=True)


def _judged_time(time: RecoveryTime) -> Check:
    minutes = time.target / 60
    expected = f"within {minutes:g} min, by earlier runs at their slowest"
    remedy = "Rehearse, then drill an activation: what was never run has no estimate."
    if time.unmeasured:
        seen = f"unknown: no earlier run has {', '.join(time.unmeasured)}"
        return unknown(AREA, TIME, seen=seen, expected=expected, remedy=remedy, soft=True)
    people = f", without {' and '.join(time.unknown)}" if time.unknown else ""
    spread = f", {_minutes(time.low)} to {_minutes(time.high)}" if time.low != time.high else ""
    seen = f"about {_minutes(time.typical)}{spread}{people}"
    remedy = "See which stage takes longest, or promise less: thresholds.rto_minutes."
    return judge(AREA, TIME, time.left >= 0, seen=seen, expected=expected, remedy=remedy, soft=True)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


# -- the record --------------------------------------------------------------------------------------------------------
def _keep(session: Session, found: IfItDied) -> None:
    session.record(*found.checks)
    for name, value in _facts(found):
        session.fact(name, value)
    session.keep("users-at-risk", [vars(one) for one in found.at_risk or ()])
    session.keep("recovery-time", [_row(one) for one in found.time.stages])
    session.keep("not-brought-back", [vars(one) for one in found.gone])
    if found.changed:
        session.keep("nights-compared", [{**vars(one), "hours": round(one.hours, 1)} for one in found.changed.nights])


def _row(one: Estimate) -> dict[str, object]:
    seconds = {"low": one.low, "typical": one.typical, "high": one.high}
    shown = {f"{name}_seconds": "" if value is None else round(value, 1) for name, value in seconds.items()}
    return {"stage": one.stage, "what": one.what, **shown, "how": one.how}


def _facts(found: IfItDied) -> Iterator[tuple[str, object]]:
    """What a report shows in large figures; what is not known is not among them."""
    if found.at_risk is not None:
        yield "users_at_risk", len(found.at_risk)
        yield "users_homed_now", found.users
    if found.changed and found.changed.typical is not None:
        yield "lists_changed_estimated", round(found.changed.typical, 1)
    if not found.time.unmeasured:
        yield "recovery_seconds_estimated", round(found.time.typical, 1)
        yield "recovery_seconds_at_slowest", round(found.time.high, 1)
    yield "recovery_seconds_target", found.time.target
