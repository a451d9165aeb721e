"""Many questions at once: in order, bounded, and gone when somebody stops them."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from lyncdr_helpers.concurrency import ask_all


def asking_threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name.startswith("ask")]


def test_in_the_order_of_the_questions() -> None:
    """The slowest first question does not come last."""

    def ask(number: int) -> int:
        time.sleep(0.05 if number == 0 else 0)
        return number

    assert ask_all(range(20), ask, 8) == list(range(20))
    assert ask_all([], ask, 8) == []


@pytest.mark.parametrize("at_once", [1, 3, 64])
def test_no_more_than_so_many_at_once(at_once: int) -> None:
    """The bound is reached, for each question waits until as many are under way, and it holds."""
    meeting, lock, now, most = threading.Barrier(at_once, timeout=20), threading.Lock(), 0, 0

    def ask(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        meeting.wait()
        with lock:
            now -= 1

    ask_all(range(at_once * 3), ask, at_once)
    assert most <= at_once


def test_an_error_ends_it() -> None:
    """The error comes out, what has not begun is not asked, and no thread is left."""
    asked = []

    def ask(number: int) -> None:
        asked.append(number)
        if number == 3:
            raise ValueError("three")
        time.sleep(0.01)

    with pytest.raises(ValueError, match="three"):
        ask_all(range(1000), ask, 2)
    assert len(asked) < 50
    assert asking_threads() == []


@pytest.mark.parametrize("when", [0, 9])
def test_an_interrupt_ends_it(when: int) -> None:
    """Ctrl-C waits for what is under way, asks nothing more, and leaves no thread behind: at the start, and later."""
    asked, answered = [], []

    def ask(number: int) -> None:
        asked.append(number)
        if number == when:
            os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.3)
        answered.append(number)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        ask_all(range(1000), ask, 4)
    assert time.monotonic() - began < 5
    assert sorted(asked) == sorted(answered)
    assert len(asked) <= when + 8
    for thread in asking_threads():
        thread.join(0.1)  # one that was just being made, and has asked nothing
    assert asking_threads() == []
