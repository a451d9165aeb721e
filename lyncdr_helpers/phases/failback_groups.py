"""Response Groups on the way home: what goes, what was the DR pool's before, and what a person must decide about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, count_of, judge, some_of
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.phases import renamed_groups
from lyncdr_helpers.phases.failback_exports import Start
from lyncdr_helpers.phases.response_groups import held_by, of_pool
from lyncdr_helpers.session import Session

GATE = "response-groups-of-nobody"
HOME, STAY = CHOICES = ("home", "stay")
"""What becomes of Response Groups of which nobody knows to which pool they belong."""
AREA = "response groups"


@dataclass(frozen=True)
class Groups:
    """home: what an activation brought to the DR pool. own: what the DR pool had before; it stays. unknown: what it
    owns besides, made since perhaps: nobody but a person knows. foreign: what it runs for another pool, by name, with
    its owner. deleted: what an activation brought, and what is there no longer, but still on the primary.
    """

    home: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    deleted: tuple[str, ...] = ()


def look(session: Session, start: Start) -> Groups:
    """What both pools have now. Raises OperationError where one of them does not say."""
    primary, dr = session.params.failed_pool.fqdn, session.params.target_pool.fqdn
    held = held_by(session, dr)
    there, brought = {one.called for one in held}, _brought(start, primary)
    stale = brought - there
    home, own, unknown = belonging(of_pool(session, dr), brought, _before(start, dr))
    found = Groups(
        home=home,
        own=own,
        unknown=unknown,
        foreign=tuple((one.called, one.owner) for one in held if one.for_another),
        deleted=tuple(name for name in of_pool(session, primary) if name in stale) if stale else (),
    )
    session.record(*_checks(found, primary, dr))
    return found


def belonging(
    owned: Iterable[str], brought: Collection[str], before: Collection[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """(what goes home, what stays, what nobody knows) of what the DR pool owns.

    brought: by an activation, under these names. before: what the pool had of its own. What is both was there already
    and was said to be the same: it goes.
    """
    some = tuple(owned)
    home = tuple(one for one in some if one in brought)
    own = tuple(one for one in some if one in before and one not in brought)
    return home, own, tuple(one for one in some if one not in {*home, *own})


def decide(session: Session, found: Groups, choice: str) -> tuple[str, ...]:
    """What goes home. choice: `home` or `stay`, for those that nobody knows; without one they close a gate.

    Raises InputError for a choice that there is not. A rehearsal leaves them where they are.
    """
    if choice not in ("", *CHOICES):
        raise InputError(f"There is no choice {choice}.", f"Give one of: {', '.join(CHOICES)}.")
    if found.unknown and not choice:
        named = some_of(found.unknown)
        session.stop_at(
            GATE,
            Refusal(
                f"{len(found.unknown)} Response Groups of the DR pool were neither brought there by an activation nor "
                f"known to be there before: {named}.",
                "Look at them there. If they are to go home with the others: --groups home. If not: --groups stay.",
            ),
        )
    return tuple(sorted({*found.home, *(found.unknown if choice == HOME else ())}))


def _brought(start: Start, primary: str) -> set[str]:
    """What came to the DR pool, as it is called there: by the activation's record, else by the set it restored from."""
    if start.before.runs:
        return {renamed_groups.there_as(name, start.before.came_as) for name in start.before.groups} - {""}
    return set(start.base.response_groups.get(primary, ()))


def _before(start: Start, dr: str) -> set[str]:
    """What the DR pool had of its own before the disaster: by the activation's record, and by the backup."""
    return {*start.before.own_groups, *start.base.response_groups.get(dr, ())}


def _checks(found: Groups, primary: str, dr: str) -> Iterator[Check]:
    """Nobody is held back by them: users do not wait for a decision about a queue."""
    lent = [f"{name} (of {owner})" for name, owner in found.foreign]
    yield _row(f"that {dr} had before", found.own, "They stay there. The others are then brought home by hand.")
    yield _row(f"of {dr}, and nobody knows since when", found.unknown, "Say it: --groups home, or --groups stay.")
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
    return judge(AREA, name, not some, seen=count_of(some), expected="none", remedy=remedy, soft=True)
