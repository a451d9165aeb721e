"""The gate in front of everything that changes the deployment: it collects a choice, and never acts."""

from __future__ import annotations

import html
from collections.abc import Sequence

import ipywidgets as widgets

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.plan import Plan, require_approval


class ApprovalGate:
    """Approve exactly this plan: type the name of the pool that its scope begins with, or give its digest.

    Show it in one cell, use `answer` in the next: Run All goes past this cell and stops at the next one.
    """

    def __init__(self, plan: Plan, approve: str = "", asked: str = "Lost pool") -> None:
        self._plan = plan
        self._given = approve
        self._pool = plan.scope.partition(" ")[0]
        self.box = widgets.Text(description=f"{asked}:")
        self._shown = widgets.HTML()
        self.box.observe(self._show_state, "value")
        self._show_state()

    @property
    def answer(self) -> str:
        """The digest that was approved: this plan's when the pool's name was typed, else the parameter's, or empty."""
        typed: str = self.box.value.strip().lower()
        return self._plan.digest if typed and typed == self._pool else self._given

    @property
    def state(self) -> str:
        """Open or closed, in words."""
        if not self.answer:
            return "Closed: a live run stops at the next cell."
        try:
            require_approval(self._plan, self.answer)
        except Refusal as closed:
            return f"Closed: {closed.message}"
        return "✓ Approved: go on with the next cell."

    def view(self) -> widgets.Widget:
        """What is about to happen, and the box. The summary is printed: it stands in an export, a widget does not."""
        print(self.summary())
        how = (
            f"To approve, type <b>{html.escape(self._pool)}</b>. "
            "Then select the next cell and choose <b>Run &gt; Run Selected Cell and All Below</b>."
        )
        return Panel(self, [widgets.HTML(how), self.box, self._shown])

    def summary(self) -> str:
        """One line: how far it reaches, how much of what, and the digest."""
        counts = ", ".join(f"{count:,} x {kind}" for kind, count in self._plan.counts().items())
        return f"{self._plan.scope}: {counts or 'nothing to change'}; digest {self._plan.short}"

    def _show_state(self, *_: object) -> None:
        self._shown.value = html.escape(self.state)


class Panel(widgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """The gate's widgets; where widgets are blank, the gate's state in words."""

    def __init__(self, gate: ApprovalGate, children: Sequence[widgets.Widget]) -> None:
        super().__init__(children)
        self._gate = gate

    def __repr__(self) -> str:
        return self._gate.state


def approval(plan: Plan, approve: str = "", asked: str = "Lost pool") -> ApprovalGate:
    """The gate of a plan; `approve` is its parameter twin. asked: what the pool is whose name is typed."""
    return ApprovalGate(plan, approve, asked)
