"""What is back of a contact list, and what is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers.contacts.lists import Contact, ContactList, Group

Key = tuple[str, str]
"""What makes a group the same group (lists.Group.key)."""


@dataclass(frozen=True)
class Restored:
    """One user's result. expected: contacts that should be there; found: those of them that are, in their groups.

    missing: the buddies that are not. missing_groups: names of groups, or addresses of distribution groups.
    missing_members: whom the user had blocked, or in another privacy container, in words (`blocked: eve@x.test`).
    """

    user: str
    expected: int
    found: int
    missing: tuple[str, ...] = ()
    missing_groups: tuple[str, ...] = ()
    missing_members: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every contact, group and container member is back; what else an element holds is not compared."""
        return not (self.missing or self.missing_groups or self.missing_members)


def missing(expected: ContactList, found: ContactList | None) -> tuple[str, ...]:
    """The buddies of `expected` that `found` lacks, or has outside one of the groups they belong to; sorted.

    Groups are the same by name, distribution groups by address, because an import may number them anew. More contacts
    or groups than expected are no loss. A user as a contact of themself is never imported and never missed.
    """
    wanted = _memberships(expected)
    have = _memberships(found) if found else {}
    return tuple(sorted(buddy for buddy, groups in wanted.items() if buddy not in have or groups - have[buddy]))


def missing_groups(expected: ContactList, found: ContactList | None) -> tuple[str, ...]:
    """The groups of `expected` that `found` lacks, empty ones too: names, or distribution groups' addresses; sorted."""
    have = {group.key for group in found.groups} if found else set()
    return tuple(sorted(_label(group) for group in expected.groups if group.key not in have))


def missing_members(expected: ContactList, found: ContactList | None) -> tuple[str, ...]:
    """The members of privacy containers of `expected` that `found` lacks, in words; sorted."""
    lacking = set(expected.members) - set(found.members if found else ())
    return tuple(str(member) for member in sorted(lacking))


def compare(expected: Mapping[str, ContactList], found: Mapping[str, ContactList]) -> tuple[Restored, ...]:
    """One result per expected user, sorted by user. Users that only `found` has are nobody's loss."""
    return tuple(_restored(expected[user], found.get(user)) for user in sorted(expected))


def _restored(expected: ContactList, found: ContactList | None) -> Restored:
    count, gone = len(_memberships(expected)), missing(expected, found)
    return Restored(
        expected.user,
        count,
        count - len(gone),
        gone,
        missing_groups(expected, found),
        missing_members(expected, found),
    )


def _memberships(of: ContactList) -> dict[str, frozenset[Key]]:
    keys = {group.number: group.key for group in of.groups}
    return {contact.buddy: _groups(contact, keys) for contact in of.contacts if contact.buddy != of.user}


def _groups(contact: Contact, keys: Mapping[int, Key]) -> frozenset[Key]:
    return frozenset(keys[number] for number in contact.groups if number in keys)


def _label(group: Group) -> str:
    return group.external_uri or group.name
