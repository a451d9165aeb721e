"""Who came to the lost pool since the plan was made: named at the end of an activation, moved by a new plan alone.

An account that is enabled while people are being moved may well land on the pool that is gone: nobody has approved that
it is moved, and the backup has no list of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lyncdr_helpers.checks import count_of, judge, some_of
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.directory.users import Kind, User
from lyncdr_helpers.errors import Incomplete
from lyncdr_helpers.phases import approval
from lyncdr_helpers.phases.activation_plan import ENDPOINT, MOVE
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session

REMEDY = (
    "The same command with --run new makes a plan that has them, and leaves alone what is done. Who is in no backup "
    'has no list to bring back: --waive users-without-export="..."'
)


@dataclass(frozen=True)
class Newcomer:
    """One address that the plan does not know. formerly: what the plan calls the same account; empty for a new one."""

    address: str
    formerly: str = ""

    @property
    def text(self) -> str:
        return f"{self.address} (in the plan as {self.formerly})" if self.formerly else self.address


def find(made: Plan, homed: Iterable[User]) -> tuple[Newcomer, ...]:
    """Whoever of these would be moved, and is not in the plan by this address."""
    planned = {one.target: one.detail["dn"] for kind in (MOVE, ENDPOINT) for one in made.of_kind(kind)}
    by_dn = {dn: address for address, dn in planned.items()}
    return tuple(
        Newcomer(one.address, by_dn.get(one.dn, ""))
        for one in homed
        if one.kind in (Kind.USER, Kind.APPLICATION) and one.address not in planned
    )


def look(session: Session) -> tuple[Newcomer, ...]:
    """Who is on the lost pool now, and not in the approved plan; nobody where none was approved."""
    made, pool = approval.approved(session), session.params.failed_pool.fqdn
    if made is None:
        return ()
    found = find(made, read_inventory(session.directory, session.params.directory.base).homed_on(pool))
    seen = count_of([one.text for one in found]) if found else "nobody"
    session.record(judge("users", f"came to {pool} since the plan", not found, seen=seen, expected="nobody"))
    return found


def incomplete(pool: str, found: Sequence[Newcomer]) -> Incomplete:
    """What is said of them at the end of a run."""
    named = some_of([one.text for one in found])
    return Incomplete(f"{len(found)} came to {pool} since the plan was made, and stay there: {named}.", REMEDY)
