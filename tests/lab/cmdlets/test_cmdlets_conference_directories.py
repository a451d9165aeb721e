"""Move-CsConferenceDirectory: a directory gets another home, as the forest has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import CONFERENCE_DIRECTORY_HOMES, POOLS
from lyncdr_helpers.shell import cmdlets


@pytest.fixture
def lab(lab) -> Iterator[Any]:
    """The directories are homed as on the first day again afterwards."""
    yield lab
    with State(lab.blueprint) as state:
        for number, home in CONFERENCE_DIRECTORY_HOMES.items():
            state.accounts.rehome_conference_directory(number, POOLS[home])


def move(lab, number: int, **changed: Any):
    command = cmdlets.move_conference_directory(str(number), DR_POOL)
    return lab.call(command.cmdlet, **{**command.parameters, **changed})


def homes(lab) -> dict[int, str]:
    said = lab.call("Get-CsConferenceDirectory")
    return {row["Identity"]: row["ServiceId"].removeprefix("UserServer:") for row in said.rows}


def test_one_directory_moves(lab) -> None:
    """From a lost pool, with -Force; the others stay."""
    lab.fail("primary")
    assert move(lab, 3).ended is None
    assert homes(lab) == {1: PRIMARY_POOL, 2: DR_POOL, 3: DR_POOL}


@pytest.mark.parametrize(
    ("number", "changed", "why"),
    [
        (9, {}, 'Cannot find the conference directory "9"'),
        (1, {"Force": False}, "pool01.lync.test"),
        (1, {"Confirm": True}, "NonInteractive"),
        (1, {"TargetPool": "pool9.lync.test"}, "pool9.lync.test"),
    ],
)
def test_what_is_refused(lab, number: int, changed: dict[str, Any], why: str) -> None:
    """No such directory or pool, a plain move from a lost pool, a question that nobody answers: nothing moves."""
    lab.fail("primary")
    ended = move(lab, number, **changed).ended
    assert ended is not None
    assert why in ended.message
    assert homes(lab) == CONFERENCE_DIRECTORY_HOMES
