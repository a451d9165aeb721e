"""How far an act is and how fast it goes, in the words that a notebook, a watcher and a record share. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lyncdr_helpers.clock import spell

BYTES = "MB"
"""The unit of what is counted in bytes."""


@dataclass
class Work:
    """One act. total: its changes; already, done, failed, withheld: what became of them. In changes, or in bytes.

    seconds: at work on it, up to its last batch. over: whether its step came to an end.
    """

    act: str
    total: int = 0
    already: int = 0
    done: int = 0
    failed: int = 0
    withheld: int = 0
    seconds: float = 0.0
    over: bool = False
    unit: str = ""

    @property
    def settled(self) -> int:
        return self.already + self.done + self.failed + self.withheld

    @property
    def a_second(self) -> float | None:
        """Changes a second, of those that were still to be made; None before the first batch is over."""
        made = self.settled - self.already
        return made / self.seconds if made and self.seconds else None

    @property
    def left(self) -> float | None:
        """Seconds that the rest takes at this pace; None where nobody can tell."""
        if self.over or self.settled >= self.total:
            return 0.0
        return (self.total - self.settled) / self.a_second if self.a_second else None

    @property
    def text(self) -> str:
        """`move users: 400 of 1,204, 2 FAILED, 42 a second, 19 s left`."""
        unit = f" {self.unit}" if self.unit else ""
        parts = [f"{self.act}: {self._count(self.settled)} of {self._count(self.total)}{unit}"]
        parts += [f"{self.failed:,} FAILED"] if self.failed else []
        parts += [f"{self.withheld:,} withheld"] if self.withheld else []
        parts += [f"{self._rate(self.a_second)}{unit} a second"] if self.a_second else []
        parts += [f"{spell(self.left)} left"] if self.left else []
        return ", ".join(parts)

    def _count(self, number: float) -> str:
        return f"{number / 1e6:,.1f}" if self.unit == BYTES else f"{number:,}"

    def _rate(self, rate: float) -> str:
        if self.unit == BYTES:
            return self._count(rate)
        return f"{rate:,.0f}" if rate >= 10 else f"{rate:.2g}"
