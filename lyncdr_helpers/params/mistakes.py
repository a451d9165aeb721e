"""A mistake in a parameters file, and the error that carries all of them at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.errors import InputError

Location = tuple[str | int, ...]
"""Where something stands in the file: `("dns", "records", 0, "to")`."""


def dotted(location: Location) -> str:
    """`dns.records.0.to`, as mistakes and JSON tools spell it."""
    return ".".join(str(step) for step in location)


@dataclass(frozen=True)
class Mistake:
    """One thing to correct. `key` is dotted, and empty where the whole file is meant; `example` is YAML that is right.

    No value that failed its check is ever quoted: it may be a secret in the wrong place.
    """

    file: Path
    line: int
    key: str
    wrong: str
    example: str = ""

    def __str__(self) -> str:
        key = f"{self.key}: " if self.key else ""
        example = f" Example: {self.example}" if self.example else ""
        return printable(f"{self.file}:{self.line}: {key}{self.wrong}.{example}")


class ParamsError(InputError):
    """A parameters file cannot be used. `mistakes` holds all of them, in the file's order; the message lists them."""

    def __init__(self, file: Path, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.key, mistake.wrong)))
        super().__init__(
            "\n".join(str(mistake) for mistake in self.mistakes),
            f"Correct the file, then run: lyncdr params check {file}",
        )

    def __str__(self) -> str:
        return f"{self.message}\n{self.remedy}"


def printable(text: str) -> str:
    """The text with control characters and half characters spelled out, so that any terminal can show it."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
