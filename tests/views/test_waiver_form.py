"""The form of a closed gate: it shows what a reason stands for, begins empty, and its words reach the next try."""

from __future__ import annotations

import pytest

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.session import ClosedGate
from lyncdr_helpers.views.waivers import GIVEN, WAITS, Reasons, Told, WaiverForm

GATE = ClosedGate("users-without-export", Refusal("2 users"), ("<b>ann</b>@lync.test", "bob@lync.test"))


def test_it_begins_empty_and_says_what_it_stands_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody waives by doing nothing; where widgets are blank, the names stand, and that no reason was given."""
    form = WaiverForm(GATE)
    assert (form.reason.value, form.answer, form.state) == ("", "", WAITS)
    form.view()
    said = capsys.readouterr().out
    assert "bob@lync.test" in said
    assert WAITS in said
    assert "&lt;b&gt;ann" in Told(GATE)._repr_html_()


def test_a_gate_that_names_nobody() -> None:
    """What was just seen is what the reason stands for."""
    assert "what was just seen" in Told(ClosedGate("backup-age", Refusal("old"), ()))._repr_html_()


def test_what_is_written_counts_before_the_parameter() -> None:
    """The form is the newer word; where it is empty the parameter holds, and blanks are nothing."""
    reasons = Reasons({"backup-age": "the share was down", "users-without-export": "by parameter"})
    reasons.ask(GATE)
    assert dict(reasons) == {"backup-age": "the share was down", "users-without-export": "by parameter"}
    form = reasons.forms[GATE.name]
    form.reason.value = "  they left last week "
    assert form.state == GIVEN
    assert reasons[GATE.name] == "they left last week"
    form.reason.value = "   "
    assert reasons[GATE.name] == "by parameter"


def test_it_closes_again_with_an_empty_form() -> None:
    """Words that stood for some do not stand for others: the next form does not have them."""
    reasons = Reasons({})
    reasons.ask(GATE)
    reasons.forms[GATE.name].reason.value = "they left"
    assert reasons.get(GATE.name) == "they left"
    reasons.ask(GATE)
    assert reasons.get(GATE.name) is None
    assert (len(reasons), list(reasons)) == (0, [])


def test_a_gate_that_no_reason_opens_has_no_form(capsys: pytest.CaptureFixture[str]) -> None:
    """An approval is not replaced by a reason."""
    reasons = Reasons({})
    reasons.ask(ClosedGate("approval", Refusal("waits")))
    assert capsys.readouterr().out == ""
    with pytest.raises(KeyError):
        reasons["approval"]
