"""The Contact elements of one user, checked and spelled canonically (C14N 1.0) without a parser.

They are nearly all of an export, and nearly all alike: the same attributes in the same order, and the same people in
many lists. They are taken out, the rest of the user is parsed with a mark in their place, and their canonical text
stands where the mark was.
"""

from __future__ import annotations

import re
from binascii import a2b_base64
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from lxml import etree

from lyncdr_helpers.contacts.dbimpexp import CONTACTS, LONGEST_NUMBER, SAFE, contact_list
from lyncdr_helpers.contacts.lists import ContactList

BEFORE, AFTER = b"<Contacts>", b"</Contacts>"
TARGET = "contacts"
MARK = b"<?contacts?>"
"""A processing instruction is the one thing that a parser keeps in its place and that C14N spells as it was."""

SPACE = b" \t\n"
OPENING, CLOSING = b"<Contact ", b"></Contact>"
FIRST = re.compile(rb'<Contact((?: [A-Za-z]+="[^"]*")+)')
ATTRIBUTE = re.compile(rb' ([A-Za-z]+)="')
CLOSED = re.compile(rb"(?: ?/>|></Contact>)([ \t\n]*)")
PLAIN = bytes(set(range(0x20, 0x100)) - set(b"<&"))
"""The bytes of a value that C14N spells as they are: no markup, no reference, nothing that XML would normalise."""
NO_CHARACTERS = b"\xef\xbf"
"""How U+FFFE and U+FFFF begin, which XML forbids, and some harmless ones."""
NUMBERS = b"0123456789 "
TOO_LONG = re.compile(rb"[0-9]{%d}" % (LONGEST_NUMBER + 1))
MOST_KNOWN, LONGEST_KNOWN = 100_000, 500
"""How many spellings are remembered, and of how many bytes each: of some 150 it takes 50 MB, at worst 120."""

decoded = partial(a2b_base64, strict_mode=True)


def read(document: bytes, known: dict[bytes, bytes]) -> tuple[ContactList, int] | None:
    """A HomedResource whose Contacts are a run: (its list without those contacts, how many they are).

    The list's element is whole. None where there is no run, or something in it that takes a parser. known: as of
    `spell`. Raises InputError and XMLSyntaxError as the parser does.
    """
    start, end = document.find(BEFORE) + len(BEFORE), document.find(AFTER)
    run = spell(document[start:end], known) if len(BEFORE) <= start < end else None
    if not run:
        return None
    resource = etree.fromstring(document[:start] + MARK + document[end:], etree.XMLParser(**SAFE))
    if not _is_marked(next(resource.iterchildren(CONTACTS), None)):
        return None
    found = contact_list(resource, "")
    if found.element.count(MARK) != 1:
        return None
    spelled, contacts = run
    return replace(found, element=found.element.replace(MARK, spelled)), contacts


def _is_marked(contacts: etree._Element | None) -> bool:
    """Whether this is the element that the run was taken from: it holds the mark and nothing else."""
    if contacts is None or len(contacts) != 1:
        return False
    (mark,) = contacts
    return mark.tag is etree.PI and mark.target == TARGET and not mark.text


def spell(text: bytes, known: dict[bytes, bytes]) -> tuple[bytes, int] | None:
    """The content of a Contacts element that is a run: (its canonical spelling, how many contacts).

    None for what takes a parser, as every error does. known: what was spelled before, from the end of OPENING to the
    next; it grows up to MOST_KNOWN.
    """
    before, *contacts = text.split(OPENING)
    if not contacts or before.strip(SPACE):
        return None
    last = contacts[-1].rstrip(SPACE)
    after = contacts[-1][len(last) :]
    contacts[-1] = last + before  # as if another contact followed, so that it is known wherever it stands
    if len(known) > MOST_KNOWN:
        known.clear()
    new = [contact for contact in contacts if contact not in known]
    if new:
        if max(map(len, new)) > LONGEST_KNOWN:
            return None
        spelled = _spelled(OPENING + OPENING.join(new))
        if len(spelled) != len(new):
            return None
        known.update(zip(new, spelled, strict=True))
    whole = OPENING.join([before, *map(known.__getitem__, contacts)])
    return whole.removesuffix(before) + after, len(contacts)


# -- spelling -------------------------------------------------------------------------------------------------------


def _spelled(text: bytes) -> list[bytes]:
    """The canonical spelling of each contact, from the end of OPENING on. Empty where that takes a parser."""
    first = FIRST.match(text)
    names = ATTRIBUTE.findall(first[1]) if first else []
    parts = text.split(b'"')  # markup, value, markup, value, ..., markup
    width = 2 * len(names)
    count, odd = divmod(len(parts) - 1, width or 1)
    if b"Buddy" not in names or b"xmlns" in names or len(set(names)) < len(names) or odd:
        return []
    columns = {name: parts[2 * place + 1 :: width] for place, name in enumerate(names)}
    order = sorted(names)
    between = _between(parts[::width], OPENING + names[0] + b"=", OPENING + order[0] + b"=")
    if not between or not _alike(parts, names, count) or not _plain(parts[1::2]) or not _sound(columns):
        return []
    parts[::width] = between
    for place, name in enumerate(order):
        if place:
            parts[2 * place :: width] = [b" " + name + b"="] * count
        parts[2 * place + 1 :: width] = columns[name]
    return b'"'.join(parts).split(OPENING)[1:]


def _between(parts: list[bytes], old: bytes, new: bytes) -> list[bytes]:
    """The markup from a contact's last value to the next one's first, canonical; empty where it is anything else.

    old, new: how a contact begins here and canonically. The first part has nothing to close, the last one none to open.
    """
    if parts[0] != old:
        return []
    spelled = {}
    for part in {*parts[1:-1], parts[-1] + old}:
        closed = CLOSED.fullmatch(part.removesuffix(old))
        if not closed or not part.endswith(old):
            return []
        spelled[part] = CLOSING + closed[1] + new
    last = spelled[parts[-1] + old].removesuffix(new)
    return [new, *map(spelled.__getitem__, parts[1:-1]), last]


def _alike(parts: list[bytes], names: list[bytes], count: int) -> bool:
    """Whether every contact has the first one's attributes, in its order."""
    width = 2 * len(names)
    return all(parts[2 * place :: width] == [b" " + name + b"="] * count for place, name in enumerate(names) if place)


def _plain(values: list[bytes]) -> bool:
    """Whether C14N spells each value as it stands here."""
    text = b"".join(values)
    return not text.translate(None, PLAIN) and NO_CHARACTERS not in text


def _sound(columns: dict[bytes, list[bytes]]) -> bool:
    """Whether every value means something, as dbimpexp.contact_list would have it."""
    buddies, numbers = columns[b"Buddy"], b" ".join(columns.get(b"Groups", ()))
    if not all(map(bytes.strip, buddies)) or not b"".join(buddies).isascii():
        return False
    if numbers.translate(None, NUMBERS) or TOO_LONG.search(numbers):
        return False
    return _are_names(columns.get(b"DisplayName", ()))


def _are_names(values: Iterable[bytes]) -> bool:
    """Whether each is base64 of UTF-8."""
    try:
        b"\n".join(map(decoded, values)).decode()
    except ValueError:
        return False
    return True
