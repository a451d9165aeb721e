"""A check: one expectation, what was seen, and a verdict that is green only when it was proven green."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from lyncdr_helpers.errors import CheckFailed, OperationError


class Verdict(StrEnum):
    """PASS is proven; UNKNOWN means nobody could look, and is never shown as PASS."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One expectation and its evidence. `area` groups rows of a table; `remedy` is what to do when it is not green."""

    area: str
    name: str
    verdict: Verdict
    seen: str
    expected: str
    remedy: str = ""

    def as_row(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": str(self.verdict)}


def judge(area: str, name: str, ok: bool, *, seen: str, expected: str, remedy: str = "", soft: bool = False) -> Check:
    """A check that passes or fails; `soft` makes the failure a warning. The remedy is kept only where it is needed."""
    verdict = Verdict.PASS if ok else Verdict.WARN if soft else Verdict.FAIL
    return Check(area, name, verdict, seen, expected, "" if ok else remedy)


@dataclass
class Checklist:
    """Checks as they are made, in order. Asking a dead server leaves an UNKNOWN row, not a hole."""

    checks: list[Check] = field(default_factory=list)

    def __iter__(self) -> Iterator[Check]:
        return iter(self.checks)

    def add(self, *checks: Check) -> None:
        self.checks.extend(checks)

    @contextmanager
    def asking(self, area: str, name: str, expected: str) -> Iterator[None]:
        """Whoever cannot be asked becomes an UNKNOWN check with the reason; any other error is a bug and stays one."""
        try:
            yield
        except OperationError as error:
            self.add(Check(area, name, Verdict.UNKNOWN, error.message, expected, error.remedy))


def not_green(checks: Iterable[Check]) -> list[Check]:
    """The checks that hold a phase back: failed or unknown. Warnings do not."""
    return [check for check in checks if check.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]


def require(checks: Iterable[Check], what: str) -> None:
    """Raise CheckFailed, naming every check that failed or could not be made."""
    bad = not_green(checks)
    if bad:
        rows = "; ".join(f"{check.name}: {check.verdict}, {check.seen}" for check in bad)
        raise CheckFailed(f"{what}: {len(bad)} checks are not green. {rows}", bad[0].remedy)
