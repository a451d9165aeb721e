"""An export cut into its users as text, where its spelling leaves no doubt: as dbimpexp spells, and its kin.

Between two users stands nothing, or something whole that is no user; then the next HomedResource is one of the root's
own. Each slice is a document that lxml still has to parse: what is cut wrongly does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lxml import etree

from lyncdr_helpers.contacts.dbimpexp import FED, LARGEST, RESOURCE, ROOT, parse, read_export
from lyncdr_helpers.contacts.encoding import read_text
from lyncdr_helpers.contacts.lists import ContactList, address
from lyncdr_helpers.errors import InputError

SPACE = b" \t\n"
USER = re.compile(rb'[ \t\n]UserAtHost="([^"]*)"')
ROOT_START = re.compile(rb'(?:<\?xml [^<>]*\?>)?[ \t\n]*(<HomedResources(?:[ \t\n]+[\w:.-]+="[^"<&]*")*[ \t\n]*>)')
NAMESPACES = re.compile(rb'[ \t\n]xmlns(?::[\w.-]+)?="[^"]*"')
NAME, ROOT_END, END = b"<HomedResource", b"</HomedResources>", b"</HomedResource>"
BEGIN = re.compile(rb"<HomedResource(?=[ \t\n/>])")
START = re.compile(rb"""<HomedResource(?:[ \t\n]+[\w:.-]+=(?:"[^"<]*"|'[^'<]*'))*[ \t\n]*(/?)>""")


class InDoubt(Exception):
    """Only a parser that reads the whole document can tell what this is."""


def read_slices(path: Path) -> Iterator[bytes]:
    """Every HomedResource as a document of its own, in UTF-8, with the root's namespace declarations.

    Raises InputError as read_text does, and InDoubt at the first thing that is not plain to see, which may be an error.
    """
    text = (piece.encode() for piece in read_text(path))
    root, rest = _root(next(text))
    inherited = NAMESPACES.findall(root)
    for piece in text:
        rest += piece
        done = 0
        while found := _next(rest, done):
            start, end = found
            _require_no_user(root, rest[done:start])
            yield NAME + _declared(inherited, rest[start:end]) + rest[start + len(NAME) : end]
            done = end
        rest = rest[done:]
        if len(rest) > LARGEST:
            raise InDoubt
    _require_the_end(root, rest)


def read_lists_of(path: Path, users: Collection[str]) -> Iterator[ContactList]:
    """The lists of these users alone; the others are passed over unread. Raises InputError as read_export does."""
    read = set[str]()
    try:
        for document in read_slices(path):
            user = _user(document)
            if user in users:
                require_new(user, read)
                yield parse(document)
                read.add(user)
    except (InDoubt, InputError):
        rest = (one for one in read_export(path, lambda _user, _reason: None) if one.user in users)
        yield from (one for one in rest if one.user not in read)


def require_new(user: str, seen: Collection[str]) -> None:
    """A user who comes twice is for the parser, which names them. Raises InDoubt."""
    if user in seen:
        raise InDoubt


def _user(document: bytes) -> str:
    """Whose list it is. Raises InDoubt where the name is not spelled plainly."""
    found = USER.search(document, 0, document.find(b">"))
    if not found or b"&" in found[1]:
        raise InDoubt
    return address(found[1].decode())


def _declared(inherited: Sequence[bytes], document: bytes) -> bytes:
    """What a user inherits of the root's namespaces: not what its own start tag declares."""
    own = {one.partition(b"=")[0].strip() for one in NAMESPACES.findall(document, 0, document.find(b">"))}
    return b"".join(one for one in inherited if one.partition(b"=")[0].strip() not in own)


def _root(text: bytes) -> tuple[bytes, bytes]:
    """(the start tag of the root, what follows it). A declaration must be one, too."""
    found = ROOT_START.match(text)
    if not found or _parsed(found[0] + ROOT_END).tag != ROOT:
        raise InDoubt
    return found[1], text[found.end() :]


def _next(text: bytes, position: int) -> tuple[int, int] | None:
    """Where the next user begins and ends; None when the text does not hold all of it yet."""
    begin = BEGIN.search(text, position)
    start = START.match(text, begin.start()) if begin else None
    if not start:
        return None
    if start[1]:
        return start.span()
    end = text.find(END, start.end())
    return (start.start(), end + len(END)) if end >= 0 else None


def _require_no_user(root: bytes, between: bytes) -> None:
    if between.strip(SPACE):
        _require_the_end(root, between + ROOT_END)


def _require_the_end(root: bytes, rest: bytes) -> None:
    """The rest ends the document, properly, and no user is in it by another spelling."""
    if _parsed(root + rest).find(RESOURCE) is not None:
        raise InDoubt


def _parsed(document: bytes) -> etree._Element:
    try:
        return etree.fromstring(document, etree.XMLParser(**FED))
    except etree.XMLSyntaxError as cause:
        raise InDoubt from cause
