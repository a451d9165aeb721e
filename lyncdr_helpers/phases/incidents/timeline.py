"""The story of an incident, moment by moment, from the journals of its runs. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import declaration, evidence, guided
from lyncdr_helpers.phases.earlier import readiness
from lyncdr_helpers.phases.earlier.spent import REFUSED
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.plan import SHORT

COUNTED = (
    ("users_rehomed", "users_on_failed_pool", "users"),
    ("contacts_restored", "contacts_expected", "contacts"),
    ("dns_records_moved", "dns_records_expected", "DNS records"),
    ("failback_users_home", "failback_users_expected", "users home"),
    ("failback_contacts_home", "failback_contacts_expected", "contacts home"),
)
"""What a proof counts: the facts of what was got and what was wanted, and its name."""


@dataclass(frozen=True)
class Event:
    """One moment. what: began, goes on, declared, evidence, backup, plan, gate, waived, approved, by hand, done,
    unknown, DNS, ended. by: who, where a person did it.
    """

    at: dt.datetime
    what: str
    text: str
    phase: str
    run: str
    by: str = ""


@dataclass
class _Teller:
    """A journal, line by line."""

    run: Told
    plan: str = ""
    backup: str = ""
    since: int = 0

    def events(self) -> Iterator[Event]:
        for line in self.run.lines:
            if found := self._of(line):
                what, text = found
                yield Event(parse_stamp(line.at), what, text, self.run.phase, self.run.run, who(line.facts))

    def _of(self, line: Line) -> tuple[str, str] | None:
        facts = line.facts
        match line.kind:
            case "begin":
                return "began", f"{self.run.phase} begins"
            case "resume":
                return "goes on", f"{self.run.phase} goes on"
            case "plan":
                return self._plan(facts)
            case "fact" if facts.get("name") == "backup" and facts.get("value") != self.backup:
                self.backup = str(facts["value"])
                return "backup", f"set {self.backup} is the measure"
            case "fact" if facts.get("name") == "resolvers_late":
                late = f"{facts['value']:,} watched resolvers still give the old ones"
                return "DNS", late if facts["value"] else "every watched resolver gives the new answers"
            case "step":
                return self._step(line)
            case "end":
                return "ended", self._end(facts)
        return _decided(line)

    def _plan(self, facts: Mapping[str, Any]) -> tuple[str, str] | None:
        if facts["digest"] == self.plan:
            return None
        self.plan = facts["digest"]
        changes = sum(facts.get("counts", {}).values())
        return "plan", f"plan {self.plan[:SHORT]}: {facts.get('scope')}, {changes:,} changes"

    def _step(self, line: Line) -> tuple[str, str] | None:
        """A step that is over tells what was done in it, and of the evidence how it was."""
        if line.facts.get("state") == "started":
            self.since = line.n
            return None
        within = self.run.lines[self.since : line.n - 1]
        if line.facts["name"] == "evidence":
            return "evidence", spoken_evidence(within)
        done = came_to(within)
        return ("done", f"{line.facts['name']}: {done} in {line.facts.get('seconds', 0):.1f} s") if done else None

    def _end(self, facts: Mapping[str, Any]) -> str:
        """How it ended, and why; of a refusal the closed gate has told why."""
        outcome = facts.get("outcome")
        counted = "; ".join(counts(self.run.facts)) if outcome == "done" else ""
        why = "" if outcome == REFUSED else str(facts.get("message", ""))
        return ": ".join(filter(None, [f"{self.run.phase} {outcome}", why, counted]))


def events(runs: Iterable[Told]) -> tuple[Event, ...]:
    """What happened in these runs, in the order in which it did."""
    found = [event for run in runs for event in _Teller(run).events()]
    return tuple(sorted(found, key=lambda event: event.at))


def _decided(line: Line) -> tuple[str, str] | None:
    """What people were asked, and what they said."""
    facts = line.facts
    match line.kind:
        case declaration.KIND:
            return "declared", f"{facts.get('pool')} is lost: {facts.get('because')}"
        case "gate":
            return "gate", f"{facts.get('gate')} is closed: {facts.get('message')}"
        case "waiver":
            return "waived", f"{facts.get('gate')}: {facts.get('reason')}"
        case "approval":
            return "approved", f"plan {str(facts.get('digest'))[:SHORT]}"
        case guided.KIND:
            return "by hand", by_hand(facts)
        case "unknown":
            return "unknown", f"{facts.get('act')}: nobody knows what became of it: {facts.get('message')}"
    return None


def who(facts: Mapping[str, Any]) -> str:
    """`meier on mgmt02`, or nothing."""
    by = facts.get("by") or facts.get("who") or {}
    return f"{by.get('user', '?')} on {by.get('host', '?')}" if by else ""


def spoken_evidence(lines: Iterable[Line]) -> str:
    """What looking at the primary came to: how many looks found it silent, and which did not."""
    made = [one for one in readiness.checks_of(lines) if one.area == evidence.AREA]
    odd = [one for one in made if one.verdict != "pass"]
    named = "; ".join(f"{one.name}: {one.seen}" for one in odd)
    return f"{len(made) - len(odd)} of {len(made)} looks found the primary silent" + (f"; {named}" if named else "")


def came_to(lines: Iterable[Line]) -> str:
    """`40 done, 1 failed`; of changes alone, not of commands without a value to read back. Empty where none was."""
    results = [line.facts for line in lines if line.kind == "result" and "done" in line.facts]
    found = sum(int(line.facts.get("count", 0)) for line in lines if line.kind == "found")
    done = sum(len(one["done"]) for one in results)
    failed = sum(len(one.get("failed", ())) for one in results)
    parts = [(done, "done"), (failed, "FAILED"), (found, "so already")]
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)


def counts(facts: Mapping[str, Any]) -> Iterator[str]:
    """`40 of 40 users`, as far as a proof counted."""
    for got, wanted, words in COUNTED:
        if isinstance(facts.get(got), int) and isinstance(facts.get(wanted), int):
            yield f"{facts[got]:,} of {facts[wanted]:,} {words}"


def by_hand(facts: Mapping[str, Any]) -> str:
    """One line for a guided step: what it is, what became of it, and what was said."""
    return ": ".join(
        filter(None, [str(facts.get("title") or facts.get("step")), facts["state"], facts.get("said", "")])
    )
