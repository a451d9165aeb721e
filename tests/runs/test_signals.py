"""Signals: the first asks for the end, whoever it reaches, and nothing disturbs what comes after it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from lyncdr_helpers.runs.signals import ending_in_order

pytestmark = pytest.mark.skipif(os.name != "posix", reason="Windows has no such signals to send")


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_one_interrupts_and_no_other() -> None:
    """The first signal raises; while what it ended is tidied up, further ones of any kind do nothing."""
    with ending_in_order() as ending:
        with pytest.raises(KeyboardInterrupt):
            ctrl_c()
        assert ending.came
        ctrl_c()
        os.kill(os.getpid(), signal.SIGTERM)


def test_one_inside_another() -> None:
    """A run within a drill: the drill's own tidying up is not disturbed either."""
    with ending_in_order() as outer:
        with ending_in_order() as inner, pytest.raises(KeyboardInterrupt):
            ctrl_c()
        assert inner is outer
        ctrl_c()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_exception_that_python_drops() -> None:
    """A signal that arrives in a finalizer raises into nothing; that it came is still known."""

    class Finalized:
        def __del__(self) -> None:
            ctrl_c()

    with ending_in_order() as ending:
        Finalized()
        assert ending.came


def test_afterwards_everything_is_as_before() -> None:
    """The handlers of whoever called are theirs again."""
    before = signal.getsignal(signal.SIGTERM)
    with ending_in_order():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_in_another_thread_nothing_is_changed() -> None:
    """Only the main thread may handle signals: elsewhere the context is there, and idle."""
    seen = []

    def work() -> None:
        with ending_in_order() as ending:
            seen.append((ending.came, signal.getsignal(signal.SIGINT)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(False, signal.getsignal(signal.SIGINT))]
