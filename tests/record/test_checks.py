"""Checks: what holds a phase back, and what is never taken for green."""

from __future__ import annotations

import pytest

from lyncdr_helpers.checks import (
    Check,
    Checklist,
    Severity,
    Verdict,
    count_of,
    judge,
    not_green,
    require,
    some_of,
    unknown,
)
from lyncdr_helpers.errors import CheckFailed, InputError, Unreachable


@pytest.mark.parametrize(
    ("ok", "soft", "verdict", "severity"),
    [
        (True, False, Verdict.PASS, Severity.MUST),
        (True, True, Verdict.PASS, Severity.SHOULD),
        (False, False, Verdict.FAIL, Severity.MUST),
        (False, True, Verdict.WARN, Severity.SHOULD),
    ],
)
def test_a_must_fails_and_a_should_warns(ok: bool, soft: bool, verdict: Verdict, severity: Severity) -> None:
    """What a check is worth is kept when it is green; its remedy is not."""
    check = judge("area", "name", ok, seen="seen", expected="expected", remedy="remedy", soft=soft)
    assert (check.verdict, check.severity, check.remedy) == (verdict, severity, "" if ok else "remedy")
    assert check.as_row()["severity"] == str(severity)


def test_what_holds_back() -> None:
    """A failure does, and a must that nobody could make. A should that nobody could make does not; green it is not."""
    rows = [
        judge("a", "failed", False, seen="", expected=""),
        judge("a", "warns", False, seen="", expected="", soft=True),
        unknown("a", "must", seen="", expected=""),
        unknown("a", "should", seen="", expected="", soft=True),
        judge("a", "green", True, seen="", expected=""),
    ]
    assert [check.name for check in not_green(rows)] == ["failed", "must"]
    with pytest.raises(CheckFailed, match="2 checks are not green"):
        require(rows, "Nothing goes")
    assert rows[3].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("soft", [True, False])
def test_who_cannot_be_asked_is_unknown(soft: bool) -> None:
    """The reason stands in the row, with the severity that the answer would have had."""
    checks = Checklist()
    with checks.asking("area", "name", "an answer", soft=soft):
        raise Unreachable("Nobody answers.", "Look at it.")
    severity = Severity.SHOULD if soft else Severity.MUST
    assert list(checks) == [
        Check("area", "name", Verdict.UNKNOWN, "Nobody answers.", "an answer", "Look at it.", severity)
    ]


def test_any_other_error_stays_one() -> None:
    """A mistake is not taken for a server that is silent."""
    with pytest.raises(InputError), Checklist().asking("area", "name", "an answer"):
        raise InputError("A mistake.")


@pytest.mark.parametrize(
    ("how_many", "said"),
    [(0, "none"), (1, "1: a"), (5, "5: a, b, c, d, e"), (6, "6: a, b, c, d, e, and 1 more"), (26, None)],
)
def test_the_first_of_many_and_how_many_more(how_many: int, said: str | None) -> None:
    """Nobody is left out without being counted."""
    names = [chr(ord("a") + number) for number in range(how_many)]
    assert count_of(names) == (said or "26: a, b, c, d, e, and 21 more")
    assert some_of(names, "; ").count(";") == max(0, min(how_many, 6) - 1)
