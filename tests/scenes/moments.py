"""Moments of a run, known by a line of its journal, and the kill that falls there."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable

import psutil

from lyncdr_helpers.journal import Line


def is_step(name: str) -> Callable[[Line], bool]:
    return lambda line: line.kind == "step" and line.facts["name"] == name and line.facts["state"] == "started"


def is_act(kind: str, act: str, number: int = 1) -> Callable[[Line], bool]:
    """The nth line of that kind for that act; the kill then falls between act and result, or right after the result."""
    left = number

    def matches(line: Line) -> bool:
        nonlocal left
        left -= line.kind == kind and line.facts.get("act") == act
        return left == 0

    return matches


def end_group(process: subprocess.Popen[bytes]) -> None:
    """The command and its kernel, which is a session of its own, as a power cut would."""
    try:
        everyone = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        everyone = []
    for one in everyone:
        try:
            os.kill(one.pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait()
