"""Closed gates, where the operator looks: what was refused comes into view, and with it the form for a reason.

Show them with `attend` where a notebook begins its session. A form collects a reason and never acts on it: the cell
that was refused, run again, takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import uuid4
from xml.etree.ElementTree import tostring

import ipywidgets as widgets
from IPython.core.getipython import get_ipython
from IPython.display import display

from lyncdr_helpers.session import ClosedGate, Session
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.panel import Panel, spoken

WAITS = "Closed: no reason was given."
GIVEN = "✓ A reason is given: select this cell again and choose Run > Run Selected Cell and All Below."

SCRIPT = """setTimeout(() => {
  const cell = document.querySelector("#jp-main-dock-panel [data-refused='%s']")?.closest(".jp-Cell");
  for (const kind of ["mousedown", "mouseup"])
    cell?.querySelector(".jp-InputPrompt").dispatchEvent(new MouseEvent(kind, {bubbles: true, button: 0}));
  cell?.scrollIntoView({block: "center"});
}, 500);"""
"""Run All goes on to the last cell and shows that; half a second later the refused one is selected and shown instead.

A click on a cell's number is the only way from a page's script to JupyterLab's selection.
"""


class WaiverForm:
    """Why a closed gate is passed all the same, in somebody's own words. Nothing is written there before them."""

    def __init__(self, gate: ClosedGate) -> None:
        self._gate = gate
        self.reason = widgets.Textarea(
            description="Reason:",
            placeholder="Why it is passed all the same; it stays on record, with your account",
            layout=widgets.Layout(width="60em"),
        )
        self._shown = widgets.HTML()
        self.reason.observe(self._show_state, "value")
        self._show_state()

    @property
    def answer(self) -> str:
        """The reason, or nothing."""
        return str(self.reason.value).strip()

    @property
    def state(self) -> str:
        return GIVEN if self.answer else WAITS

    def view(self) -> None:
        """The gate and what a waiver of it stands for, which an export has too; and the form below it."""
        display(Told(self._gate), Panel(self, [self.reason, self._shown]))  # type: ignore[no-untyped-call]  # IPython ships no types

    def _show_state(self, *_: object) -> None:
        self._shown.value = spoken(self.state)


class Told:
    """A closed gate and what its waiver would stand for, as a page shows it."""

    def __init__(self, gate: ClosedGate) -> None:
        self._gate = gate
        rest = "the run's tables have them all"
        self._names = Frame.of([(name,) for name in gate.stands_for or ()], ["a_reason_stands_for"], rest=rest)

    def _repr_html_(self) -> str:
        gate = self._gate
        what = "A reason opens it for what was just seen, and nothing else." if self._names.empty else ""
        head = node("p", "Gate ", node("b", gate.name), f" is closed. {what}")
        names = "" if self._names.empty else self._names._repr_html_()
        return f"{tostring(head, encoding='unicode', method='html')}{names}"

    def __repr__(self) -> str:
        names = "" if self._names.empty else f"\n{self._names!r}"
        return f"Gate {self._gate.name} is closed.{names}"


class Reasons(Mapping[str, str]):
    """Gate -> reason: what was written into its newest form, else what the parameters say."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given
        self.forms: dict[str, WaiverForm] = {}

    def __getitem__(self, gate: str) -> str:
        written = self.forms[gate].answer if gate in self.forms else ""
        return written or self._given[gate]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._given, **{gate: "" for gate, form in self.forms.items() if form.answer}})

    def __len__(self) -> int:
        return len(list(iter(self)))

    def ask(self, gate: ClosedGate) -> None:
        """Show the form of a gate that a reason opens; an empty one each time that it closes."""
        if gate.stands_for is not None:
            self.forms[gate.name] = WaiverForm(gate)
            self.forms[gate.name].view()


def attend(session: Session) -> None:
    """From now on a closed gate of this session shows its form, and a cell that fails comes into view."""
    reasons = Reasons(session.waivers)
    session.waivers, session.on_closed = reasons, reasons.ask
    if shell := get_ipython():
        shell.events.register("post_run_cell", come_into_view)


def come_into_view(result: object) -> None:
    """Show the cell that has just failed. result: IPython's ExecutionResult."""
    if getattr(result, "error_in_exec", None) is not None:
        display(Mark())  # type: ignore[no-untyped-call]


class Mark:
    """What brings its cell into view in JupyterLab, and is nothing anywhere else."""

    def _repr_html_(self) -> str:
        name = uuid4().hex
        return f"<span data-refused='{name}'></span><script>{SCRIPT % name}</script>"

    def __repr__(self) -> str:
        return ""
