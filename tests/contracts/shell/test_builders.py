"""The commands that the product can build, against Microsoft's help for every generation."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_args

import pytest

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command, Program
from lyncdr_helpers.shell import cmdlets, dbimpexp
from lyncdr_helpers.shell.table import RELEASES, Table

GENERATIONS: tuple[Generation, ...] = get_args(Generation)
TABLE = Table.load()
POOL = "drse01.lync.test"
FILE = "D:\\lyncdr\\export.zip"

COMMANDS: dict[str, Callable[[Generation], Command]] = {
    "move_users": lambda generation: cmdlets.move_users(POOL, "dc2.lync.test", force=True),
    "get_user": lambda generation: cmdlets.get_user("anna@lync.test"),
    "get_pool": lambda generation: cmdlets.get_pool(POOL),
    "replication_status": lambda generation: cmdlets.replication_status(),
    "central_management_status": lambda generation: cmdlets.central_management_status(),
    "update_user_database": lambda generation: cmdlets.update_user_database(POOL),
    "export_configuration": lambda generation: cmdlets.export_configuration(FILE),
    "export_lis": lambda generation: cmdlets.export_lis(FILE),
    "export_response_groups": lambda generation: cmdlets.export_response_groups(POOL, FILE),
    "import_response_groups": lambda generation: cmdlets.import_response_groups(POOL, FILE, generation),
    "get_response_group_objects": lambda generation: cmdlets.get_response_group_objects("AgentGroup", POOL),
    "get_topology": lambda generation: cmdlets.get_topology(),
    "get_conference_directories": lambda generation: cmdlets.get_conference_directories(),
    "move_conference_directory": lambda generation: cmdlets.move_conference_directory("3", POOL),
    "set_edge_next_hop": lambda generation: cmdlets.set_edge_next_hop("edge02.lync.test", POOL),
    "get_all_response_group_objects": lambda generation: cmdlets.get_all_response_group_objects(
        "Queue", POOL, generation
    ),
    "get_archiving_configuration": lambda generation: cmdlets.get_archiving_configuration(),
    "stop_services": lambda generation: cmdlets.stop_services("fe01.lync.test"),
    "start_services": lambda generation: cmdlets.start_services("fe01.lync.test"),
    "get_health_monitoring": lambda generation: cmdlets.get_health_monitoring(POOL),
    "test_registration": lambda generation: cmdlets.test_registration(POOL),
    "test_im": lambda generation: cmdlets.test_im(POOL),
    "test_presence": lambda generation: cmdlets.test_presence(POOL),
    "test_group_im": lambda generation: cmdlets.test_group_im(POOL),
}

WRITING = {
    *("move_users", "update_user_database", "import_response_groups"),
    *("move_conference_directory", "set_edge_next_hop", "stop_services", "start_services"),
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_one_that_the_generation_knows(name: str, generation: Generation) -> None:
    """Cmdlet and parameters are listed in Microsoft's help, and nothing it cannot run without is missing."""
    command = COMMANDS[name](generation)
    assert TABLE.faults(command.cmdlet, list(command.parameters), generation) == []


def test_no_builder_is_left_out() -> None:
    """A builder that somebody adds must be added above, or it is not checked."""
    public = {name for name, _ in inspect.getmembers(cmdlets, inspect.isfunction) if not name.startswith("_")}
    assert public == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_writes_says_so(name: str) -> None:
    """Only a command that changes the deployment is held back in a rehearsal; all of those ask no questions."""
    command = COMMANDS[name]("lync2010")
    assert command.writes == (name in WRITING)
    if command.writes:
        assert command.parameters["Confirm"] is False


def test_a_plain_move_does_not_force() -> None:
    """A planned move carries the data: no -Force, not even as false."""
    assert "Force" not in cmdlets.move_users(POOL, "dc2.lync.test", force=False).parameters
    assert cmdlets.move_users(POOL, "dc2.lync.test", force=True).parameters["Force"] is True


def test_a_move_goes_on_after_a_bad_user() -> None:
    """-ErrorAction Stop would leave the users after the first bad one behind."""
    assert cmdlets.move_users(POOL, "dc2.lync.test", force=True).parameters["ErrorAction"] == "Continue"


def test_ownership_is_taken_over_where_there_is_any() -> None:
    """Response Groups have an owner from 2013 on."""
    assert "OverwriteOwner" not in cmdlets.import_response_groups(POOL, FILE, "lync2010").parameters
    assert cmdlets.import_response_groups(POOL, FILE, "lync2013").parameters["OverwriteOwner"] is True


def test_a_command_reads_as_powershell() -> None:
    """How a plan shows it to a person."""
    assert str(cmdlets.move_users(POOL, "dc2.lync.test", force=True)) == (
        "Move-CsUser -Target drse01.lync.test -DomainController dc2.lync.test -Force -PassThru -Confirm:$false "
        "-ErrorAction Continue"
    )


def test_dbimpexp_usage() -> None:
    """Without arguments it has no file to write."""
    assert dbimpexp.usage("x.exe") == Program("x.exe")


def test_dbimpexp_export() -> None:
    """A Standard Edition pool needs no SQL server, an Enterprise pool names its back end."""
    assert dbimpexp.export_contacts("x.exe", "D:\\hr.xml") == Program(
        "x.exe", ("/hrxmlfile:D:\\hr.xml", "/restype:user")
    )
    assert dbimpexp.export_contacts("x.exe", "D:\\hr.xml", "sql01\\rtc", "anna@lync.test").arguments == (
        "/hrxmlfile:D:\\hr.xml",
        "/sqlserver:sql01\\rtc",
        "/restype:user",
        "/user:anna@lync.test",
    )


def test_dbimpexp_conference_directories() -> None:
    """Conference directories alone, never users beside them."""
    assert dbimpexp.export_conference_directories("x.exe", "D:\\dirs.xml", "sql01\\rtc") == Program(
        "x.exe", ("/hrxmlfile:D:\\dirs.xml", "/sqlserver:sql01\\rtc", "/restype:confdir")
    )
    assert "/restype:user" not in dbimpexp.export_conference_directories("x.exe", "D:\\dirs.xml").arguments


def test_dbimpexp_import() -> None:
    """An import writes, and says so."""
    assert dbimpexp.import_contacts("x.exe", "D:\\hr.xml") == Program(
        "x.exe", ("/import", "/hrxmlfile:D:\\hr.xml", "/restype:user"), writes=True
    )


# -- the table itself -------------------------------------------------------------------------------------------------
def test_the_table_is_whole() -> None:
    """113 cmdlets with 834 parameters, and every generation of the parameters has a release."""
    assert len(TABLE.cmdlets) == 113
    assert sum(len(cmdlet.parameters) for cmdlet in TABLE.cmdlets.values()) == 834
    assert set(RELEASES) == set(GENERATIONS)


@pytest.mark.parametrize(
    ("cmdlet", "names", "generation", "expected"),
    [
        ("Invoke-CsPoolFailOver", [], "lync2010", ["Invoke-CsPoolFailOver is not a cmdlet of lync2010."]),
        ("Get-CsNothing", [], "sfb2019", ["Get-CsNothing is not a cmdlet of sfb2019."]),
        ("Move-CsUser", ["Target", "Report"], "lync2013", ["Move-CsUser of lync2013 has no parameter -Report."]),
        ("Move-CsUser", ["Target", "Report"], "sfb2015", []),
        ("move-csuser", ["TARGET", "confirm", "WhatIf", "verbose"], "lync2010", []),
        ("Move-CsUser", ["Force"], "lync2010", ["Move-CsUser needs the parameter -Target."]),
        ("Export-CsConfiguration", ["AsBytes"], "lync2010", []),
        ("Export-CsConfiguration", [], "lync2010", ["Export-CsConfiguration needs the parameter -FileName."]),
        ("Export-CsRgsConfiguration", ["Source", "FileName"], "lync2010", []),
        ("Test-CsRegistration", ["TargetFqdn"], "lync2010", []),
    ],
)
def test_faults(cmdlet: str, names: list[str], generation: Generation, expected: list[str]) -> None:
    """Unknown cmdlets, unlisted parameters and what is surely missing; names in any case, common parameters always."""
    assert TABLE.faults(cmdlet, names, generation) == expected


def test_a_misspelt_parameter_would_be_found() -> None:
    """The check above can fail: one wrong letter is a fault in every generation."""
    for generation in GENERATIONS:
        assert TABLE.faults("Move-CsUser", ["Target", "DomainControler"], generation)
