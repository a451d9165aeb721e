"""The gate in front of everything that changes the deployment: it collects a choice, and never acts."""

from __future__ import annotations

import html

import ipywidgets as widgets

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.plan import Plan, require_approval


class ApprovalGate:
    """Approve exactly this plan: type the lost pool's name into the box, or give its digest as the parameter.

    Show it in one cell, use `answer` in the next: Run All goes past this cell and stops at the next one.
    """

    def __init__(self, plan: Plan, approve: str = "") -> None:
        self._plan = plan
        self._given = approve
        self._pool = plan.scope.partition(" ")[0]
        self.box = widgets.Text(placeholder=self._pool, description="Lost pool:")
        self._state = widgets.HTML()
        self.box.observe(self._show_state, "value")
        self._show_state()

    @property
    def answer(self) -> str:
        """The digest that was approved: the parameter's, or this plan's when the pool's name was typed, else empty."""
        typed: str = self.box.value.strip().lower()
        return self._plan.digest if typed == self._pool else self._given

    def view(self) -> widgets.Widget:
        """What is about to happen, in words, and the box."""
        print(self.summary())
        consequence = f"<b>{html.escape(self.summary())}</b><br>To approve, type the lost pool's name."
        return widgets.VBox([widgets.HTML(consequence), self.box, self._state])

    def summary(self) -> str:
        """One line that also stands in an export, where widgets are blank."""
        counts = ", ".join(f"{count:,} x {kind}" for kind, count in self._plan.counts().items())
        return f"{self._plan.scope}: {counts or 'nothing to change'}; digest {self._plan.short}"

    def _show_state(self, *_: object) -> None:
        open_ = bool(self.answer) and _fits(self._plan, self.answer)
        self._state.value = (
            "✓ approved: run the next cell" if open_ else "closed: the next cell stops until the name is typed"
        )


def approval(plan: Plan, approve: str = "") -> ApprovalGate:
    """The gate of a plan; `approve` is its parameter twin."""
    return ApprovalGate(plan, approve)


def _fits(plan: Plan, digest: str) -> bool:
    try:
        require_approval(plan, digest)
    except Refusal:
        return False
    return True
