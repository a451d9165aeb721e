"""A sound parameters file, and ways to break it at one place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from lyncdr_helpers.params.mistakes import Mistake

PARAMS = Path(__file__).parents[2] / "params"
EXAMPLE = PARAMS / "example.yml"


class Gone(Enum):
    """That a key is to be taken out. An enumeration, because its name is the same in every process."""

    GONE = "gone"


GONE = Gone.GONE
"""In a change: take the key away."""

Changes = Mapping[str, Any]
Read = Callable[[str | bytes], tuple[Mistake, ...]]


@cache
def _parsed() -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(EXAMPLE)
    return data


def example() -> dict[str, Any]:
    """What params/example.yml says."""
    return copy.deepcopy(_parsed())


def put(data: Any, steps: list[str | int], value: Any) -> None:
    """Change one place of nested values; one past the end of a list appends."""
    *around, last = steps
    for step in around:
        data = data[step]
    if value is GONE:
        del data[last]
    elif isinstance(data, list) and last == len(data):
        data.append(value)
    else:
        data[last] = value


def changed(changes: Changes) -> str:
    """The example with some places changed: `{"failover.from": "x", "dns.servers.1.tsig": GONE}`, as YAML (JSON)."""
    data = example()
    for dotted, value in changes.items():
        put(data, [int(step) if step.isdigit() else step for step in dotted.split(".")], value)
    return json.dumps(data, indent=1)
