"""Active Directory, read only: lyncdr takes its inventory and its read-back from here and never writes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Scope(StrEnum):
    """How deep a search goes (RFC 4511, 4.5.1.2)."""

    BASE = "base"
    LEVEL = "level"
    SUBTREE = "subtree"


@dataclass(frozen=True)
class Entry:
    """One object: its DN and the asked attributes that have values. Names keep the case they were asked in."""

    dn: str
    attributes: Mapping[str, tuple[str, ...]]

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the attribute; empty when it has none."""
        return self.attributes.get(name, ())

    def first(self, name: str, default: str = "") -> str:
        """The attribute's first value, or the default."""
        values = self.all(name)
        return values[0] if values else default


class Directory(Protocol):
    """One domain controller, pinned.

    Questions may be repeated at will. An empty answer means the search succeeded and nothing matches: a base that does
    not exist, a cut connection or a refused bind raise instead. Raises Unreachable, AccessDenied, Untrusted or
    OperationError (RFC 4511).
    """

    def search(
        self, base: str, wanted: str, attributes: Sequence[str], scope: Scope = Scope.SUBTREE
    ) -> Iterator[Entry]:
        """The entries under `base` that match the LDAP filter `wanted` (RFC 4515), page by page."""

    def read(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        """One object, or None when the directory says it does not exist."""

    def close(self) -> None:
        """End the connection; harmless when there is none."""
