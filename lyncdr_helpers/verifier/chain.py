"""A journal against its chain of digests: which line was edited, removed, reordered, inserted or cut off."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

FIRST = "0" * 64
MOST_LINES = 1_000_000
"""A line that claims a higher number is no line of a journal."""

Kind = Literal["edited", "removed", "reordered", "inserted", "truncated"]


@dataclass(frozen=True)
class Spelling:
    """Under which names a line has its own digest and that of the line before."""

    digest: str = "digest"
    previous: str = "previous"


@dataclass(frozen=True)
class Line:
    """One line as it stands in the file, at `place` (from 1). n: the number it claims. own: the digest of what it says.

    whole: whether it is spelled as the journal spells and has the digest of what it says.
    """

    place: int
    n: int
    own: str
    previous: str
    whole: bool
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What became of the lines from `line` to `last`, by the numbers they had; of an inserted one, by its place."""

    kind: Kind
    line: int
    last: int
    why: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line == self.last else f"lines {self.line} to {self.last}"
        return f"{where}: {self.kind} ({self.why})"


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a value, as the product writes it."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def read(content: bytes, spelling: Spelling = Spelling()) -> tuple[list[Line], bytes]:
    """The lines, and what stands after the last line's end (usually nothing)."""
    whole, newline, torn = content.rpartition(b"\n")
    texts = whole.split(b"\n") if newline else []
    return [_line(place, text, spelling) for place, text in enumerate(texts, start=1)], torn


def _line(place: int, text: bytes, spelling: Spelling) -> Line:
    try:
        said = json.loads(text)
        body = {name: value for name, value in said.items() if name != spelling.digest}
        own, n, previous = digest_of(canonical(body)), said["n"], said[spelling.previous]
        fits = canonical(said) == text and own == said[spelling.digest] and type(n) is int and 0 < n <= MOST_LINES
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return Line(place, 0, "", "", whole=False)
    return Line(place, n if type(n) is int else 0, own, str(previous), fits, body)


def check(lines: Sequence[Line], sealed: Sequence[str] = (), heads: Mapping[int, str] | None = None) -> list[Fault]:
    """What does not fit, in the order of the lines. Empty: the journal is what it was.

    sealed: the digest of each line as a manifest has them; lines may have been added after those. heads: the digests of
    single lines by their numbers, from elsewhere. Without either, lines that are missing at the end are not missed.
    """
    expected = _testimony(lines) | dict(heads or {}) | dict(enumerate(sealed, start=1))
    genuine = [line for line in lines if line.whole and expected.get(line.n) == line.own]
    in_order = _longest_rising(genuine)
    kept = {line.n for line in in_order}
    moved = {line.n: line for line in genuine if line.n not in kept}
    placed = {line.place for line in (*in_order, *moved.values())}
    odd = {line.place: line for line in lines if line.place not in placed}
    last = max(expected, default=0)
    found = [Fault("reordered", n, n, f"it stands at place {line.place}") for n, line in moved.items()]
    for missing, places, at_end in _gaps(in_order, moved, last, len(lines)):
        found += _explain(missing, [odd[place] for place in places if place in odd], at_end=at_end)
    return sorted(found, key=lambda fault: (fault.line, fault.last, fault.kind))


def _testimony(lines: Sequence[Line]) -> dict[int, str]:
    """The digest of each line, as the lines themselves say: each of itself, and with more weight of the one before."""
    own = {line.n: line.own for line in lines if line.whole}
    return own | {line.n - 1: line.previous for line in lines if line.whole and line.n > 1}


def _longest_rising(lines: Sequence[Line]) -> list[Line]:
    """As many of the lines as stand in the order of their numbers."""
    ends: list[Line] = []
    before: dict[int, Line | None] = {}
    for line in lines:
        at = bisect_left([end.n for end in ends], line.n) if ends and ends[-1].n >= line.n else len(ends)
        before[line.place] = ends[at - 1] if at else None
        ends[at:] = [line, *ends[at + 1 :]]
    found: list[Line] = []
    last = ends[-1] if ends else None
    while last:
        found.append(last)
        last = before[last.place]
    return found[::-1]


def _gaps(
    in_order: Sequence[Line], moved: Mapping[int, Line], last: int, places: int
) -> Iterator[tuple[list[int], range, bool]]:
    """(numbers that are missing, places where something else stands, whether no line follows) between good lines."""
    ends = [(0, 0), *((line.n, line.place) for line in in_order), (last + 1, places + 1)]
    for number, ((n, place), (next_n, next_place)) in enumerate(pairwise(ends), start=1):
        missing = [one for one in range(n + 1, next_n) if one not in moved]
        yield missing, range(place + 1, next_place), number == len(ends) - 1


def _explain(missing: list[int], odd: list[Line], *, at_end: bool) -> Iterator[Fault]:
    """A line that is missing and one that is odd, at the same place, are an edited one."""
    edited = {line.n: line for line in odd if line.n in missing}
    rest = [line for line in odd if edited.get(line.n) is not line]
    left = [n for n in missing if n not in edited]
    edited |= dict(zip(left, rest, strict=False))
    for n, line in edited.items():
        yield Fault("edited", n, n, "its digest is not that of what it says" if not line.whole else "it was another")
    for line in rest[len(left) :]:
        yield Fault("inserted", line.place, line.place, "it was not there")
    for first, last in _ranges(left[len(rest) :]):
        cut = at_end and first > max(edited, default=0)
        yield Fault("truncated" if cut else "removed", first, last, "the journal ends before" if cut else "missing")


def _ranges(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """1 2 3 7 -> (1, 3), (7, 7)."""
    first = last = 0
    for n in numbers:
        if first and n != last + 1:
            yield first, last
            first = 0
        first, last = first or n, n
    if first:
        yield first, last
