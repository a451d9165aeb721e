"""The commands for users' data, against Microsoft's help for every generation that has them."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import user_data
from lyncdr_helpers.shell.table import Table

GENERATIONS: tuple[Generation, ...] = ("lync2013", "sfb2015", "sfb2019")
TABLE = Table.load()
POOL, FILE, DC = "drse01.lync.test", "D:\\lyncdr\\users.zip", "dc2.lync.test"

COMMANDS: dict[str, Callable[[Generation], Command]] = {
    "export_user_data": lambda generation: user_data.export_user_data(POOL, FILE, DC),
    "update_user_data": lambda generation: user_data.update_user_data(FILE, POOL, DC, generation),
    "import_user_data": lambda generation: user_data.import_user_data(FILE, POOL, DC),
    "count_contact_stores": lambda generation: user_data.count_contact_stores(POOL),
    "get_contact_store": lambda generation: user_data.get_contact_store("ana@lync.test"),
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_one_that_the_generation_knows(name: str, generation: Generation) -> None:
    """Cmdlet and parameters are listed in Microsoft's help."""
    command = COMMANDS[name](generation)
    assert TABLE.faults(command.cmdlet, list(command.parameters), generation) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_2010_has_none_of_them(name: str) -> None:
    """In Lync 2010 there is dbimpexp instead, and no unified contact store."""
    command = COMMANDS[name]("lync2013")
    assert TABLE.faults(command.cmdlet, [], "lync2010") == [f"{command.cmdlet} is not a cmdlet of lync2010."]


def test_no_builder_is_left_out() -> None:
    """A builder that somebody adds must be added above, or it is not checked."""
    public = {name for name, _ in inspect.getmembers(user_data, inspect.isfunction) if not name.startswith("_")}
    assert public == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_writes_says_so(name: str) -> None:
    """Only what changes a pool is held back in a rehearsal."""
    assert COMMANDS[name]("sfb2019").writes == (name in {"update_user_data", "import_user_data"})


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_question_is_answered_only_where_one_may_be_asked(name: str, generation: Generation) -> None:
    """-Confirm is given to a cmdlet whose help lists it, as to another it would be an unknown parameter."""
    command = COMMANDS[name](generation)
    listed = TABLE.cmdlets[command.cmdlet.lower()].parameters
    assert ("Confirm" in command.parameters) == ("confirm" in listed)


@pytest.mark.parametrize(("generation", "named"), [("lync2013", False), ("sfb2015", True), ("sfb2019", True)])
def test_the_target_pool_is_named_where_it_can_be(generation: Generation, named: bool) -> None:
    """-TargetPoolFqdn came with 2015."""
    command = user_data.update_user_data(FILE, POOL, DC, generation)
    assert (command.parameters.get("TargetPoolFqdn") == POOL) == named


@pytest.mark.parametrize("name", COMMANDS)
def test_errors_are_never_kept_quiet(name: str) -> None:
    """-Force would hide that an export stopped midway."""
    assert "Force" not in COMMANDS[name]("sfb2015").parameters
