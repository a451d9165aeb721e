"""The journal: what a run did, as JSON lines that are on disk before the act and chained by their digests.

Each line is `{"n", "at", "kind", "facts", "nonce", "previous", "digest"}`; `digest` is the SHA-256 of the rest of the
line, `previous` the digest of the line before (64 zeros in the first). An edited, removed or reordered line breaks the
chain there. `nonce` is chance: whoever is shown a digest without its line cannot find the line by guessing. A line cut
off by a crash was never acknowledged: it is set aside and the journal goes on from the line before.

Kinds: begin, resume, step, check, fact, plan, approval, gate, waiver, declaration, guided, script, intent, result,
withheld, kept, end.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.errors import InputError

FIRST = "0" * 64
NONCE_BYTES = 16


@dataclass(frozen=True)
class Line:
    """One record. `at`: when, as `clock.stamp` writes it. `facts`: JSON values by name, as the kind has them."""

    n: int
    at: str
    kind: str
    facts: Mapping[str, Any]
    previous: str
    nonce: str = ""

    @cached_property
    def digest(self) -> str:
        return files.digest(files.canonical(self.body()))

    def body(self) -> dict[str, Any]:
        rest = {"n": self.n, "at": self.at, "kind": self.kind, "facts": self.facts, "previous": self.previous}
        return {**rest, "nonce": self.nonce} if self.nonce else rest

    def spelled(self) -> bytes:
        return files.canonical({**self.body(), "digest": self.digest}) + b"\n"


Clean = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def as_they_are(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    return facts


class Journal:
    """An append-only file of lines. Open it with `Journal.open`; one process writes, anybody may read."""

    def __init__(self, path: Path, clock: Clock, lines: list[Line], clean: Clean) -> None:
        self.path = path
        self._clean = clean
        self._clock = clock
        self._lines = lines
        self._cut_short = False

    @classmethod
    def open(cls, path: Path, clock: Clock, clean: Clean = as_they_are) -> Journal:
        """The journal at that path, new or to be continued. clean: what the facts of a line go through first.

        Raises InputError when its chain is broken.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path, clock, _whole_lines(path), clean)

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._lines)

    @property
    def head(self) -> str:
        """The digest of the last line: it stands for the whole journal."""
        return self._lines[-1].digest if self._lines else FIRST

    def write(self, kind: str, **facts: Any) -> Line:
        """Append one line and wait until the disk has it.

        An interrupt or a full disk may end it when the line is there, is not, or is there in part: the file then says
        which, and the next line joins on to that.
        """
        if self._cut_short:
            self._lines = _whole_lines(self.path)
        self._cut_short = True
        nonce = secrets.token_hex(NONCE_BYTES)
        line = Line(len(self._lines) + 1, stamp(self._clock.now()), kind, self._clean(facts), self.head, nonce)
        with self.path.open("ab") as file:
            file.write(line.spelled())
            files.sync(file)
        self._lines.append(line)
        self._cut_short = False
        return line

    def reread(self) -> None:
        """Take in what others wrote meanwhile. Raises InputError when the chain is broken.

        Only for whoever holds the run's lock: until it was free, somebody else may have gone on with the run.
        """
        self._lines = _whole_lines(self.path)

    def of_kind(self, *kinds: str) -> Iterator[Line]:
        return (line for line in self._lines if line.kind in kinds)

    def last(self, *kinds: str) -> Line | None:
        """The latest line of these kinds, or None."""
        return next((line for line in reversed(self._lines) if line.kind in kinds), None)

    def open_intents(self, act: str) -> list[Line]:
        """The intents of an act that no result answers: nobody knows what became of them."""
        answered = {line.facts["intent"] for line in self.of_kind("result")}
        return [line for line in self.of_kind("intent") if line.facts["act"] == act and line.n not in answered]


def _whole_lines(path: Path) -> list[Line]:
    """The lines of a journal that goes on; what was cut off at its end is set aside."""
    lines, torn = read(path)
    if torn:
        _set_aside(path, torn)
    return lines


def read(path: Path) -> tuple[list[Line], bytes]:
    """The lines of a journal whose chain holds, and what a crash cut off at its end (usually nothing).

    Raises InputError that names the first line that does not fit.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return [], b""
    whole, newline, torn = content.rpartition(b"\n")
    lines: list[Line] = []
    for number, text in enumerate(whole.split(b"\n") if newline else [], start=1):
        lines.append(_checked(path, number, text, lines[-1].digest if lines else FIRST))
    return lines, torn


def _checked(path: Path, number: int, text: bytes, previous: str) -> Line:
    try:
        kept = json.loads(text)
        line = Line(kept["n"], kept["at"], kept["kind"], kept["facts"], kept["previous"], kept.get("nonce", ""))
        fits = (line.n, line.previous) == (number, previous) and line.spelled() == text + b"\n"
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise InputError(
            f"{path.name}, line {number}: the chain of digests breaks here; a line was edited, removed or reordered.",
            "Keep the file as evidence and begin a new run.",
        )
    return line


def _set_aside(path: Path, torn: bytes) -> None:
    """Keep what a crash cut off beside the journal, and end the journal at its last whole line."""
    aside = path.with_suffix(".torn")
    aside.write_bytes((aside.read_bytes() if aside.exists() else b"") + torn + b"\n")
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - len(torn))
        files.sync(file)
