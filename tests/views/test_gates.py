"""The gate: what opens it, and that nothing else does."""

from __future__ import annotations

import pytest

from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.views import gates

PLAN = Plan.of(
    "20260301-021409-activate-3f2a",
    "lab",
    "pool01.lync.test -> drse01.lync.test, 2 users",
    {"backup": "b"},
    [Change("move-user", f"{name}@lync.test", "pool01.lync.test", "drse01.lync.test") for name in ("ann", "bob")],
)


@pytest.mark.parametrize("typed", ["pool01.lync.test", "  POOL01.lync.test "])
def test_the_pools_name_opens_it(typed: str) -> None:
    """Whoever types the name of what is lost has read the plan; capitals and spaces do not matter."""
    gate = gates.approval(PLAN)
    gate.box.value = typed
    assert gate.answer == PLAN.digest
    assert gate.state.startswith("✓ Approved")


@pytest.mark.parametrize(
    "typed", ["", " ", "pool01", "drse01.lync.test", "yes", "pool01.lync.test -> drse01.lync.test"]
)
def test_nothing_else_that_is_typed_opens_it(typed: str) -> None:
    """An empty box, half a name, another pool: closed, and it says so."""
    gate = gates.approval(PLAN)
    gate.box.value = typed
    assert gate.answer == ""
    assert gate.state == "Closed: a live run stops at the next cell."


@pytest.mark.parametrize("digest", [PLAN.digest, PLAN.short, PLAN.digest[:20].upper()])
def test_its_digest_opens_it(digest: str) -> None:
    """The parameter is the box's twin, for runs without a browser."""
    gate = gates.approval(PLAN, digest)
    assert gate.answer == digest
    assert gate.state.startswith("✓ Approved")


@pytest.mark.parametrize("digest", ["0" * 64, "0" * 12, PLAN.digest[:11], PLAN.short + "0" * 52])
def test_another_digest_leaves_it_closed_and_says_why(digest: str) -> None:
    """Facts that changed since the plan was read make another plan: the gate shows which digest it has now."""
    gate = gates.approval(PLAN, digest)
    assert gate.state.startswith("Closed")
    assert f"is not this plan's: the plan made from the present facts is {PLAN.short}" in gate.state


def test_the_shown_state_follows_the_box() -> None:
    """What is read beside the box is what holds; taking the name away closes it again."""
    gate = gates.approval(PLAN)
    *_, shown = gate.view().children
    assert shown.value.startswith("Closed")
    gate.box.value = "pool01.lync.test"
    assert shown.value.startswith("✓ Approved")
    gate.box.value = "pool01.lync.tes"
    assert shown.value.startswith("Closed")


def test_the_summary_stands_without_the_widget(capsys: pytest.CaptureFixture[str]) -> None:
    """An export, where widgets are blank, still says what was in front of the gate."""
    view = gates.approval(PLAN).view()
    said = capsys.readouterr().out
    assert repr(view) == "Closed: a live run stops at the next cell."
    assert said == f"pool01.lync.test -> drse01.lync.test, 2 users: 2 x move-user; digest {PLAN.short}\n"


def test_an_empty_plan_is_said_to_be_empty() -> None:
    """Nothing to change is no reason to type anything, and no scope is no name to type."""
    gate = gates.approval(Plan.of("r", "lab", "", {}, []))
    assert gate.answer == ""
    assert "nothing to change" in gate.summary()


def test_names_are_text() -> None:
    """What the parameters call a pool is shown, not interpreted."""
    gate = gates.approval(Plan.of("r", "lab", "<b>x</b> -> y, 0 users", {}, []), "<b>" * 4)
    how, _, shown = gate.view().children
    assert "&lt;b&gt;x&lt;/b&gt;" in how.value
    assert "&lt;b&gt;&lt;b&gt;" in shown.value
