"""How much each user has: the numbers a backup is proven with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lyncdr_helpers.contacts.lists import ContactList


@dataclass(frozen=True)
class Holding:
    """One user's counts, and the digest of the whole list."""

    user: str
    contacts: int
    groups: int
    distribution_groups: int
    digest: str


def holdings(lists: Iterable[ContactList]) -> Iterator[Holding]:
    """One row per list, as they come; the lists themselves are not kept."""
    for found in lists:
        mirrored = sum(1 for group in found.groups if group.external_uri)
        yield Holding(found.user, len(found.contacts), len(found.groups) - mirrored, mirrored, found.digest)
