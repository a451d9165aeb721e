"""Answers in pages (RFC 2696) and their limits, per connection."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ldaptor.protocols import pureber
from ldaptor.protocols.ldap import ldaperrors

from lyncdr_helpers.directory.names import Key

PAGED_RESULTS = "1.2.840.113556.1.4.319"
LARGEST = 1000
"""Active Directory's MaxPageSize: what one answer holds at most, paged or not."""

SUCCESS = 0
SIZE_LIMIT_EXCEEDED = 4


@dataclass(frozen=True)
class Page:
    """A part of an answer, and how it ends. `last`: nothing follows."""

    keys: list[Key]
    last: bool
    result: int = SUCCESS
    controls: list[tuple[str, None, bytes]] | None = None


class Pages:
    """The searches of one connection that are not read to their end."""

    def __init__(self) -> None:
        self._open: dict[bytes, tuple[bytes, list[Key]]] = {}
        self._given = 0

    def turn(self, msg: Any, search: Callable[[], list[Key]]) -> Page:
        """The page that the request asks for; `search` finds all keys when it is the first. Raises for a bad cookie."""
        asked = next((value for kind, _, value in msg.controls or () if kind.decode() == PAGED_RESULTS), None)
        if asked is None:
            return _whole(search(), msg.value.sizeLimit)
        size, cookie = _read(asked)
        question = _question(msg.value)
        if cookie:
            known, rest = self._open.pop(cookie, (b"", []))
            if known != question:
                raise ldaperrors.LDAPUnwillingToPerform("this cookie does not belong to this search")
        else:
            rest = search()
        if not size:  # the client gives up (RFC 2696, 3)
            return Page([], last=True, controls=_control(b""))
        return self._cut(question, rest, min(size, LARGEST))

    def _cut(self, question: bytes, rest: list[Key], size: int) -> Page:
        if len(rest) <= size:
            return Page(rest, last=True, controls=_control(b""))
        self._given += 1
        cookie = b"%d" % self._given
        self._open[cookie] = (question, rest[size:])
        return Page(rest[:size], last=False, controls=_control(cookie))


def _whole(keys: list[Key], limit: int) -> Page:
    most = min(limit or LARGEST, LARGEST)
    return Page(keys[:most], last=True, result=SIZE_LIMIT_EXCEEDED if len(keys) > most else SUCCESS)


def _question(request: Any) -> bytes:
    """What must stay the same from page to page."""
    wire: bytes = request.toWire()
    return wire


def _read(value: bytes) -> tuple[int, bytes]:
    try:
        ((size, cookie),) = pureber.berDecodeMultiple(value, pureber.BERDecoderContext())
    except (ValueError, TypeError, pureber.BERExceptionInsufficientData) as cause:
        raise ldaperrors.LDAPProtocolError("the paged results control is malformed") from cause
    return size.value, cookie.value


def _control(cookie: bytes) -> list[tuple[str, None, bytes]]:
    value = pureber.BERSequence([pureber.BERInteger(0), pureber.BEROctetString(cookie)]).toWire()
    return [(PAGED_RESULTS, None, value)]
