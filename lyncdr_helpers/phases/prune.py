"""`lyncdr backups prune`: remove the sets that no rule keeps. Each removal stands in one approved plan."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import retention, sets, stored
from lyncdr_helpers.backups.retention import Decision
from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.phases import approval
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.sets_in_use import running, sets_in_use
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session, open_session

ACT = "remove sets"
KIND = "remove-set"
ASIDE = "remove-unpublished"
"""Of a folder that never became a set."""
NO_MANIFEST = "no manifest"
Decided = Sequence[tuple[StoredSet, Decision]]
"""Every set with what becomes of it, oldest first."""


def begin(params_file: str | Path, run: str = "", approve: str = "") -> Session:
    """Begin to prune, or go on with what was cut short."""
    return open_session("prune", params_file, run=run, approve=approve)


def look(session: Session) -> Decided:
    """Every set in the store, and what becomes of it."""
    with session.step("look"):
        found = stored.look(session.store, session.params.deployment)
        decided = decide(session.loaded, found, session.clock.now())
        session.keep("sets", [{"set": one.name, "state": one.state, "decision": str(why)} for one, why in decided])
        return decided


def decide(loaded: LoadedParams, found: Sequence[StoredSet], now: dt.datetime) -> Decided:
    """Retention's word on the sets."""
    decisions = retention.decide(
        (one.candidate for one in found),
        loaded.params.retention,
        now,
        sets_in_use(loaded),
        running(loaded),
    )
    by_name = {one.name: one for one in found}
    return [(by_name[decision.name], decision) for decision in decisions]


def make_plan(session: Session, decided: Decided) -> Plan:
    """Which sets would go. An approved plan is kept, as long as nothing that is left of it must stay by now.

    Raises Refusal for that, and when the last COMPLETE set is damaged: then every older one may be needed.
    """
    with session.step("plan"):
        leaving = [(one, decision) for one, decision in decided if not decision.kept]
        if leaving:
            _require_whole(session, decided)
        kept = approval.approved(session)
        if kept:
            _require_still_leaving(kept, decided)
            return kept
        made = Plan.of(
            session.folder.run,
            session.params.deployment,
            f"{session.params.deployment}, {len(leaving)} of {len(decided)} sets go",
            _basis(session, decided),
            (
                Change(
                    KIND if one.published else ASIDE,
                    one.name,
                    one.manifest or NO_MANIFEST,
                    "",
                    {"state": one.state, "size": str(one.size)},
                )
                for one, _ in leaving
            ),
        )
        approval.propose(session, made)
        return made


def approve(session: Session, made: Plan, digest: str) -> None:
    """The gate: the digest of exactly this plan. Raises Refusal with the digest to give; nothing to do needs none."""
    with session.step("approval"):
        if made.changes:
            approval.require(session, made, digest)


def remove(session: Session, made: Plan) -> Tally:
    """One set after the other, out of sight and then deleted; what a crash left half deleted is deleted too."""

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        published, aside = set(session.store.sets()), set(session.store.unpublished())
        return {
            one.target: _lies_there(session, one) if one.target in (published if one.kind == KIND else aside) else ""
            for one in some
        }

    def do(some: Sequence[Change]) -> Receipt:
        for one in some:
            session.store.remove(one.target, published=one.kind == KIND)
        return Receipt()

    with session.step(ACT):
        tally = carry_out(session, ACT, made.changes, see, do, batch=1, undoable=False)
        seen = see(made.changes)
        do([one for one in made.changes if not seen[one.target]])
        return tally


def finish(session: Session, tally: Tally) -> str:
    """The last word. A removal that fails stops the run before this."""
    session.end("done", 0, removed=tally.done + tally.already)
    return tally.text


def _lies_there(session: Session, one: Change) -> str:
    """The digest of the manifest of what would go."""
    published = one.kind == KIND
    if manifests.NAME not in session.store.files(one.target, published=published):
        return NO_MANIFEST
    return session.store.digest(one.target, manifests.NAME, published=published)


def _basis(session: Session, decided: Decided) -> Mapping[str, str]:
    """What the plan rests on: every set there is, and every decision. One set more or less makes another plan."""
    policy = session.params.retention.model_dump()
    return {
        "policy": ", ".join(f"{name} {count}" for name, count in policy.items()),
        "sets": files.digest(files.canonical([[one.name, one.manifest, str(why)] for one, why in decided])),
    }


def _require_whole(session: Session, decided: Decided) -> None:
    complete = [one for one, decision in decided if decision.kept and one.state == "COMPLETE"]
    for newest in complete[-1:]:
        if faults := sets.faults(session.store, stored.read(session.store, newest.name), session.keys):
            raise Refusal(
                f"The newest COMPLETE set {newest.name} is damaged: {'; '.join(faults)}. Nothing is removed.",
                f"Move {newest.name} out of the store, and run a backup: `lyncdr run backup`.",
            )


def _require_still_leaving(kept: Plan, decided: Decided) -> None:
    staying = {one.name: decision.reason for one, decision in decided if decision.kept}
    for change in kept.changes:
        if change.target in staying:
            raise Refusal(
                f"Set {change.target} was to be removed, and must stay by now: {staying[change.target]}.",
                "Run `lyncdr backups prune --run new` for a plan from the present facts.",
            )
