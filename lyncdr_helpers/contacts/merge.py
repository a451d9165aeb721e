"""Three lists of one user: as backed up before the disaster, as the DR pool has it, as the primary still holds it.

The DR pool's list is what the user lived with, and it is what goes home. With it goes what was only on the primary,
added after the last backup and before the disaster: the DR pool never had it, so nobody there can have removed it.
Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lyncdr_helpers.contacts import joining
from lyncdr_helpers.contacts.items import CONTACT, GROUP, MEMBERSHIP, Item, Items, Kind, membership, renamed, take_apart
from lyncdr_helpers.contacts.lists import OTHER_CONTACTS, ContactList


class What(StrEnum):
    """What became of one piece of a list since the backup. A conflict: both sides changed it, and not alike."""

    ADDED_IN_DR = "added in DR"
    REMOVED_IN_DR = "removed in DR"
    CHANGED_IN_DR = "changed in DR"
    ONLY_ON_PRIMARY = "only on the primary"
    REMOVED_ON_PRIMARY = "removed on the primary"
    CHANGED_ON_PRIMARY = "changed on the primary"
    CONFLICT = "conflict"


MERGED = frozenset({What.ONLY_ON_PRIMARY})
"""What is brought to the DR pool's list. The rest of what happened on the primary is told, and left as in DR."""


@dataclass(frozen=True, order=True)
class Difference:
    """One piece that is not on both sides as in the backup. base, dr, primary: its values in words, empty without."""

    user: str
    what: What
    kind: Kind
    name: str
    base: str
    dr: str
    primary: str


@dataclass(frozen=True)
class Merge:
    """One user's result. wanted: the list to have at home, whole."""

    user: str
    wanted: ContactList
    differences: tuple[Difference, ...] = ()

    @property
    def merged(self) -> tuple[Difference, ...]:
        """What the wanted list has and the DR pool's has not."""
        return tuple(one for one in self.differences if one.what in MERGED)


def merge(base: ContactList | None, dr: ContactList, primary: ContactList | None) -> Merge:
    """Compare, and make the list that is wanted.

    base: None for a user who was not backed up, or whose backup never came to the DR pool: then nothing counts as
    removed there. primary: None where the primary holds nothing of the user, which then says nothing about them.
    """
    if base and base.digest == dr.digest and (primary is None or primary.digest == base.digest):
        return Merge(dr.user, dr)
    theirs, ours = renamed(base, dr), renamed(base, primary) if primary else {}
    before, now = take_apart(base) if base else {}, take_apart(dr, theirs)
    held = take_apart(primary, ours) if primary else before
    judged = dict(_judged(before, now, held))
    added = _to_add(judged, now)
    wanted = joining.joined(dr, primary, added, theirs, ours) if primary and added else dr
    shown = held if primary else {}
    differences = (_difference(dr.user, item, what, before, now, shown) for item, what in judged.items())
    return Merge(dr.user, wanted, tuple(sorted(differences)))


def missing(wanted: ContactList, found: ContactList | None) -> ContactList | None:
    """The list that an import must add to `found` to have all of `wanted`: exactly what it lacks; None for nothing."""
    if found is not None and found.digest == wanted.digest:
        return None
    lacking = take_apart(wanted).keys() - (take_apart(found).keys() if found else set())
    members = set(wanted.members) - set(found.members if found else ())
    return joining.cut(wanted, lacking, members) if lacking or members else None


def returned(wanted: ContactList, found: ContactList, primary: ContactList | None) -> tuple[str, ...]:
    """What `found` has, `wanted` has not, and the primary held before: removed in DR, and back again; in words."""
    stale = take_apart(primary).keys() if primary else set()
    return tuple(item.name for item in sorted(take_apart(found).keys() - take_apart(wanted).keys()) if item in stale)


def doubled(found: ContactList) -> tuple[str, ...]:
    """Buddies and groups that are in the list twice, in words."""
    buddies = [contact.buddy for contact in found.contacts]
    groups = [group.external_uri or group.name for group in found.groups]
    return tuple(sorted({one for some in (buddies, groups) for one in some if some.count(one) > 1}))


# -- judging ----------------------------------------------------------------------------------------------------------
def _judged(base: Items, dr: dict[Item, str], primary: dict[Item, str]) -> Iterator[tuple[Item, What]]:
    """Every piece on which the two sides do not agree."""
    for item in {item for item, _ in dr.items() ^ primary.items()}:
        yield item, _bound(item, _what(base.get(item), dr.get(item), primary.get(item)), base, dr)


def _what(base: str | None, dr: str | None, primary: str | None) -> What:
    if primary == base:
        return _way(base, dr, What.ADDED_IN_DR, What.REMOVED_IN_DR, What.CHANGED_IN_DR)
    if dr == base:
        return _way(base, primary, What.ONLY_ON_PRIMARY, What.REMOVED_ON_PRIMARY, What.CHANGED_ON_PRIMARY)
    return What.CONFLICT


def _way(before: str | None, now: str | None, added: What, removed: What, changed: What) -> What:
    return added if before is None else removed if now is None else changed


def _bound(item: Item, what: What, base: Items, dr: Items) -> What:
    """A membership that would bring back a contact or a group that was removed in DR is a conflict, like any other."""
    if item.kind != MEMBERSHIP or what is not What.ONLY_ON_PRIMARY:
        return what
    buddy, *group = item.key
    ends = (Item(CONTACT, (buddy,)), Item(GROUP, tuple(group)))
    return What.CONFLICT if any(one in base and one not in dr for one in ends) else what


def _to_add(judged: Mapping[Item, What], dr: Items) -> set[Item]:
    """What comes to the DR pool's list; a contact whose every group was removed there comes to "Other Contacts"."""
    added = {item for item, what in judged.items() if what in MERGED}
    grouped = {item.key[0] for item in added if item.kind == MEMBERSHIP}
    refused = {item.key[0] for item in judged.keys() - added if item.kind == MEMBERSHIP}
    other = (OTHER_CONTACTS, "")
    if Item(GROUP, other) in dr.keys() | added:
        contacts = {item.key[0] for item in added if item.kind == CONTACT}
        added |= {membership(buddy, other) for buddy in (contacts & refused) - grouped}
    return added


def _difference(user: str, item: Item, what: What, base: Items, dr: Items, primary: Items) -> Difference:
    values = (side.get(item, "") for side in (base, dr, primary))
    return Difference(user, what, item.kind, item.name, *values)
