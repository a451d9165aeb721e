"""How long a store that went away is waited for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from lyncdr_helpers.clock import Clock
from lyncdr_helpers.errors import Unreachable

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
"""Seconds between one attempt and the next: about a minute in all, which outlasts a file server's restart."""

T = TypeVar("T")


class Patience:
    """Repeats what failed because the store went away, with growing pauses. The last attempt's Unreachable is raised.

    A store that has never answered is not waited for: its address is wrong, or its share is not mounted.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered = False

    def outlast(self, act: Callable[[], T]) -> T:
        """What `act` returns. It may be called several times."""
        for pause in PAUSES:
            try:
                return self._once(act)
            except Unreachable:
                if not self._answered:
                    raise
            self._clock.sleep(pause)
        return self._once(act)

    def _once(self, act: Callable[[], T]) -> T:
        result = act()
        self._answered = True
        return result
