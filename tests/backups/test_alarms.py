"""Alarms: what looks wrong beside the nights before is found, by name, and nothing else is."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nights import FIRST, ONE, TWO, night, part, people, user

from lyncdr_helpers.backups.alarms import NAMED, beside, compare
from lyncdr_helpers.backups.manifest import Absence, Alarm, Manifest, UserRecord
from lyncdr_helpers.backups.rotation import key_of
from lyncdr_helpers.params.backups import Alarms

RULE = Alarms()  # users and contacts 5 %, parts 20 %


def found(*nights: Manifest, rule: Alarms = RULE) -> list[tuple[str, str]]:
    """(kind, whom it is about) of each alarm of the last night."""
    return [(one.kind, one.address or one.pool) for one in compare(nights[:-1], nights[-1], rule)]


def the_one(*nights: Manifest) -> Alarm:
    (alarm,) = compare(nights[:-1], nights[-1], RULE)
    return alarm


# -- nothing to tell ---------------------------------------------------------------------------------------------------
def test_the_first_night() -> None:
    """There is nothing to compare with, and no alarm."""
    assert found(night(0, people(3))) == []


def test_a_night_like_the_one_before() -> None:
    """The same, or more of everything, is no alarm."""
    before = night(0, people(100), [part(size=1000)])
    assert found(before, night(1, people(100), [part(size=1000)])) == []
    assert found(before, night(1, people(150, contacts=20), [part(size=2000), part("dns", "")])) == []


@pytest.mark.parametrize(("left", "alarms"), [(95, []), (94, [("users", ONE), ("contacts", ONE)])])
def test_a_fall_counts_when_it_is_more_than_the_percentage(left: int, alarms: list[tuple[str, str]]) -> None:
    """Of 100 users 95 are within 5 %, 94 are not; with them go their contacts."""
    assert found(night(0, people(100)), night(1, people(left))) == alarms


def test_fractions_of_a_percent() -> None:
    """The percentage may be one, and the message tells what was lost."""
    before, tonight = night(0, people(1000)), night(1, people(998))
    assert found(before, tonight, rule=Alarms(users_percent=0.1, contacts_percent=50)) == [("users", ONE)]
    assert found(before, tonight, rule=Alarms(users_percent=0.2, contacts_percent=50)) == []
    (alarm,) = compare([before], tonight, Alarms(users_percent=0.1, contacts_percent=50))
    assert alarm.text == "998 users, 2 fewer (0.2 %) than 1,000 in set night0"


# -- pools -------------------------------------------------------------------------------------------------------------
def test_one_pool_of_two() -> None:
    """A fall in a small pool is seen, though the whole deployment hardly feels it."""
    before = night(0, [*people(1000), *people(10, pool=TWO)])
    assert found(before, night(1, [*people(1000), *people(8, pool=TWO)])) == [("users", TWO), ("contacts", TWO)]


def test_a_pool_that_is_gone() -> None:
    """Its users and contacts, and those of the deployment, in total."""
    before = night(0, [*people(10), *people(10, pool=TWO)])
    assert found(before, night(1, people(10))) == [("users", ""), ("users", TWO), ("contacts", ""), ("contacts", TWO)]


def test_a_new_pool_hides_no_fall() -> None:
    """The total grows with the new pool; the old one is looked at for itself."""
    before = night(0, people(100))
    assert found(before, night(1, [*people(50), *people(500, pool=TWO)])) == [("users", ONE), ("contacts", ONE)]


# -- users -------------------------------------------------------------------------------------------------------------
def test_a_user_without_contacts() -> None:
    """By name, with what was; who had none before is no news."""
    before = night(0, [*people(100), user("ana", 34), user("new", 0)])
    alarm = the_one(before, night(1, [*people(100), user("ana", 0, groups=0), user("new", 0)]))
    assert (alarm.kind, alarm.pool, alarm.address) == ("no-contacts", ONE, "ana@lync.test")
    assert alarm.text == "has no contacts; had 34 in set night0"
    assert str(alarm) == "ana@lync.test: has no contacts; had 34 in set night0"


def test_a_group_that_is_gone() -> None:
    """Fewer groups than the night before, by name; more are no alarm."""
    before = night(0, [*people(100), user("ana", groups=3), user("bob", groups=1)])
    alarm = the_one(before, night(1, [*people(100), user("ana", groups=2), user("bob", groups=2)]))
    assert (alarm.kind, alarm.address, alarm.text) == ("groups", "ana@lync.test", "has 2 groups; had 3 in set night0")


def test_contacts_that_went_to_exchange() -> None:
    """They are not lost: no alarm for the user, and none for the pool, whose other users lose nothing."""
    before = night(0, [*people(10), user("ana", 500)])
    assert found(before, night(1, [*people(10), user("ana", 0, 0, store="exchange")])) == []
    assert found(before, night(1, [*people(10, contacts=8), user("ana", 0, 0, store="exchange")])) == [
        ("contacts", ONE)
    ]


def test_a_user_is_compared_with_the_newest_set_that_has_them() -> None:
    """An INCOMPLETE set knows some of the users better than the COMPLETE one before it; of the others it knows less."""
    earlier = [
        night(0, [*people(100), user("ana", 10), user("bob", 20)]),
        night(1, [*people(100), user("ana", 15)], state="INCOMPLETE"),
    ]
    texts = [one.text for one in compare(earlier, night(2, [*people(100), user("ana", 0), user("bob", 0)]), RULE)]
    assert texts == ["has no contacts; had 20 in set night0", "has no contacts; had 15 in set night1"]


def test_many_users_are_counted() -> None:
    """When a whole pool is emptied, who lost most is named, and the others are counted: a manifest stays readable."""
    count = NAMED + 23
    before = night(0, [user(f"user{number:04}", number + 1) for number in range(count)])
    alarms = compare([before], night(1, [user(f"user{number:04}", 0) for number in range(count)]), RULE)
    emptied = [one for one in alarms if one.kind == "no-contacts"]
    assert len(emptied) == NAMED + 1
    assert emptied[0].address == f"user{count - 1:04}@lync.test"
    assert str(emptied[-1]) == f"{ONE}: 23 more users have no contacts any more"


# -- parts -------------------------------------------------------------------------------------------------------------
def test_a_smaller_part() -> None:
    """By more than a fifth; a part's files are looked at together."""
    before = night(0, parts=[part("lis", "", 600), part("lis", "", 400)])
    assert found(before, night(1, parts=[part("lis", "", 800)])) == []
    alarm = the_one(before, night(1, parts=[part("lis", "", 799)]))
    assert alarm.text == "lis has 799 bytes, 20.1 % fewer than 1,000 in set night0"
    assert str(alarm) == alarm.text


@pytest.mark.parametrize(
    ("absent", "why"),
    [
        ([Absence(kind="dns", pool="", why="off", reason="backup.parts.dns")], "off: backup.parts.dns"),
        ([Absence(kind="dns", pool="", why="failed", reason="Nobody answers.")], "failed: Nobody answers."),
        ([], "nothing says why"),
    ],
)
def test_a_part_that_is_gone(absent: list[Absence], why: str) -> None:
    """It was there and is off or failed now: with the reason, also where there is none."""
    before = night(0, parts=[part(), part("dns", "")])
    alarm = the_one(before, night(1, parts=[part()], absent=absent))
    assert (alarm.kind, alarm.text) == ("part", f"no dns, which set night0 has ({why})")


def test_a_part_that_stays_off() -> None:
    """It is news once: the night after is compared with a COMPLETE set that lacks it too."""
    off = [Absence(kind="dns", pool="", why="off", reason="backup.parts.dns")]
    nights = [night(0, parts=[part("dns", "")]), night(1, absent=off), night(2, absent=off)]
    assert found(*nights) == []


# -- which night -------------------------------------------------------------------------------------------------------
def test_an_incomplete_night_hides_no_fall() -> None:
    """Totals are those of the newest COMPLETE set, which need not be the newest."""
    earlier = [night(0, people(100)), night(1, people(10), state="INCOMPLETE")]
    assert beside(earlier) == earlier[0]
    assert found(*earlier, night(2, people(50))) == [("users", ONE), ("contacts", ONE)]


def test_no_complete_night_at_all() -> None:
    """Then the newest there is."""
    assert found(night(0, people(100), state="INCOMPLETE"), night(1, people(50))) == [("users", ONE), ("contacts", ONE)]


def test_the_clock_moved_back() -> None:
    """Made before the newest set, whose name and moment are told; the rest is compared all the same."""
    before = night(5, people(10))
    alarm = the_one(before, night(6, people(10), made_at=FIRST))
    assert (alarm.kind, "before set night5" in alarm.text) == ("clock", True)
    assert found(before, night(6, people(5), made_at=FIRST)) == [("clock", ""), ("users", ONE), ("contacts", ONE)]
    assert found(before, night(5, people(10))) == []


# -- for any -----------------------------------------------------------------------------------------------------------
USERS = st.lists(
    st.builds(
        user,
        st.sampled_from("abcdefgh"),
        st.integers(0, 50),
        st.integers(0, 4),
        st.sampled_from([ONE, TWO]),
        st.sampled_from(["lync", "exchange"]),
    ),
    max_size=10,
    unique_by=lambda one: (one.pool, one.address),
)
PARTS = st.lists(st.builds(part, st.sampled_from(["dns", "lis"]), st.just(""), st.integers(0, 9000)), max_size=4)
STATES = st.sampled_from(["COMPLETE", "INCOMPLETE"])
NIGHTS = st.lists(st.tuples(USERS, PARTS, STATES), min_size=1, max_size=4)


def nights_of(drawn: list[tuple[list[UserRecord], list[object], str]]) -> list[Manifest]:
    return [
        night(number, users, parts, state=state)  # type: ignore[arg-type]
        for number, (users, parts, state) in enumerate(drawn)
    ]


@given(USERS, PARTS, NIGHTS)
def test_a_night_beside_its_like_raises_nothing(users: list[UserRecord], parts: list, drawn: list) -> None:
    """Whatever came before: beside a COMPLETE set that holds the same there is no alarm."""
    before = night(8, users, parts)
    assert compare([*nights_of(drawn), before], night(9, users, parts), RULE) == ()


@given(NIGHTS, st.randoms(use_true_random=False))
def test_the_order_of_users_and_parts_does_not_matter(drawn: list, random: Random) -> None:
    """Another order of the same nights gives the same alarms."""
    nights = nights_of(drawn)
    turned = [
        one.model_copy(
            update={
                "users": tuple(random.sample(one.users, len(one.users))),
                "parts": tuple(random.sample(one.parts, len(one.parts))),
            }
        )
        for one in nights
    ]
    assert sorted(map(str, compare(turned[:-1], turned[-1], RULE))) == sorted(
        map(str, compare(nights[:-1], nights[-1], RULE))
    )


@given(NIGHTS, st.floats(1, 50), st.floats(0, 50))
def test_a_wider_rule_raises_no_more(drawn: list, percent: float, more: float) -> None:
    """Monotone: what a wider percentage finds, the narrower one finds too."""
    nights = nights_of(drawn)
    narrow = Alarms(users_percent=percent, contacts_percent=percent, size_percent=percent)
    wide = Alarms(users_percent=percent + more, contacts_percent=percent + more, size_percent=percent + more)
    assert set(compare(nights[:-1], nights[-1], wide)) <= set(compare(nights[:-1], nights[-1], narrow))


@given(NIGHTS)
def test_every_user_who_lost_everything_is_named(drawn: list) -> None:
    """Exactly those who have no contacts and had some in the newest set that has them, Exchange's apart."""
    *earlier, tonight = nights_of(drawn)
    named = {(one.pool, one.address) for one in compare(earlier, tonight, RULE) if one.kind == "no-contacts"}
    known = {key_of(one): one.contacts for each in earlier for one in each.users}
    assert named == {
        key_of(one)
        for one in tonight.users
        if known.get(key_of(one)) and not one.contacts and one.contact_store != "exchange"
    }


def test_the_moment_is_compared_as_a_moment() -> None:
    """Stamps are UTC: a night at the same moment is not before."""
    zone = dt.timezone(dt.timedelta(hours=2))
    assert found(night(0), night(1, made_at=FIRST.astimezone(zone))) == []
