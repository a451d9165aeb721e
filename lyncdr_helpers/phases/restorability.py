"""Whether each user who is to be moved gets their contacts back: looked at one by one, before anybody decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest, UserRecord
from lyncdr_helpers.phases import contact_stores, exchange, restore_source
from lyncdr_helpers.phases.contact_stores import Place
from lyncdr_helpers.session import Session

SAME, OTHER, GONE, IN_EXCHANGE = "same", "other", "not there", "none: contacts in Exchange"

WHY_NOT = {OTHER: "the record is not the one that was backed up", GONE: "the record cannot be read"}


@dataclass(frozen=True)
class Restorable:
    """One user. record: of the export at the DR site, held against the manifest: same, other, not there.

    contacts: how many come back. store_then, store_now: where the contacts live, `lync` or `exchange`, empty where
    nobody can say. age_hours: of the set. why_not: empty where all of it comes back.
    """

    address: str
    record: str
    contacts: int
    store_then: Place
    store_now: Place
    age_hours: float
    why_not: str


def look(session: Session, backup: Manifest, users: Iterable[str]) -> tuple[Restorable, ...]:
    """One row for each of these users, by address. The export is fetched, proven by its digest, and parsed whole."""
    pool = session.params.failed_pool.fqdn
    recorded, broken = backup.users_of(pool), dict[str, str]()
    source = restore_source.fetch(session, backup, backup.part("contacts", pool))
    there = {one.user: one.digest for one in exchange.read_rows(source, broken.__setitem__)}
    held = contact_stores.compare_at_once(session, pool, recorded)
    age = round(sets.age_hours(backup, session.clock.now()), 1)
    wanted = sorted(users)
    known = {user: recorded[user] for user in wanted if user in recorded}
    rows = tuple(_row(user, known.get(user), there, {**held.held, **broken}, age, held.now) for user in wanted)
    session.fact("users_restorable", sum(not one.why_not for one in rows))
    session.keep("restorability", [asdict(one) for one in rows])
    return rows


def _row(
    user: str,
    record: UserRecord | None,
    there: Mapping[str, str],
    trouble: Mapping[str, str],
    age: float,
    now: Mapping[str, Place],
) -> Restorable:
    if record is None:
        return Restorable(user, GONE, 0, "", now.get(user, ""), age, trouble.get(user, "the backup has no record"))
    state = _state(record, there.get(user))
    why = trouble.get(user) or WHY_NOT.get(state, "")
    return Restorable(user, state, record.contacts, record.contact_store, now.get(user, ""), age, why)


def _state(record: UserRecord, digest: str | None) -> str:
    if not record.digest:
        return IN_EXCHANGE
    return GONE if digest is None else SAME if digest == record.digest else OTHER
