"""Microsoft's cmdlet help as data: which cmdlets a generation has, and which parameters each of them takes."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from lyncdr_helpers.params.generation import Generation

RELEASES: Mapping[str, str] = {"lync2010": "2010", "lync2013": "2013", "sfb2015": "2015", "sfb2019": "2019"}
"""How the table writes a generation."""

COMMON = frozenset(
    {
        *("whatif", "confirm", "debug", "verbose", "erroraction", "errorvariable"),
        *("warningaction", "warningvariable", "outbuffer", "outvariable"),
    }
)
"""What every cmdlet takes: -WhatIf, -Confirm and the common parameters of PowerShell 2.0, in lower case."""

MANDATORY: Mapping[str, tuple[frozenset[str], ...]] = {
    "move-csuser": (frozenset({"Target"}),),
    "export-csconfiguration": (frozenset({"FileName"}), frozenset({"AsBytes"})),
    "export-cslisconfiguration": (frozenset({"FileName"}), frozenset({"AsBytes"})),
    "export-csrgsconfiguration": (frozenset({"Source", "FileName"}),),
    "import-csrgsconfiguration": (frozenset({"Destination", "FileName"}),),
}
"""What a cmdlet cannot run without, read from the parameter sets its help page draws: one of these sets, whole."""

BORROWED: Mapping[str, str] = {
    "Export-CsRgsConfiguration": "2010",
    "Import-CsRgsConfiguration": "2010",
    "Debug-CsUnifiedContactStore": "2013",
    "Get-CsArchivingConfiguration": "2019",
}
"""Releases that the present help leaves out, and whose parameters are taken to be those of the next.

Response Groups of 2010 come as a module of their own, whose parameters are presumed (?). The contact stores of 2013 are
in its own help (library JJ994054, v=OCS.15), since the cumulative update of February 2013, with the same parameters.
Archiving of 2019 has a Set-CsArchivingConfiguration in the help, and so surely what shows it.
"""


@dataclass(frozen=True)
class Parameter:
    """One parameter of one cmdlet, in the spelling of the help. `releases`: where it is listed."""

    name: str
    type: str
    releases: frozenset[str]


@dataclass(frozen=True)
class Cmdlet:
    """One cmdlet. `parameters` is keyed in lower case: PowerShell does not mind the case of a name."""

    name: str
    releases: frozenset[str]
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True)
class Table:
    """113 cmdlets of Lync 2010 to Skype for Business 2019, keyed in lower case.

    Source: the parameter tables of Microsoft's cmdlet help (MicrosoftDocs/office-docs-powershell, skype/skype-ps).
    """

    cmdlets: Mapping[str, Cmdlet]

    @classmethod
    @cache
    def load(cls) -> Table:
        """The table this package carries; read once."""
        text = resources.files("lyncdr_helpers.shell").joinpath("cmdlets.json").read_text(encoding="utf-8")
        return cls({name.lower(): _cmdlet(name, entry) for name, entry in json.loads(text).items()})

    def find(self, cmdlet: str, generation: Generation) -> Cmdlet | None:
        """The cmdlet, or None where the generation does not have it."""
        found = self.cmdlets.get(cmdlet.lower())
        return found if found and RELEASES[generation] in found.releases else None

    def unlisted(self, cmdlet: str, parameter_names: Collection[str], generation: Generation) -> list[str]:
        """The parameters that the help does not list for this cmdlet and generation."""
        found = self.find(cmdlet, generation)
        listed = found.parameters if found else {}
        return [
            name
            for name in parameter_names
            if name.lower() not in COMMON
            and (name.lower() not in listed or RELEASES[generation] not in listed[name.lower()].releases)
        ]

    def missing(self, cmdlet: str, parameter_names: Collection[str]) -> list[str]:
        """What the cmdlet surely cannot run without and was not given; see `faults`."""
        given = {name.lower() for name in parameter_names}
        sets = MANDATORY.get(cmdlet.lower(), ())
        return min(
            ([name for name in sorted(needed) if name.lower() not in given] for needed in sets), key=len, default=[]
        )

    def faults(self, cmdlet: str, parameter_names: Collection[str], generation: Generation) -> list[str]:
        """What the help has against such a call, one sentence each; empty when nothing.

        The help marks a parameter as required within one of the cmdlet's parameter sets, and the table does not say in
        which: `Test-CsRegistration -UserCredential` is marked, yet not needed with health monitoring users. So a
        missing parameter is a fault only where the sets are known, which is where MANDATORY lists them; one that takes
        pipeline input (`Move-CsUser -Identity`) is never missed.
        """
        if not self.find(cmdlet, generation):
            return [f"{cmdlet} is not a cmdlet of {generation}."]
        return [
            *(
                f"{cmdlet} of {generation} has no parameter -{name}."
                for name in self.unlisted(cmdlet, parameter_names, generation)
            ),
            *(f"{cmdlet} needs the parameter -{name}." for name in self.missing(cmdlet, parameter_names)),
        ]


def _cmdlet(name: str, entry: Mapping[str, Any]) -> Cmdlet:
    releases = frozenset(entry["versions"]) | ({BORROWED[name]} if name in BORROWED else set())
    parameters = (
        Parameter(parameter, mark["type"], frozenset(mark.get("versions", releases)))
        for parameter, mark in entry["parameters"].items()
    )
    return Cmdlet(name, releases, {parameter.name.lower(): parameter for parameter in parameters})
