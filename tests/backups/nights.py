"""Nights made by hand: manifests with the users, parts and moments that a test wants, and no file behind them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lyncdr_helpers.backups.manifest import Absence, Manifest, Part, State, UserRecord
from lyncdr_helpers.clock import stamp

ONE, TWO = "pool01.lync.test", "pool02.lync.test"
FIRST = dt.datetime(2026, 2, 1, 2, tzinfo=dt.UTC)


def user(name: str, contacts: int = 10, groups: int = 2, pool: str = ONE, store: str = "lync") -> UserRecord:
    return UserRecord(
        address=f"{name}@lync.test",
        pool=pool,
        contacts=contacts,
        groups=groups,
        digest="0" * 64,
        contact_store="exchange" if store == "exchange" else "lync",
    )


def people(count: int, contacts: int = 10, pool: str = ONE) -> list[UserRecord]:
    return [user(f"user{number:04}", contacts, pool=pool) for number in range(count)]


def part(kind: str = "contacts", pool: str = ONE, size: int = 1000) -> Part:
    return Part.model_validate(
        {"kind": kind, "file": f"{kind}/{pool or 'all'}", "pool": pool, "size": size, "sha256": "0" * 64}
    )


def night(
    number: int = 0,
    users: Iterable[UserRecord] = (),
    parts: Iterable[Part] = (),
    *,
    state: State = "COMPLETE",
    absent: Iterable[Absence] = (),
    made_at: dt.datetime | None = None,
) -> Manifest:
    """The set of that night, counted from FIRST."""
    return Manifest(
        name=f"night{number}",
        deployment="lab",
        generation="lync2010",
        run=f"night{number}",
        made_at=stamp(made_at or FIRST + dt.timedelta(days=number)),
        made_by="svc-lyncdr@mgmt02",
        version="0.1",
        params_digest="0" * 64,
        state=state,
        parts=tuple(parts),
        absent=tuple(absent),
        users=tuple(users),
        response_groups={},
        differences=(),
        extra=(),
    )
