"""sqlcmd.exe of the lab: the options and the few statements that the product sends, and an error for all others.

The messages are SQL Server's own, shortened; a real sqlcmd would wait for its login timeout before it gives up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.cmdlets import sql_statements
from lyncdr_helpers.lab.cmdlets.sql_statements import Said
from lyncdr_helpers.lab.sql_errors import SqlError
from lyncdr_helpers.lab.winrm import ProgramCall

DONE, FAILED = 0, 1

SWITCHES = {"-E", "-b", "-x", "-r1", "-W"}
VALUED = {"-S", "-Q", "-l", "-w", "-s"}
NEEDED = (SWITCHES | VALUED) - {"-l"}
"""Without these a real sqlcmd would sign in, end or write otherwise than the lab's does."""

NO_SERVER = """\
HResult 0x2, Level 16, State 1\r
Named Pipes Provider: Could not open a connection to SQL Server [2].\r
Sqlcmd: Error: Microsoft SQL Server Native Client 10.0 : A network-related or instance-specific error has occurred \
while establishing a connection to SQL Server. Server is not found or not accessible. Check if instance name \
is correct and if SQL Server is configured to allow remote connections.\r
Sqlcmd: Error: Microsoft SQL Server Native Client 10.0 : Login timeout expired.\r
"""

USAGE = """\
Microsoft (R) SQL Server Command Line Tool\r
usage: Sqlcmd            [-U login id]          [-P password]\r
  [-S server]            [-H hostname]          [-E trusted connection]\r
"""


def main(call: ProgramCall, blueprint: Blueprint) -> int:
    """One run; the exit code."""
    if call.arguments == ["-?"]:
        call.out(USAGE)
        return DONE
    options = _options(call.arguments)
    if options is None:
        call.err(f"Sqlcmd: Error: the lab's sqlcmd wants {' '.join(sorted(NEEDED))}, each once.\r\n")
        return FAILED
    servers = (group_chat.sql_server(blueprint), group_chat.standby_server(blueprint))
    server = next((one for one in servers if one.name == options["-S"].lower() and one.reachable), None)
    if server is None:
        call.err(NO_SERVER)
        return FAILED
    try:
        said = sql_statements.carry_out(server, options["-Q"])
    except SqlError as error:
        place = f"Level 16, State 1, Server {server.name.upper()}, Line 1"
        call.err(f"Msg {error.number}, {place}\r\n{error.message}\r\n")
        return FAILED
    call.err("".join(f"{message}\r\n" for message in said.messages))
    call.out(_table(said, options["-s"]))
    return DONE


def _options(arguments: Sequence[str]) -> Mapping[str, str] | None:
    """The options by name; None where one is unknown, there twice, or missing."""
    options: dict[str, str] = {}
    words = list(arguments)
    while words:
        name = words.pop(0)
        if name in options or name not in SWITCHES | VALUED or (name in VALUED and not words):
            return None
        options[name] = words.pop(0) if name in VALUED else ""
    return options if options.keys() >= NEEDED else None


def _table(said: Said, separator: str) -> str:
    """As sqlcmd writes rows, with -W; nothing for a statement that returns no table."""
    if not said.columns:
        return ""
    cells = ([row[column] for column in said.columns] for row in said.rows)
    lines = (said.columns, ["-" * len(name) for name in said.columns], *cells)
    return "".join(f"{separator.join(line)}\r\n" for line in lines) + f"\r\n({len(said.rows)} rows affected)\r\n"
