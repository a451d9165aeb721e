"""The commands that people run on site to prepare: known to Microsoft's help, and safe to paste."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_args

import pytest

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import preparation
from lyncdr_helpers.shell.script import line
from lyncdr_helpers.shell.table import Table

GENERATIONS: tuple[Generation, ...] = get_args(Generation)
TABLE = Table.load()
POOL, EDGE = "drse01.example.test", "edge02.example.test"

COMMANDS: dict[str, Callable[[Generation], Command]] = {
    "install_databases": lambda generation: preparation.install_databases(POOL),
    "install_central_management_database": lambda generation: preparation.install_central_management_database(
        POOL, "rtc"
    ),
    "enable_topology": lambda generation: preparation.enable_topology(),
    "test_topology": lambda generation: preparation.test_topology(),
    "move_management_server": lambda generation: preparation.move_management_server(),
    "fail_over_pool": lambda generation: preparation.fail_over_pool(POOL),
    "get_store_location": lambda generation: preparation.get_store_location(),
    "replicate": lambda generation: preparation.replicate(),
    "set_edge_next_hop": lambda generation: preparation.set_edge_next_hop(EDGE, POOL),
    "set_pool_edge": lambda generation: preparation.set_pool_edge(POOL, EDGE),
    "set_archiving": lambda generation: preparation.set_archiving(POOL, "ArchivingServer:x", generation),
    "set_monitoring": lambda generation: preparation.set_monitoring(POOL, "MonitoringServer:x", generation),
    "get_services": lambda generation: preparation.get_services(POOL),
    "get_simple_urls": lambda generation: preparation.get_simple_urls(),
    "get_um_contacts": lambda generation: preparation.get_um_contacts(),
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_one_that_the_generation_knows(name: str, generation: Generation) -> None:
    """Cmdlet and parameters are listed in Microsoft's help; pairing is of 2013 and later."""
    command = COMMANDS[name](generation)
    unknown = (name, generation) == ("fail_over_pool", "lync2010")
    assert bool(TABLE.faults(command.cmdlet, list(command.parameters), generation)) is unknown


def test_no_builder_is_left_out() -> None:
    """A builder that somebody adds must be added above, or it is not checked."""
    public = {name for name, _ in inspect.getmembers(preparation, inspect.isfunction) if not name.startswith("_")}
    assert public == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_writes_says_so(name: str) -> None:
    """By its verb; and it asks first, as a person runs it."""
    command = COMMANDS[name]("lync2010")
    assert command.writes == (not command.cmdlet.startswith(("Get-", "Test-")))
    assert not {"Confirm", "Force"} & command.parameters.keys()


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        ("plain", "'plain'"),
        ("a b\\c", "'a b\\c'"),
        ("it's; Remove-Item C:\\", "'it''s; Remove-Item C:\\'"),
        ("\u2019$(x)`n", "'\u2019\u2019$(x)`n'"),
        (5061, "5061"),
        (["a", "b'c"], "'a', 'b''c'"),
    ],
)
def test_a_value_is_a_literal(value: object, spelled: str) -> None:
    """Whatever it holds, PowerShell reads it as itself: no variable, no second command, no end of the quote."""
    assert line(Command("Set-CsRegistrar", {"Identity": value})) == f"Set-CsRegistrar -Identity {spelled}"


def test_switches() -> None:
    """On by name, off in so many words."""
    assert line(Command("X", {"Force": True, "Confirm": False})) == "X -Force -Confirm:$false"
