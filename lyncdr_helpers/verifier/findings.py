"""What a proof came to, point by point."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["proven", "failed", "unproven", "noted"]
"""unproven: there is nothing to look at. noted: no fault, and worth a person's look."""


@dataclass(frozen=True)
class Finding:
    """One point. what: what was looked at. said: what was found, in words. line: of the journal, 0 where it is none."""

    what: str
    state: State
    said: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.state:<8}  {self.what}: {printable(self.said)}"


def printable(text: str) -> str:
    """Nothing that a terminal would take for an order: a record may hold anything."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def is_whole(found: Iterable[Finding]) -> bool:
    """Whether the record holds: nothing speaks against it, and nothing of it is left to be believed."""
    return all(one.state in ("proven", "noted") for one in found)
