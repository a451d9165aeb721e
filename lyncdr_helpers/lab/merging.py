"""What a pool holds of a user after an import: dbimpexp adds to what is there, and takes nothing away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, SAFE

GROUPS, CONTACTS, CONTAINERS = (f"{{{NAMESPACE}}}{name}" for name in ("ContactGroups", "Contacts", "Containers"))
KNOWN = {GROUPS, CONTACTS, CONTAINERS}


def merged(present: bytes, added: bytes) -> bytes:
    """Two HomedResources of one user as one, canonical.

    Groups are the same by name and address, and get a free number where theirs is taken. A contact that is there keeps
    its attributes and joins the added groups. What nobody knows is added unless it is there already.
    """
    here, new = _parsed(present), _parsed(added)
    numbers = _merge_groups(_section(here, GROUPS), _section(new, GROUPS))
    _merge_contacts(_section(here, CONTACTS), _section(new, CONTACTS), numbers)
    _merge_containers(_section(here, CONTAINERS), _section(new, CONTAINERS))
    _merge_rest(here, new)
    return _spelled(here)


def _merge_groups(here: Any, new: Any) -> dict[str, str]:
    """Add the groups; returns how the added document's numbers read from now on."""
    present = {_group_key(group): group.get("Number") for group in here}
    numbers = {}
    for group in list(new):
        old, key = group.get("Number"), _group_key(group)
        if key not in present:
            present[key] = _free_number(old, set(present.values()))
            group.set("Number", present[key])
            _append(here, group)
        numbers[old] = present[key]
    return numbers


def _group_key(group: Any) -> tuple[str, str]:
    return group.get("DisplayName", ""), group.get("ExternalUri", "")


def _free_number(wanted: str, taken: set[str]) -> str:
    return wanted if wanted not in taken else str(max(map(int, taken)) + 1)


def _merge_contacts(here: Any, new: Any, numbers: Mapping[str, str]) -> None:
    present = {contact.get("Buddy", "").lower(): contact for contact in here}
    for contact in list(new):
        groups = [numbers.get(number, number) for number in contact.get("Groups", "").split()]
        known = present.get(contact.get("Buddy", "").lower())
        if known is None:
            contact.set("Groups", " ".join(groups))
            _append(here, contact)
        else:
            known.set("Groups", " ".join(dict.fromkeys([*known.get("Groups", "").split(), *groups])))


def _merge_containers(here: Any, new: Any) -> None:
    present = {container.get("ContainerNumber"): container for container in here}
    for container in list(new):
        known = present.get(container.get("ContainerNumber"))
        if known is None:
            _append(here, container)
        else:
            _add_what_is_new(known, container)


def _merge_rest(here: Any, new: Any) -> None:
    for name, value in new.attrib.items():
        if name not in here.attrib:
            here.set(name, value)
    present = {_spelled(child) for child in here}
    for child in list(new):
        if child.tag not in KNOWN and _spelled(child) not in present:
            _append(here, child)


def _add_what_is_new(here: Any, new: Any) -> None:
    present = {_spelled(child) for child in here}
    for child in list(new):
        if _spelled(child) not in present:
            _append(here, child)


def _append(parent: Any, child: Any) -> None:
    child.tail = None
    parent.append(child)


def _section(resource: Any, tag: str) -> Any:
    found = resource.find(tag)
    return etree.SubElement(resource, tag) if found is None else found


def _parsed(element: bytes) -> Any:
    return etree.fromstring(element, etree.XMLParser(remove_comments=True, **SAFE))


def _spelled(element: Any) -> bytes:
    """C14N of the element as a document of its own (see contacts/dbimpexp.py)."""
    spelled: bytes = etree.tostring(_parsed(etree.tostring(element, encoding="utf-8", with_tail=False)), method="c14n")
    return spelled
