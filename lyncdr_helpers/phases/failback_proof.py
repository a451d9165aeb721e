"""The proof of a fail back: everything is home, nothing that was removed is back, nothing is there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from lyncdr_helpers.checks import Check, Checklist, judge, some_of
from lyncdr_helpers.directory.conference_directories import read_conference_directories
from lyncdr_helpers.directory.inventory import read_cms_pointers
from lyncdr_helpers.phases import exchange, failback_lists, group_chat_home
from lyncdr_helpers.phases.acts import edges, group_chat, homes, records
from lyncdr_helpers.phases.acts.response_groups_by_hand import is_at_home
from lyncdr_helpers.phases.failback_lists import Lists
from lyncdr_helpers.phases.failback_plan import CONFERENCES, EDGE, ENDPOINT, MERGE, MOVE, RECORD, RESPONSE_GROUP
from lyncdr_helpers.phases.response_groups import of_pool
from lyncdr_helpers.phases.verify import Loss
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session

AREA = "home"
FACTS = "failback_"
"""What the names of all its facts begin with: an activation and the way home may be counted side by side."""


@dataclass(frozen=True)
class Proof:
    """checks: one for each thing that is counted. losses: whatever is not as it should be, by name."""

    checks: tuple[Check, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True)
class Count:
    """How many of one thing there are to be, how many are as they should be, and what is not."""

    expected: int
    found: int
    losses: Sequence[Loss]

    @classmethod
    def of(cls, changes: Sequence[Change], losses: Sequence[Loss]) -> Count:
        return cls(len(changes), len(changes) - len(losses), losses)


def prove(session: Session, made: Plan, lists: Lists) -> Proof:
    """Every change of the plan, from the facts as they are now. A check that nobody could make is UNKNOWN."""
    primary, checks, losses = session.params.failed_pool.fqdn, Checklist(), list[Loss]()
    counts: Mapping[tuple[str, str], Callable[[], Count]] = {
        ("users", f"users homed on {primary}"): partial(_homes, session, made.of_kind(MOVE), "user"),
        ("endpoints", f"endpoints homed on {primary}"): partial(_homes, session, made.of_kind(ENDPOINT), "endpoint"),
        ("directories", f"conference directories of {primary}"): partial(
            _directories, session, made.of_kind(CONFERENCES)
        ),
        ("contacts", f"contacts on {primary}"): partial(_contacts, session, made.of_kind(MERGE), lists),
        ("response_groups", f"Response Groups of {primary}"): partial(_groups, session, made.of_kind(RESPONSE_GROUP)),
        ("edges", "next hops of Edges as before"): partial(_edges, session, made.of_kind(EDGE)),
        ("group_chat", f"rows and files of Group Chat at {session.params.sites.primary.name}"): partial(
            _group_chat, session, [one for kind in group_chat.KINDS for one in made.of_kind(kind)]
        ),
        ("dns_records", "DNS records as before"): partial(_records, session, made.of_kind(RECORD)),
    }
    for (fact, name), count in counts.items():
        with checks.asking(AREA, name, "all of them"):
            counted = count()
            checks.add(_judged(name, counted))
            losses += counted.losses
            session.fact(f"{FACTS}{fact}_expected", counted.expected)
            session.fact(f"{FACTS}{fact}_home", counted.found)
    with checks.asking(AREA, "Central Management Store", "still in DR"):
        checks.add(_management_store(session))
    session.fact(f"{FACTS}lost", len(losses))
    session.keep("lost", [asdict(one) for one in losses])
    session.record(*checks)
    return Proof(tuple(checks), tuple(losses))


def _homes(session: Session, changes: Sequence[Change], kind: str) -> Count:
    now = homes.see(session, changes)
    away = [one for one in changes if now[one.target] != one.new]
    return Count.of(changes, [Loss(kind, one.target, one.target, f"homed on {now[one.target]}") for one in away])


def _directories(session: Session, changes: Sequence[Change]) -> Count:
    now = read_conference_directories(session.directory, session.params.directory.base)
    away = [one for one in changes if now.get(int(one.target)) != one.new]
    lost = [
        Loss("conference directory", "", one.target, f"homed on {now.get(int(one.target), 'no pool')}") for one in away
    ]
    return Count.of(changes, lost)


def _contacts(session: Session, changes: Sequence[Change], lists: Lists) -> Count:
    """Every wanted list is whole; what was removed at the DR site stays removed, and nothing is in a list twice."""
    users = [one.target for one in changes if one.target in lists.digests]
    now = exchange.export_contacts(session, session.params.failed_pool, "home-proof")
    found = failback_lists.at_home(now, lists, users)
    lacking = [
        Loss("contact", user, failback_lists.named(lacks), "not in the list, or not in its groups")
        for user, lacks in found.lacking.items()
    ]
    back = _each(found.returned, "removed at the DR site, and there again")
    twice = _each(found.doubled, "there twice")
    session.fact(f"{FACTS}contacts_returned", len(back))
    session.fact(f"{FACTS}contacts_doubled", len(twice))
    session.fact(f"{FACTS}contacts_merged", sum(len(one.merged) for one in lists.merges.values()))
    expected = sum(lists.contacts[user] for user in users)
    return Count(
        expected, expected - sum(len(one.contacts) for one in found.lacking.values()), [*lacking, *back, *twice]
    )


def _each(found: Mapping[str, Iterable[str]], why: str) -> list[Loss]:
    return [Loss("contact", user, name, why) for user, names in found.items() for name in names]


def _groups(session: Session, changes: Sequence[Change]) -> Count:
    if not changes:
        return Count.of(changes, [])
    here, there = of_pool(session, changes[0].new), of_pool(session, changes[0].old)
    why = {True: "the DR pool still owns it", False: "not at the primary"}
    lost = [one.target for one in changes if not is_at_home(one, here) or one.target in there]
    return Count.of(changes, [Loss("response group", "", name, why[name in there]) for name in lost])


def _edges(session: Session, changes: Sequence[Change]) -> Count:
    now = edges.next_hops(session) if changes else {}
    wrong = [one for one in changes if now.get(one.target) != one.new]
    lost = [Loss("edge", "", one.target, f"hands on to {now.get(one.target) or 'no pool'}") for one in wrong]
    return Count.of(changes, lost)


def _group_chat(session: Session, changes: Sequence[Change]) -> Count:
    if not changes:
        return Count.of(changes, [])
    expected, lacks = group_chat_home.counted(session)
    lost = [Loss("group chat", "", one.what, one.why) for one in lacks]
    return Count(expected, expected - sum(one.count for one in lacks), lost)


def _records(session: Session, changes: Sequence[Change]) -> Count:
    now = records.seen(session, changes)
    wrong = [one for one in changes if now[one.target] != one.new]
    return Count.of(changes, [Loss("record", "", one.target, now[one.target] or "no such record") for one in wrong])


def _management_store(session: Session) -> Check:
    """Nobody moved it: it stays where it is needed when the primary is lost again."""
    pointers = read_cms_pointers(session.directory, session.params.directory.base)
    hosts = [one.partition("\\")[0].lower() for one in pointers]
    dr = {name for pool in session.params.sites.dr.pools for name in (pool.fqdn, pool.sql.partition("\\")[0].lower())}
    ok = len(hosts) == 1 and dr.issuperset(hosts)
    return judge(AREA, "Central Management Store", ok, seen=" and ".join(pointers) or "nowhere", expected="still in DR")


def _judged(name: str, counted: Count) -> Check:
    lost = some_of([" ".join(dict.fromkeys((one.owner, one.what))).strip() for one in counted.losses])
    return judge(
        AREA,
        name,
        not counted.losses,
        seen=f"{counted.found:,} of {counted.expected:,}" + (f"; wrong: {lost}" if lost else ""),
        expected=f"all {counted.expected:,}",
        remedy="Run the same command again: it does what is left.",
    )
