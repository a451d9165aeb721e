"""How long a recovery would take, step by step, by what earlier ones took. Pure; an estimate, never a promise.

A step that scales with users goes by the users a second that earlier runs brought home; any other takes as long as it
took. Low, typical and high are the quickest, the median and the slowest of the runs. A step that no run has on record
is unknown, and has no number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from lyncdr_helpers.phases.acts import (
    conference_directories,
    contacts,
    endpoints,
    group_chat,
    moves,
    records,
    response_groups,
)
from lyncdr_helpers.phases.earlier.recoveries import BETWEEN, VERIFY, Kind, Recovery
from lyncdr_helpers.phases.earlier.spent import DECIDE, Spent

REAL: tuple[Kind, ...] = ("live", "drill")
REHEARSED: tuple[Kind, ...] = ("rehearsal",)

RECENT = 10
"""How many of the newest runs count: servers and networks of years ago are others."""

NOTICE = "notice"


@dataclass(frozen=True)
class Stage:
    """One row of the estimate: steps of the journals, taken together. scales: whether it grows with the users.

    act: it counts only where something was done in it: what was so already, or withheld, took no time.
    """

    name: str
    what: str
    steps: tuple[str, ...] = ()
    scales: bool = False
    act: bool = False


STAGES = (
    Stage(NOTICE, "from the loss until somebody runs the activation"),
    Stage("detect", "everything needed answers, and the primary does not", ("reach", "evidence")),
    Stage("plan", "the set is proven whole, the plan is made", ("backup", "restorability", "plan")),
    Stage(DECIDE, "a person reads the plan and approves it", (DECIDE,)),
    Stage(moves.ACT, "forced moves, each read back from the directory", (moves.ACT,), scales=True, act=True),
    Stage(endpoints.ACT, "each kind by its cmdlet, read back from the directory", (endpoints.ACT,), act=True),
    Stage(conference_directories.ACT, "one by one, each read back", (conference_directories.ACT,), act=True),
    Stage(contacts.ACT, "imported, and proven by an export of the DR pool", (contacts.ACT,), scales=True, act=True),
    Stage(response_groups.ACT, "imported, and read back by name", (response_groups.ACT,), act=True),
    Stage(group_chat.ACT, "restored by SQL Server, and read back", (group_chat.ACT,), act=True),
    Stage(records.ACT, "updated, and read back from the authoritative servers", (records.ACT,), act=True),
    Stage(
        "verify users and contacts",
        "each user's home and each contact is counted",
        (f"{VERIFY}expectation", f"{VERIFY}users", f"{VERIFY}contacts"),
        scales=True,
    ),
    Stage(
        "verify service",
        "Response Groups, Group Chat, DNS on every server, registrar, synthetic tests",
        (f"{VERIFY}response groups", f"{VERIFY}group chat", f"{VERIFY}DNS", f"{VERIFY}service"),
    ),
    Stage(BETWEEN, "each notebook starts, and people go from one command to the next", (BETWEEN,)),
)
"""In the order in which they happen; `between` is spread over all of it."""

BY_PEOPLE = (NOTICE, DECIDE)
"""What no program can hurry."""


@dataclass(frozen=True)
class Estimate:
    """One stage, in seconds; None throughout where it is unknown. how: what it rests on."""

    stage: str
    what: str
    low: float | None
    typical: float | None
    high: float | None
    how: str


@dataclass(frozen=True)
class RecoveryTime:
    """The whole: the sum of what is known, against the target, in seconds. unknown: the stages without a number."""

    stages: tuple[Estimate, ...]
    target: float

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(one.stage for one in self.stages if one.typical is None)

    @property
    def unmeasured(self) -> tuple[str, ...]:
        """The unknown stages that a run would have measured: all but those that wait for people."""
        return tuple(name for name in self.unknown if name not in BY_PEOPLE)

    @property
    def low(self) -> float:
        return sum(one.low or 0.0 for one in self.stages)

    @property
    def typical(self) -> float:
        return sum(one.typical or 0.0 for one in self.stages)

    @property
    def high(self) -> float:
        return sum(one.high or 0.0 for one in self.stages)

    @property
    def is_known(self) -> bool:
        """Whether anything was ever measured."""
        return len(self.unknown) < len(self.stages)

    @property
    def left(self) -> float:
        """What the target leaves for all that is unknown, when everything else goes at its slowest."""
        return self.target - self.high


def estimate(
    recoveries: Sequence[Recovery], users: int | None, target_seconds: float, skip: Collection[str] = ()
) -> RecoveryTime:
    """The estimate for so many users; None where nobody could count them. recoveries: oldest first.

    skip: stages that have nothing to do in this deployment. Live runs and drills count before rehearsals, which ask
    the same questions but ask them of a primary that answers.
    """
    stages = tuple(_estimate(stage, recoveries, users) for stage in STAGES if stage.name not in skip)
    return RecoveryTime(stages, target_seconds)


def _estimate(stage: Stage, recoveries: Sequence[Recovery], users: int | None) -> Estimate:
    if not stage.steps:
        return _unknown(stage, "no journal has it: the loss comes before the first command")
    real = _samples(stage, recoveries, REAL)
    samples = real or ([] if stage.act else _samples(stage, recoveries, REHEARSED))
    if not samples:
        return _unknown(stage, "no earlier run: unknown")
    word = "run" if real else "rehearsal"
    if not stage.scales:
        return _spread(stage, [took.seconds for _, took in samples], _counted(len(samples), word))
    if users is None:
        return _unknown(stage, "nobody could count the users")
    rates = sorted(count / took.seconds for count, took in samples)
    counts = sorted(count for count, _ in samples)
    some, pace = _between(f"{counts[0]:,}", f"{counts[-1]:,}"), _between(_rate(rates[0]), _rate(rates[-1]))
    how = f"{_counted(len(samples), word)} of {some} users, {pace} users/s; {users:,} users now"
    return _spread(stage, [users / rate for rate in rates], how)


def _samples(stage: Stage, recoveries: Sequence[Recovery], kinds: Collection[Kind]) -> list[tuple[int, Spent]]:
    """(users, what was spent) of the newest runs that have all of the stage's steps on record."""
    of_kind = [one for one in recoveries if one.kind in kinds]
    found = [(one, took) for one in of_kind for took in _together(stage, one)]
    samples = [(took.done if stage.act else one.users, took) for one, took in found]
    if stage.scales:
        samples = [(count, took) for count, took in samples if count and took.seconds]
    return samples[-RECENT:]


def _together(stage: Stage, one: Recovery) -> Iterator[Spent]:
    if all(step in one.steps for step in stage.steps):
        took = [one.steps[step] for step in stage.steps]
        done = sum(step.done for step in took)
        if done or not stage.act:
            yield Spent(sum(step.seconds for step in took), done)


def _spread(stage: Stage, seconds: Sequence[float], how: str) -> Estimate:
    spread = how if len(seconds) > 1 else f"{how}; one alone shows no spread"
    return Estimate(stage.name, stage.what, min(seconds), median(seconds), max(seconds), spread)


def _unknown(stage: Stage, why: str) -> Estimate:
    return Estimate(stage.name, stage.what, None, None, None, why)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _between(least: str, most: str) -> str:
    return least if least == most else f"{least} to {most}"


def _rate(rate: float) -> str:
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
