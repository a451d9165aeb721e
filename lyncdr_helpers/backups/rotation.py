"""Whose record is rebuilt tonight from the copy at the DR site: some by chance, and over a period everybody."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Mapping, Sequence

from lyncdr_helpers.backups.manifest import UserRecord
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.params.backups import RestoreCheck

Key = tuple[str, str]
"""(pool, address)."""

NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def key_of(record: UserRecord) -> Key:
    return record.pool, record.address


def last_rebuilt(records: Sequence[UserRecord]) -> dict[Key, str]:
    """When each user of an earlier set was last rebuilt, as stamps; users who never were are left out."""
    return {key_of(one): one.rebuilt_at for one in records if one.rebuilt_at}


def tonight(
    records: Sequence[UserRecord], before: Mapping[Key, str], rule: RestoreCheck, now: dt.datetime, draw: random.Random
) -> frozenset[Key]:
    """The users to rebuild.

    Those whose turn it is: as many as it takes each night to come round in the period, longest unchecked first, and
    everybody whose last time is a period ago or more, where nights were missed. Then `rule.users` of the others by
    chance: nobody knows beforehand who is looked at.
    """
    keys = [key_of(one) for one in records]
    draw.shuffle(keys)
    last = {key: _moment(before.get(key, "")) for key in keys}
    waiting = sorted(keys, key=last.__getitem__)  # stable: who waits equally long comes in the shuffled order
    overdue = sum(NEVER < last[key] <= now - dt.timedelta(days=rule.period_days) for key in keys)
    turn = max(math.ceil(len(keys) / rule.period_days), overdue)
    others = waiting[turn:]
    return frozenset([*waiting[:turn], *draw.sample(others, min(rule.users, len(others)))])


def _moment(text: str) -> dt.datetime:
    return parse_stamp(text) if text else NEVER
