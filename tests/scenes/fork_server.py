"""Processes that come from a server which has imported everything: a start costs a hundredth of a second.

A child of this process would inherit its threads' locks.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

import pytest


@cache
def server() -> ForkServerContext:
    """Where such processes come from. It is told by its environment where to import from: sys.path it forgets."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["forked", "forked_kernel", "way_home"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()
    return context


@contextmanager
def apart(work: Callable[..., None], *given: object) -> Iterator[BaseProcess]:
    """Such a process at its work, which does not outlive the block."""
    process = server().Process(target=work, args=given)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()
