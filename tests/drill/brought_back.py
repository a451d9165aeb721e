"""What must be so after a drill in which nothing was lost."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from lyncdr_helpers.drill_score import LIFE_NUMBERS

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


def nothing_runs(folder: Path) -> bool:
    """Whether every process that knows the folder has ended."""
    return not any(str(folder) in " ".join(_command(process)) for process in psutil.process_iter())


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline() if process.pid != os.getpid() else []
    except psutil.Error:
        return []
