"""The gate: what opens it, and that nothing else does."""

from __future__ import annotations

import ipywidgets as widgets
import pytest

from lyncdr_helpers.phases.approval import Approval, Standing
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.views import gates

PLAN = Plan.of(
    "20260301-021409-activate-3f2a",
    "lab",
    "pool01.lync.test -> drse01.lync.test, 2 users",
    {"backup": "b"},
    [Change("move-user", f"{name}@lync.test", "pool01.lync.test", "drse01.lync.test") for name in ("ann", "bob")],
)


@pytest.mark.parametrize("typed", ["pool01.lync.test 2", "  POOL01.lync.test   2 "])
def test_name_and_number_open_it(typed: str) -> None:
    """Whoever types what is lost and how many move has read the plan; capitals and spaces do not matter."""
    gate = gates.ApprovalGate(PLAN)
    gate.box.value = typed
    assert gate.answer == PLAN.digest
    assert gate.state == "✓ Approved: go on with the next cell."


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("pool01 2", "the pool is pool01.lync.test, and pool01 was typed."),
        ("drse01.lync.test 2", "the pool is pool01.lync.test, and drse01.lync.test was typed."),
        ("yes", "the pool is pool01.lync.test, and yes was typed."),
        ("2", "the pool is pool01.lync.test, and 2 was typed."),
        ("pool01.lync.test", "the number of users is missing: type it after the pool's name."),
        ("pool01.lync.test 3", "the plan moves 2 users, and 3 was typed."),
        ("pool01.lync.test -2", "the plan moves 2 users, and -2 was typed."),
        ("pool01.lync.test two", "the plan moves 2 users, and two was typed."),
        ("pool01.lync.test 2 -> drse01.lync.test", "the plan moves 2 users, and 2 -> drse01.lync.test was typed."),
    ],
)
def test_nothing_else_that_is_typed_opens_it(typed: str, why: str) -> None:
    """Half a name, another pool, another number: closed, also where the parameter would open it; and it says why."""
    for parameter in ("", PLAN.short):
        gate = gates.ApprovalGate(PLAN, parameter)
        gate.box.value = typed
        assert gate.answer == ""
        assert gate.state == f"✗ Closed: {why}"


@pytest.mark.parametrize("typed", ["", " "])
def test_an_empty_box_is_closed(typed: str) -> None:
    """Nothing is approved by doing nothing."""
    gate = gates.ApprovalGate(PLAN)
    gate.box.value = typed
    assert gate.answer == ""
    assert gate.state == "Closed: a live run stops at the next cell."


@pytest.mark.parametrize("count", ["10250", "10,250", "10.250", "10 250", "10'250", "10\u202f250"])
def test_a_number_may_be_parted_in_threes(count: str) -> None:
    """As people of every country write it."""
    assert gates.misfit(f"p {count}", "p", 10_250) == ""


@pytest.mark.parametrize("count", ["1,0250", "102,50", "10250.0", "10,250,", "1025O", "+10250", "0x280a", "١٠٢٥٠"])
def test_no_other_number_is_taken_for_it(count: str) -> None:
    """Exactly the number, not nearly."""
    assert gates.misfit(f"p {count}", "p", 10_250) == f"the plan moves 10,250 users, and {count} was typed."


@pytest.mark.parametrize("digest", [PLAN.digest, PLAN.short, PLAN.digest[:20].upper()])
def test_its_digest_opens_it(digest: str) -> None:
    """The parameter is the box's twin, for runs without a browser."""
    gate = gates.ApprovalGate(PLAN, digest)
    assert gate.answer == digest
    assert gate.state.startswith("✓ Approved")


@pytest.mark.parametrize("digest", ["0" * 64, "0" * 12, PLAN.digest[:11], PLAN.short + "0" * 52])
def test_another_digest_leaves_it_closed_and_says_why(digest: str) -> None:
    """Facts that changed since the plan was read make another plan: the gate shows which digest it has now."""
    gate = gates.ApprovalGate(PLAN, digest)
    assert gate.state.startswith("✗ Closed")
    assert f"is not this plan's: the plan made from the present facts is {PLAN.short}" in gate.state


def test_the_shown_state_follows_the_box() -> None:
    """What is read beside the box is what holds; taking a digit away closes it again."""
    gate = gates.ApprovalGate(PLAN)
    *_, shown = gate.view().children
    assert "Closed" in shown.value
    gate.box.value = "pool01.lync.test 2"
    assert "✓ Approved" in shown.value
    gate.box.value = "pool01.lync.test "
    assert "✗ Closed" in shown.value


def test_the_summary_stands_without_the_widget(capsys: pytest.CaptureFixture[str]) -> None:
    """An export, where widgets are blank, still says what was in front of the gate."""
    view = gates.ApprovalGate(PLAN).view()
    said = capsys.readouterr().out
    assert repr(view) == "Closed: a live run stops at the next cell."
    assert said == f"pool01.lync.test -> drse01.lync.test, 2 users\n2 x move-user\ndigest {PLAN.short}\n"


def test_an_empty_plan_is_said_to_be_empty() -> None:
    """Nothing to change is no reason to type anything, and no scope is no name to type."""
    gate = gates.ApprovalGate(Plan.of("r", "lab", "", {}, []))
    assert gate.answer == ""
    assert "nothing to change" in gate.summary()


def test_names_are_text() -> None:
    """What the parameters call a pool is shown, not interpreted."""
    gate = gates.ApprovalGate(Plan.of("r", "lab", "<b>x</b> -> y, 0 users", {}, []), "<b>" * 4)
    *_, shown = gate.view().children
    assert "&lt;b&gt;&lt;b&gt;" in shown.value
    gate.box.value = "<i>"
    assert "the pool is &lt;b&gt;x&lt;/b&gt;, and &lt;i&gt; was typed" in shown.value


def test_a_pilot_is_named() -> None:
    """The way home moves one user first: whoever approves it sees who that is."""
    home = Plan.of("r", "lab", "drse01.lync.test -> pool01.lync.test, 1 users", {"pilot": "ann@lync.test"}, [])
    assert "First, alone: ann@lync.test" in gates.ApprovalGate(home, asked="DR pool").summary()


# -- two people --------------------------------------------------------------------------------------------------------
ANNA = Approval("anna", "2026-03-01T02:14:09Z", "anna", "mgmt02")
TYPED = "pool01.lync.test 2"


def two(*given: Approval) -> gates.ApprovalGate:
    """The gate of a plan that two people must approve, at anna's screen."""
    return gates.ApprovalGate(PLAN, standing=Standing(2, given), me="anna")


def test_two_people_type_it() -> None:
    """The first types pool and number; the second a name, and both again. Each lack is said."""
    gate = two()
    assert gate.state == "Closed: a live run stops at the next cell."
    gate.box.value = TYPED
    assert gate.state == "Closed: it waits for a second person."
    gate.name.value = "Berta Alm"
    assert (gate.second, gate.state) == ("", "Closed: it waits for a second person.")
    gate.second_box.value = "pool01.lync.test 3"
    assert (gate.second, gate.state) == ("", "✗ Closed: the plan moves 2 users, and 3 was typed.")
    gate.second_box.value = TYPED
    assert (gate.answer, gate.second) == (PLAN.digest, "Berta Alm")
    assert gate.state == "✓ Approved: go on with the next cell."


@pytest.mark.parametrize("name", ["anna", " ANNA "])
def test_the_second_is_not_the_first(name: str) -> None:
    """The account that runs the notebook is no second person."""
    gate = two()
    gate.box.value, gate.name.value, gate.second_box.value = TYPED, name, TYPED
    assert gate.state == f"✗ Closed: {name.strip()} approved it already; it takes somebody else."


def test_what_is_on_record_is_not_asked_again(capsys: pytest.CaptureFixture[str]) -> None:
    """After a restart: the first approval stands, and only the second person's boxes are shown."""
    gate = two(ANNA)
    boxes = [one for one in gate.view().children if isinstance(one, widgets.Text)]
    assert boxes == [gate.name, gate.second_box]
    said = capsys.readouterr().out
    assert "Two people must approve it. Approved by: anna on mgmt02 at 2026-03-01T02:14:09Z" in said
    gate.name.value, gate.second_box.value = "Berta Alm", TYPED
    assert gate.state == "✓ Approved: go on with the next cell."


def test_a_second_person_who_was_first() -> None:
    """Where somebody else approved it from their own account, only one's own approval is asked for."""
    gate = two(Approval("bert", ANNA.at, "bert", "mgmt01"))
    boxes = [one for one in gate.view().children if isinstance(one, widgets.Text)]
    assert boxes == [gate.box]
    gate.box.value = TYPED
    assert gate.state == "✓ Approved: go on with the next cell."


def test_nothing_is_asked_once_it_is_approved() -> None:
    """By whom and when stands there instead of the boxes."""
    gate = gates.ApprovalGate(PLAN, standing=Standing(1, (ANNA,)), me="bert")
    assert len(gate.view().children) == 1
    assert "Approved already by anna on mgmt02 at 2026-03-01T02:14:09Z" in gate.state
