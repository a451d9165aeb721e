"""What is other in one run than in another: parameters, plan, checks, numbers, results, and how long each step took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lyncdr_helpers.phases.earlier import spent
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.plan import Change

NOTHING = ""


@dataclass(frozen=True)
class Difference:
    """area: run, plan, change, check, number, result. one, other: what each run has, empty where it has nothing."""

    area: str
    what: str
    one: str
    other: str


@dataclass(frozen=True)
class Pace:
    """How long a step took in each run, in seconds; None where the run has it not."""

    step: str
    one: float | None
    other: float | None


def between(one: Told, other: Told) -> tuple[Difference, ...]:
    """Everything that differs, but for the time that it took and the moments at which it was."""
    return (
        *_differ("run", _identity(one), _identity(other)),
        *_differ("plan", _plan(one), _plan(other)),
        *_changes(one, other),
        *_differ("check", _checks(one), _checks(other)),
        *_differ("number", _numbers(one), _numbers(other)),
        *_differ("result", _results(one), _results(other)),
    )


def paces(one: Told, other: Told) -> tuple[Pace, ...]:
    """Every step of either run, in the order of the first."""
    took, took_other = spent.of(one.lines), spent.of(other.lines)
    return tuple(
        Pace(step, _seconds(took, step), _seconds(took_other, step)) for step in dict.fromkeys([*took, *took_other])
    )


def _seconds(took: Mapping[str, spent.Spent], step: str) -> float | None:
    return took[step].seconds if step in took else None


def _differ(area: str, one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[Difference]:
    for what in dict.fromkeys([*one, *other]):
        if one.get(what) != other.get(what):
            yield Difference(area, what, one.get(what, NOTHING), other.get(what, NOTHING))


def _identity(run: Told) -> dict[str, str]:
    begin = run.lines[0].facts
    return {
        "phase": run.phase,
        "mode": run.summary.mode,
        "by": run.summary.by,
        "lyncdr": str(begin.get("version", "")),
        "parameters": str(begin.get("params_digest", "")),
        "outcome": run.summary.outcome,
        "message": run.summary.error and f"{run.summary.error}: {_message(run)}",
    }


def _message(run: Told) -> str:
    ends = list(run.of_kind("end"))
    return str(ends[-1].facts.get("message", "")) if ends else ""


def _plan(run: Told) -> dict[str, str]:
    """What the plan rests on, and how many changes of each kind it has; its digest differs in any case."""
    plans = list(run.of_kind("plan"))
    facts = plans[-1].facts if plans else {}
    basis = {f"rests on {name}": str(value) for name, value in facts.get("basis", {}).items()}
    counted = {f"{kind} changes": f"{count:,}" for kind, count in facts.get("counts", {}).items()}
    return {"scope": str(facts.get("scope", "")), **basis, **counted}


def _changes(one: Told, other: Told) -> Iterator[Difference]:
    """Change by change, where both plans are there to be read."""
    if one.plan and other.plan:
        yield from _differ(
            "change",
            *({_key(change): _value(change) for change in run.plan.changes} for run in (one, other) if run.plan),
        )


def _key(change: Change) -> str:
    return f"{change.kind} {change.target}"


def _value(change: Change) -> str:
    return f"{change.old or '(nothing)'} -> {change.new or '(nothing)'}"


def _checks(run: Told) -> dict[str, str]:
    """By verdict: what a check saw differs from night to night."""
    return {f"{one.area}: {one.name}": str(one.verdict) for one in run.checks}


def _numbers(run: Told) -> dict[str, str]:
    """Numbers and texts; lists are left to the journal."""
    return {
        name: f"{value:,}" if isinstance(value, int) else str(value)
        for name, value in run.facts.items()
        if isinstance(value, int | float | str)
    }


def _results(run: Told) -> dict[str, str]:
    """Act -> how many were done and failed."""
    done, failed = dict[str, int](), dict[str, int]()
    for line in run.of_kind("result"):
        act = str(line.facts.get("act"))
        done[act] = done.get(act, 0) + len(line.facts.get("done", ()))
        failed[act] = failed.get(act, 0) + len(line.facts.get("failed", ()))
    return {act: f"{done[act]:,} done, {failed[act]:,} failed" for act in done}
