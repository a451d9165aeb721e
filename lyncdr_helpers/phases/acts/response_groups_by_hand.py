"""Response Groups whose pool keeps others of its own: no cmdlet takes some of them, so a person brings them home.

An export takes all that a pool owns, and an import all that is in a file; what is inside is nobody's to edit.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.checks import Check, Checklist, judge, some_of
from lyncdr_helpers.phases import exchange, guided
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.failback_plan import ORIGINAL
from lyncdr_helpers.phases.guided import GuidedStep, Instruction
from lyncdr_helpers.phases.response_groups import of_pool
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import homeward
from lyncdr_helpers.shell.script import line

ACT = "return response groups by hand"
STEP = "response-groups-home"
AREA = "response groups"
HOME, GONE, EXPECTED = "Response Groups at home", "Response Groups gone from the DR pool", "all of them"


def is_needed(session: Session, changes: Sequence[Change]) -> bool:
    """Whether the pool that they leave owns others, too."""
    wanted = {one.target for one in changes}
    return bool(changes) and not wanted.issuperset(of_pool(session, changes[0].old))


def steps(session: Session, changes: Sequence[Change]) -> list[GuidedStep]:
    """What a person does, for the forms of a notebook."""
    asked = changes and guided.was_asked(session, STEP)
    return [_step(session, changes)] if asked or is_needed(session, changes) else []


def bring(session: Session, changes: Sequence[Change], answers: Mapping[str, Answer] | None = None) -> Tally:
    """Have them brought home, and read both pools back. Raises as `guide`; what is skipped counts as failed."""
    account = guided.guide(session, _step(session, changes), partial(_see, session, changes), (answers or {}).get(STEP))
    if account.holds:
        return Tally(ACT, done=len(changes))
    if account.state == guided.WITHHELD:
        return Tally(ACT, withheld=len(changes))
    return Tally(ACT, failed={one.target: f"skipped: {account.said}" for one in changes})


def _see(session: Session, changes: Sequence[Change]) -> Checklist:
    home, away = changes[0].new, changes[0].old
    checks = Checklist()
    with checks.asking(AREA, HOME, EXPECTED):
        here = of_pool(session, home)
        checks.add(_judged(HOME, home, [one.target for one in changes if not is_at_home(one, here)]))
    with checks.asking(AREA, GONE, EXPECTED):
        there = of_pool(session, away)
        checks.add(_judged(GONE, away, [one.target for one in changes if one.target in there]))
    return checks


def is_at_home(change: Change, here: Collection[str]) -> bool:
    """Whether it is among those; one that came to the DR pool under another name may have its own again."""
    return change.target in here or change.detail.get(ORIGINAL, "") in here


def _judged(name: str, pool: str, wrong: Sequence[str]) -> Check:
    seen = f"not {some_of(wrong)}" if wrong else EXPECTED
    return judge(AREA, name, not wrong, seen=seen, expected=EXPECTED, remedy=f"Look at {pool}.")


def _step(session: Session, changes: Sequence[Change]) -> GuidedStep:
    home, away = changes[0].new, changes[0].old
    there, _ = exchange.place(session, "rgs-kept.zip")
    names = "\n".join(one.target + _formerly(one) for one in changes)
    return GuidedStep(
        name=STEP,
        title=f"Bring {len(changes)} Response Groups home from {away}",
        why=f"{away} has others of its own, which stay. An export takes all that a pool owns: no cmdlet takes some.",
        where="the management host, and the Response Group pages of the control panel, as CsResponseGroupAdministrator",
        do=(
            Instruction(
                "Keep a copy of everything first.",
                line(homeward.export_owned_response_groups(away, there, session.params.generation)),
            ),
            Instruction(
                f"See each of these at {home}: it may be there as it was before the disaster. Make there what was "
                "changed since, agent groups first, then queues, then workflows.",
                names,
            ),
            Instruction(f"Delete the same at {away}: workflows first, then queues, then agent groups."),
        ),
        proof=f"all of them are read back at {home}, and none of them at {away}",
    )


def _formerly(change: Change) -> str:
    return f" (before: {change.detail[ORIGINAL]})" if ORIGINAL in change.detail else ""
