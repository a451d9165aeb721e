"""sqlcmd.exe of the lab: the options and the few statements that the product sends, and an error for all others.

The messages are SQL Server's own, shortened; a real sqlcmd would wait for its login timeout before it gives up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.sql_server import LabSqlServer, SqlError
from lyncdr_helpers.lab.winrm import ProgramCall

DONE, FAILED = 0, 1

SWITCHES = {"-E", "-b", "-x", "-r1", "-W"}
VALUED = {"-S", "-Q", "-l", "-w", "-s"}
NEEDED = (SWITCHES | VALUED) - {"-l"}
"""Without these a real sqlcmd would sign in, end or write otherwise than the lab's does."""

NAME = r"\[(?P<database>(?:[^\]]|\]\])+)\]"
FILE = r"DISK = N'(?P<file>(?:[^']|'')*)'"
TEXT = r"N'(?P<name>(?:[^']|'')*)'"

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

Words = Mapping[str, str]
"""What a statement names: database, file, name."""

Row = Mapping[str, str]
Said = tuple[tuple[str, ...], Sequence[Row]]
"""Messages, and rows, or none where the statement returns no table."""

Act = Callable[[LabSqlServer, Words], Said]


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
        act, words = _parsed(options["-Q"])
        messages, rows = act(server, words)
    except SqlError as error:
        place = f"Level 16, State 1, Server {server.name.upper()}, Line 1"
        call.err(f"Msg {error.number}, {place}\r\n{error.message}\r\n")
        return FAILED
    call.err("".join(f"{message}\r\n" for message in messages))
    call.out(_table(rows, options["-s"]))
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


def _parsed(statement: str) -> tuple[Act, Words]:
    """What a statement does, and what it names. Raises SqlError for one that is none of ours."""
    for pattern, act in STATEMENTS.items():
        if found := re.fullmatch(pattern, statement):
            words = found.groupdict()
            return act, {name: word.replace(*ESCAPES[name]) for name, word in words.items()}
    raise SqlError(102, f"Incorrect syntax near '{statement[:20]}'.")


def _back_up(server: LabSqlServer, words: Words) -> Said:
    pages = server.back_up(words["database"], words["file"], words["name"], stamp(SystemClock().now()))
    return (
        f"Processed {pages} pages for database '{words['database']}' on file 1.",
        f"BACKUP DATABASE successfully processed {pages} pages.",
    ), ()


def _verify(server: LabSqlServer, words: Words) -> Said:
    server.verify(words["file"])
    return ("The backup set on file 1 is valid.",), ()


def _header(server: LabSqlServer, words: Words) -> Said:
    """Some of the columns of a real header, in their order."""
    header = server.header(words["file"])
    row = {
        "BackupName": header.name,
        "BackupDescription": "NULL",
        "BackupType": "1",
        "ServerName": header.server.upper(),
        "DatabaseName": header.database,
        "BackupSize": str(header.size),
        "BackupStartDate": header.started,
        "HasBackupChecksums": "1",
        "IsCopyOnly": "1",
    }
    return (), [row]


def _version(server: LabSqlServer, _words: Words) -> Said:
    return (), [{"Version": server.version}]


def _logins(server: LabSqlServer, _words: Words) -> Said:
    return (), [{"Name": login} for login in server.logins]


def _database_logins(server: LabSqlServer, words: Words) -> Said:
    """Every login of the lab's server is a user of its one database, but for sa."""
    server.database(words["database"])
    return (), [{"Name": login} for login in server.logins if login != "sa"]


def _table(rows: Sequence[Row], separator: str) -> str:
    """As sqlcmd writes rows, with -W."""
    if not rows:
        return ""
    columns = rows[0].keys()
    lines = (columns, ("-" * len(name) for name in columns), *(row.values() for row in rows))
    return "".join(f"{separator.join(line)}\r\n" for line in lines) + f"\r\n({len(rows)} rows affected)\r\n"


STATEMENTS: Mapping[str, Act] = {
    f"BACKUP DATABASE {NAME} TO {FILE} WITH COPY_ONLY, INIT, CHECKSUM, NAME = {TEXT}": _back_up,
    f"RESTORE VERIFYONLY FROM {FILE} WITH CHECKSUM": _verify,
    f"RESTORE HEADERONLY FROM {FILE}": _header,
    re.escape("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS Version"): _version,
    re.escape("SELECT name AS Name FROM sys.server_principals WHERE type IN ('S', 'U', 'G')"): _logins,
    rf"SELECT login\.name AS Name FROM {NAME}\.sys\.database_principals AS person "  # noqa: S608 - a pattern
    r"JOIN sys\.server_principals AS login ON login\.sid = person\.sid WHERE login\.type IN \('S', 'U', 'G'\)": (
        _database_logins
    ),
}
"""Every statement that the product builds, and nothing else."""

ESCAPES = {"database": ("]]", "]"), "file": ("''", "'"), "name": ("''", "'")}
