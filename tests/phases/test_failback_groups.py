"""Whose Response Groups are whose, when it goes home; and which of them came under another name."""

from __future__ import annotations

import pytest

from lyncdr_helpers.phases import renamed_groups
from lyncdr_helpers.phases.acts.response_groups_by_hand import is_at_home
from lyncdr_helpers.phases.failback_groups import belonging
from lyncdr_helpers.phases.failback_plan import ORIGINAL
from lyncdr_helpers.phases.response_groups import Held
from lyncdr_helpers.plan import Change


def held(called: str, identity: str, *, for_another: bool = False) -> Held:
    return Held(called, identity, "", for_another)


def planned(target: str, known: str) -> Change:
    return Change("import-response-group", target, "", "dr.x.test", {"known": known} if known else {})


@pytest.mark.parametrize(
    ("owned", "brought", "before", "expected"),
    [
        ((), {"Queue A"}, {"Queue B"}, ((), (), ())),
        (("Queue A",), {"Queue A"}, set(), (("Queue A",), (), ())),
        (("Queue A",), set(), {"Queue A"}, ((), ("Queue A",), ())),
        (("Queue A",), {"Queue A"}, {"Queue A"}, (("Queue A",), (), ())),
        (("Queue A",), set(), set(), ((), (), ("Queue A",))),
        (("Queue A", "Queue B", "Queue C"), {"Queue A"}, {"Queue B"}, (("Queue A",), ("Queue B",), ("Queue C",))),
    ],
    ids=["none", "brought", "had before", "said to be the same", "unknown", "some of each"],
)
def test_where_they_belong(
    owned: tuple[str, ...], brought: set[str], before: set[str], expected: tuple[tuple[str, ...], ...]
) -> None:
    """What was brought goes home, what was there before stays, and nobody guesses about the rest."""
    assert belonging(owned, brought, before) == expected


def test_who_came_under_another_name() -> None:
    """What was not there before and begins like it; the longer name is looked for first, and each newcomer is one."""
    changes = [planned("Queue Help", "q1 q2"), planned("Queue Help Desk", "q1 q2"), planned("Queue Sales", "")]
    there = [held("Queue Help", "q1"), held("Queue Help Desk", "q2"), held("Queue Sales", "q3")]
    assert renamed_groups.come(changes, there) == {}
    some = [*there, held("Queue Help Desk (2)", "q4")]
    assert renamed_groups.come(changes, some) == {"Queue Help Desk": "Queue Help Desk (2)"}
    both = [*some, held("Queue Help (2)", "q5"), held("Queue Help Desk (3)", "q6", for_another=True)]
    assert renamed_groups.come(changes, both) == {
        "Queue Help Desk": "Queue Help Desk (2)",
        "Queue Help": "Queue Help (2)",
    }


def test_home_under_either_name() -> None:
    """What had another name at the DR site may have its own again."""
    change = Change("return-response-group", "Queue A (2)", "dr", "home", {ORIGINAL: "Queue A"})
    assert [is_at_home(change, here) for here in (["Queue A (2)"], ["Queue A"], ["Queue B"])] == [True, True, False]
