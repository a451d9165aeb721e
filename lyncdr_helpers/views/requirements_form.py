"""What must work again, as a form: try other answers, see what the DR site would lack for them, and how to keep them.

The form tells and never acts: what counts is what the parameters say, and nothing here changes them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from xml.etree.ElementTree import tostring

import ipywidgets as widgets
from IPython.display import display

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.params.requirements import Requirements, description
from lyncdr_helpers.phases.readiness.requirements import Requirements as Found
from lyncdr_helpers.topology.gaps import Gap, gaps
from lyncdr_helpers.topology.requirements import Component, components
from lyncdr_helpers.views import topology_tables
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.panel import Panel

SIGN_IN, ARCHIVING = "archiving.must_be_up_to_sign_in", "archiving.needed"
ALWAYS = "im_presence"
NO_TOPOLOGY = "Without a topology nobody can say what the DR site lacks."
WORDS = {
    Verdict.PASS: "there",
    Verdict.WARN: "missing, and may follow",
    Verdict.FAIL: "missing",
    Verdict.UNKNOWN: "look on site",
}
SHOWN = ["verdict", "component", "needed_for", "seen", "remedy"]
"""The columns of the gap table that fit beside boxes."""


class RequirementsForm:
    """A box for each answer, with what it asks of the DR site; below them the gap table of all answers together.

    found: what the phase made of the recorded answers. The boxes begin with those.
    """

    def __init__(self, found: Found) -> None:
        self._found = found
        self.boxes: Mapping[str, widgets.Checkbox] = {
            key: widgets.Checkbox(answer, description=title(key), indent=False, layout=widgets.Layout(width="29em"))
            for key, answer in found.asked.answers.items()
        }
        self.boxes[ALWAYS].disabled = True
        self.shown = widgets.HTML()
        for box in self.boxes.values():
            box.observe(self._show, "value")
        self._show()

    @property
    def answers(self) -> Requirements:
        """What the boxes say. Archiving that is not needed need not be up either."""
        said = {key: bool(box.value) for key, box in self.boxes.items()}
        return Requirements.of(said | {SIGN_IN: said[SIGN_IN] and said[ARCHIVING]})

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What the DR site holds and lacks for these answers; nothing without a topology."""
        return self._judged(components(self.answers, self._found.generation))

    @property
    def state(self) -> str:
        """What the answers come to, in a sentence or two."""
        if not self._found.failover:
            return NO_TOPOLOGY
        missing = [str(gap.component.part) for gap in self.gaps if gap.verdict is Verdict.FAIL]
        told = f"✗ The DR site lacks {', '.join(missing)}." if missing else "✓ No must-have is missing in the DR site."
        same = self.answers == self._found.asked
        return f"{told} {'These answers are the recorded ones.' if same else 'These answers are tried, and not kept.'}"

    def table(self) -> Frame:
        """Columns: what_must_work_again, key, answer, asks_of_the_DR_site. The recorded answers: the form's twin."""
        return Frame.of(
            [
                (description(key), key, "yes" if answer else "no", self._consequence(key))
                for key, answer in self._found.asked.answers.items()
            ],
            ["what_must_work_again", "key", "answer", "asks_of_the_DR_site"],
        )

    def view(self) -> None:
        """The recorded answers as a table, which an export has too, and the boxes below it."""
        display(self.table(), self.widget())  # type: ignore[no-untyped-call]  # IPython ships no types

    def widget(self) -> widgets.Widget:
        lead = widgets.HTML("Try other answers: nothing is changed by that.")
        return Panel(self, [lead, *self.rows(), self.shown])

    def rows(self) -> list[widgets.Widget]:
        """Each box with what its answer asks of the DR site."""
        layout = widgets.Layout(align_items="flex-start")
        return [
            widgets.HBox([box, widgets.HTML(html.escape(self._consequence(key)))], layout=layout)
            for key, box in self.boxes.items()
        ]

    def _consequence(self, key: str) -> str:
        """`Mediation Server: missing; PSTN gateway: missing`: what one answer asks for, whatever the others say."""
        if key == SIGN_IN:
            return "Archiving becomes a must: an activation is not ready before it works"
        nothing = dict.fromkeys(self._found.asked.answers, False) | {ALWAYS: True}
        alone = components(Requirements.of(nothing | {key: True}), self._found.generation)
        own = [one for one in alone if key.partition(".")[0] in one.needed_for]
        states = {gap.component.part: f": {WORDS[gap.verdict]}" for gap in self._judged(own)}
        return "; ".join(f"{one.part}{states.get(one.part, '')}" for one in own)

    def _judged(self, needed: Iterable[Component]) -> tuple[Gap, ...]:
        return gaps(self._found.failover, needed) if self._found.failover else ()

    def _show(self, *_: object) -> None:
        self.boxes[SIGN_IN].disabled = not self.boxes[ARCHIVING].value
        self.shown.value = self._told() + self._table() + self._lines()

    def _told(self) -> str:
        # A screen reader says it when it changes.
        return tostring(node("p", node("b", self.state), role="status"), encoding="unicode", method="html")

    def _table(self) -> str:
        if not self._found.failover:
            return ""
        # A widget's own lines are as high as a button.
        return f'<div style="line-height: 1.3">{topology_tables.gaps(self.gaps)[SHOWN]._repr_html_()}</div>'

    def _lines(self) -> str:
        if self.answers == self._found.asked:
            return ""
        how = "To keep them, put these lines into the parameters in place of the section of that name, and run again:"
        told = node("div", node("p", how), node("pre", node("code", self.answers.lines)))
        return tostring(told, encoding="unicode", method="html")


def form(found: Found) -> RequirementsForm:
    """The form of what the phase found."""
    return RequirementsForm(found)


def title(key: str) -> str:
    """A box's words: the beginning of what the answer means."""
    words = re.split(r"[.:;]", description(key).removeprefix("Whether "), maxsplit=1)[0]
    return words[:1].upper() + words[1:]
