"""The proof that a set is complete: everybody homed on the pool is in the export, each exception by name and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from lyncdr_helpers.backups.manifest import Difference, UserRecord
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.directory.users import Kind, User


@dataclass(frozen=True)
class Completeness:
    """The comparison of one pool. missing: homed users without a record. extra: records without a homed user."""

    pool: str
    homed: int
    exported: int
    missing: tuple[Difference, ...]
    extra: tuple[Difference, ...]


def compare(
    pool: str,
    records: Mapping[str, UserRecord],
    before: Iterable[User],
    after: Inventory,
    broken: Mapping[str, str],
) -> Completeness:
    """The users whom the directory has on the pool, against the records that were exported and parse.

    before: who was homed there when the export began. after: the directory once it was done; whoever left the pool
    meanwhile is missed by nobody. broken: users whose record does not parse, with the reason.
    """
    known = {user.address for user in before}
    homed = {user.address: user for user in after.movable(pool)}
    others = {user.address: user for user in after.users}
    missing = tuple(
        Difference(address=address, pool=pool, reason=_why_missing(user, known, broken))
        for address, user in sorted(homed.items())
        if address not in records
    )
    extra = tuple(
        Difference(address=address, pool=pool, reason=_why_extra(others.get(address)))
        for address in sorted(records.keys() - homed.keys())
    )
    return Completeness(pool, len(homed), len(records), missing, extra)


def _why_missing(user: User, known: Set[str], broken: Mapping[str, str]) -> str:
    if user.address in broken:
        return f"broken record: {broken[user.address]}"
    if user.moving_to:
        return f"not exported; a move to {user.moving_to} is half done"
    if user.address not in known:
        return "not exported; homed there since the export began"
    return "not exported" if user.enabled else "not exported; disabled"


def _why_extra(user: User | None) -> str:
    if user is None:
        return "exported, but the directory has no such user"
    if user.kind is not Kind.USER:
        return f"exported, but the directory has them as {user.kind}"
    return f"exported, but homed on {user.home or 'no pool'}"
