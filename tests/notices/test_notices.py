"""What a notice says: how the night went, what is missing, what to do next; and of nobody by name."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.errors import OUTCOMES
from lyncdr_helpers.params.backups import Ending
from lyncdr_helpers.runfolder import RunSummary
from lyncdr_helpers.runs.notices import Ended, compose, newest_complete, without_addresses

NOW = dt.datetime(2026, 3, 2, 2, 14, 9, tzinfo=dt.UTC)
TONIGHT = "20260302-021000-backup-3f2a"

STORED: dict[str, Any] = {
    "users homed on pool01.lync.test": 1204,
    "contacts on pool01.lync.test": 40112,
    "set": TONIGHT,
    "state": "COMPLETE",
    "differences": 0,
}


def run(name: str, began: str, outcome: str = "done", phase: str = "backup", deployment: str = "contoso") -> RunSummary:
    return RunSummary(name, phase, deployment, "live", began, "u@h", outcome, 0, "", "", acted=False)


LAST_NIGHT = run("20260301-021000-backup-0001", "2026-03-01T02:10:00.000Z")

DONE = Ended(
    deployment="contoso",
    params_file="params/contoso.yml",
    host="mgmt02",
    run=TONIGHT,
    outcome="done",
    exit_code=0,
    message="",
    seconds=249,
    ended=NOW,
    newest=run(TONIGHT, "2026-03-02T02:10:00.000Z"),
    limit=26,
    facts=STORED,
)

INCOMPLETE = replace(
    DONE,
    outcome="incomplete",
    exit_code=4,
    message=f"Set {TONIGHT} is INCOMPLETE. ana@lync.test: not exported; disabled.",
    newest=LAST_NIGHT,
    facts={**STORED, "state": "INCOMPLETE", "differences": 3, "lis: failed": "Access denied.", "dns: off": "off"},
)

FAILED = replace(
    DONE,
    outcome="failed",
    exit_code=1,
    message="Nobody answers at mgmt02. Check ana@lync.test's export.",
    newest=LAST_NIGHT,
    facts={},
)


def test_a_complete_night() -> None:
    """Whole, for somebody who reads it on a phone: the state is in the subject, and that nothing needs to be done."""
    message = compose(DONE)
    assert message.subject == "lyncdr contoso: backup COMPLETE"
    assert message.tone == "success"
    assert message.body == (
        "The backup of contoso on mgmt02 ended done (exit code 0) at 2026-03-02 02:14 UTC, after 4 min 09 s.\n\n"
        f"Set {TONIGHT}: COMPLETE\n"
        "users homed on pool01.lync.test: 1,204\n"
        "contacts on pool01.lync.test: 40,112\n\n"
        f"The newest COMPLETE set known on this machine is {TONIGHT}: 0 hours old.\n\n"
        "Nothing needs to be done.\n"
    )


def test_an_incomplete_night() -> None:
    """How many users and which parts are missing, how old the newest COMPLETE set is, and the commands to go on."""
    message = compose(INCOMPLETE)
    assert message.subject == "lyncdr contoso: backup INCOMPLETE, 3 users missing"
    assert message.tone == "warning"
    assert "users it cannot bring back: 3" in message.body
    assert "it lacks lis\n" in message.body
    assert "dns" not in message.body
    assert f"{LAST_NIGHT.run}: 24 hours old." in message.body
    assert f"  lyncdr backups show {TONIGHT} --params params/contoso.yml\n" in message.body
    assert "  lyncdr run backup --params params/contoso.yml\n" in message.body


def test_a_failed_night() -> None:
    """What happened in the run's own words, no set, and how to look at the run."""
    message = compose(FAILED)
    assert (message.subject, message.tone) == ("lyncdr contoso: backup FAILED", "failure")
    assert "What happened: Nobody answers at mgmt02." in message.body
    assert "Set " not in message.body
    assert f"  lyncdr runs show {TONIGHT} --params params/contoso.yml\n" in message.body


@pytest.mark.parametrize("code", [code for code in OUTCOMES if code != 4])
def test_every_ending_but_two_is_a_failure(code: int) -> None:
    """Bad input, a closed gate, a lock, a dead kernel, an interrupt: a night without a set, in so many words."""
    ended = replace(FAILED, exit_code=code, outcome=OUTCOMES[code])
    assert ended.endings == {"failed"}
    said = compose(ended).subject
    assert said == "lyncdr contoso: backup FAILED" + ("" if code == 1 else f" ({OUTCOMES[code]})")


def test_a_night_that_never_began() -> None:
    """Without a run there is none to look at; a lock points to who holds it."""
    unbegun = compose(replace(FAILED, run="", message="The notebook is not there.")).body
    assert "runs show" not in unbegun
    assert "lyncdr run backup" in unbegun
    locked = compose(replace(FAILED, exit_code=7, outcome="locked")).body
    assert "lyncdr runs list" in locked
    assert "lyncdr run backup" not in locked


def test_alarms() -> None:
    """A complete night with alarms is `done` and `alarm`, looks like a warning, and names the first ten."""
    alarms = [f"pool{number:02}: 12 % fewer contacts" for number in range(12)]
    ended = replace(DONE, facts={**STORED, "alarms": alarms})
    message = compose(ended)
    assert ended.endings == {"done", "alarm"}
    assert (message.subject, message.tone) == ("lyncdr contoso: backup COMPLETE, 12 alarms", "warning")
    assert "pool09: 12 %" in message.body
    assert "pool10" not in message.body
    assert "and 2 more" in message.body
    assert "see whether these changes are meant" in message.body
    assert replace(DONE, facts={**STORED, "alarms": []}).endings == {"done"}


@pytest.mark.parametrize(
    ("hours", "said"),
    [(1, "1 hours old."), (26, "26 hours old."), (27, "more than the 26"), (240, "10 days old, more")],
)
def test_the_age_of_the_newest_complete_set(hours: int, said: str) -> None:
    """Older than an activation accepts is said as such."""
    began = (NOW - dt.timedelta(hours=hours)).isoformat()
    assert said in compose(replace(FAILED, newest=run("x", began))).body


def test_no_complete_set_is_known() -> None:
    """That there is nothing to restore from is the most important line, and it is there."""
    assert "no contact list would come back" in compose(replace(FAILED, newest=None)).body


def test_the_newest_complete_run() -> None:
    """Backups of this deployment that are done, and no others; the newest of them."""
    runs = [
        LAST_NIGHT,
        run("b", "2026-03-01T03:00:00.000Z"),
        run("c", "2026-03-01T04:00:00.000Z", outcome="incomplete"),
        run("d", "2026-03-01T05:00:00.000Z", phase="activate"),
        run("e", "2026-03-01T06:00:00.000Z", deployment="another"),
    ]
    found = newest_complete(runs, "contoso")
    assert found is not None
    assert found.run == "b"
    assert newest_complete(runs[2:], "contoso") is None


NAMES = st.from_regex(r"[A-Za-z0-9._%+'-]{1,20}", fullmatch=True)
HOSTS = st.from_regex(r"([a-z0-9-]{1,10}\.){1,3}[a-z]{2,5}", fullmatch=True)


@given(name=NAMES, host=HOSTS, around=st.sampled_from(["{}", "sip:{}", "<{}>", "'{}': not exported", "({}), {}."]))
def test_nobody_is_named(name: str, host: str, around: str) -> None:
    """No address leaves in a message, however an error or an alarm spells it, and whatever the ending."""
    text = around.replace("{}", f"{name}@{host}")
    assert "@" not in without_addresses(text)
    for ended in (DONE, INCOMPLETE, FAILED):
        told = compose(replace(ended, message=text, facts={**ended.facts, "alarms": [text]}))
        assert "@" not in told.subject + told.body


def test_every_word_of_notices_on() -> None:
    """Each word that the parameters allow is said of some night."""
    alarming = replace(DONE, facts={**STORED, "alarms": ["x"]})
    said = frozenset().union(*(one.endings for one in (DONE, INCOMPLETE, FAILED, alarming)))
    assert said == set(Ending.__args__)  # type: ignore[attr-defined]
