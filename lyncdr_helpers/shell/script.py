"""A command as a line of PowerShell, for a person to paste: every value is a literal and says no more than itself."""

from __future__ import annotations

from typing import Any

from lyncdr_helpers.ports import Command

QUOTES = "'\u2018\u2019\u201a\u201b"
"""What PowerShell takes for a single quote; each is written twice inside one."""


def line(command: Command) -> str:
    """`Set-CsEdgeServer -Identity 'EdgeServer:edge02.example.org' -Registrar 'Registrar:drse01.example.org'`."""
    return " ".join([command.cmdlet, *(_parameter(name, value) for name, value in command.parameters.items())])


def _parameter(name: str, value: Any) -> str:
    match value:
        case True:
            return f"-{name}"
        case False:
            return f"-{name}:$false"
        case list() | tuple():
            return f"-{name} {', '.join(map(_literal, value))}"
        case _:
            return f"-{name} {_literal(value)}"


def _literal(value: Any) -> str:
    if isinstance(value, int | float):
        return str(value)
    return "'" + "".join(char * 2 if char in QUOTES else char for char in str(value)) + "'"
