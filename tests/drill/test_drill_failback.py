"""There and back: a site is lost, users live at the DR site and change their lists, and everybody goes home."""

from __future__ import annotations

from pathlib import Path

import pytest

from lyncdr_helpers import journal
from lyncdr_helpers.drill import Order, drill
from lyncdr_helpers.drill_score import LIFE_NUMBERS, Score, judge
from lyncdr_helpers.params.generation import Generation

SUBNETS = range(88, 90)
USERS = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def kept(score: Score) -> dict[str, int | None]:
    """What became of it, for each thing that users did, by the name of what they did."""
    return {name: score.numbers[f"{name}_kept"] for name in LIFE_NUMBERS[::2]}


@pytest.mark.parametrize("generation", ["lync2010", "sfb2019"])
def test_there_and_back(tmp_path: Path, generation: Generation) -> None:
    """Everybody is home; what they added at the DR site is kept, what they removed stays removed, what was only on the
    primary is back, nothing is there twice; the steps, the numbers and the report say so.
    """
    order = Order(users=USERS, generation=generation, failback=True)
    score = drill(tmp_path, order, subnets=SUBNETS)
    numbers = score.numbers
    assert (score.outcome, score.exit_code, numbers["lost"], numbers["failback_lost"]) == ("done", 0, 0, 0), score
    assert numbers["failback_users_home"] == numbers["failback_users_expected"] == USERS
    assert numbers["failback_contacts_home"] == numbers["failback_contacts_expected"]
    assert numbers["failback_group_chat_home"] == numbers["failback_group_chat_expected"]
    assert (numbers["failback_group_chat_expected"] or 0) > 200
    assert numbers["doubled"] == 0
    assert kept(score) == {name: numbers[name] for name in LIFE_NUMBERS[::2]}
    assert min(number or 0 for number in kept(score).values()) >= 2
    assert [(one["phase"], one["outcome"]) for one in score.phases[-2:]] == [
        ("plan of the way home", "refused"),
        ("failback", "done"),
    ]
    lines = journal.read(score.folder.journal)[0]
    assert [line.facts["name"] for line in lines if line.facts.get("state") == "done"] == list(order.steps)
    report = score.folder.report.read_text(encoding="utf-8")
    assert "added at the DR site, and kept" in report
    assert score.as_facts()["only_on_primary_kept"] == numbers["only_on_primary"]


def test_a_loss_on_the_way_home_is_a_loss() -> None:
    """Whatever the activation came to: a drill that lost something on the way home, or did not count, is not done."""
    numbers: dict[str, int | None] = dict.fromkeys(Order(failback=True).numbers, 0)
    assert judge(numbers, "done", 0, "")[:2] == ("done", 0)
    assert judge({**numbers, "failback_lost": 1}, "done", 0, "")[:2] == ("incomplete", 4)
    assert judge({**numbers, "failback_lost": None}, "done", 0, "")[:2] == ("incomplete", 4)
