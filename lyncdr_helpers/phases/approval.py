"""A run's plan and its approval, on record: what a run may do, given by a person and kept over a crash."""

from __future__ import annotations

import json

from lyncdr_helpers import files, plan
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session


def propose(session: Session, made: Plan) -> None:
    """Put the plan on record, as plan.json and in the journal."""
    files.replace_json(session.folder.plan, made.as_json())
    session.journal.write("plan", digest=made.digest, scope=made.scope, counts=made.counts(), basis=made.basis)


def require(session: Session, made: Plan, digest: str) -> None:
    """The gate: raises Refusal unless a person gave the digest of exactly this plan, now or earlier in this run."""
    if approved(session) is not None:
        return
    plan.require_approval(made, digest)
    session.journal.write("approval", digest=made.digest, by=files.whoami())


def gate(session: Session, made: Plan, digest: str) -> str:
    """`require` as a step of its own, in words for whoever stands before it; a rehearsal notes it and goes on."""
    with session.step("approval"):
        if approved(session):
            given = session.journal.last("approval")
            assert given is not None, "an approved plan has its approval in the journal"
            return f"Approved already at {given.at} by {given.facts['by']['user']}."
        try:
            require(session, made, digest)
        except Refusal as refusal:
            session.stop_at("approval", refusal)
            return f"Rehearsal: a live run would stop here and wait for --approve {made.short}"
        return f"Approved: {made.scope}, digest {made.short}."


def approved(session: Session) -> Plan | None:
    """The plan this run is bound to since its approval, or None. Raises Refusal when plan.json is another one."""
    approval = session.journal.last("approval")
    if approval is None:
        return None
    kept = plan.from_json(json.loads(session.folder.plan.read_text(encoding="utf-8")))
    if kept.digest != approval.facts["digest"]:
        raise Refusal("plan.json is not the plan that was approved.", "Begin anew: --run new")
    return kept
