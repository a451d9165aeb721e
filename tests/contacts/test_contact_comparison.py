"""What is back of a contact list, and what is not."""

from __future__ import annotations

from lyncdr_helpers.contacts.comparison import Restored, compare, missing, missing_groups, missing_members
from lyncdr_helpers.contacts.lists import Contact, ContactList, Group, Member

OTHERS, TEAM = Group(1, "~"), Group(2, "Team")
MIRROR = Group(3, "All staff", "staff@x.test")
BEN, EVA = Contact("ben@x.test", groups=(1, 2)), Contact("eva@x.test", groups=(3,))


def made(
    *contacts: Contact, groups: tuple[Group, ...] = (OTHERS, TEAM, MIRROR), user: str = "ana@x.test"
) -> ContactList:
    return ContactList(user, groups, contacts, b"")


def test_all_back() -> None:
    """A list with everything misses nothing, also when it holds more."""
    found = made(BEN, EVA, Contact("new@x.test"), groups=(OTHERS, TEAM, MIRROR, Group(4, "New")))
    assert missing(made(BEN, EVA), found) == ()
    assert missing_groups(made(BEN, EVA), found) == ()


def test_nothing_back() -> None:
    """Where there is no list, every buddy and every group is missing."""
    assert missing(made(EVA, BEN), None) == ("ben@x.test", "eva@x.test")
    assert missing_groups(made(BEN), None) == ("Team", "staff@x.test", "~")


def test_absent_buddy() -> None:
    """A buddy who is not there is missing."""
    assert missing(made(BEN, EVA), made(EVA)) == ("ben@x.test",)


def test_wrong_group() -> None:
    """A buddy who is there, but outside one of their groups, is missing."""
    assert missing(made(BEN), made(Contact("ben@x.test", groups=(1,)))) == ("ben@x.test",)


def test_more_groups() -> None:
    """A buddy in more groups than expected is back."""
    assert missing(made(BEN), made(Contact("ben@x.test", groups=(1, 2, 3)))) == ()


def test_other_numbers() -> None:
    """Groups are the same by name, and distribution groups by address in any case, whatever their numbers are."""
    renumbered = (Group(7, "~"), Group(8, "Team"), Group(9, "Renamed", "STAFF@x.test"))
    found = made(Contact("ben@x.test", groups=(8, 7)), Contact("eva@x.test", groups=(9,)), groups=renumbered)
    assert missing(made(BEN, EVA), found) == ()
    assert missing_groups(made(BEN, EVA), found) == ()


def test_same_number_other_group() -> None:
    """A group of the same number and another name is another group."""
    found = made(BEN, groups=(OTHERS, Group(2, "Else"), MIRROR))
    assert missing(made(BEN), found) == ("ben@x.test",)
    assert missing_groups(made(BEN), found) == ("Team",)


def test_a_name_is_not_an_address() -> None:
    """A group of one's own that is named like a distribution group's address does not stand for it."""
    found = made(EVA, groups=(OTHERS, TEAM, Group(3, "staff@x.test")))
    assert missing_groups(made(EVA), found) == ("staff@x.test",)


def test_themself() -> None:
    """A user as a contact of themself is never imported, so never missed."""
    assert missing(made(Contact("ana@x.test")), None) == ()


def test_compare() -> None:
    """One result per expected user, in order, with counts of contacts; strangers are nobody's loss."""
    expected = {one.user: one for one in (made(BEN, EVA, user="b@x.test"), made(BEN), made(user="c@x.test", groups=()))}
    found = {one.user: one for one in (made(BEN, user="b@x.test"), made(BEN), made(EVA, user="z@x.test"))}
    ana, ben, none = compare(expected, found)
    assert ana == Restored("ana@x.test", 1, 1)
    assert ben == Restored("b@x.test", 2, 1, ("eva@x.test",))
    assert none == Restored("c@x.test", 0, 0)
    assert [one.whole for one in (ana, ben, none)] == [True, False, True]


def test_lost_group_alone() -> None:
    """An empty group that is gone makes a user's list less than whole."""
    (only,) = compare({"ana@x.test": made()}, {"ana@x.test": made(groups=(OTHERS, TEAM))})
    assert (only.missing, only.missing_groups, only.whole) == ((), ("staff@x.test",), False)


def test_a_lost_block_is_a_loss() -> None:
    """Somebody who was blocked and is not blocked at the other pool is named, and the list is not whole."""
    blocked = ContactList("ana@x.test", (), (), b"", (Member(32000, "eve@x.test"), Member(200, "ben@x.test")))
    kept = ContactList("ana@x.test", (), (), b"", (Member(200, "ben@x.test"), Member(400, "eve@x.test")))
    (ana,) = compare({"ana@x.test": blocked}, {"ana@x.test": kept})
    assert ana.missing_members == ("blocked: eve@x.test",)
    assert not ana.whole
    assert compare({"ana@x.test": blocked}, {"ana@x.test": blocked})[0].whole
    assert missing_members(blocked, None) == ("colleagues: ben@x.test", "blocked: eve@x.test")
