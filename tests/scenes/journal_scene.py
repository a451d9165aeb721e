"""Journals made by hand: runs of a deployment, second by second."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.phases.earlier import recoveries
from lyncdr_helpers.phases.earlier.recoveries import Recovery

START = dt.datetime(2026, 3, 1, 2, 0, tzinfo=dt.UTC)
FAILED, TARGET = "pool01.example.org", "drse01.example.org"
SCOPE = f"{FAILED} -> {TARGET}, 100 users"
WHO = {"user": "meier", "host": "mgmt02", "pid": 7}

Entry = tuple[str, Mapping[str, Any], float]
"""(kind, facts, seconds until the next line)."""


def run(
    folder: Path,
    phase: str,
    *entries: Entry,
    days: float = 0.0,
    deployment: str = "contoso",
    mode: str = "live",
    name: str = "",
) -> Path:
    """Write a run's journal below `folder`; it began so many days after START."""
    clock = SetClock(START + dt.timedelta(days=days))
    path = folder / (name or f"{clock.now():%Y%m%d-%H%M%S}-{phase}-0000")
    journal = Journal.open(path / "journal.jsonl", clock)
    begin = {"run": path.name, "phase": phase, "deployment": deployment, "mode": mode, "who": WHO}
    for kind, facts, seconds in (("begin", begin, 0.0), *entries):
        journal.write(kind, **facts)
        clock.sleep(seconds)
    return path


def step(name: str, seconds: float, *inside: Entry) -> list[Entry]:
    """A step that came to its end after so many seconds."""
    return [
        ("step", {"name": name, "state": "started"}, seconds),
        *inside,
        ("step", {"name": name, "state": "done", "seconds": seconds}, 0.0),
    ]


def cut_off(name: str) -> Entry:
    """A step that a crash cut off."""
    return ("step", {"name": name, "state": "started"}, 5.0)


def done(act: str, count: int, failed: int = 0) -> list[Entry]:
    """An act's intent and its result."""
    targets = [f"{act} {number}" for number in range(count + failed)]
    result = {"act": act, "intent": 0, "done": targets[:count], "failed": dict.fromkeys(targets[count:], "no")}
    return [("intent", {"act": act, "targets": targets}, 0.0), ("result", result, 0.0)]


def withheld(act: str, count: int) -> list[Entry]:
    """What a rehearsal has in place of `done`."""
    return [
        ("intent", {"act": act, "targets": [str(number) for number in range(count)]}, 0.0),
        ("result", {"act": act, "intent": 0, "withheld": count}, 0.0),
    ]


def plan(users: int = 100, scope: str = SCOPE) -> Entry:
    return ("plan", {"digest": "ab" * 32, "scope": scope, "counts": {"move-user": users}, "basis": {}}, 0.0)


def refused(waits: float, gate: str = "approval") -> list[Entry]:
    """The gate closes, a person reads and decides, and the same run goes on."""
    return [
        ("gate", {"gate": gate, "state": "closed", "message": "", "remedy": ""}, 0.0),
        ("end", {"outcome": "refused", "exit_code": 5, "step": gate}, waits),
        ("resume", {"who": WHO}, 0.0),
    ]


def end(outcome: str = "done", exit_code: int = 0, **facts: str) -> Entry:
    return ("end", {"outcome": outcome, "exit_code": exit_code, **facts}, 0.0)


def check(name: str, verdict: str = "pass", severity: str = "must", area: str = "DNS") -> Entry:
    texts = {"seen": "this", "expected": "that", "remedy": "" if verdict == "pass" else "Do it."}
    return ("check", {"area": area, "name": name, "verdict": verdict, "severity": severity, **texts}, 0.0)


def fact(name: str, value: Any) -> Entry:
    return ("fact", {"name": name, "value": value}, 0.0)


def activation(
    folder: Path,
    days: float = 0.0,
    users: int = 100,
    rate: float = 10.0,
    waits: float = 60.0,
    scope: str = SCOPE,
    **how: Any,
) -> Path:
    """A live activation through its gate: users move at the rate, lists come back at half of it."""
    return run(
        folder,
        "activate",
        *step("reach", 1.0),
        *step("evidence", 5.0),
        *step("backup", 2.0),
        *step("restorability", 0.0),
        *step("plan", 3.0, plan(users, scope)),
        *refused(waits),
        *step("reach", 1.0),
        *step("evidence", 5.0),
        *step("move users", users / rate, *done("move users", users)),
        *step("move endpoints", 0.0, *done("move endpoints", 7)),
        *step("move conference directories", 0.0, *done("move conference directories", 2)),
        *step("restore contacts", 2 * users / rate, *done("restore contacts", users)),
        *step("restore response groups", 4.0, *done("restore response groups", 9)),
        *step("restore Group Chat", 0.0, *done("restore Group Chat", 5)),
        *step("repoint DNS", 1.0, *done("repoint DNS", 6)),
        end(),
        days=days,
        **how,
    )


def verification(folder: Path, days: float, users: int = 100, ending: Iterable[Entry] = (end(),), **how: Any) -> Path:
    return run(
        folder,
        "verify",
        *step("expectation", 1.0),
        *step("users", users / 100),
        *step("contacts", users / 50),
        *step("response groups", 1.0),
        *step("group chat", 0.0),
        *step("DNS", 1.0),
        *step("service", 6.0),
        *ending,
        days=days,
        **how,
    )


def read(folder: Path, deployment: str = "contoso", failed: str = FAILED) -> tuple[Recovery, ...]:
    """Every recovery that the journals below the folder tell of."""
    return recoveries.read(folder, deployment, failed, TARGET)
