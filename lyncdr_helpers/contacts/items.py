"""A contact list taken apart, so that two of them can be compared piece by piece: every piece has a key and a value.

What a group is called here does not depend on its number, which an import may change, and for one that was renamed not
on its name either (`renamed`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from lxml import etree

from lyncdr_helpers import files
from lyncdr_helpers.contacts.dbimpexp import SAFE
from lyncdr_helpers.contacts.lists import CONTAINERS, ContactList, Group

Key = tuple[str, ...]

UNDERSTOOD = frozenset({"ContactGroups", "Contacts", "Containers"})
"""The children of a HomedResource that are taken apart; any other is one piece by its name."""

BEFORE, AFTER = b"<Contacts>", b"</Contacts>"
SHORT = 12


Kind = Literal["group", "contact", "membership", "privacy", "other"]
"""What a piece is. privacy: in which containers somebody is. other: what nobody here understands."""

GROUP: Kind = "group"
CONTACT: Kind = "contact"
MEMBERSHIP: Kind = "membership"
PRIVACY: Kind = "privacy"
OTHER: Kind = "other"


class Item(NamedTuple):
    """One piece. key: the group's (lists.Group.key); the buddy; buddy and group; the member; the element's name.

    A tuple, because a pool has millions of them, and they are looked up.
    """

    kind: Kind
    key: Key

    @property
    def name(self) -> str:
        """In words: `ana@x.test in Project Team`."""
        if self.kind == MEMBERSHIP:
            return f"{self.key[0]} in {self.key[1] or self.key[2]}"
        return self.key[0] or self.key[-1]


Items = Mapping[Item, str]
"""The pieces of a list, each with its value in words, which is the same where nothing was changed."""

Renamed = Mapping[Key, Key]
"""The key of a group -> the key it had before."""


def take_apart(found: ContactList, renamed: Renamed | None = None) -> dict[Item, str]:
    """Every piece of the list; a user as a contact of themself is none, as it is never imported."""
    keys = {group.number: _key(group, renamed or {}) for group in found.groups}
    pieces = {Item(GROUP, keys[group.number]): group.name for group in found.groups}
    for contact in found.contacts:
        if contact.buddy == found.user:
            continue
        said = contact.display_name or contact.buddy
        pieces[Item(CONTACT, (contact.buddy,))] = said if contact.subscribe else f"{said}, no presence"
        for number in contact.groups:
            if number in keys:
                pieces[membership(contact.buddy, keys[number])] = "in it"
    return pieces | dict(_privacy(found)) | dict(_others(found))


def membership(buddy: str, group: Key) -> Item:
    """That somebody is in a group."""
    return Item(MEMBERSHIP, (buddy, *group))


def renamed(before: ContactList | None, after: ContactList) -> dict[Key, Key]:
    """The groups that got another name, by their new key: same number, new name, and somebody in it who was before.

    A number alone proves nothing: whoever removes a group frees its number for the next one.
    """
    if before is None:
        return {}
    old, new = _own(before), _own(after)
    return {
        new[number].key: old[number].key
        for number in old.keys() & new.keys()
        if old[number].name not in {group.name for group in new.values()}
        and new[number].name not in {group.name for group in old.values()}
        and _members(before, number) & _members(after, number)
    }


def local_name(element: Any) -> str:
    """The name of an element without its namespace; empty for a comment."""
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""


def parsed(element: bytes) -> Any:
    """A HomedResource, to be looked into or changed."""
    return etree.fromstring(element, etree.XMLParser(**SAFE))


def _key(group: Group, renamed: Renamed) -> Key:
    return renamed.get(group.key, group.key)


def _own(found: ContactList) -> dict[int, Group]:
    """The groups that the user named, by number."""
    return {group.number: group for group in found.groups if not group.external_uri}


def _members(found: ContactList, number: int) -> set[str]:
    return {contact.buddy for contact in found.contacts if number in contact.groups}


def _privacy(found: ContactList) -> Iterator[tuple[Item, str]]:
    held: dict[str, set[int]] = {}
    for member in found.members:
        held.setdefault(member.address, set()).add(member.container)
    for address, containers in held.items():
        words = (CONTAINERS.get(number, f"container {number}") for number in sorted(containers))
        yield Item(PRIVACY, (address,)), ", ".join(words)


def _others(found: ContactList) -> Iterator[tuple[Item, str]]:
    """What nobody understands, all elements of a name together; their content is told by a digest."""
    spelled: dict[str, bytes] = {}
    for child in parsed(_without_contacts(found.element)):
        name = local_name(child)
        if name and name not in UNDERSTOOD:
            spelled[name] = spelled.get(name, b"") + etree.tostring(child, method="c14n", with_tail=False)
    return ((Item(OTHER, (name,)), files.digest(content)[:SHORT]) for name, content in spelled.items())


def _without_contacts(element: bytes) -> bytes:
    """The element as far as it is looked at; contacts are most of it, and where they stand is plain to see."""
    start, end = element.find(BEFORE), element.find(AFTER)
    if element.count(BEFORE) != 1 or element.count(AFTER) != 1 or end < start:
        return element
    return element[:start] + element[end + len(AFTER) :]
