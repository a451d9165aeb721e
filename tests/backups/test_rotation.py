"""Whose record is rebuilt tonight: some by chance, and over a period everybody."""

from __future__ import annotations

import datetime as dt
import math
import random

from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.backups.manifest import UserRecord
from lyncdr_helpers.backups.rotation import Key, key_of, last_rebuilt, tonight
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.params.backups import RestoreCheck

START = dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC)


def records(count: int, first: int = 0) -> list[UserRecord]:
    return [
        UserRecord(address=f"u{number}@x.test", pool="pool01.x.test", contacts=1, groups=1, digest="0")
        for number in range(first, first + count)
    ]


RULES = st.builds(RestoreCheck, users=st.integers(1, 20), period_days=st.integers(1, 14))


@given(st.integers(0, 60), RULES, st.integers(0, 9))
def test_everybody_in_one_period(count: int, rule: RestoreCheck, seed: int) -> None:
    """One night a day: nobody waits longer than the period, and no night checks more than its share and the sample."""
    draw, before, users = random.Random(seed), dict[Key, str](), records(count)
    share = math.ceil(count / rule.period_days) + rule.users
    for day in range(rule.period_days):
        now = START + dt.timedelta(days=day)
        chosen = tonight(users, before, rule, now, draw)
        assert len(chosen) <= share
        before |= dict.fromkeys(chosen, stamp(now))
    assert set(before) == {key_of(one) for one in users}


@given(RULES, st.integers(0, 9))
def test_after_nights_that_were_missed(rule: RestoreCheck, seed: int) -> None:
    """Whoever was due while there were no nights is checked in the first one that comes."""
    users = records(30)
    before = dict.fromkeys((key_of(one) for one in users), stamp(START))
    later = START + dt.timedelta(days=rule.period_days)
    assert tonight(users, before, rule, later, random.Random(seed)) == set(before)


def test_new_users_come_first() -> None:
    """Who was never checked does not wait behind those who were."""
    old, new = records(20), records(3, first=20)
    before = dict.fromkeys((key_of(one) for one in old), stamp(START))
    now = START + dt.timedelta(days=1)
    chosen = tonight([*old, *new], before, RestoreCheck(users=1, period_days=7), now, random.Random(1))
    assert {key_of(one) for one in new} <= chosen


def test_the_sample_is_drawn_anew_each_night() -> None:
    """Beside those whose turn it is, different users are looked at by chance."""
    users, rule = records(100), RestoreCheck(users=5, period_days=100)
    before = {key_of(one): stamp(START + dt.timedelta(minutes=number)) for number, one in enumerate(users)}
    now = START + dt.timedelta(days=1)
    drawn = [tonight(users, before, rule, now, random.Random(seed)) for seed in range(10)]
    assert all(key_of(users[0]) in chosen for chosen in drawn), "whose turn it is"
    assert len(set(drawn)) > 1


def test_what_an_earlier_set_says() -> None:
    """Dates are taken from a set's records; users without one were never checked."""
    first, second = records(2)
    dated = first.model_copy(update={"rebuilt_at": stamp(START)})
    assert last_rebuilt([dated, second]) == {key_of(first): stamp(START)}
