"""What a host is asked for beforehand: every command that the playbook can build, and nothing that somebody forgot."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from types import ModuleType
from typing import get_args

import pytest

from lyncdr_helpers import shell
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import (
    catalogue,
    dns_server,
    endpoints,
    management_server,
    pairing,
    powershell,
    preparation,
    sockets,
)
from lyncdr_helpers.shell.table import Table

GENERATIONS: tuple[Generation, ...] = get_args(Generation)
TABLE = Table.load()
MOVE = "Move-CsUser [-Identity] <UserId-Parameter> -Target <Fqdn> [-Force] [<CommonParameters>]"
SHOWN_TO_PEOPLE = {preparation, management_server, dns_server}
OF_POWERSHELL = {powershell, sockets}
"""What every host has, and what a host that has it not says so itself."""


def builders(module: ModuleType) -> set[str]:
    return {name for name, _ in inspect.getmembers(module, inspect.isfunction) if not name.startswith("_")}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_builder_is_in_it(generation: Generation) -> None:
    """Each builder of each module gives at least one command; a forced and a plain move give one each."""
    found = list(catalogue.commands(generation))
    assert len(found) >= sum(len(builders(module)) for module in catalogue.MODULES)
    moves = [one.parameters.get("Force") for one in found if one.cmdlet == "Move-CsUser"]
    assert sorted(moves, key=str) == [None, True]
    kinds = {one.cmdlet for one in found if one.cmdlet.startswith("Get-CsRgs")}
    assert kinds == {"Get-CsRgsAgentGroup", "Get-CsRgsQueue", "Get-CsRgsWorkflow"}


@pytest.mark.parametrize("generation", GENERATIONS)
def test_the_help_knows_all_that_is_needed(generation: Generation) -> None:
    """Whatever a host is asked for is listed in Microsoft's help for that generation."""
    for name, parameters in catalogue.needed(generation).items():
        assert TABLE.find(name, generation)
        assert TABLE.unlisted(name, parameters, generation) == []


def test_a_generation_is_not_asked_for_what_it_lacks() -> None:
    """Lync 2010 has neither pairing nor Export-CsUserData; 2013 finds each user's pool by itself."""
    assert not {"Get-CsPoolBackupRelationship", "Export-CsUserData"} & catalogue.needed("lync2010").keys()
    assert "targetpoolfqdn" not in catalogue.needed("lync2013")["Update-CsUserData"]
    assert "targetpoolfqdn" in catalogue.needed("sfb2015")["Update-CsUserData"]


def test_common_parameters_are_not_asked_for() -> None:
    """Every cmdlet takes -ErrorAction; -Confirm only those that change something, so it is asked for."""
    assert catalogue.needed("lync2010")["Move-CsUser"] == {
        *("confirm", "domaincontroller", "force", "passthru", "target"),
    }


def test_a_builder_that_takes_something_new_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A parameter of a type that nobody foresaw is no reason to leave a builder out."""
    module = ModuleType("made_up")

    def get_something(number: int) -> Command:
        return Command("Get-CsSomething", {"Number": number})

    get_something.__module__ = module.__name__
    module.get_something = get_something  # type: ignore[attr-defined]
    monkeypatch.setattr(catalogue, "MODULES", (module,))
    with pytest.raises(TypeError, match="int"):
        list(catalogue.commands("lync2010"))


def test_which_modules_it_is_drawn_from() -> None:
    """A module of builders that somebody adds is in the catalogue, or it is said here why not."""
    modules = [import_module(one.name) for one in pkgutil.iter_modules(shell.__path__, f"{shell.__name__}.")]
    building = {
        module
        for module in modules
        for _, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and inspect.signature(one).return_annotation == "Command"
    }
    assert building == {*catalogue.MODULES, *SHOWN_TO_PEOPLE, *OF_POWERSHELL}


# -- what moves endpoints, and what pairing is asked with --------------------------------------------------------------
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", sorted(builders(endpoints)))
def test_what_moves_endpoints(name: str, generation: Generation) -> None:
    """Forced, without a question, fed by the pipeline; as the help lists it, and no meeting room in Lync 2010."""
    command = getattr(endpoints, name)("drse01.lync.test", "dc1.lync.test")
    unknown = name == "move_meeting_rooms" and generation == "lync2010"
    assert bool(TABLE.faults(command.cmdlet, list(command.parameters), generation)) is unknown
    assert command.writes
    assert "drse01.lync.test" in command.parameters.values()
    assert (command.parameters["Force"], command.parameters["Confirm"]) == (True, False)
    assert "Identity" not in command.parameters


@pytest.mark.parametrize("build", [pairing.get_backup_relationship, pairing.get_backup_status])
def test_pairing_is_of_2013_and_later(build) -> None:
    """Both cmdlets take the pool, and Lync 2010 has neither."""
    command = build("pool01.lync.test")
    for generation in GENERATIONS[1:]:
        assert TABLE.faults(command.cmdlet, list(command.parameters), generation) == []
    assert TABLE.faults(command.cmdlet, [], "lync2010")
    assert not command.writes


# -- PowerShell's own --------------------------------------------------------------------------------------------------
def test_nothing_of_powershells_own_changes_the_deployment() -> None:
    """They are run in a rehearsal as well."""
    for command in (
        powershell.get_syntax(["Move-CsUser"]),
        powershell.get_version(),
        powershell.get_language_mode(),
        powershell.get_content("C:\\x"),
        powershell.set_content("C:\\x", "y"),
    ):
        assert not command.writes


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ([], {}),
        (["\r\nGet-CsPool [[-Identity] <String>] [<CommonParameters>]\r\n"], {"get-cspool": {"identity"}}),
        (
            [
                f"\r\n{MOVE}\r\n\r\nMove-CsUser -UserList <String> [-WhatIf]\r\n",
                "\r\nGet-CsTopology [-AsXml]\r\n",
            ],
            {"move-csuser": {"identity", "target", "force", "whatif", "userlist"}, "get-cstopology": {"asxml"}},
        ),
        (["Get-CsNothing"], {"get-csnothing": set()}),
        (["", "\r\n \r\n"], {}),
    ],
)
def test_syntax(texts: list[str], found: dict[str, set[str]]) -> None:
    """Each cmdlet with the parameters of all its sets, in lower case, however the text is broken."""
    assert powershell.syntax([{"Value": text} for text in texts]) == found


def test_syntax_of_something_else() -> None:
    """An object without a text is no cmdlet."""
    assert powershell.syntax([{"Name": "Move-CsUser"}, {"Value": None}]) == {"none": frozenset()}
