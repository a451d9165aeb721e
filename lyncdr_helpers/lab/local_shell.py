"""The shell of a server of the lab, for whoever stands in front of it: what is refused from afar works here."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab import sites
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.cmdlets import local_cmdlets
from lyncdr_helpers.lab.command_line import parse
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.lab.winrm.call import Typed
from lyncdr_helpers.lab.winrm.checked import command_not_found


@dataclass
class Said:
    """What one command said, and by which errors it failed."""

    output: list[Mapping[str, Any]] = field(default_factory=list)
    errors: list[CmdletError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class _Kept:
    def __init__(self) -> None:
        self.said = Said()

    def output(self, value: Typed | str) -> None:
        self.said.output.append({"Value": value} if isinstance(value, str) else dict(value.properties))

    def error(self, error: CmdletError) -> None:
        self.said.errors.append(error)

    def warning(self, text: str) -> None:
        self.said.warnings.append(text)


def lab_in(folder: Path) -> Blueprint:
    """The lab that stands in the folder. Raises InputError where none does."""
    try:
        return Blueprint.load(folder)
    except FileNotFoundError as cause:
        raise InputError(f"There is no lab in {folder}.", "Start one: lyncdr lab up") from cause


def run(blueprint: Blueprint, line: str) -> Said:
    """Run one line, as it was printed, on the DR pool's server. Raises InputError for what is no single command."""
    name, parameters = parse(line)
    if not sites.read(blueprint.folder).reachable(DR_POOL):
        raise LyncdrError(f"The server {DR_POOL} is down.", "Give the site back: lyncdr lab heal dr")
    kept = _Kept()
    known = {each.lower(): act for each, act in local_cmdlets(blueprint).items()}
    try:
        act = known.get(name.lower())
        if act is None:
            raise command_not_found(name)
        act(Call(name, parameters, [], getpass.getuser(), kept))
    except CmdletError as error:
        kept.error(error)
    return kept.said
