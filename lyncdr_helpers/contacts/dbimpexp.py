"""The documents of dbimpexp (Lync 2010): reading an export and writing an import, one user at a time.

UTF-16 with a byte order mark; root HomedResources, one HomedResource per user with ContactGroups, Contacts, and much
that is carried unread. Names are base64 of UTF-8. Source: dbimpexp-readme.htm on the product's media, and exports
that were published.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lxml import etree

from lyncdr_helpers import files
from lyncdr_helpers.contacts.encoding import REMEDY, read_text
from lyncdr_helpers.contacts.lists import Broken, Contact, ContactList, Group, Member, address
from lyncdr_helpers.errors import InputError

NAMESPACE = "http://schemas.microsoft.com/RtcServer/2002/11/dbimpexp"
ROOT = f"{{{NAMESPACE}}}HomedResources"
RESOURCE = f"{{{NAMESPACE}}}HomedResource"
GROUPS, GROUP = f"{{{NAMESPACE}}}ContactGroups", f"{{{NAMESPACE}}}ContactGroup"
CONTACTS, CONTACT = f"{{{NAMESPACE}}}Contacts", f"{{{NAMESPACE}}}Contact"
CONTAINERS, CONTAINER = f"{{{NAMESPACE}}}Containers", f"{{{NAMESPACE}}}Container"
MEMBER = f"{{{NAMESPACE}}}UserMember"

# libxml2's own limits stay on (no huge_tree): they are per node, not per file, and stop documents that explode.
# Entities of a document type are never met, as it is refused first. To leave the unknown ones alone (False) is no
# option: a parser that is fed then drops what it has at the first of them and takes what follows for a new document.
SAFE = {"resolve_entities": "internal", "no_network": True, "load_dtd": False}
FED = {**SAFE, "encoding": "utf-8"}
LARGEST = 1 << 22
"""How many characters one user may take. A thousand contacts, as many as a pool allows, take some 150,000."""
LONGEST_NUMBER = 9
"""Digits of a group's number."""


def read_export(path: Path, broken: Broken | None = None) -> Iterator[ContactList]:
    """The users of an export, in its order, one at a time; a pool without users yields nothing.

    Raises InputError when the file is missing, empty, truncated, malformed or no dbimpexp document, or holds a user
    twice; and, unless `broken` is told of it, when a value of a user's cannot be decoded. The error may come after many
    users: nothing is known to be whole before the end.
    """
    try:
        _require_root(path)
        yield from _read(path, broken)
    except etree.XMLSyntaxError as cause:
        raise InputError(f"{path} is not a whole XML document: {cause.msg}.", REMEDY) from cause


def parse(element: bytes) -> ContactList:
    """The contact list of one HomedResource. Raises InputError as `read_export` does."""
    try:
        resource = etree.fromstring(element, etree.XMLParser(**SAFE))
    except etree.XMLSyntaxError as cause:
        raise InputError(f"A HomedResource is not well-formed: {cause.msg}.", REMEDY) from cause
    if resource.getroottree().docinfo.internalDTD is not None:
        raise InputError("A HomedResource holds a document type declaration; dbimpexp writes none.", REMEDY)
    return contact_list(resource, f"HomedResource, line {resource.sourceline}")


def contact_list(resource: Any, where: str) -> ContactList:
    """The contact list of a HomedResource that is the root of its document. where: words for an error to begin with."""
    user = address(_attribute(resource, "UserAtHost", where))
    where = f"{where}, user {user}"
    groups = tuple(_group(group, where) for group in _within(resource, GROUPS, GROUP))
    contacts = tuple(_contact(contact, where) for contact in _within(resource, CONTACTS, CONTACT))
    containers = _within(resource, CONTAINERS, CONTAINER)
    members = tuple(member for container in containers for member in _members(container, where))
    return ContactList(user, groups, contacts, _canonical(resource, where), members)


def importable(found: ContactList) -> ContactList:
    """The list as an import document holds it: without the user as a contact of themself."""
    element = _without_self(found)
    return found if element is found.element else parse(element)


def write_import(path: Path, lists: Iterable[ContactList]) -> None:
    """The document for `dbimpexp /import /restype:user`: every list whole, except a user as a contact of themself.

    Replaces the file in one step. Raises InputError when a user comes twice.
    """
    write_elements(path, map(_without_self, _each_once(lists, path)))


def write_elements(path: Path, elements: Iterable[bytes]) -> None:
    """The document that holds these users' elements, as they are; each is canonical, as ContactList has it."""
    with files.replacing(path) as file:
        file.write(f'<?xml version="1.0" encoding="utf-16"?>\n<HomedResources xmlns="{NAMESPACE}">\n'.encode("utf-16"))
        for element in elements:
            file.write((_below_the_root(element).decode() + "\n").encode("utf-16-le"))
        file.write("</HomedResources>\n".encode("utf-16-le"))


# -- reading --------------------------------------------------------------------------------------------------------


class _Root:
    """A parser's target that knows the root's name once it was read, and takes no document type."""

    tag = ""

    def __init__(self, path: Path) -> None:
        self._path = path

    def doctype(self, *_: str) -> None:
        raise InputError(f"{self._path} holds a document type declaration; dbimpexp writes none.", REMEDY)

    def start(self, tag: str, _: object) -> None:
        self.tag = self.tag or tag

    def close(self) -> str:
        return self.tag


def _require_root(path: Path) -> None:
    root = _Root(path)
    parser = etree.XMLParser(target=root, **FED)
    for text in read_text(path):
        parser.feed(text.encode())
        if root.tag:
            break
    else:
        parser.close()
    if root.tag != ROOT:
        raise InputError(f"{path} is no dbimpexp document: its root is {root.tag}.", "Give the file dbimpexp wrote.")


def _read(path: Path, broken: Broken | None) -> Iterator[ContactList]:
    seen: set[str] = set()
    last, taken = "the beginning", 0
    parser = etree.XMLPullParser(events=("end",), tag=RESOURCE, **FED)
    for text in read_text(path):
        parser.feed(text.encode())
        taken += len(text)
        for _, element in parser.read_events():
            if element.getparent().getparent() is not None:
                continue  # part of something that nobody here understands, and carried with it
            last, taken = element.get("UserAtHost", last), 0
            if found := _record(element, f"{path}, line {element.sourceline}", broken):
                _require_once(found.user, seen, path)
                yield found
            _forget(element)
        if taken > LARGEST:
            raise InputError(f"{path} holds {taken:,} characters after {last}, and no user ends there.", REMEDY)
    parser.close()


def _record(element: Any, where: str, broken: Broken | None) -> ContactList | None:
    """The list, or None where `broken` was told that it cannot be read."""
    try:
        return contact_list(_on_its_own(element), where)
    except InputError as error:
        user = address(element.get("UserAtHost", ""))
        if not (broken and user):
            raise
        broken(user, error.message.removeprefix(where).strip(", "))
        return None


def _forget(element: Any) -> None:
    """Free what was read: the tree never holds more than one user."""
    element.clear()
    parent = element.getparent()
    while element.getprevious() is not None:
        del parent[0]


def _on_its_own(element: Any) -> Any:
    """The element as a document: libxml2 spells namespaces wrongly in the C14N of a part of another document."""
    return etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False), etree.XMLParser(**SAFE))


def _canonical(resource: Any, where: str) -> bytes:
    try:
        spelled: bytes = etree.tostring(resource, method="c14n")
    except etree.C14NError as cause:
        raise InputError(f"{where}: a namespace is no absolute URI, so no digest can be made of it.", REMEDY) from cause
    return spelled


def _within(resource: Any, section: str, tag: str) -> Iterator[Any]:
    for found in resource.iterchildren(section):
        yield from found.iterchildren(tag)


def _group(element: Any, where: str) -> Group:
    number = _attribute(element, "Number", where)
    where = f"{where}, group {number}"
    return Group(
        _number(number, where), _decoded(element, "DisplayName", where), _decoded(element, "ExternalUri", where)
    )


def _contact(element: Any, where: str) -> Contact:
    buddy = address(_attribute(element, "Buddy", where))
    where = f"{where}, contact {buddy}"
    numbers = tuple(_number(text, where) for text in element.get("Groups", "").split())
    subscribe = element.get("SubscribePresence", "1").lower() in ("1", "true")
    return Contact(buddy, subscribe, numbers, _decoded(element, "DisplayName", where))


def _members(container: Any, where: str) -> Iterator[Member]:
    number = _number(_attribute(container, "ContainerNumber", where), f"{where}, container")
    where = f"{where}, container {number}"
    return (Member(number, address(_attribute(member, "Member", where))) for member in container.iterchildren(MEMBER))


def _attribute(element: Any, name: str, where: str) -> str:
    value: str = element.get(name, "").strip()
    if not value:
        raise InputError(f"{where}: a {etree.QName(element).localname} has no {name}.", REMEDY)
    return value


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER):
        raise InputError(f"{where}: {text!r} is not a group number.", REMEDY)
    return int(text)


def _decoded(element: Any, name: str, where: str) -> str:
    text = element.get(name, "")
    try:
        return base64.b64decode(text, validate=True).decode() if text else ""
    except ValueError as cause:  # base64's error and UTF-8's are both one
        raise InputError(f"{where}, {name}: {text!r} is not base64 of UTF-8.", REMEDY) from cause


def _require_once(user: str, seen: set[str], path: Path) -> None:
    if user in seen:
        raise InputError(f"{path} holds the user {user} twice.", "Import one document per export; never join them.")
    seen.add(user)


# -- writing --------------------------------------------------------------------------------------------------------


def _each_once(lists: Iterable[ContactList], path: Path) -> Iterator[ContactList]:
    seen: set[str] = set()
    for found in lists:
        _require_once(found.user, seen, path)
        yield found


def _without_self(found: ContactList) -> bytes:
    if all(contact.buddy != found.user for contact in found.contacts):
        return found.element
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    for contact in list(_within(resource, CONTACTS, CONTACT)):
        if address(contact.get("Buddy")) == found.user:
            contact.getparent().remove(contact)
    kept: bytes = etree.tostring(resource, method="c14n")
    return kept


def _below_the_root(element: bytes) -> bytes:
    """A canonical element as it may stand below the root: it never inherits the root's default namespace.

    C14N declares a default namespace first. Without one, an unknown child would fall into the root's.
    """
    name, _, rest = element.partition(b" ")
    return element if rest.startswith(b'xmlns="') else name + b' xmlns="" ' + rest
