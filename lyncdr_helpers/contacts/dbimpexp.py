"""The documents of dbimpexp (Lync 2010): reading an export and writing an import, one user at a time.

UTF-16 with BOM; root HomedResources, one HomedResource per user with ContactGroups, Contacts, and much that is carried
unread. Names are base64 of UTF-8. Source: dbimpexp-readme.htm on the product's media, and published exports.
"""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from lxml import etree

from lyncdr_helpers import files
from lyncdr_helpers.contacts.lists import Contact, ContactList, Group, Member, address
from lyncdr_helpers.errors import InputError

NAMESPACE = "http://schemas.microsoft.com/RtcServer/2002/11/dbimpexp"
ROOT = f"{{{NAMESPACE}}}HomedResources"
RESOURCE = f"{{{NAMESPACE}}}HomedResource"
GROUP = f"{{{NAMESPACE}}}ContactGroups/{{{NAMESPACE}}}ContactGroup"
CONTACT = f"{{{NAMESPACE}}}Contacts/{{{NAMESPACE}}}Contact"
CONTAINER = f"{{{NAMESPACE}}}Containers/{{{NAMESPACE}}}Container"
MEMBER = f"{{{NAMESPACE}}}UserMember"

REMEDY = "Export the pool again, and do not edit the file."
# libxml2's own limits stay on (no huge_tree): they are per node, not per file, and stop documents that explode.
SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False}


def read_export(path: Path) -> Iterator[ContactList]:
    """The users of an export, in its order, one at a time; a pool without users yields nothing.

    Raises InputError when the file is missing, empty, truncated, malformed or no dbimpexp document, holds a user twice
    or a value that cannot be decoded. The error may come after many users: nothing is known to be whole before the end.
    """
    try:
        with path.open("rb") as file:
            _require_root(file, path)
            file.seek(0)
            yield from _read(file, path)
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause.strerror}.", "Check the path and who may read it.") from cause
    except etree.XMLSyntaxError as cause:
        raise InputError(f"{path} is not a whole XML document: {cause.msg}.", REMEDY) from cause


def parse(element: bytes) -> ContactList:
    """The contact list of one HomedResource. Raises InputError as `read_export` does."""
    try:
        return _contact_list(etree.fromstring(element, etree.XMLParser(**SAFE)), Path("HomedResource"))
    except etree.XMLSyntaxError as cause:
        raise InputError(f"A HomedResource is not well-formed: {cause.msg}.", REMEDY) from cause


def write_import(path: Path, lists: Iterable[ContactList]) -> None:
    """The document for `dbimpexp /import /restype:user`: every list whole, except a user as a contact of themself.

    Replaces the file in one step. Raises InputError when a user comes twice.
    """
    seen: set[str] = set()
    with _replacing(path) as file:
        file.write(f'<?xml version="1.0" encoding="utf-16"?>\n<HomedResources xmlns="{NAMESPACE}">\n'.encode("utf-16"))
        for found in lists:
            _require_once(found.user, seen, path)
            file.write((_on_its_own(_without_self(found)).decode() + "\n").encode("utf-16-le"))
        file.write("</HomedResources>\n".encode("utf-16-le"))


# -- reading --------------------------------------------------------------------------------------------------------


def _require_root(file: BinaryIO, path: Path) -> None:
    _, root = next(etree.iterparse(file, events=("start",), **SAFE))
    if root.tag != ROOT:
        raise InputError(f"{path} is no dbimpexp document: its root is {root.tag}.", "Give the file dbimpexp wrote.")
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError(f"{path} holds a document type declaration; dbimpexp writes none.", REMEDY)


def _read(file: BinaryIO, path: Path) -> Iterator[ContactList]:
    seen: set[str] = set()
    for _, element in etree.iterparse(file, events=("end",), tag=RESOURCE, **SAFE):
        if element.getparent().tag != ROOT:
            continue  # part of something that nobody here understands, and carried with it
        found = _contact_list(element, path)
        _require_once(found.user, seen, path)
        yield found
        _forget(element)


def _forget(element: Any) -> None:
    """Free what was read: the tree never holds more than one user."""
    element.clear()
    parent = element.getparent()
    while element.getprevious() is not None:
        del parent[0]


def _contact_list(element: Any, path: Path) -> ContactList:
    where = f"{path}, line {element.sourceline}"
    user = address(_attribute(element, "UserAtHost", where))
    where = f"{where}, user {user}"
    groups = tuple(_group(group, where) for group in element.iterfind(GROUP))
    contacts = tuple(_contact(contact, where) for contact in element.iterfind(CONTACT))
    members = tuple(member for container in element.iterfind(CONTAINER) for member in _members(container, where))
    return ContactList(user, groups, contacts, _canonical(element), members)


def _canonical(element: Any) -> bytes:
    """C14N of an element as a document of its own: libxml2 declares namespaces wrongly when it is part of another."""
    alone = etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False), etree.XMLParser(**SAFE))
    spelled: bytes = etree.tostring(alone, method="c14n")
    return spelled


def _group(element: Any, where: str) -> Group:
    number = _attribute(element, "Number", where)
    where = f"{where}, group {number}"
    name = _decoded(element.get("DisplayName", ""), f"{where}, DisplayName")
    return Group(_number(number, where), name, _decoded(element.get("ExternalUri", ""), f"{where}, ExternalUri"))


def _contact(element: Any, where: str) -> Contact:
    buddy = address(_attribute(element, "Buddy", where))
    where = f"{where}, contact {buddy}"
    numbers = tuple(_number(text, where) for text in element.get("Groups", "").split())
    name = _decoded(element.get("DisplayName", ""), f"{where}, DisplayName")
    return Contact(buddy, element.get("SubscribePresence", "1").lower() in ("1", "true"), numbers, name)


def _members(container: Any, where: str) -> Iterator[Member]:
    number = _number(_attribute(container, "ContainerNumber", where), f"{where}, container")
    where = f"{where}, container {number}"
    return (Member(number, address(_attribute(member, "Member", where))) for member in container.iterfind(MEMBER))


def _attribute(element: Any, name: str, where: str) -> str:
    value: str = element.get(name, "").strip()
    if not value:
        raise InputError(f"{where}: a {etree.QName(element).localname} has no {name}.", REMEDY)
    return value


def _number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise InputError(f"{where}: {text!r} is not a group number.", REMEDY)
    return int(text)


def _decoded(text: str, where: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode() if text else ""
    except (binascii.Error, UnicodeDecodeError) as cause:
        raise InputError(f"{where}: {text!r} is not base64 of UTF-8.", REMEDY) from cause


def _require_once(user: str, seen: set[str], path: Path) -> None:
    if user in seen:
        raise InputError(f"{path} holds the user {user} twice.", "Import one document per export; never join them.")
    seen.add(user)


# -- writing --------------------------------------------------------------------------------------------------------


def _without_self(found: ContactList) -> bytes:
    if all(contact.buddy != found.user for contact in found.contacts):
        return found.element
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    for contact in resource.findall(CONTACT):
        if address(contact.get("Buddy")) == found.user:
            contact.getparent().remove(contact)
    kept: bytes = etree.tostring(resource, method="c14n")
    return kept


def _on_its_own(element: bytes) -> bytes:
    """A canonical element as it may stand below the root: it never inherits the root's default namespace.

    C14N declares a default namespace first. Without one, an unknown child would fall into the root's.
    """
    name, _, rest = element.partition(b" ")
    return element if rest.startswith(b'xmlns="') else name + b' xmlns="" ' + rest


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """As files.replace, for content that comes in pieces."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            files.sync(file)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise
