"""If it died now, in tables: unknown is never nothing, and every estimate stands beside what it rests on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from lyncdr_helpers.backups.risk import AtRisk, ChangedSince, Night
from lyncdr_helpers.checks import Checklist
from lyncdr_helpers.phases.earlier import durations
from lyncdr_helpers.phases.earlier.recoveries import Recovery
from lyncdr_helpers.phases.earlier.spent import Spent
from lyncdr_helpers.phases.if_it_died import IfItDied
from lyncdr_helpers.phases.never_back import Gone
from lyncdr_helpers.views import outlook
from lyncdr_helpers.views.frame import Frame

BEGAN = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
NIGHTS = (Night("set-1", "set-2", 24.04, 1200, 24), Night("set-2", "set-3", 24.0, 1204, 48))


def recovery(rate: float) -> Recovery:
    steps = {step: Spent(5.0, 9) for stage in durations.STAGES for step in stage.steps}
    return Recovery("r", "live", BEGAN, 100, 60.0, {**steps, "move users": Spent(100 / rate, 100)})


def found(
    at_risk: tuple[AtRisk, ...] | None = (), changed: ChangedSince | None = None, rates: tuple[float, ...] = ()
) -> IfItDied:
    time = durations.estimate([recovery(rate) for rate in rates], 1204, 3600.0)
    gone = (Gone("meetings", "not counted", "no", "Schedule them anew.", "Microsoft"),)
    return IfItDied(1204, None, at_risk, changed, time, gone, Checklist())


def cell(frame: Frame, what: str, column: str = "now") -> str:
    return str(frame.set_index(frame.columns[0]).loc[what, column])


CHANGED = ChangedSince(1204, 11.0, NIGHTS, 10.9, 16.4, 22.1)


def test_facts_and_estimates_are_told_apart() -> None:
    """Each row says which it is and what it rests on."""
    frame = outlook.summary(found((AtRisk("ann@x", "not in the set", "x", None),), CHANGED, (5.0, 10.0)))
    assert list(frame.columns) == ["what", "now", "known", "from"]
    assert cell(frame, "users whose contacts would not come back") == "✗ 1"
    assert cell(frame, "users whose contacts would not come back", "known") == "fact"
    assert cell(frame, "users whose list changed since the set") == "about 16 of 1,204 (11 to 22)"
    assert cell(frame, "users whose list changed since the set", "known") == "estimate"
    assert "2 nights since set-1" in cell(frame, "users whose list changed since the set", "from")
    assert cell(frame, "recovery time", "known") == "estimate"
    assert "without notice" in cell(frame, "recovery time", "from")
    assert cell(frame, "promised") == "60 min"


def test_what_nobody_can_tell() -> None:
    """Unknown, with why; never an empty cell, never nought."""
    unasked = replace(found(None), users=None)
    frame = outlook.summary(unasked)
    assert list(frame["now"])[:4] == ["? unknown"] * 4
    assert "no earlier run has" in cell(frame, "recovery time", "from")
    assert repr(outlook.at_risk(unasked)).startswith("Unknown")
    assert "unknown" in repr(outlook.nights(unasked))


@pytest.mark.parametrize(("users", "said"), [(1204, "Nobody: all 1,204"), (0, "Nobody is homed on the pool.")])
def test_nobody_at_risk(users: int, said: str) -> None:
    """That everybody can be brought back is said, and that there is nobody is another thing."""
    assert repr(outlook.at_risk(replace(found(), users=users))).startswith(said)


def test_users_at_risk() -> None:
    """By name, with a sign and why."""
    frame = outlook.at_risk(found((AtRisk("ann@x", "held back", "in Exchange now", 12),)))
    assert list(frame.iloc[0]) == ["ann@x", "! held back", "in Exchange now", 12]


def test_the_nights() -> None:
    """The measured rate, night by night."""
    frame = outlook.nights(found((), CHANGED))
    assert list(frame.iloc[0]) == ["set-1", "set-2", 24.0, 1200, 24, 2.0]


def test_stages() -> None:
    """In their order, with a spread where there is one, and the sum of what is known against the target."""
    frame = outlook.recovery(found(rates=(5.0, 10.0)).time)
    assert list(frame["stage"]) == [*(one.name for one in durations.STAGES), "together"]
    assert cell(frame, "notice", "typical") == "? unknown"
    assert cell(frame, "move users", "low_to_high") == "2 min to 4 min 01 s"
    assert cell(frame, "repoint DNS", "low_to_high") == ""
    assert "60 min are promised: at its slowest it leaves" in cell(frame, "together", "from")
    assert cell(frame, "together", "what") == "without notice"


def test_beyond_the_target() -> None:
    """Too slow is a warning, in words."""
    frame = outlook.recovery(found(rates=(0.1,)).time)
    assert cell(frame, "together", "typical").startswith("! ")
    assert "longer" in cell(frame, "together", "from")


def test_nothing_measured_has_no_sum() -> None:
    """Nought seconds would be a statement."""
    frame = outlook.recovery(found().time)
    assert "together" not in set(frame["stage"])
    assert set(frame["typical"]) == {"? unknown"}


def test_what_does_not_come_back() -> None:
    """With what to do meanwhile, and who says so."""
    assert list(outlook.never_back(found()).columns) == ["what", "how_many", "comes_back", "meanwhile", "source"]
