"""Cmdlets that take exactly what Microsoft's help lists for a generation, and refuse the rest in PowerShell's words."""

from __future__ import annotations

from collections.abc import Callable

from lyncdr_helpers.lab.winrm.call import Call, Category, Cmdlet, CmdletError
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell.table import Table


def check_parameters(table: Table, generation: Generation) -> Callable[[Cmdlet], Cmdlet]:
    """A wrapper that holds a cmdlet to the table, as that generation has it."""

    def checked(act: Cmdlet) -> Cmdlet:
        def cmdlet(call: Call) -> None:
            _refuse(table, generation, call)
            act(call)

        return cmdlet

    return checked


def command_not_found(name: str) -> CmdletError:
    """What PowerShell says about a cmdlet it does not know."""
    return CmdletError(
        f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
        "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
        "CommandNotFoundException",
        Category.ObjectNotFound,
        name,
    )


def _refuse(table: Table, generation: Generation, call: Call) -> None:
    if not table.find(call.name, generation):
        raise command_not_found(call.name)
    for name in table.unlisted(call.name, call.parameters, generation):
        raise CmdletError(
            f"A parameter cannot be found that matches parameter name '{name}'.",
            f"NamedParameterNotFound,{call.name}",
            Category.InvalidArgument,
        )
    if missing := table.missing(call.name, call.parameters):
        raise CmdletError(
            f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}.",
            f"MissingMandatoryParameter,{call.name}",
            Category.InvalidArgument,
        )
