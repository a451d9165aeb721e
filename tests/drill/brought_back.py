"""What must be so after a drill in which nothing was lost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from lyncdr_helpers.drill_score import LIFE_NUMBERS
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.phases import audit
from lyncdr_helpers.phases.incidents.decisions import decisions

Numbers = Mapping[str, Any]


def in_dr(numbers: Numbers, users: int) -> None:
    """Every user, endpoint, contact, Response Group, room and record came back in DR."""
    assert numbers["lost"] == 0
    assert numbers["users_rehomed"] == numbers["users_on_failed_pool"] == users
    assert numbers["endpoints_rehomed"] == numbers["endpoints_on_failed_pool"]
    assert numbers["endpoints_on_failed_pool"] >= 9
    assert numbers["conference_directories_rehomed"] == numbers["conference_directories_expected"] == 2
    assert numbers["contacts_restored"] == numbers["contacts_expected"]
    assert numbers["contacts_expected"] > 1000
    assert numbers["response_groups_restored"] == numbers["response_groups_expected"] == 9
    assert numbers["group_chat_restored"] == numbers["group_chat_expected"] == 297  # rows and files
    assert numbers["dns_records_moved"] == numbers["dns_records_expected"] == 6


def at_home(numbers: Numbers, users: int) -> None:
    """Everybody is home; what they added at the DR site is kept, what they removed stays removed, what was only on the
    primary is back, nothing is there twice.
    """
    assert numbers["failback_lost"] == numbers["doubled"] == 0
    assert numbers["failback_users_home"] == numbers["failback_users_expected"] == users
    assert numbers["failback_contacts_home"] == numbers["failback_contacts_expected"]
    assert numbers["failback_group_chat_home"] == numbers["failback_group_chat_expected"] > 200
    did = LIFE_NUMBERS[::2]
    assert [numbers[f"{name}_kept"] for name in did] == [numbers[name] for name in did]
    assert min(numbers[name] for name in did) >= 2


def an_audit_tells(runs: Path, users: int, rto: float) -> None:
    """The same, as an audit tells it from the journals of the phases alone: one incident, from the loss to home."""
    past = audit.of(runs, "lab", PRIMARY_POOL)
    assert [one.verdict for one in map(audit.proven, past.runs)] == ["pass"] * len(past.runs)
    (incident,) = past.incidents
    outage = audit.case_of(past).outage
    assert outage and outage.alive and outage.until_proven
    assert (incident.state, incident.broken, outage.never) == ("home", (), ())
    assert outage.alive.what == "its contact lists were exported"
    shares = outage.shares()
    assert [one.back for one in shares] == [one.users for one in shares], shares
    assert (shares[0].users, shares[-1].users) == (users, users), shares
    moved, lists, names, whole = (one.last or 0.0 for one in shares)
    assert 0 < moved < lists < names == whole < outage.until_proven, shares
    assert rto < outage.until_proven + outage.doubt, (rto, outage)
    decided = [one.what for one in decisions(incident.runs)]
    assert decided == ["declared", "approved", "approved"], decided


def nothing_runs(folder: Path) -> bool:
    """Whether every process that knows the folder has ended."""
    return not any(str(folder) in " ".join(_command(process)) for process in psutil.process_iter())


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.pid != os.getpid() else []
    except psutil.Error:
        return []
