"""Time as a port: the product asks a clock, so a test can move it and nothing ever sleeps for real."""

from __future__ import annotations

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, and how to wait."""

    def now(self) -> dt.datetime:
        """The present moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> dt.datetime:
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SetClock:
    """A clock that stands where it is put; sleeping moves it."""

    def __init__(self, start: dt.datetime) -> None:
        self._now = start
        self._ticks = 0.0

    def now(self) -> dt.datetime:
        return self._now

    def monotonic(self) -> float:
        return self._ticks

    def sleep(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
        self._ticks += seconds


def stamp(moment: dt.datetime) -> str:
    """`2026-03-01T02:14:09.123Z`: how every record in this project writes a moment (RFC 3339, UTC, milliseconds)."""
    return moment.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> dt.datetime:
    """The moment that `stamp` wrote."""
    return dt.datetime.fromisoformat(text)


def spell(seconds: float) -> str:
    """A duration for people: `24 ms`, `0.4 s`, `38 s`, `4 min 10 s`, `60 min`, `1 h 02 min`."""
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.5:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes <= 60:
        return f"{minutes} min {rest:02d} s" if rest else f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
