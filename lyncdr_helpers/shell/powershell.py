"""PowerShell's own cmdlets, as typed commands: what is there on the management host, and a file from it and to it.

They are in no table of Lync's. Source: Microsoft's help on Microsoft.PowerShell.Core, .Management and .Utility.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lyncdr_helpers.ports import Command, Record

VERSION_EXPRESSION = '"$($PSVersionTable.PSVersion)"'
LANGUAGE_EXPRESSION = '"$($ExecutionContext.SessionState.LanguageMode)"'
"""The only two expressions that are ever sent. No value is put into them; between the quotes, the answer is a text."""

PARAMETER = re.compile(r"(?<![\w-])-(\w+)")


def get_syntax(cmdlets: Iterable[str]) -> Command:
    """How each of these cmdlets is called, one text each; `syntax` reads them. One that is not there is left out."""
    return Command("Get-Command", {"Name": sorted(cmdlets), "Syntax": True, "ErrorAction": "SilentlyContinue"})


def get_version() -> Command:
    """Which PowerShell it is: `5.1.17763.1`. Get-Host would tell the version of the remote session's host."""
    return Command("Invoke-Expression", {"Command": VERSION_EXPRESSION})


def get_language_mode() -> Command:
    """What the session may run: FullLanguage, ConstrainedLanguage, RestrictedLanguage or NoLanguage."""
    return Command("Invoke-Expression", {"Command": LANGUAGE_EXPRESSION})


def get_content(file: str) -> Command:
    """The lines of a file on the management host."""
    return Command("Get-Content", {"LiteralPath": file, "ErrorAction": "Stop"})


def set_content(file: str, text: str) -> Command:
    """Write a file on the management host; like an export, it changes nothing of the deployment."""
    return Command("Set-Content", {"LiteralPath": file, "Value": text, "ErrorAction": "Stop"})


def syntax(output: Iterable[Record]) -> Mapping[str, frozenset[str]]:
    """Cmdlet -> its parameters, in lower case, from the answer to `get_syntax`: one text holds all parameter sets."""
    found: dict[str, frozenset[str]] = {}
    for row in output:
        for line in str(row.get("Value", "")).splitlines():
            name, _, rest = line.strip().partition(" ")
            if name:
                known = found.get(name.lower(), frozenset())
                found[name.lower()] = known | {one.lower() for one in PARAMETER.findall(rest)}
    return found
