"""A step that is done by hand, for the eyes: what to do, as text to copy, and the form in which to say what came of it.

A form collects an answer and never acts on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import tostring

import ipywidgets as widgets
from IPython.display import display

from lyncdr_helpers.answers import Answer, Attachment
from lyncdr_helpers.phases import guided
from lyncdr_helpers.phases.guided import Account, GuidedStep
from lyncdr_helpers.session import Session
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.panel import Panel, spoken

NOTHING = "Nothing is to be done by hand here."


class Told:
    """What is to be done, as a page shows it; an export has it too."""

    def __init__(self, step: GuidedStep) -> None:
        self._step = step

    def _repr_html_(self) -> str:
        step = self._step
        done = [
            node("li", one.text, node("pre", node("code", one.command)) if one.command else None) for one in step.do
        ]
        shown = node(
            "div",
            node("h4", "By hand: ", step.title, " ", node("code", step.name)),
            node("p", node("b", "Why: "), step.why),
            node("p", node("b", "Where: "), step.where),
            node("ol", done),
            node("p", node("b", "Proof: "), step.proof),
            class_="lyncdr",
        )
        return tostring(shown, encoding="unicode", method="html")

    def __repr__(self) -> str:
        return self._step.text


class StepForm:
    """Say what was seen, attach what shows it; or say why the step is skipped.

    given: the answer among the run's parameters, the form's twin. earlier: what is on record already.
    """

    def __init__(self, step: GuidedStep, given: Answer | None = None, earlier: Account | None = None) -> None:
        self.step = step
        self._given = given
        self._earlier = earlier
        wide = widgets.Layout(width="60em")
        self.seen = widgets.Textarea(description="Seen:", placeholder="Done, and this is what was seen", layout=wide)
        self.files = widgets.FileUpload(description="Attach evidence", multiple=True)
        self.reason = widgets.Textarea(description="Or skip:", placeholder="The reason to leave it out", layout=wide)
        self._shown = widgets.HTML()
        for box in (self.seen, self.files, self.reason):
            box.observe(self._show_state, "value")
        self._show_state()

    @property
    def answer(self) -> Answer | None:
        """What the form says; where nobody wrote anything into it, what the parameters say; else None."""
        seen, reason = self.seen.value.strip(), self.reason.value.strip()
        if bool(seen) == bool(reason):
            return None if seen else self._given
        return Answer(seen, reason, tuple(Attachment(one["name"], bytes(one["content"])) for one in self.files.value))

    @property
    def state(self) -> str:
        """What the next cell will make of it, in words."""
        if self._earlier:
            return f"Already on record: {self._earlier.text}"
        if self.seen.value.strip() and self.reason.value.strip():
            return "Done or skipped? Leave one of the two empty."
        answer = self.answer
        if answer is None:
            return "Waits: a live run stops at the next cell."
        if answer.skipped:
            return "✓ Skipped, with a reason." if self.step.skippable else "This step cannot be skipped."
        evidence = f", with {len(answer.attached)} files of evidence" if answer.attached else ""
        return f"✓ Done{evidence}: go on with the next cell."

    def widget(self) -> widgets.Widget:
        boxes = [self.seen, self.files] + ([self.reason] if self.step.skippable else [])
        return Panel(self, [*([] if self._earlier else boxes), self._shown])

    def _show_state(self, *_: object) -> None:
        self._shown.value = spoken(self.state)


class StepForms:
    """The forms of the steps that stand before the next cell: show them in one cell, use `answers` in the next."""

    def __init__(self, forms: list[StepForm]) -> None:
        self.forms = forms

    @property
    def answers(self) -> Mapping[str, Answer]:
        """What was answered, by the name of its step."""
        return {form.step.name: answer for form in self.forms if (answer := form.answer)}

    def view(self) -> None:
        """Each step, and its form below it."""
        if not self.forms:
            print(NOTHING)
        for form in self.forms:
            display(Told(form.step), form.widget())  # type: ignore[no-untyped-call]  # IPython ships no types


def forms(session: Session, *steps: GuidedStep) -> StepForms:
    """The forms of these steps, with what the parameters say of them and what is on record."""
    return StepForms(
        [StepForm(step, session.answers.get(step.name), guided.account(session, step.name)) for step in steps]
    )
