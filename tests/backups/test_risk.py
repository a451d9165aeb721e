"""What would be lost now: by name where it is a fact, with its grounds where it is an estimate."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.backups import risk
from lyncdr_helpers.backups.manifest import Manifest, UserRecord
from lyncdr_helpers.backups.risk import APART_HOURS, NIGHTS, Night
from lyncdr_helpers.clock import stamp

POOL, OTHER = "pool01.example.org", "pool02.example.org"
START = dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC)


def record(user: str, digest: str = "d1", pool: str = POOL, store: str = "") -> UserRecord:
    return UserRecord(address=user, pool=pool, contacts=3, groups=1, digest=digest, contact_store=store)  # type: ignore[arg-type]


def made(*users: UserRecord, hours: float = 0.0) -> Manifest:
    return Manifest(
        name=f"set-{hours:g}",
        deployment="contoso",
        generation="lync2010",
        run="r",
        made_at=stamp(START + dt.timedelta(hours=hours)),
        made_by="ann@host",
        version="1",
        params_digest="",
        state="COMPLETE",
        parts=(),
        users=users,
        response_groups={},
        differences=(),
        extra=(),
    )


def night(hours: float, digests: Mapping[str, str], pool: str = POOL) -> Manifest:
    return made(*(record(user, digest, pool) for user, digest in digests.items()), hours=hours)


# -- by name -----------------------------------------------------------------------------------------------------------
def test_who_is_at_risk() -> None:
    """Not in the set, no record in it, held back; whose contacts Exchange has, or who is in it, is not at risk."""
    newest = made(
        record("ann"), record("bob", ""), record("cid", "", store="exchange"), record("dan"), record("eve", pool=OTHER)
    )
    homed = ["ann", "bob", "cid", "dan", "eve", "new"]
    found = risk.at_risk(homed, newest, POOL, {"dan": "held back: they are in Exchange now"})
    assert [(one.address, one.why, one.contacts) for one in found] == [
        ("bob", "nothing to restore", 3),
        ("dan", "held back", 3),
        ("eve", "not in the set", None),
        ("new", "not in the set", None),
    ]
    assert "they are in Exchange now" in found[1].text


def test_who_left_the_pool_is_not_at_risk() -> None:
    """The set may hold more than the pool does."""
    assert risk.at_risk(["ann"], made(record("ann"), record("gone")), POOL, {}) == ()


@pytest.mark.parametrize(
    ("newest", "faults", "said"),
    [(None, (), "there is no COMPLETE set"), (made(record("ann")), ("contacts.xml is gone",), "contacts.xml is gone")],
)
def test_without_a_set_everybody_is_at_risk(newest: Manifest | None, faults: tuple[str, ...], said: str) -> None:
    """No set, or one that nobody may rely on, brings nobody back."""
    found = risk.at_risk(["ann", "new"], newest, POOL, {}, faults)
    assert [(one.address, one.why) for one in found] == [("ann", "no set"), ("new", "no set")]
    assert all(said in one.text for one in found)


@given(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")))
def test_everybody_is_either_at_risk_or_in_the_set(homed: set[str], there: set[str], held: set[str]) -> None:
    """Nobody is overlooked, and nobody who is not homed there is named."""
    found = risk.at_risk(homed, made(*map(record, there)), POOL, dict.fromkeys(held, "held back"))
    assert {one.address for one in found} == (homed - there) | (homed & held)


# -- the nights --------------------------------------------------------------------------------------------------------
def test_from_night_to_night() -> None:
    """Users in both sets count; the changed ones are those with another digest."""
    sets = [night(24, {"a": "2", "b": "1", "d": "1"}), night(0, {"a": "1", "b": "1", "c": "1"})]
    assert risk.nights(sets, POOL) == (Night("set-0", "set-24", 24.0, 2, 1),)


def test_sets_of_one_night_are_none() -> None:
    """A set made again within hours is left out, and the day is compared as a whole."""
    sets = [night(0, {"a": "1"}), night(24, {"a": "1"}), night(24 + APART_HOURS - 1, {"a": "2"})]
    assert [(one.before, one.after) for one in risk.nights(sets, POOL)] == [("set-0", "set-35")]


def test_other_pools_and_exchange_tell_nothing() -> None:
    """No users in common: no night; and who has no record in the set is not compared."""
    assert risk.nights([night(0, {"a": "1"}, OTHER), night(24, {"a": "2"}, OTHER)], POOL) == ()
    exchange = [made(record("a", "", store="exchange"), hours=hours) for hours in (0, 24)]
    assert risk.nights(exchange, POOL) == ()


def test_only_the_last_nights() -> None:
    """A week at most; the newest."""
    found = risk.nights([night(24 * day, {"a": str(day)}) for day in range(20)], POOL)
    assert (len(found), found[-1].after) == (NIGHTS, "set-456")


# -- the estimate ------------------------------------------------------------------------------------------------------
def test_no_nights_no_number() -> None:
    """One set alone shows no change: the answer is that nobody knows."""
    found = risk.changed_since([], 1204, 5.0)
    assert (found.low, found.typical, found.high) == (None, None, None)
    assert found.text.startswith("unknown")


def test_after_one_more_night_as_many_again() -> None:
    """At the age of the night it was measured over, the estimate is what was measured."""
    found = risk.changed_since([Night("a", "b", 24, 400, 12)], 1200, 24)
    assert found.typical == pytest.approx(36)
    assert found.text == "about 36 of 1,200"
    assert "one night, so without a spread" in found.how


def test_the_spread_is_that_of_the_nights() -> None:
    """Calm and busy nights give low and high, the median the typical."""
    past = [Night("a", "b", 24, 100, changed) for changed in (2, 10, 4)]
    found = risk.changed_since(past, 1000, 24)
    assert (found.low, found.typical, found.high) == tuple(map(pytest.approx, (20, 40, 100)))
    assert found.text == "about 40 of 1,000 (20 to 100)"
    assert "since a" in found.how
    assert "3 nights" in found.how


def test_all_of_them_changed() -> None:
    """A night that changed every list makes no sense of rates, and no error: everybody may have changed."""
    found = risk.changed_since([Night("a", "b", 24, 5, 5)], 5, 1)
    assert found.typical == 5


def test_a_clock_that_went_wrong() -> None:
    """A set from the future is no hours old."""
    assert risk.changed_since([Night("a", "b", 24, 100, 10)], 100, -3).typical == 0


def test_few_are_not_none() -> None:
    """Less than one user is said, and is not rounded to nobody."""
    assert risk.changed_since([Night("a", "b", 24, 100, 1)], 40, 1).text.startswith("fewer than 1 of 40")


counts = st.integers(1, 2000).flatmap(lambda users: st.tuples(st.just(users), st.integers(0, users)))
some_nights = st.builds(lambda hours, seen: Night("a", "b", hours, *seen), st.floats(12, 200), counts)


@given(st.lists(some_nights, min_size=1, max_size=NIGHTS), st.integers(0, 5000), st.floats(0, 1000), st.floats(0, 100))
def test_an_estimate_is_one(past: list[Night], users: int, age: float, more: float) -> None:
    """Between nobody and everybody, low to high, and it never falls while the set grows older."""
    found, later = risk.changed_since(past, users, age), risk.changed_since(past, users, age + more)
    assert found.low is not None
    assert found.typical is not None
    assert found.high is not None
    assert later.typical is not None
    assert 0 <= found.low <= found.typical <= found.high <= users
    assert later.typical >= found.typical - 1e-9
