"""What people are told of a backup that ended: how it went, what it lacks, and what to do next. Pure.

A message goes to mail and chat, so it holds no address of any user and no contact: numbers, parts, and where to look.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import Incomplete, Locked
from lyncdr_helpers.journal import Line
from lyncdr_helpers.params.backups import Ending
from lyncdr_helpers.runfolder import RunSummary
from lyncdr_helpers.views.pictures import spell

Tone = Literal["success", "warning", "failure"]

TONES: Mapping[Ending, Tone] = {"done": "success", "alarm": "warning", "incomplete": "warning", "failed": "failure"}
STATES: Mapping[Ending, str] = {"done": "COMPLETE", "incomplete": "INCOMPLETE", "failed": "FAILED"}

ADDRESS = re.compile(r"[^\s:;,<>\"()=]*@(?:[\w.-]*\w)?")
COUNTED = ("users homed on ", "contacts on ")
LONGEST = 1000
NAMED = 10

AGAIN = "lyncdr run backup --params {params}"
SHOW_RUN = "lyncdr runs show {run} --params {params}"
SHOW_SET = "lyncdr backups show {set} --params {params}"
RUNS = "lyncdr runs list --params {params}"

NOTHING = ("Nothing needs to be done.",)
ALARMING = ("Next: see whether these changes are meant.", SHOW_SET)
INCOMPLETE = ("Next: see what the set lacks, mend it, and run the backup again.", SHOW_SET, AGAIN)
UNBEGUN = ("Next: mend what it says, and run the backup again.", AGAIN)
FAILED = ("Next: mend what it says, and run the backup again.", SHOW_RUN, AGAIN)
LOCKED = ("Next: see which run holds the lock, and whether it still works.", RUNS)
"""What to do, then the commands for it."""


@dataclass(frozen=True)
class Ended:
    """A backup that ended. run: empty where none began. facts: its journal's, by name.

    newest: the newest run known on this machine that made a COMPLETE set. limit: hours that its age may have.
    """

    deployment: str
    params_file: str
    host: str
    run: str
    outcome: str
    exit_code: int
    message: str
    seconds: float
    ended: dt.datetime
    newest: RunSummary | None
    limit: float
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ending(self) -> Ending:
        """done, incomplete, or failed: whatever else kept it from making a set."""
        if self.exit_code == Incomplete.exit_code:
            return "incomplete"
        return "failed" if self.exit_code else "done"

    @property
    def alarms(self) -> tuple[str, ...]:
        return tuple(self.facts.get("alarms", ()))

    @property
    def endings(self) -> frozenset[Ending]:
        """What `notices.on` is held against."""
        return frozenset({self.ending, "alarm"}) if self.alarms else frozenset({self.ending})


@dataclass(frozen=True)
class Message:
    """Plain text. tone: how urgent it looks where a service has colours."""

    subject: str
    body: str
    tone: Tone


def facts_of(lines: Iterable[Line]) -> dict[str, Any]:
    """Name -> value of each fact on record."""
    return {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"}


def newest_complete(runs: Iterable[RunSummary], deployment: str) -> RunSummary | None:
    """The newest run that made a COMPLETE set of the deployment. runs: oldest first."""
    done = [run for run in runs if (run.phase, run.deployment, run.outcome) == ("backup", deployment, "done")]
    return done[-1] if done else None


def compose(ended: Ended) -> Message:
    """The message about it."""
    tone = TONES["alarm" if ended.ending == "done" and ended.alarms else ended.ending]
    paragraphs = [_headline(ended), *_numbers(ended), *_alarms(ended), *_happened(ended), _newest(ended), _next(ended)]
    return Message(_subject(ended), "\n\n".join(paragraphs) + "\n", tone)


def without_addresses(text: str) -> str:
    """The text with whatever looks like an address of a user or a contact left out."""
    return ADDRESS.sub("(an address)", text)


def _subject(ended: Ended) -> str:
    return f"lyncdr {ended.deployment}: backup {STATES[ended.ending]}{_in_short(ended)}"


def _in_short(ended: Ended) -> str:
    if ended.ending == "failed":
        return "" if ended.outcome == "failed" else f" ({ended.outcome})"
    missing = ended.facts.get("differences", 0)
    said = [_plural(missing, "user") + " missing"] if missing else []
    return "".join(f", {one}" for one in [*said, *([_plural(len(ended.alarms), "alarm")] if ended.alarms else [])])


def _headline(ended: Ended) -> str:
    when = f"{ended.ended.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"The backup of {ended.deployment} on {ended.host} ended {ended.outcome} (exit code {ended.exit_code}) "
        f"at {when}, after {spell(ended.seconds)}."
    )


def _numbers(ended: Ended) -> Iterator[str]:
    """What stands in the set, where there is one."""
    facts = ended.facts
    if "set" not in facts:
        return
    rows = [f"Set {facts['set']}: {STATES[ended.ending]}"]
    rows += [
        f"{name}: {value:,}" for name, value in facts.items() if name.startswith(("users homed on ", "contacts on "))
    ]
    if missing := facts.get("differences"):
        rows.append(f"users it cannot bring back: {missing:,}")
    rows += [f"it lacks {name.removesuffix(': failed')}" for name in facts if name.endswith(": failed")]
    yield "\n".join(rows)


def _alarms(ended: Ended) -> Iterator[str]:
    if ended.alarms:
        more = [f"and {len(ended.alarms) - NAMED:,} more"] if len(ended.alarms) > NAMED else []
        shown = [without_addresses(text) for text in ended.alarms[:NAMED]]
        yield "\n  ".join([f"Alarms: {len(ended.alarms):,}", *shown, *more])


def _happened(ended: Ended) -> Iterator[str]:
    """Only of failures: what an INCOMPLETE night says names its users."""
    if ended.ending == "failed" and ended.message:
        yield f"What happened: {without_addresses(ended.message)[:LONGEST]}"


def _newest(ended: Ended) -> str:
    if ended.newest is None:
        return "On this machine no COMPLETE set is known: after a loss of the site, no contact list would come back."
    hours = (ended.ended - parse_stamp(ended.newest.began)).total_seconds() / 3600
    beyond = f", more than the {ended.limit:g} that an activation accepts" if hours > ended.limit else ""
    return f"The newest COMPLETE set known on this machine is {ended.newest.run}: {_age(hours)} old{beyond}."


def _next(ended: Ended) -> str:
    words, *commands = _advice(ended)
    named = {"params": ended.params_file, "run": ended.run, "set": ended.facts.get("set", "")}
    return "\n  ".join([words, *(command.format_map(named) for command in commands)])


def _advice(ended: Ended) -> Sequence[str]:
    match ended.ending:
        case "done":
            return ALARMING if ended.alarms else NOTHING
        case "incomplete" if "set" in ended.facts:
            return INCOMPLETE
    if ended.exit_code == Locked.exit_code:
        return LOCKED
    return FAILED if ended.run else UNBEGUN


def _age(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def _plural(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")
