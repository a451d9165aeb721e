"""`lyncdr backups calendar`: what a person at a terminal sees of the last weeks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

from backup_store import Deployment, Said

from lyncdr_helpers.phases import backup

Lyncdr = Callable[..., Said]


def today(days: int = 0) -> dt.date:
    return dt.datetime.now(dt.UTC).date() - dt.timedelta(days=days)


def states(lyncdr: Lyncdr) -> dict[str, str]:
    return {day["date"]: day["state"] for day in lyncdr("calendar", "--json").json["days"]}


def test_the_calendar(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A letter a day, what the letters mean, and in words each day that was not plainly COMPLETE."""
    deployment.night(5)
    alarming = deployment.night(4, alarms=2)
    failed = deployment.night(2, failed="The share went away.")
    deployment.night(1)
    said = lyncdr("calendar", "--weeks", "3")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0].split() == ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"]
    assert [line for line in lines if re.fullmatch(r"\d{4}-\d\d-\d\d(  [C!F.-]){7}", line)]
    assert f"{today(4)}: COMPLETE with alarms; {alarming}: 2 alarms" in lines
    assert f"{today(3)}: missing" in lines
    assert f"{today(2)}: FAILED; {failed}: The share went away." in lines
    assert not [line for line in lines if line.startswith(f"{today(1)}: ")]
    assert "C COMPLETE" in said.out
    assert said.out.isascii()


def test_the_calendar_as_json(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Every day with its state, and each backup with its numbers."""
    name = deployment.night(1)
    found = lyncdr("calendar", "--json", "--weeks", "2").json
    assert len(found["days"]) in (7, 14)  # a week more, if yesterday was Sunday
    (one,) = [one for day in found["days"] for one in day["backups"]]
    assert (one["name"], one["state"], one["users"], one["contacts"]) == (name, "COMPLETE", 3, 6)


def test_runs_of_this_machine(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A run that left nothing in the store is on the calendar too: at work while it holds the lock, then cut short."""
    session = backup.begin(deployment.params)
    try:
        assert states(lyncdr)[f"{today()}"] == "running"
    finally:
        session.close()
    assert states(lyncdr)[f"{today()}"] == "FAILED"


def test_no_night_at_all(lyncdr: Lyncdr) -> None:
    """An empty store gives an empty calendar, and nobody is blamed."""
    assert set(states(lyncdr).values()) <= {"not known", "not yet"}


def test_a_store_that_is_not_there(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """What ran on this machine is shown, what the store would say is not made up, and the exit code is 1."""
    deployment.store.rename(deployment.store.with_name("gone"))
    said = lyncdr("calendar")
    assert said.code == 1
    assert "is not there" in said.out
    assert "is not there" in lyncdr("calendar", "--json").json["trouble"]


def test_weeks_that_make_no_sense(lyncdr: Lyncdr) -> None:
    """Bad input, exit 2."""
    for weeks in ("0", "-1", "many"):
        assert lyncdr("calendar", "--weeks", weeks).code == 2
