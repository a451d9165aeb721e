"""What every form of a notebook has: boxes together, and a state that is said in color, in words, and in an export."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from xml.etree.ElementTree import tostring

import ipywidgets as widgets

from lyncdr_helpers.views.markup import node

COLORS = {"✓": "success", "✗": "error", "Closed": "error"}


class Form(Protocol):
    """Whatever can say in words how it stands."""

    @property
    def state(self) -> str: ...


class Panel(widgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """A form's widgets; where widgets are blank, its state in words."""

    def __init__(self, form: Form, children: Sequence[widgets.Widget]) -> None:
        super().__init__(children)
        self._form = form

    def __repr__(self) -> str:
        return self._form.state


def spoken(state: str) -> str:
    """A state as HTML: in color beside its sign or word; a screen reader says it when it changes."""
    color = next((name for begin, name in COLORS.items() if state.startswith(begin)), None)
    style = f"color: var(--jp-{color}-color1)" if color else None
    return tostring(node("b", state, role="status", style=style), encoding="unicode", method="html")
