"""sqlcmd programs that back a SQL Server database up, prove the dump, and ask a server whether it could take it.

This is the only place that spells T-SQL.

Names become quoted identifiers and texts N'...' literals, so none of them can say more than itself. Paths are those of
SQL Server's own machine. Source: Microsoft's pages on sqlcmd, BACKUP and RESTORE (Transact-SQL).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import Program

LOGIN_SECONDS = 30
SEPARATOR = "|"
BREAKS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Control characters, halves of characters, line breaks: sqlcmd reads by the line, and GO on one ends a batch."""

WHOLE = (
    "-E",  # as the account that runs it
    "-b",  # an error of severity 11 and up ends it with exit code 1
    "-x",  # $(name) stays what it is
    *("-l", str(LOGIN_SECONDS)),
    "-r1",  # every message on stderr: what is left on stdout is rows
    *("-W", "-w", "65535", "-s", SEPARATOR),  # one row on one line, its columns told apart
)


@dataclass(frozen=True)
class SqlServer:
    """One SQL Server instance, and the sqlcmd on the management host that reaches it.

    instance: as sqlcmd takes it, `host\\instance`. program: where sqlcmd.exe is.
    """

    instance: str
    program: str = "sqlcmd.exe"

    def run(self, statement: str) -> Program:
        """The program with one statement. Those of this file read, or write a dump: they change nothing that is there.

        Raises InputError for an instance that sqlcmd would take for an option.
        """
        if not self.instance or self.instance[0] in "-/" or _breaks(self.instance):
            raise InputError(f"{self.instance!r} is no SQL Server instance.", "Write it as host\\instance.")
        return Program(self.program, (*WHOLE, "-S", self.instance, "-Q", statement))


def back_up_database(server: SqlServer, database: str, file: str, name: str) -> Program:
    """Dump the database into `file`, in the place of whatever dump is there. name: kept in the dump, 128 characters.

    COPY_ONLY, because an ordinary dump becomes the base of the administrator's next differential backup, which would
    then be worth nothing without a file that only we have. CHECKSUM has every page checked on its way out, and gives
    RESTORE something to hold the dump against.
    """
    return server.run(
        f"BACKUP DATABASE {identifier(database)} TO DISK = {literal(file)} "
        f"WITH COPY_ONLY, INIT, CHECKSUM, NAME = {literal(name)}"
    )


def verify_dump(server: SqlServer, file: str) -> Program:
    """Have SQL Server read the whole dump and compare its checksums."""
    return server.run(f"RESTORE VERIFYONLY FROM DISK = {literal(file)} WITH CHECKSUM")


def dump_header(server: SqlServer, file: str) -> Program:
    """What the dump says of itself; `rows` reads it: BackupName, DatabaseName, ServerName, IsCopyOnly and more."""
    return server.run(f"RESTORE HEADERONLY FROM DISK = {literal(file)}")


def version(server: SqlServer) -> Program:
    """Which SQL Server it is; `rows` reads it: Version, such as 10.50.6000.34."""
    return server.run("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS Version")


def logins(server: SqlServer) -> Program:
    """Who may sign in to the server, SQL logins, Windows users and Windows groups; `rows` reads it: Name."""
    return server.run("SELECT name AS Name FROM sys.server_principals WHERE type IN ('S', 'U', 'G')")


def database_logins(server: SqlServer, database: str) -> Program:
    """The logins behind the users of a database, which must be wherever it is restored; `rows` reads it: Name."""
    return server.run(
        f"SELECT login.name AS Name FROM {identifier(database)}.sys.database_principals AS person "  # noqa: S608 - quoted
        "JOIN sys.server_principals AS login ON login.sid = person.sid WHERE login.type IN ('S', 'U', 'G')"
    )


def usage(program: str) -> Program:
    """It says how it is called, and asks no server."""
    return Program(program, ("-?",))


def identifier(name: str) -> str:
    """`my]db` -> `[my]]db]`. Raises InputError for a name that is empty or breaks the line."""
    if not name or _breaks(name):
        raise InputError(f"{name!r} is no name of a database.", "Write the name as SQL Server shows it, on one line.")
    return f"[{name.replace(']', ']]')}]"


def literal(text: str) -> str:
    """`it's` -> `N'it''s'`. Raises InputError for a text that breaks the line."""
    if _breaks(text):
        raise InputError(f"{text!r} holds a control character or a line break.", "Write it without.")
    return "N'" + text.replace("'", "''") + "'"


def rows(output: str) -> Sequence[Mapping[str, str]]:
    """The rows in what sqlcmd wrote: column -> value as text, NULL too. Raises InputError when that is no table."""
    lines = [line.split(SEPARATOR) for line in output.splitlines() if line.strip()]
    lines = [line for line in lines if not (len(line) == 1 and line[0].startswith("("))]  # `(1 rows affected)`
    if len(lines) < 2 or any(set(cell) - {"-"} for cell in lines[1]):
        raise InputError("sqlcmd wrote no table.", "Run the same command again.")
    columns, _, *found = lines
    if any(len(line) != len(columns) for line in found):
        raise InputError(f"sqlcmd wrote a row that has not {len(columns)} columns.", "Run the same command again.")
    return [dict(zip(columns, line, strict=True)) for line in found]


def _breaks(text: str) -> bool:
    return any(unicodedata.category(letter) in BREAKS for letter in text)
