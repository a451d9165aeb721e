"""Every command that the playbook can build, so that a host can be asked for it beforehand.

It is drawn from the builders themselves: whatever is added to their modules is in it without anybody's doing.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from itertools import product
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import cmdlets, endpoints, homeward, pairing, user_data
from lyncdr_helpers.shell.table import COMMON, Table

MODULES: tuple[ModuleType, ...] = (cmdlets, endpoints, homeward, user_data, pairing)
"""Builders of what the playbook runs; those of preparation.py, management_server.py and
dns_server.py are shown to people."""

CONFIRM = "confirm"
"""Common by table.COMMON, though only those cmdlets have it that change something."""


def commands(generation: Generation) -> Iterator[Command]:
    """Each builder's command for that generation, in every form that its parameters can give it; texts are made up."""
    for module in MODULES:
        for name, builder in inspect.getmembers(module, inspect.isfunction):
            if builder.__module__ == module.__name__ and not name.startswith("_"):
                hints = get_type_hints(builder)
                names = [parameter for parameter in hints if parameter != "return"]
                for values in product(*(_values(hints[parameter], generation) for parameter in names)):
                    yield builder(**dict(zip(names, values, strict=True)))


def needed(generation: Generation) -> Mapping[str, frozenset[str]]:
    """Cmdlet -> the parameters that the playbook gives it, in lower case; of what the generation has."""
    table, found = Table.load(), dict[str, frozenset[str]]()
    for command in commands(generation):
        if table.find(command.cmdlet, generation):
            own = {name.lower() for name in command.parameters} - (COMMON - {CONFIRM})
            found[command.cmdlet] = found.get(command.cmdlet, frozenset()) | own
    return dict(sorted(found.items()))


def _values(hint: Any, generation: Generation) -> tuple[Any, ...]:
    """Every value that a parameter may have, one for a text. Raises TypeError for a type that nobody foresaw."""
    if hint == Generation:
        return (generation,)
    if get_origin(hint) is Literal:
        return get_args(hint)
    if hint is bool:
        return (True, False)
    if hint is str:
        return ("some.example.org",)
    raise TypeError(f"no builder of commands takes a {hint}")
