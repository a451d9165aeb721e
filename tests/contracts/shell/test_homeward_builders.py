"""The commands that only a fail back needs, against Microsoft's help for every generation."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import homeward
from lyncdr_helpers.shell.table import Table

TABLE = Table.load()
POOL, FILE = "drse01.lync.test", "D:\\lyncdr\\rgs.zip"
COMMANDS: tuple[Callable[[Generation], Command], ...] = (
    lambda generation: homeward.get_windows_services("fe01.lync.test"),
    lambda generation: homeward.export_owned_response_groups(POOL, FILE, generation),
    lambda generation: homeward.remove_response_groups(POOL, FILE, generation),
)


@pytest.mark.parametrize("generation", get_args(Generation))
@pytest.mark.parametrize("build", COMMANDS)
def test_every_generation_knows_them(build: Callable[[Generation], Command], generation: Generation) -> None:
    """Cmdlet and parameters are listed, and nothing that it cannot run without is missing."""
    command = build(generation)
    assert TABLE.faults(command.cmdlet, list(command.parameters), generation) == []


def test_an_export_that_removes_is_a_write() -> None:
    """A rehearsal withholds it, unlike the export that it is otherwise; neither can ask a question."""
    export, remove = (build("sfb2015") for build in COMMANDS[1:])
    assert (export.writes, remove.writes) == (False, True)
    assert remove.parameters["RemoveExportedConfiguration"] is True
    assert remove.parameters["Force"] is True


def test_owners_are_named_where_there_are_any() -> None:
    """From 2013 on: what the DR pool runs for another pool is not taken from it."""
    assert "Owner" not in homeward.export_owned_response_groups(POOL, FILE, "lync2010").parameters
    owner = homeward.export_owned_response_groups(POOL, FILE, "lync2013").parameters["Owner"]
    assert owner == f"service:ApplicationServer:{POOL}"
