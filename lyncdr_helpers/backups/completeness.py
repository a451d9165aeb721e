"""The proof that a set is complete: everybody homed on the pool is in the export, each exception by name and reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lyncdr_helpers.backups.manifest import Difference, State, UserRecord
from lyncdr_helpers.directory.users import User


@dataclass(frozen=True)
class Completeness:
    """The comparison of one pool. missing: homed users without a record. extra: records without a homed user."""

    pool: str
    homed: int
    exported: int
    missing: tuple[Difference, ...]
    extra: tuple[Difference, ...]

    @property
    def state(self) -> State:
        return "INCOMPLETE" if self.missing else "COMPLETE"


def compare(pool: str, homed: Iterable[User], records: Mapping[str, UserRecord]) -> Completeness:
    """The users whom the directory has on the pool, against the records that were exported and parse."""
    users = {user.address: user for user in homed}
    missing = tuple(
        Difference(address=address, pool=pool, reason=_why_missing(user))
        for address, user in sorted(users.items())
        if address not in records
    )
    extra = tuple(
        Difference(address=address, pool=pool, reason="exported, but the directory has no such user on this pool")
        for address in sorted(records.keys() - users.keys())
    )
    return Completeness(pool, len(users), len(records), missing, extra)


def _why_missing(user: User) -> str:
    if user.moving_to:
        return f"not exported; a move to {user.moving_to} is half done"
    return "not exported" if user.enabled else "not exported; disabled"
