"""The gate in front of everything that changes the deployment: it collects a choice, and never acts."""

from __future__ import annotations

import re
import textwrap
from xml.etree.ElementTree import tostring

import ipywidgets as widgets

from lyncdr_helpers import files
from lyncdr_helpers.errors import WIDE, Refusal
from lyncdr_helpers.phases import approval as approvals
from lyncdr_helpers.phases.activation_plan import MOVE
from lyncdr_helpers.phases.approval import Standing
from lyncdr_helpers.plan import Plan, require_approval
from lyncdr_helpers.session import Session
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.panel import Panel, spoken

COUNT = re.compile(r"[0-9]{1,3}(?:[.,'’ \u00a0\u202f]?[0-9]{3})*")
"""Digits, in threes where somebody parts them: 10000, 10,000, 10.000, 10 000."""

OPEN = "go on with the next cell."
SECOND = "Then somebody else types their name, and both again. Or they run, from an account of their own:"
NEXT = "Then select the next cell (by keyboard: Shift+Tab, ↓) and choose Run > Run Selected Cell and All Below."


class ApprovalGate:
    """Approve exactly this plan: type the pool's name and the number of users, or give the plan's digest.

    Show it in one cell, use `answer` and `second` in the next: Run All goes past this cell and stops at the next one.

    standing: who approved the plan already, and how many people must. me: the account that runs this. elsewhere: what
    a second person runs as themselves instead.
    """

    def __init__(
        self,
        plan: Plan,
        approve: str = "",
        asked: str = "lost pool",
        standing: Standing | None = None,
        me: str = "",
        elsewhere: str = "",
    ) -> None:
        self._plan, self._given, self._asked, self._me, self._elsewhere = plan, approve, asked, me, elsewhere
        self._standing = standing or Standing(1, ())
        self._pool = plan.scope.partition(" ")[0]
        self.box = _box(f"{asked[:1].upper()}{asked[1:]}, users:")
        self.name, self.second_box = _box("Second person:"), _box("The same again:")
        self._shown = widgets.HTML()
        for box in (self.box, self.name, self.second_box):
            box.observe(self._show_state, "value")
        self._show_state()

    @property
    def answer(self) -> str:
        """The digest that was approved: this plan's when pool and number were typed, else the parameter's, or empty.

        Whatever else was typed closes the gate, also where the parameter would open it.
        """
        if not self.box.value.strip():
            return self._given
        return "" if self._misfit(self.box) else self._plan.digest

    @property
    def second(self) -> str:
        """Who else approves it at this screen: the name, once pool and number were typed again beside it."""
        fits = self.second_box.value.strip() and not self._misfit(self.second_box)
        return self.name.value.strip() if fits else ""

    @property
    def state(self) -> str:
        """Open or closed, in words, and what does not fit."""
        if self._standing.whole:
            return f"✓ Approved already by {self._standing.text}: {OPEN}"
        return self._first_lacks() or self._second_lacks() or f"✓ Approved: {OPEN}"

    def view(self) -> widgets.Widget:
        """What is about to happen, and the boxes. The summary is printed: it stands in an export, a widget does not."""
        print(self.summary())
        return Panel(self, [*self._boxes(), self._shown])

    def summary(self) -> str:
        """How far it reaches, how much of what, the digest; then who must approve it, where that is not one."""
        counts = ", ".join(f"{count:,} x {kind}" for kind, count in self._plan.counts().items())
        lines = [self._plan.scope, *_wrapped(counts or "nothing to change"), f"digest {self._plan.short}"]
        if pilot := self._plan.basis.get("pilot"):
            lines.append(f"First, alone: {pilot}")
        if self._standing.needed > 1:
            lines.append(f"Two people must approve it. Approved by: {self._standing.text or 'nobody yet'}")
        return "\n".join(lines)

    def _boxes(self) -> list[widgets.Widget]:
        if self._standing.whole or not self._pool:
            return []
        boxes = [] if self._mine else [_words(f"To approve, type {self._what}."), self.box]
        if self._needs_second:
            boxes += [_words(SECOND, self._elsewhere), self.name, self.second_box]
        return [*boxes, _words(NEXT)]

    @property
    def _what(self) -> str:
        return f"the name of the {self._asked} and the number of users, as they stand above"

    @property
    def _mine(self) -> bool:
        return self._standing.has(self._me)

    @property
    def _needs_second(self) -> bool:
        others = len(self._standing.given) - self._mine
        return self._standing.needed - 1 > others

    def _first_lacks(self) -> str:
        if self._mine:
            return ""
        if why := self._misfit(self.box):
            return f"✗ Closed: {why}"
        if not self.answer:
            return "Closed: a live run stops at the next cell."
        try:
            require_approval(self._plan, self.answer)
        except Refusal as closed:
            return f"✗ Closed: {closed.message}"
        return ""

    def _second_lacks(self) -> str:
        if not self._needs_second or (self.second and not self._is_known(self.second)):
            return ""
        if self._is_known(self.name.value):
            return f"✗ Closed: {self.name.value.strip()} approved it already; it takes somebody else."
        if why := self._misfit(self.second_box):
            return f"✗ Closed: {why}"
        return "Closed: it waits for a second person."

    def _is_known(self, name: str) -> bool:
        return approvals.is_same(name, self._me) or self._standing.has(name)

    def _misfit(self, box: widgets.Text) -> str:
        """What of the typed words does not fit the plan; nothing where they do, or where there are none."""
        typed = str(box.value).strip()
        return misfit(typed, self._pool, len(self._plan.of_kind(MOVE))) if typed else ""

    def _show_state(self, *_: object) -> None:
        self._shown.value = spoken(self.state)


def misfit(typed: str, pool: str, users: int) -> str:
    """What of `pool01.example.org 250` is not as in the plan, in words, or nothing."""
    name, _, count = typed.strip().partition(" ")
    number = count.strip()
    if not pool or name.casefold() != pool.casefold():
        return f"the pool is {pool or 'none'}, and {name} was typed."
    if not number:
        return "the number of users is missing: type it after the pool's name."
    if not COUNT.fullmatch(number) or int(re.sub(r"[^0-9]", "", number)) != users:
        return f"the plan moves {users:,} users, and {number} was typed."
    return ""


def approval(session: Session, plan: Plan, approve: str = "", asked: str = "lost pool") -> ApprovalGate:
    """The gate of a plan; `approve` is its parameter twin. asked: what the pool is whose name is typed."""
    standing = approvals.standing(session.journal.lines, plan.digest)
    elsewhere = f"lyncdr approve {plan.run} {plan.short} --params {session.loaded.path}"
    return ApprovalGate(plan, approve, asked, standing, files.whoami()["user"], elsewhere)


def _box(description: str) -> widgets.Text:
    return widgets.Text(
        description=description, style={"description_width": "10em"}, layout=widgets.Layout(width="40em")
    )


def _words(text: str, command: str = "") -> widgets.HTML:
    pre = node("pre", command) if command else None
    return widgets.HTML(tostring(node("div", text, pre), encoding="unicode", method="html"))


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDE, break_on_hyphens=False)
