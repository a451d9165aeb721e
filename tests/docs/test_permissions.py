"""Who asks for rights asks for all of them: every command that the product can build has its line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, get_args

from handbook import DOCS, rows, section

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command, Program, RecordChange, RecordSet
from lyncdr_helpers.shell import catalogue, dns_server, management_server, powershell, preparation, sockets, sql

PAGE = DOCS / "permissions.md"
RUN = "## Lync: which cmdlet needs which group"
TYPED = "## Lync: what people type"
T_SQL = re.compile(
    r"BACKUP DATABASE|RESTORE (?:DATABASE|[A-Z]+ONLY)|ALTER USER|sp_change_users_login|SERVERPROPERTY"
    r"|msdb\.dbo\.\w+|\bsys\.\w+"
)
RECORD = RecordSet("sip.example.org", "A", 300, ("192.0.2.1",))


def listed(heading: str) -> list[str]:
    """What stands in the first column."""
    return [name for row in rows(section(PAGE, heading)) for name in re.findall(r"`([^`]+)`", row[0])]


def test_every_cmdlet_that_runs_has_its_line() -> None:
    """Those of the catalogue, of every generation, and PowerShell's own; and no line is left of what is gone."""
    generations: tuple[Generation, ...] = get_args(Generation)
    built = {one.cmdlet for each in generations for one in catalogue.commands(each)}
    built |= {one.cmdlet for module in (powershell, sockets) for one in made(module)}
    assert sorted(listed(RUN)) == sorted(built)


def test_every_cmdlet_that_people_type_has_its_line() -> None:
    """Those of the steps by hand and of the way to a ready DR site."""
    shown = {one.cmdlet for module in (preparation, management_server) for one in made(module)}
    shown |= {one.cmdlet for one in dns_server.change("example.org", RecordChange(RECORD, RECORD))}
    assert sorted(listed(TYPED)) == sorted(shown)


def test_what_changes_something_says_what() -> None:
    """A cmdlet whose command writes has a word in the last column."""
    writing = {one.cmdlet for each in get_args(Generation) for one in catalogue.commands(each) if one.writes}
    told = {row[0].strip("`") for row in rows(section(PAGE, RUN)) if row[3]}
    assert writing <= told


def test_every_statement_for_sql_server_has_its_line() -> None:
    """Statements, views and procedures, as the builders spell them."""
    spelled = {found for one in made(sql) for found in T_SQL.findall(one.arguments[-1])}
    told = [name.removeprefix("sys.") for name in listed("## SQL Server (Group Chat)")]
    assert sorted(told) == sorted({name.removeprefix("sys.") for name in spelled})


def made(module: Any) -> Iterator[Any]:
    """What each of a module's builders makes, of made-up texts."""
    values = {"str": "a.example.org", "int": 5061, "bool": True, "SqlServer": sql.SqlServer("a.example.org")}
    values |= {"Generation": "lync2010", "Iterable[str]": ("Get-CsUser",), "Mapping[str, str]": {"a": "D:\\a.mdf"}}
    for name, builder in inspect.getmembers(module, inspect.isfunction):
        hints = dict(inspect.get_annotations(builder))
        ours = builder.__module__ == module.__name__ and not name.startswith("_")
        if ours and hints.pop("return") in (Command.__name__, Program.__name__):
            yield builder(**{parameter: values[hint] for parameter, hint in hints.items()})
