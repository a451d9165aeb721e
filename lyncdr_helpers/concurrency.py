"""Many questions at once, in bounded time: what is asked of many servers, some of which are dead."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def ask_all(questions: Iterable[Question], ask: Callable[[Question], Answer], at_once: int) -> list[Answer]:
    """The answers, in the order of the questions, with at most so many under way at the same time.

    `ask` keeps its own time, so that a silent server costs the time of its own question. An error of `ask`, and an
    interrupt, ends it all: what has not begun is not asked any more, what is under way is waited for, and no thread
    outlives the call.
    """
    threads = list[threading.Thread]()
    with ThreadPoolExecutor(at_once, "ask", initializer=lambda: threads.append(threading.current_thread())) as workers:
        try:
            asked = [workers.submit(ask, question) for question in questions]
            return [one.result() for one in asked]
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            # An interrupt in the midst of `submit` leaves a thread running that the pool has not noted yet.
            for thread in threads:
                thread.join()
            raise
