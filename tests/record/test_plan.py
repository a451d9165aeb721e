"""The plan: frozen, sorted, digested, and approved by nothing but its own digest."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.plan import Change, Plan, from_json, require_approval, undo

CHANGES = st.lists(
    st.builds(
        Change,
        kind=st.sampled_from(["move-user", "dns-record"]),
        target=st.text(max_size=8),
        old=st.text(max_size=4),
        new=st.text(max_size=4),
        detail=st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    ),
    max_size=8,
    unique_by=lambda change: (change.kind, change.target, change.old, change.new),
)


def plan_of(changes: list[Change], run: str = "run-1") -> Plan:
    return Plan.of(run, "lab", "pool01 -> drse01, 2 users", {"backup": "set-1"}, changes)


@given(CHANGES, st.randoms(use_true_random=False))
def test_the_order_of_discovery_does_not_matter(changes: list[Change], random: object) -> None:
    """The same facts, seen in any order, give the same digest."""
    shuffled = list(changes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert plan_of(shuffled).digest == plan_of(changes).digest


@given(CHANGES)
def test_a_plan_survives_the_disk(changes: list[Change]) -> None:
    """as_json and from_json are inverse, digest included."""
    plan = plan_of(changes)
    assert from_json(plan.as_json()) == plan


def test_an_edited_plan_is_refused() -> None:
    """Whoever edits plan.json does not get it applied."""
    kept = plan_of([Change("move-user", "a@b", "p1", "p2")]).as_json()
    kept["changes"][0]["new"] = "elsewhere"
    with pytest.raises(Refusal, match="changed after it was made"):
        from_json(kept)


def test_every_part_of_a_change_counts() -> None:
    """No field can change without the digest changing, detail included; nor can the run."""
    base = Change("move-user", "a@b", "p1", "p2", {"dn": "CN=a"})
    digests = {plan_of([base]).digest, plan_of([base], run="run-2").digest}
    for field, value in {"kind": "x", "target": "x", "old": "x", "new": "x", "detail": {"dn": "x"}}.items():
        digests.add(plan_of([dataclasses.replace(base, **{field: value})]).digest)
    assert len(digests) == 7


def test_only_the_digest_approves() -> None:
    """Missing, wrong, too short and somebody else's digests are refused; whole or 12 digits, any case, are accepted."""
    plan = plan_of([Change("move-user", "a@b", "p1", "p2")])
    other = plan_of([], run="run-2")
    for given_digest in ("", " ", plan.digest[:11], other.digest, plan.digest + "0", "z" * 12):
        with pytest.raises(Refusal, match=plan.short):
            require_approval(plan, given_digest)
    for given_digest in (plan.digest, plan.short, plan.short.upper(), f" {plan.digest} "):
        require_approval(plan, given_digest)


def test_undo_is_the_reverse() -> None:
    """The undo list takes the changes back, last first."""
    one, two = Change("move-user", "a", "p1", "p2"), Change("dns-record", "b", "", "60 10.0.0.1")
    assert [(change["target"], change["old"], change["new"]) for change in undo([one, two])] == [
        ("b", "60 10.0.0.1", ""),
        ("a", "p2", "p1"),
    ]
