"""A check: one expectation, what was seen, and a verdict that is green only when it was proven green."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from lyncdr_helpers.errors import CheckFailed, OperationError

NAMED = 5
"""How many names a row, or a message, carries."""


class Verdict(StrEnum):
    """PASS is proven; UNKNOWN means nobody could look, and is never shown as PASS."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Severity(StrEnum):
    """MUST holds a phase back until it is green; SHOULD is for people to look at, and holds nothing back."""

    MUST = "must"
    SHOULD = "should"


@dataclass(frozen=True)
class Check:
    """One expectation and its evidence. `area` groups rows of a table; `remedy` is what to do when it is not green."""

    area: str
    name: str
    verdict: Verdict
    seen: str
    expected: str
    remedy: str = ""
    severity: Severity = Severity.MUST

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": str(self.verdict), "severity": str(self.severity)}


def judge(area: str, name: str, ok: bool, *, seen: str, expected: str, remedy: str = "", soft: bool = False) -> Check:
    """A check that passes or fails; `soft` makes it one of severity SHOULD, which does not fail but warns.

    The remedy is kept only where it is needed.
    """
    verdict = Verdict.PASS if ok else Verdict.WARN if soft else Verdict.FAIL
    return Check(area, name, verdict, seen, expected, "" if ok else remedy, _severity(soft))


def unknown(area: str, name: str, *, seen: str, expected: str, remedy: str = "", soft: bool = False) -> Check:
    """A check that nobody could make. seen: why not."""
    return Check(area, name, Verdict.UNKNOWN, seen, expected, remedy, _severity(soft))


def some_of(names: Sequence[str], between: str = ", ") -> str:
    """The first of them, and how many more there are: a message is read, not searched."""
    more = len(names) - NAMED
    return between.join(names[:NAMED]) + (f"{between}and {more:,} more" if more > 0 else "")


def count_of(names: Sequence[str]) -> str:
    """`3: a@b.c, d@e.f, g@h.i`, or `none`: what a row has seen where there should be nobody."""
    return f"{len(names):,}: {some_of(names)}" if names else "none"


@dataclass
class Checklist:
    """Checks as they are made, in order. Asking a dead server leaves an UNKNOWN row, not a hole."""

    checks: list[Check] = field(default_factory=list)

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def add(self, *checks: Check) -> None:
        self.checks.extend(checks)

    @contextmanager
    def asking(self, area: str, name: str, expected: str, *, soft: bool = False) -> Iterator[None]:
        """Whoever cannot be asked becomes an UNKNOWN check with the reason; any other error is a bug and stays one."""
        try:
            yield
        except OperationError as error:
            self.add(unknown(area, name, seen=error.message, expected=expected, remedy=error.remedy, soft=soft))


def not_green(checks: Iterable[Check]) -> list[Check]:
    """The checks that hold a phase back: failed, or a MUST that nobody could make. Warnings do not."""
    return [
        check
        for check in checks
        if check.verdict is Verdict.FAIL or (check.verdict is Verdict.UNKNOWN and check.severity is Severity.MUST)
    ]


def require(checks: Iterable[Check], what: str) -> None:
    """Raise CheckFailed, naming every check that failed or could not be made."""
    bad = not_green(checks)
    if bad:
        rows = "; ".join(f"{check.name}: {check.verdict}, {check.seen}" for check in bad)
        raise CheckFailed(f"{what}: {len(bad)} checks are not green. {rows}", bad[0].remedy)


def _severity(soft: bool) -> Severity:
    return Severity.SHOULD if soft else Severity.MUST
