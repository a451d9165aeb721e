"""The form of a step done by hand: what it collects, and what it shows where there are no widgets."""

from __future__ import annotations

import datetime as dt

import pytest

from lyncdr_helpers.answers import Answer, Attachment
from lyncdr_helpers.phases.guided import Account, GuidedStep, Instruction
from lyncdr_helpers.views.guided import NOTHING, StepForm, StepForms, Told

STEP = GuidedStep(
    "cable", "Move <b>it</b>", "why", "where", (Instruction("Pull."), Instruction("Run:", "Test -A 'x'")), "proof"
)
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
GIVEN = Answer("said on the command line")


def test_an_empty_form_gives_its_twin() -> None:
    """Nothing typed: what the parameters say holds, or nothing."""
    assert StepForm(STEP).answer is None
    assert StepForm(STEP).state == "Waits: a live run stops at the next cell."
    assert StepForm(STEP, GIVEN).answer == GIVEN


def test_what_is_typed_counts() -> None:
    """What was seen, with the attached files; it comes before the parameters."""
    form = StepForm(STEP, GIVEN)
    form.seen.value = "  green "
    form.files.value = (
        {"name": "a.png", "type": "image/png", "size": 1, "content": memoryview(b"x"), "last_modified": NOW},
    )
    assert form.answer == Answer("green", "", (Attachment("a.png", b"x"),))
    assert form.state == "✓ Done, with 1 files of evidence: go on with the next cell."


def test_a_reason_skips() -> None:
    form = StepForm(STEP)
    form.reason.value = "no cable"
    assert form.answer == Answer("", "no cable")
    assert form.state == "✓ Skipped, with a reason."


def test_done_and_skipped_is_neither() -> None:
    """Both boxes filled: no answer, also not the parameters', until one is emptied."""
    form = StepForm(STEP, GIVEN)
    form.seen.value, form.reason.value = "green", "no cable"
    assert form.answer is None
    assert "Leave one of the two empty" in form.state


def test_what_cannot_be_skipped_has_no_box_for_it() -> None:
    step = GuidedStep("x", "t", "w", "w", (), "p", skippable=False)
    assert len(StepForm(step).widget().children) == 3
    assert len(StepForm(STEP).widget().children) == 4


def test_what_is_on_record_is_not_asked() -> None:
    """The form of an answered step shows who answered, and no boxes."""
    form = StepForm(STEP, earlier=Account("cable", "done", "green", "ann@dc", "2026-03-01T12:00:00.000Z"))
    assert form.state == "Already on record: cable: done by ann@dc, 2026-03-01T12:00:00.000Z: green"
    assert len(form.widget().children) == 1
    assert repr(form.widget()) == form.state


def test_a_page_without_widgets_has_it_all() -> None:
    """Static HTML: titles are text, commands stand by themselves to be copied; plain text says the same."""
    shown = Told(STEP)._repr_html_()
    assert "Move &lt;b&gt;it&lt;/b&gt;" in shown
    assert "<pre><code>Test -A 'x'</code></pre>" in shown
    assert "Test -A 'x'" in repr(Told(STEP))


def test_several_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """Answers come by the name of their step; where there is no step, that is said."""
    other = GuidedStep("other", "t", "w", "w", (), "p")
    both = StepForms([StepForm(STEP, GIVEN), StepForm(other)])
    assert both.answers == {"cable": GIVEN}
    both.view()
    assert "Test -A 'x'" in capsys.readouterr().out
    StepForms([]).view()
    assert capsys.readouterr().out == f"{NOTHING}\n"
