"""A thread of a lab server that looks again and again at what the server depends on."""

from __future__ import annotations

import threading
from collections.abc import Callable

EVERY_SECONDS = 0.1


class Watch:
    """Calls `look` at once and then every so often, on a thread of its own, until it is told to stop."""

    def __init__(self, name: str, look: Callable[[], None]) -> None:
        self._look = look
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=name, daemon=True)

    def start(self) -> None:
        """Look once here: what that raises reaches the caller."""
        self._look()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopping.wait(EVERY_SECONDS):
            self._look()
