"""An export cut into its users as text, where its spelling leaves no doubt: as dbimpexp spells, and its kin.

Between two users stands nothing, or something whole that is no user; then the next HomedResource is one of the root's
own. Each slice is a document that lxml still has to parse: what is cut wrongly does not parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from lyncdr_helpers.contacts.dbimpexp import FED, LARGEST, RESOURCE, ROOT
from lyncdr_helpers.contacts.encoding import read_text

SPACE = b" \t\n"
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
    declared = b"".join(NAMESPACES.findall(root))
    for piece in text:
        rest += piece
        done = 0
        while found := _next(rest, done):
            start, end = found
            _require_no_user(root, rest[done:start])
            yield NAME + declared + rest[start + len(NAME) : end]
            done = end
        rest = rest[done:]
        if len(rest) > LARGEST:
            raise InDoubt
    _require_the_end(root, rest)


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
