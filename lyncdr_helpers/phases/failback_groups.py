"""Response Groups on the way home: what goes by itself, and what a person must decide about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, judge
from lyncdr_helpers.phases.failback_exports import Start
from lyncdr_helpers.phases.response_groups import held_by, of_pool
from lyncdr_helpers.session import Session

NAMED = 5
AREA = "response groups"


@dataclass(frozen=True)
class Groups:
    """owned: what the DR pool owns; it goes home. foreign: what it runs for another pool, by name, with its owner.

    deleted: what an activation brought to the DR pool, and what is there no longer, but still on the primary.
    """

    owned: tuple[str, ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    deleted: tuple[str, ...] = ()


def look(session: Session, start: Start) -> Groups:
    """What both pools have now. Raises OperationError where one of them does not say."""
    primary, dr = session.params.failed_pool.fqdn, session.params.target_pool.fqdn
    held = held_by(session, dr)
    there = {one.called for one in held}
    stale = _brought(start, primary) - there
    found = Groups(
        owned=of_pool(session, dr),
        foreign=tuple((one.called, one.owner) for one in held if one.for_another),
        deleted=tuple(name for name in of_pool(session, primary) if name in stale) if stale else (),
    )
    session.record(*_checks(found, primary, dr))
    return found


def _brought(start: Start, primary: str) -> set[str]:
    """What came to the DR pool under its own name: by the activation's record, else by the set it restored from."""
    if start.before.runs:
        return {name for name, change in start.before.groups.items() if "known" not in change.detail}
    return set(start.base.response_groups.get(primary, ()))


def _checks(found: Groups, primary: str, dr: str) -> Iterator[Check]:
    """Nobody is held back by them: users do not wait for a decision about a queue."""
    lent = [f"{name} (of {owner})" for name, owner in found.foreign]
    yield _row(
        f"run by {dr} for another pool",
        lent,
        "They are left where they are. To bring them home as they are there: Export-CsRgsConfiguration with -Source "
        "and -Owner, then Import-CsRgsConfiguration at the owner.",
    )
    yield _row(
        f"deleted at the DR site, and still on {primary}",
        found.deleted,
        "They take calls again once everybody is home. If they are to be gone, delete them there.",
    )


def _row(name: str, some: list[str] | tuple[str, ...], remedy: str) -> Check:
    more = ", ..." if len(some) > NAMED else ""
    seen = f"{len(some):,}: {', '.join(some[:NAMED])}{more}" if some else "none"
    return judge(AREA, name, not some, seen=seen, expected="none", remedy=remedy, soft=True)
