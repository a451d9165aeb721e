"""A finding: something wrong at one place in the parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lyncdr_helpers.params.mistakes import Location, dotted


@dataclass(frozen=True)
class Finding:
    """What is wrong at a place. `example` is one line of YAML; empty: the field's own example is shown."""

    location: Location
    wrong: str
    example: str = ""


def repeated(values: Iterable[tuple[Location, str]], wrong: str = "is used twice") -> Iterator[Finding]:
    """A finding for each value that was there before; it names the first place."""
    first: dict[str, Location] = {}
    for location, value in values:
        if value in first:
            yield Finding(location, f"{value} {wrong}: it stands at {dotted(first[value])} already")
        else:
            first[value] = location
