"""The zips of Export-CsUserData (Lync 2013 and later): reading an export and writing an import, one user at a time.

DocItemSet.xml holds a DocItem per user: `DocItemSet/DocItem[@Name="urn:lcd:user@domain"]/Data/HomedResource`, inside
which everything is as dbimpexp has it. The namespaces are documented nowhere (?), so elements are told by their local
names. Nor is the second document of the zip: it is carried as it is. Source: scripts that administrators published.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from lxml import etree

from lyncdr_helpers import files
from lyncdr_helpers.contacts import archive, dbimpexp
from lyncdr_helpers.contacts.archive import REMEDY
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, SAFE
from lyncdr_helpers.contacts.lists import Broken, ContactList, address
from lyncdr_helpers.errors import InputError

DOCUMENT = "DocItemSet.xml"
USER = "urn:lcd:"
"""What the name of a user's item begins with."""

ITEM = "{*}DocItem"
RESOURCE = "{*}Data/{*}HomedResource"
CONTACT = "{*}Contacts/{*}Contact"
PREFIX = f"{{{NAMESPACE}}}"
READ = tuple(
    f"{{*}}{name}"
    for name in (
        *("HomedResource", "ContactGroups", "ContactGroup", "Contacts", "Contact"),
        *("Containers", "Container", "UserMember"),
    )
)
"""The elements that dbimpexp's reader understands."""


def read_export(path: Path, broken: Broken | None = None, only: Collection[str] | None = None) -> Iterator[ContactList]:
    """The users of an export, in its order, one at a time; a pool without users yields nothing. only: who is read.

    Raises InputError when the file is missing, no sound zip (contacts/archive.py), holds no DocItemSet.xml, when that
    is truncated, malformed or another document, or holds a user twice; and, unless `broken` is told of it, when a list
    cannot be read. The error may come after many users: nothing is known to be whole before the end.
    """
    seen: set[str] = set()
    with archive.opened(path) as package:
        for item in _items(package, path):
            if not _is_list(item) or (only is not None and _owner(item) not in only):
                continue  # a conference directory, what nobody here knows, or somebody else's
            if found := _record(item, path, broken):
                if found.user in seen:
                    raise InputError(f"{path} holds the user {found.user} twice.", REMEDY)
                seen.add(found.user)
                yield found


def write_import(
    path: Path, source: Path, users: Collection[str], lists: Mapping[str, ContactList] | None = None
) -> None:
    """What Update-CsUserData takes: the export `source` with the items of these users alone, but whole.

    lists: what stands in the place of a user's own list. A user as a contact of themself is left out. Replaces the
    file in one step. Raises InputError as read_export does, and when a user is not in the source.
    """
    left = set(users)
    with archive.opened(source) as package, files.replacing(path) as file:
        document, instead = _document(package, source), lists or {}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            for member in package.infolist():
                with made.open(_entry(member), "w", force_zip64=True) as target:
                    if member is document:
                        _write_items(target, package, source, left, instead)
                    else:
                        with package.open(member) as given:
                            shutil.copyfileobj(given, target)
        if left:
            raise InputError(f"{source} holds no list of {', '.join(sorted(left))}.", "Give the set they are in.")


def parse(element: bytes) -> ContactList:
    """The contact list of one HomedResource, of either kind of export. Raises InputError as `read_export` does."""
    resource = etree.fromstring(element, etree.XMLParser(**SAFE))
    if _is_dbimpexps(resource):
        return dbimpexp.parse(element)
    return replace(dbimpexp.parse(_translated(resource, "")), element=_canonical(resource))


def importable(found: ContactList) -> ContactList:
    """The list as an import document holds it: without the user as a contact of themself."""
    others = tuple(contact for contact in found.contacts if contact.buddy != found.user)
    if len(others) == len(found.contacts):
        return found
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    _leave_out_self(resource, found.user)
    return replace(found, contacts=others, element=_canonical(resource))


# -- reading --------------------------------------------------------------------------------------------------------


def _document(package: zipfile.ZipFile, path: Path) -> zipfile.ZipInfo:
    found = [member for member in package.infolist() if member.filename.casefold() == DOCUMENT.casefold()]
    if not found:
        raise InputError(f"{path} holds no {DOCUMENT}.", "Give the file that Export-CsUserData wrote.")
    return found[0]


def _items(package: zipfile.ZipFile, path: Path) -> Iterator[Any]:
    """Every DocItem in order; the tree never holds more than one of them."""
    document = _document(package, path)
    try:
        with package.open(document) as file:
            _require_root(file, path)
        with package.open(document) as file:
            for _, item in etree.iterparse(file, events=("end",), tag=ITEM, **SAFE):
                if item.getparent().getparent() is None:
                    yield item
                    _forget(item)
    except etree.XMLSyntaxError as cause:
        raise InputError(f"{path}: {DOCUMENT} is not a whole XML document: {cause.msg}.", REMEDY) from cause
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause.strerror}.", "Check the path and who may read it.") from cause


def _require_root(file: IO[bytes], path: Path) -> Any:
    _, root = next(etree.iterparse(file, events=("start",), **SAFE))
    if etree.QName(root).localname != "DocItemSet":
        raise InputError(
            f"{path}: {DOCUMENT} is no set of documents: its root is {root.tag}.",
            "Give the file that Export-CsUserData wrote.",
        )
    if root.getroottree().docinfo.internalDTD is not None:
        raise InputError(f"{path}: {DOCUMENT} holds a document type declaration; the export writes none.", REMEDY)
    return root


def _forget(item: Any) -> None:
    item.clear()
    parent = item.getparent()
    while item.getprevious() is not None:
        del parent[0]


def _record(item: Any, path: Path, broken: Broken | None) -> ContactList | None:
    """The list, or None where `broken` was told that it cannot be read."""
    try:
        return _contact_list(item, path)
    except InputError as error:
        if not (broken and _owner(item)):
            raise
        broken(_owner(item), error.message.removeprefix(f"{path}, "))
        return None


def _contact_list(item: Any, path: Path) -> ContactList:
    where = f"{path}, {item.get('Name')}"
    user, resource = _owner(item), _resource(item, where)
    if address(resource.get("UserAtHost", user)) != user:
        raise InputError(f"{where}: the list in it is that of {resource.get('UserAtHost')}.", REMEDY)
    try:
        if _is_dbimpexps(resource):
            return dbimpexp.parse(etree.tostring(resource, encoding="utf-8", with_tail=False))
        return replace(dbimpexp.parse(_translated(resource, user)), element=_canonical(resource))
    except InputError as cause:
        raise InputError(f"{where}: {cause.message}", REMEDY) from cause


def _is_list(item: Any) -> bool:
    found: bool = item.get("Name", "").lower().startswith(USER)
    return found


def _owner(item: Any) -> str:
    """The address at the end of an item's name, `urn:lcd:user@domain`; that of no user is empty."""
    _, _, rest = item.get("Name", "").partition(":")
    return address(rest.partition(":")[2])


def _resource(item: Any, where: str) -> Any:
    found = item.findall(RESOURCE)
    if len(found) != 1:
        raise InputError(f"{where}: it holds {len(found)} elements Data/HomedResource, and not one.", REMEDY)
    return found[0]


def _is_dbimpexps(resource: Any) -> bool:
    """Whether the list is spelled as dbimpexp spells it, as its reader wants it."""
    return "UserAtHost" in resource.attrib and all(element.tag.startswith(PREFIX) for element in resource.iter(*READ))


def _translated(resource: Any, user: str) -> bytes:
    """The same list in dbimpexp's namespace, for its reader."""
    copy = deepcopy(resource)
    for element in copy.iter(*READ):
        element.tag = PREFIX + etree.QName(element).localname
    copy.set("UserAtHost", copy.get("UserAtHost", user))
    spelled: bytes = etree.tostring(copy, encoding="utf-8", with_tail=False)
    return spelled


def _canonical(resource: Any) -> bytes:
    """C14N of the element as a document of its own, as dbimpexp's lists have it."""
    alone = etree.fromstring(etree.tostring(resource, encoding="utf-8", with_tail=False), etree.XMLParser(**SAFE))
    spelled: bytes = etree.tostring(alone, method="c14n")
    return spelled


# -- writing --------------------------------------------------------------------------------------------------------


def _entry(member: zipfile.ZipInfo) -> zipfile.ZipInfo:
    """The same name and date, so that the same input gives the same zip."""
    made = zipfile.ZipInfo(member.filename, member.date_time)
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def _write_items(
    target: IO[bytes], package: zipfile.ZipFile, path: Path, left: set[str], instead: Mapping[str, ContactList]
) -> None:
    """The document with the wanted users' items; takes out of `left` whose list was written."""
    with package.open(_document(package, path)) as file:
        root = _require_root(file, path)
    wanted = frozenset(left)
    with etree.xmlfile(target, encoding="utf-8") as document:
        document.write_declaration()
        with document.element(root.tag, dict(root.attrib), nsmap=root.nsmap):
            for item in _items(package, path):
                user = _owner(item)
                if user not in wanted:
                    continue
                if _is_list(item):
                    resource = _resource(item, f"{path}, {item.get('Name')}")
                    if user in instead:
                        other = etree.fromstring(instead[user].element, etree.XMLParser(**SAFE))
                        resource.getparent().replace(resource, other)
                        resource = other
                    _leave_out_self(resource, user)
                    left.discard(user)
                document.write(item, with_tail=False)


def _leave_out_self(resource: Any, user: str) -> None:
    for contact in resource.findall(CONTACT):
        if address(contact.get("Buddy", "")) == user:
            contact.getparent().remove(contact)
