"""What changed between two nights, user by user."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from nights import ONE, TWO, night, user

from lyncdr_helpers.backups.changes import UserChange, between

PEOPLE = st.dictionaries(st.tuples(st.sampled_from("abcdef"), st.sampled_from([ONE, TWO])), st.integers(0, 9))


def test_who_came_who_went_and_whose_list_changed() -> None:
    """The greatest change first, losses before gains of the same size; who kept as many contacts is left out."""
    before = night(0, [user("ana", 30), user("bob", 10), user("eve", 7), user("tim", 5)])
    after = night(1, [user("ana", 40), user("bob", 3), user("tim", 5), user("zoe", 2)])
    assert [(one.address, one.what, one.before, one.now, one.by) for one in between(before, after)] == [
        ("ana@lync.test", "more", 30, 40, 10),
        ("eve@lync.test", "gone", 7, None, -7),
        ("bob@lync.test", "fewer", 10, 3, -7),
        ("zoe@lync.test", "new", None, 2, 2),
    ]


def test_a_user_without_contacts_comes_and_goes() -> None:
    """Nobody is overlooked for having no contacts."""
    found = between(night(0, [user("ana", 0)]), night(1, [user("bob", 0)]))
    assert found == (
        UserChange("ana@lync.test", ONE, "gone", 0, None),
        UserChange("bob@lync.test", ONE, "new", None, 0),
    )


def test_a_move_between_pools() -> None:
    """Gone from the one, new on the other."""
    found = between(night(0, [user("ana", 4)]), night(1, [user("ana", 4, pool=TWO)]))
    assert [(one.pool, one.what) for one in found] == [(ONE, "gone"), (TWO, "new")]


@given(PEOPLE, PEOPLE)
def test_the_changes_are_the_difference(before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]) -> None:
    """The contacts of the one night and all changes make those of the other; back again, each is turned round."""
    nights = [
        night(0, [user(name, count, pool=pool) for (name, pool), count in one.items()]) for one in (before, after)
    ]
    there, back = between(*nights), between(*reversed(nights))
    assert sum(before.values()) + sum(one.by for one in there) == sum(after.values())
    assert {(one.address, one.pool, -one.by) for one in there} == {(one.address, one.pool, one.by) for one in back}
