"""What changed from one set to a later one, user by user: who is new, who is gone, whose list grew or shrank. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.backups.rotation import key_of

What = Literal["gone", "fewer", "new", "more"]
ORDER: tuple[What, ...] = ("gone", "fewer", "new", "more")
"""Of changes of one size: losses come first."""


@dataclass(frozen=True)
class UserChange:
    """One user. before, now: how many contacts; None where the set has no record of them."""

    address: str
    pool: str
    what: What
    before: int | None
    now: int | None

    @property
    def by(self) -> int:
        """How many contacts more, or fewer."""
        return (self.now or 0) - (self.before or 0)


def between(before: Manifest, after: Manifest) -> tuple[UserChange, ...]:
    """Every user whose number of contacts is another, or who is in one of the two only; the greatest change first.

    Who was moved from one pool to another is gone from the one and new on the other.
    """
    had = {key_of(one): one.contacts for one in before.users}
    has = {key_of(one): one.contacts for one in after.users}
    found = [
        UserChange(key[1], key[0], _what(had.get(key), has.get(key)), had.get(key), has.get(key))
        for key in had.keys() | has.keys()
        if had.get(key) != has.get(key)
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.by), ORDER.index(one.what), one.address, one.pool)))


def _what(before: int | None, now: int | None) -> What:
    if now is None:
        return "gone"
    if before is None:
        return "new"
    return "more" if now > before else "fewer"
