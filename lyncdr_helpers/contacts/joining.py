"""A contact list changed piece by piece in its element, so that whatever nobody understands stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from copy import deepcopy
from typing import Any

from lxml import etree

from lyncdr_helpers.contacts import userdata
from lyncdr_helpers.contacts.items import (
    CONTACT,
    GROUP,
    MEMBERSHIP,
    OTHER,
    PRIVACY,
    UNDERSTOOD,
    Item,
    Key,
    Renamed,
    local_name,
    membership,
    parsed,
)
from lyncdr_helpers.contacts.lists import ContactList, Member, address

SECTIONS = ("ContactGroups", "Contacts", "Containers")
"""In the order in which a HomedResource has them."""


def joined(
    dr: ContactList, primary: ContactList, added: Collection[Item], theirs: Renamed, ours: Renamed
) -> ContactList:
    """The DR pool's list with these pieces of the primary's; groups are told by the names that `theirs`, `ours` map.

    An added group keeps its number where that is free.
    """
    here, there = parsed(dr.element), parsed(primary.element)
    numbers = {theirs.get(group.key, group.key): group.number for group in dr.groups}
    named = {group.key: group.number for group in dr.groups}
    for group in primary.groups:
        key = ours.get(group.key, group.key)
        if Item(GROUP, key) in added and key not in numbers:
            numbers[key] = named.get(group.key) or _add_group(here, there, group.number, set(numbers.values()))
    _add_contacts(here, there, added, numbers)
    _add_members(here, there, {item.key[0] for item in added if item.kind == PRIVACY})
    for child in _children(there, lambda name: Item(OTHER, (name,)) in added):
        _append(here, child)
    return userdata.parse(_spelled(here))


def cut(wanted: ContactList, lacking: Collection[Item], members: Collection[Member]) -> ContactList:
    """The list with these pieces alone, the groups that they need, and these members of privacy containers."""
    resource = parsed(wanted.element)
    keys = {group.number: group.key for group in wanted.groups}
    needed = {number for number, key in keys.items() if Item(GROUP, key) in lacking}
    for contact in _within(resource, "Contacts", "Contact"):
        buddy = address(contact.get("Buddy"))
        new = Item(CONTACT, (buddy,)) in lacking
        numbers = [int(text) for text in contact.get("Groups", "").split()]
        lacks = [number for number in numbers if number in keys and membership(buddy, keys[number]) in lacking]
        if buddy == wanted.user or not (new or lacks):
            contact.getparent().remove(contact)
            continue
        kept = numbers if new else lacks
        needed.update(kept)
        if contact.get("Groups") is not None:
            contact.set("Groups", " ".join(map(str, kept)))
    for group in _within(resource, "ContactGroups", "ContactGroup"):
        if int(group.get("Number")) not in needed:
            group.getparent().remove(group)
    _keep_members(resource, members)
    for child in _children(resource, lambda name: name not in UNDERSTOOD and Item(OTHER, (name,)) not in lacking):
        resource.remove(child)
    return userdata.parse(_spelled(resource))


# -- adding -----------------------------------------------------------------------------------------------------------
def _add_group(here: Any, there: Any, number: int, taken: Collection[int]) -> int:
    """Copy a group, under its number or else the next one; the number it has now."""
    group = next(one for one in _within(there, "ContactGroups", "ContactGroup") if int(one.get("Number")) == number)
    free = number if number not in taken else max(taken) + 1
    _append(_section(here, there, "ContactGroups"), group).set("Number", str(free))
    return free


def _add_contacts(here: Any, there: Any, added: Collection[Item], numbers: dict[Key, int]) -> None:
    wanted: dict[str, list[int]] = {}
    for item in sorted(added):
        if item.kind == CONTACT:
            wanted.setdefault(item.key[0], [])
        elif item.kind == MEMBERSHIP:
            wanted.setdefault(item.key[0], []).append(numbers[item.key[1:]])
    if not wanted:
        return
    present = {address(contact.get("Buddy")): contact for contact in _within(here, "Contacts", "Contact")}
    given = {address(contact.get("Buddy")): contact for contact in _within(there, "Contacts", "Contact")}
    for buddy, joins in wanted.items():
        contact = present.get(buddy)
        if contact is None:
            contact = _append(_section(here, there, "Contacts"), given[buddy])
            contact.set("Groups", "")
        kept = contact.get("Groups", "").split()
        contact.set("Groups", " ".join(dict.fromkeys([*kept, *map(str, sorted(joins))])))


def _add_members(here: Any, there: Any, wanted: Collection[str]) -> None:
    for member in _within(there, "Containers", "Container", "UserMember"):
        if address(member.get("Member")) not in wanted:
            continue
        given = member.getparent()
        number = given.get("ContainerNumber")
        present = {one.get("ContainerNumber"): one for one in _within(here, "Containers", "Container")}
        if number not in present:
            present[number] = _append(_section(here, there, "Containers"), given)
            del present[number][:]
        _append(present[number], member)


def _keep_members(resource: Any, members: Collection[Member]) -> None:
    for member in _within(resource, "Containers", "Container", "UserMember"):
        container = member.getparent()
        if Member(int(container.get("ContainerNumber")), address(member.get("Member"))) not in members:
            container.remove(member)
    for container in _within(resource, "Containers", "Container"):
        if not len(container):
            container.getparent().remove(container)


# -- elements ---------------------------------------------------------------------------------------------------------
def _section(here: Any, there: Any, name: str) -> Any:
    """The section of that name, made after those before it where there is none."""
    found = next(iter(_named(here, name)), None)
    if found is None:
        found = etree.Element(_named(there, name)[0].tag)
        before = SECTIONS[: SECTIONS.index(name)]
        here.insert(len(_children(here, lambda one: one in before)), found)
    return found


def _within(resource: Any, *path: str) -> Iterator[Any]:
    """The elements at the end of a path of names, whatever their namespaces; they may be removed meanwhile."""
    found = [resource]
    for name in path:
        found = [child for parent in found for child in _named(parent, name)]
    return iter(found)


def _named(parent: Any, name: str) -> list[Any]:
    return _children(parent, lambda one: one == name)


def _children(parent: Any, wanted: Callable[[str], bool]) -> list[Any]:
    return [child for child in parent if (name := local_name(child)) and wanted(name)]


def _append(parent: Any, child: Any) -> Any:
    """Put in a copy of the child; the copy."""
    copy = deepcopy(child)
    copy.tail = None
    parent.append(copy)
    return copy


def _spelled(resource: Any) -> bytes:
    spelled: bytes = etree.tostring(resource, encoding="utf-8")
    return spelled
