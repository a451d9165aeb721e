"""PowerShell's own cmdlets on the management host, as far as the product asks for them.

The lab runs no scripts: Invoke-Expression knows two expressions, and answers as an ordinary endpoint of the generation
would. What a syntax looks like is Microsoft's; the parameters in it are those of the help.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.lab.winrm.checked import command_not_found
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell import powershell
from lyncdr_helpers.shell.table import RELEASES, Table

READING = ("Get-", "Test-", "Export-", "Debug-")
"""Verbs of cmdlets that ask no questions; the help leaves -Confirm out for many of the others."""

VERSIONS: Mapping[Generation, str] = {
    "lync2010": "2.0",
    "lync2013": "3.0",
    "sfb2015": "4.0",
    "sfb2019": "5.1.17763.1",
}
"""The PowerShell that came with the Windows of the time."""


def get_command(call: Call, state: State, known: Collection[str]) -> None:
    """-Name with -Syntax: one text for each cmdlet. known: the cmdlets of Lync that this host has."""
    state.heed(call, "Name", "Syntax")
    if not call.switch("Syntax"):
        raise CmdletError("The lab's Get-Command shows syntax alone.", "NotImplemented", Category.NotImplemented)
    here = {name.lower(): name for name in known}
    names = call.get("Name")
    for name in names if isinstance(names, list) else [names]:
        if str(name).lower() in here:
            call.text(_syntax(here[str(name).lower()], state.blueprint.generation))
        else:
            call.error(command_not_found(str(name)))


def invoke_expression(call: Call, state: State) -> None:
    """-Command, one of the two that the product sends."""
    state.heed(call, "Command")
    answers = {
        powershell.VERSION_EXPRESSION: VERSIONS[state.blueprint.generation],
        powershell.LANGUAGE_EXPRESSION: "FullLanguage",
    }
    try:
        call.text(answers[call.get("Command")])
    except KeyError:
        raise CmdletError("The lab runs no scripts.", "NotImplemented", Category.NotImplemented) from None


def get_content(call: Call, state: State) -> None:
    """-LiteralPath: the file's lines."""
    state.heed(call, "LiteralPath")
    path = str(call.get("LiteralPath"))
    try:
        for line in state.file(path).read_text(encoding="utf-8").splitlines():
            call.text(line)
    except OSError as cause:
        message = f"Cannot find path '{path}' because it does not exist."
        raise CmdletError(message, "PathNotFound", Category.ObjectNotFound, path) from cause


def set_content(call: Call, state: State) -> None:
    """-LiteralPath, -Value: write the file, with a line break at its end as Set-Content does."""
    state.heed(call, "LiteralPath", "Value")
    place = state.new_file(str(call.get("LiteralPath")))
    place.write_text(f"{call.get('Value')}\r\n", encoding="utf-8", newline="")


def _syntax(cmdlet: str, generation: Generation) -> str:
    """As Get-Command -Syntax writes it, with all parameters in one set."""
    found = Table.load().find(cmdlet, generation)
    assert found is not None, f"{cmdlet} is not of {generation}"
    here = [one for one in found.parameters.values() if RELEASES[generation] in one.releases]
    words = [f"[-{one.name}]" if one.type == "SwitchParameter" else f"[-{one.name} <{one.type}>]" for one in here]
    if not found.name.startswith(READING):
        words += [word for word in ("[-WhatIf]", "[-Confirm]") if word not in words]
    return f"\r\n{' '.join([found.name, *words, '[<CommonParameters>]'])}\r\n"
