"""What a benchmark measures: the times of rivals in one run, and the memory of a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence

Show = Callable[[str, Sequence[Sequence[object]]], None]
"""The fixture `show`: prints a table with a title; its first row has the names of the columns."""

TURN = 0.5
"""The seconds that everybody's turn takes at least."""

PEAK = """
import pathlib, psutil
status = pathlib.Path("/proc/self/status")
if status.exists():
    print(int(status.read_text().partition("VmHWM:")[2].split()[0]) * 1024)
else:
    print(psutil.Process().memory_info().peak_wset)
"""
"""Printed by a child: not ru_maxrss, which Linux carries over from the process that started it."""


def in_turns(rounds: int, **rivals: Callable[[], object]) -> dict[str, float]:
    """The shortest time of each, in seconds of the processor, all threads together.

    They take turns, so that what else the machine does meets all of them; whoever is quick goes again within a turn,
    for a short time is the one that is easily spoilt.
    """
    best = dict.fromkeys(rivals, float("inf"))
    for _ in range(rounds):
        for name, work in rivals.items():
            best[name] = min(best[name], *_turn(work))
    return best


def _turn(work: Callable[[], object]) -> list[float]:
    times: list[float] = []
    while sum(times) < TURN:
        begun = time.process_time()
        work()
        times.append(time.process_time() - begun)
    return times


def peak_memory(code: str, *arguments: object) -> int:
    """The most memory, in bytes, that a Python process of its own had resident while it ran the code."""
    child = [sys.executable, "-c", code + PEAK, *map(str, arguments)]
    ran = subprocess.run(child, check=True, capture_output=True, text=True)
    return int(ran.stdout.split()[-1])
