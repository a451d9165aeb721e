"""Where users' contacts live: in Lync, or from 2013 on perhaps in Exchange (the unified contact store).

The export of a pool holds no list of whose contacts are in Exchange, and needs none: the loss of a pool does not touch
them. But importing a list for somebody whose contacts went from one to the other since the export corrupts both
(Microsoft, "Migrate users to unified contact store", Roll back). So a backup says of each user where they were, and an
activation holds back whoever's are elsewhere now. What a forced move does to the state is documented nowhere (?).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lyncdr_helpers.backups.manifest import UserRecord
from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.directory.users import User
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import user_data

Place = Literal["", "lync", "exchange"]
"""Empty: nobody could say."""

PLACES: Mapping[str, Place] = {"disabled": "lync", "readytomigrate": "lync", "migrated": "exchange"}
"""What UcsMode means, as Microsoft's diagnosis reads it (CSSDiagnostics, rule RDCheckUserUCSStatus)."""

IN_WORDS: Mapping[Place, str] = {"": "nobody knows where", "lync": "in Lync", "exchange": "in Exchange"}
NAME = "contact stores"


@dataclass(frozen=True)
class Comparison:
    """Where contacts are now against where they were. held: user -> why their list is not imported.

    unknown: of how many users nobody could say where their contacts are now. now: where they are, as far as known.
    """

    held: Mapping[str, str]
    unknown: int = 0
    now: Mapping[str, Place] = field(default_factory=dict)

    def checks(self) -> Iterator[Check]:
        """One row for each user who is held back, else one for all."""
        expected = "where they were at the backup"
        remedy = "Leave the user's contacts as they are until somebody has looked into both stores."
        for user, why in self.held.items():
            yield Check("contacts", f"contact store of {user}", Verdict.FAIL, why, expected, remedy)
        if self.unknown:
            seen = f"Debug-CsUnifiedContactStore does not tell of {self.unknown:,} users; their lists are imported"
            yield Check("contacts", NAME, Verdict.UNKNOWN, seen, expected, "Run Debug-CsUnifiedContactStore by hand.")
        elif not self.held:
            yield Check("contacts", NAME, Verdict.PASS, expected, expected)


def record(session: Session, pool: str, homed: Iterable[User], records: Iterable[UserRecord]) -> list[UserRecord]:
    """The records of a pool's export, each with where the contacts live, and a record for whom Exchange alone has.

    homed: the users the directory has on the pool. Such a record has no digest: there is nothing in the export to
    restore, and nothing to miss.
    """
    known = {one.address: one for one in records}
    if session.params.generation == "lync2010":
        return list(known.values())
    users = sorted({*known, *(user.address for user in homed)})
    empty = [user for user in users if user not in known or not known[user].contacts]
    places = _at_backup(session, pool, users, empty)
    marked = [one.model_copy(update={"contact_store": places[one.address]}) for one in known.values()]
    away = [user for user in users if user not in known and places[user] == "exchange"]
    session.fact(f"contacts in Exchange, of {pool}", sum(place == "exchange" for place in places.values()))
    return marked + [
        UserRecord(address=user, pool=pool, contacts=0, groups=0, digest="", contact_store="exchange") for user in away
    ]


def compare(session: Session, pool: str, recorded: Mapping[str, UserRecord]) -> Comparison:
    """Whose contacts are elsewhere than at the backup. pool: where these users are now."""
    if session.params.generation == "lync2010":
        return Comparison({})
    now = _now(session, pool, recorded)
    held = {user: why for user, one in sorted(recorded.items()) if (why := _why_held(one, now[user]))}
    return Comparison(held, sum(place == "" for place in now.values()), now)


def compare_at_once(session: Session, pool: str, recorded: Mapping[str, UserRecord]) -> Comparison:
    """As `compare`, where the pool answers; where it is lost nobody is asked one by one: that takes seconds each."""
    if session.params.generation == "lync2010":
        return Comparison({}, now=dict.fromkeys(recorded, "lync"))
    if _count(session, pool) is None:
        return Comparison({}, len(recorded))
    return compare(session, pool, recorded)


def _why_held(then: UserRecord, now: Place) -> str:
    """Empty when the list may be imported. Who cannot be asked is not known to have changed, and is imported."""
    if now == "" or now == then.contact_store or (now, then.contact_store) == ("lync", ""):
        return ""
    return f"held back: the contacts were {IN_WORDS[then.contact_store]} at the backup, and are {IN_WORDS[now]} now"


# -- asking ---------------------------------------------------------------------------------------------------------
# A call for one user takes seconds, and the cmdlet takes one user per call: so says its help, which of pipeline input
# says both yes and no. One call for the whole pool counts them, so that nobody is asked about in vain.


def _at_backup(session: Session, pool: str, users: Iterable[str], empty: Iterable[str]) -> dict[str, Place]:
    """Whose list is empty is asked about first: whose contacts are in Exchange has none in the export."""
    count = _count(session, pool)
    return dict.fromkeys(users, "") if count is None else _find(session, count, dict.fromkeys([*empty, *users]), {})


def _now(session: Session, pool: str, recorded: Mapping[str, UserRecord]) -> dict[str, Place]:
    """Who was in Exchange is asked about whatever the pool counts: a rehearsal has not moved them there."""
    known = {user: _place(session, user) for user, one in recorded.items() if one.contact_store == "exchange"}
    count = _count(session, pool)
    if count is None:
        return {**dict.fromkeys(recorded, ""), **known}
    return _find(session, count, recorded.keys() - known.keys(), known)


def _find(session: Session, count: int, users: Iterable[str], known: Mapping[str, Place]) -> dict[str, Place]:
    """Ask about one after the other until as many are away as the pool counts; the others are in Lync."""
    found = dict(known)
    away = sum(place != "lync" for place in found.values())
    for user in users:
        found[user] = _place(session, user) if away < count else "lync"
        away += found[user] != "lync"
    return found


def _count(session: Session, pool: str) -> int | None:
    """How many of a pool's users have their contacts in Exchange or on the way there; None where it does not say."""
    reply = session.shell.invoke(user_data.count_contact_stores(pool))
    counts = [row.get(name) for row in reply.output for name in ("UcsMigratedCount", "UcsMigratingCount")]
    numbers = [count for count in counts if isinstance(count, int)]
    return sum(numbers) if numbers and len(numbers) == len(counts) and not reply.faults else None


def _place(session: Session, user: str) -> Place:
    reply = session.shell.invoke(user_data.get_contact_store(user))
    modes = {str(row.get("UcsMode", "")).replace(" ", "").lower() for row in reply.output}
    return PLACES.get(modes.pop(), "") if len(modes) == 1 and not reply.faults else ""
