"""After the cutover: when each resolver gives the new answer, and how long the old one may still live in its cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lyncdr_helpers.checks import Checklist, judge
from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

State = Literal["new", "old", "none", "silent"]
STEP = 5.0
"""Seconds between two looks, at most: who watches wants to see it move."""
LEAST = 1.0


@dataclass(frozen=True)
class Answer:
    """One record, as one resolver gives it. at: seconds since the watch began; said: the values, or why there are none.

    left: the seconds that the answer may still live in its cache; None where it has none.
    """

    resolver: str
    record: str
    state: State
    said: str
    left: int | None
    at: float


@dataclass(frozen=True)
class Spread:
    """The last answer of each resolver about each record. looks: every answer before it, oldest first."""

    answers: tuple[Answer, ...]
    looks: tuple[Answer, ...]

    @property
    def late(self) -> tuple[Answer, ...]:
        return tuple(one for one in self.answers if one.state != "new")


def watch(session: Session, seconds: float) -> Spread:
    """Ask every watched resolver for every record until all give the new answer, or so many seconds are over.

    Whatever is late is a warning with its resolver and its seconds, and nothing more: the cutover itself is proven on
    the authoritative servers. A rehearsal looks once, as nothing was changed.
    """
    clock, began = session.clock, session.clock.monotonic()
    open_ = dict(_questions(session))
    last, looks = dict[tuple[str, str], Answer](), list[Answer]()
    until = seconds if session.mode == "live" else 0.0
    while True:
        for key, ask in open_.items():
            last[key] = replace(ask(), at=round(clock.monotonic() - began, 1))
            looks.append(last[key])
        open_ = {key: ask for key, ask in open_.items() if last[key].state != "new"}
        passed = clock.monotonic() - began
        if not open_ or passed >= until:
            break
        session.tell(f"DNS: {len(last) - len(open_)} of {len(last)} answers are new; {_waiting(last, open_)}")
        left = [last[key].left or LEAST for key in open_]
        clock.sleep(min(max(LEAST, min(left)), STEP, max(until - passed, LEAST)))
    found = Spread(tuple(last[key] for key in sorted(last)), tuple(looks))
    _record(session, found)
    return found


def _questions(session: Session) -> Iterator[tuple[tuple[str, str], Callable[[], Answer]]]:
    for record in session.params.dns.records:
        want = cutover.wanted(record)
        for name, resolver in session.resolvers.items():
            yield (name, want.key), _asking(name, resolver, want)


def _asking(name: str, resolver: Nameserver, want: RecordSet) -> Callable[[], Answer]:
    def ask() -> Answer:
        try:
            found = resolver.ask(want.name, want.type)
        except OperationError as error:
            return Answer(name, want.key, "silent", error.message, None, 0.0)
        if found is None:
            return Answer(name, want.key, "none", "no such record", None, 0.0)
        state: State = "new" if records.same_values(found, want) else "old"
        return Answer(name, want.key, state, records.BETWEEN.join(found.values), found.ttl, 0.0)

    return ask


def _waiting(last: Mapping[tuple[str, str], Answer], open_: Mapping[tuple[str, str], object]) -> str:
    """The one that takes longest: `branch says the old sip.lync.test A for 240 s more`."""
    one = max((last[key] for key in open_), key=lambda answer: answer.left or 0)
    return f"{one.resolver} says {one.state} of {one.record}" + (f", for {one.left} s more" if one.left else "")


def _record(session: Session, found: Spread) -> None:
    checks = Checklist()
    for one in found.answers if session.mode == "live" else ():
        seen = f"new after {one.at:g} s" if one.state == "new" else f"{one.state}: {one.said}"
        remedy = f"It lives for {one.left} s more. Or empty its cache: Clear-DnsServerCache." if one.left else ""
        name, ok = f"{one.record} on {one.resolver}", one.state == "new"
        checks.add(judge("propagation", name, ok, seen=seen, expected="the new answer", remedy=remedy, soft=True))
    session.record(*checks)
    session.fact("resolvers_late", len({one.resolver for one in found.late}))
    session.keep("propagation", rows(found.looks))


def rows(answers: Sequence[Answer]) -> list[dict[str, object]]:
    return [{**vars(one), "left": "" if one.left is None else one.left} for one in answers]
