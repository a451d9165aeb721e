"""Signals that ask a run to end, as the one exception that ends it in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


class Ending:
    """What the signals do. `came`: whether one has asked for the end; Python may drop the exception, not this."""

    came = False

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self.came:
            self.came = True
            raise KeyboardInterrupt(f"signal {number}")


@contextmanager
def ending_in_order() -> Iterator[Ending]:
    """Within it, the first signal raises KeyboardInterrupt and any further one is ignored: tidying up is not disturbed.

    Inside another one it yields that one, which ends last. Signals reach the main thread only; elsewhere none comes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield Ending()
        return
    outer = signal.getsignal(ENDING[0])
    if isinstance(outer, Ending):
        yield outer
        return
    ending = Ending()
    before = {number: signal.signal(number, ending) for number in ENDING}
    try:
        yield ending
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
