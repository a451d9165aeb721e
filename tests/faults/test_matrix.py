"""An activation that meets whatever can go wrong: what it says, and that the same command then ends it, nothing twice.

Each fault comes about on real sockets, in one lab that is put back between them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from disasters import FAULTS, Fault
from fire import Fire, moved_twice, not_read_back, on_fire, unanswered
from phase_scene import Ended

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def burning(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fire]:
    with on_fire(tmp_path_factory.mktemp("burning")) as lab:
        yield lab


@pytest.fixture(scope="module")
def uninterrupted(burning: Fire) -> tuple[Ended, dict[str, Any]]:
    """An activation that nobody disturbs, and what it leaves behind."""
    burning.rewind()
    ended = burning.activate()
    assert ended.code == 0, ended.text
    return ended, burning.state()


@pytest.fixture
def fire(burning: Fire, uninterrupted: tuple[Ended, dict[str, Any]]) -> Fire:
    burning.rewind()
    return burning


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.what}, {fault.when}")
def test_a_fault_and_the_same_command_again(
    fire: Fire, uninterrupted: tuple[Ended, dict[str, Any]], fault: Fault
) -> None:
    """The run that meets the fault says what the table says of it. With its cause gone, the same command ends done, and
    leaves exactly what an undisturbed activation leaves: no user moved twice, no contact lost or doubled, every intent
    with its result, and every unknown outcome was the end of its run and read back by the next.
    """
    met = fault.bring(fire)
    ended = fire.activate(meanwhile=met.meanwhile, params=met.params)
    assert (ended.code, ended.summary.outcome) == (fault.code, fault.outcome), ended.text
    assert fault.says in ended.text
    assert fire.meddling.met, "it did not come to pass"
    met.end()
    if ended.code:
        ended = fire.activate()
        assert (ended.code, ended.summary.outcome) == (0, "done"), ended.text
    assert fire.state() == uninterrupted[1]
    assert proven(fire, ended) == ([], [], [])


def proven(fire: Fire, ended: Ended) -> tuple[list[str], list[Any], list[Any]]:
    """What the record says that it must not: users moved twice, intents without result, unknowns not read back."""
    return moved_twice(fire.lines), unanswered(ended.lines), not_read_back(ended.lines)
