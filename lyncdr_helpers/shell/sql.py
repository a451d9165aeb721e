"""sqlcmd programs that back a SQL Server database up, prove the dump, restore it elsewhere, and ask what is there.

This is the only place that spells T-SQL.

Names become quoted identifiers and texts N'...' literals, so none of them can say more than itself. Paths are those of
SQL Server's own machine. Every statement but `map_user_by_procedure` works from SQL Server 2005 to the present one.
Source: Microsoft's pages on sqlcmd, BACKUP, RESTORE, ALTER USER, SERVERPROPERTY, sys.database_recovery_status and on
msdb's backupset and restorehistory (Transact-SQL).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import Program

LOGIN_SECONDS = 30
SEPARATOR = "|"
NULL = "NULL"
"""How sqlcmd writes that there is no value."""
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

    def run(self, statement: str, *, writes: bool = False) -> Program:
        """The program with one statement. writes: it changes what is there; writing a dump does not.

        Raises InputError for an instance that sqlcmd would take for an option.
        """
        if not self.instance or self.instance[0] in "-/" or _breaks(self.instance):
            raise InputError(f"{self.instance!r} is no SQL Server instance.", "Write it as host\\instance.")
        return Program(self.program, (*WHOLE, "-S", self.instance, "-Q", statement), writes)


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
    """What the dump says of itself; `rows` reads it: BackupName, DatabaseName, ServerName, LastLSN and more."""
    return server.run(f"RESTORE HEADERONLY FROM DISK = {literal(file)}")


def dump_files(server: SqlServer, file: str) -> Program:
    """The files of the database in the dump; `rows` reads it: LogicalName, PhysicalName, Type, Size and more."""
    return server.run(f"RESTORE FILELISTONLY FROM DISK = {literal(file)}")


def restore_database(
    server: SqlServer, database: str, file: str, moves: Mapping[str, str], *, replace: bool
) -> Program:
    """Bring the database in the dump up under that name, its files where `moves` says: logical name -> path.

    replace: whether a database that stands there under that name may go. Without it SQL Server itself refuses to write
    over one of another origin, or over one whose log nobody has backed up.
    """
    placed = [f"MOVE {literal(name)} TO {literal(path)}" for name, path in moves.items()]
    options = ", ".join([*placed, *(["REPLACE"] if replace else []), "RECOVERY", "CHECKSUM"])
    return server.run(
        f"RESTORE DATABASE {identifier(database)} FROM DISK = {literal(file)} WITH {options}", writes=True
    )


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


def default_folders(server: SqlServer) -> Program:
    """Where the server puts the files of new databases; `rows` reads it, shell/sql_files.py knows what it says.

    SERVERPROPERTY tells it from SQL Server 2012 on, and is NULL before. A server that was never told otherwise puts
    them beside the files of its own database master, which sys.master_files names in every release.
    """
    return server.run(
        "SELECT CAST(SERVERPROPERTY('InstanceDefaultDataPath') AS nvarchar(260)) AS DataFolder, "
        "CAST(SERVERPROPERTY('InstanceDefaultLogPath') AS nvarchar(260)) AS LogFolder, "
        "(SELECT physical_name FROM sys.master_files WHERE database_id = 1 AND file_id = 1) AS MasterData, "
        "(SELECT physical_name FROM sys.master_files WHERE database_id = 1 AND file_id = 2) AS MasterLog"
    )


def database_state(server: SqlServer, database: str) -> Program:
    """What stands there under that name; `rows` reads it, no row where nothing does.

    State (ONLINE, RESTORING and so on), Created; then of the dump that it was last restored from BackupName,
    BackupSet (its GUID) and LastLSN, all NULL where it was not restored. A database that was made anew since has
    another family than the dump, and so counts as not restored.
    """
    name = literal(database)
    return server.run(
        "SELECT present.state_desc AS State, CONVERT(nvarchar(30), present.create_date, 126) AS Created, "  # noqa: S608 - quoted
        "taken.name AS BackupName, CAST(taken.backup_set_uuid AS nvarchar(36)) AS BackupSet, "
        "CAST(taken.last_lsn AS nvarchar(30)) AS LastLSN FROM sys.databases AS present "
        "LEFT JOIN sys.database_recovery_status AS origin ON origin.database_id = present.database_id "
        "LEFT JOIN msdb.dbo.restorehistory AS event ON event.restore_history_id = "
        "(SELECT MAX(restore_history_id) FROM msdb.dbo.restorehistory "
        f"WHERE destination_database_name = {name} AND restore_type = 'D') "
        "LEFT JOIN msdb.dbo.backupset AS taken ON taken.backup_set_id = event.backup_set_id "
        f"AND taken.family_guid = origin.family_guid WHERE present.name = {name}"
    )


def row_counts(server: SqlServer, database: str) -> Program:
    """How many rows each table has, as the server keeps count of them; `rows` reads it: TableName, Counted."""
    there = f"{identifier(database)}.sys"
    return server.run(
        "SELECT owner.name + N'.' + held.name AS TableName, CAST(SUM(piece.rows) AS nvarchar(20)) AS Counted "  # noqa: S608 - quoted
        f"FROM {there}.tables AS held JOIN {there}.schemas AS owner ON owner.schema_id = held.schema_id "
        f"JOIN {there}.partitions AS piece ON piece.object_id = held.object_id AND piece.index_id < 2 "
        "GROUP BY owner.name, held.name"
    )


def database_users(server: SqlServer, database: str) -> Program:
    """Who the database knows, but for its built-in users; `rows` reads it: Person, Type (S, U, G), Login.

    Login is NULL where nobody signs in as them: a SQL login of the same name elsewhere has another SID.
    """
    return server.run(
        f"SELECT person.name AS Person, person.type AS Type, login.name AS Login FROM {identifier(database)}"  # noqa: S608 - quoted
        ".sys.database_principals AS person LEFT JOIN sys.server_principals AS login ON login.sid = person.sid "
        "WHERE person.type IN ('S', 'U', 'G') AND person.principal_id > 4"
    )


def map_user(server: SqlServer, database: str, user: str, login: str) -> Program:
    """Let a login be that user of the database."""
    return server.run(
        f"USE {identifier(database)}; ALTER USER {identifier(user)} WITH LOGIN = {identifier(login)}", writes=True
    )


def map_user_by_procedure(server: SqlServer, database: str, user: str, login: str) -> Program:
    """As `map_user`, on SQL Server 2005, whose ALTER USER cannot do it before its second service pack."""
    return server.run(
        f"EXEC {identifier(database)}.sys.sp_change_users_login N'Update_One', {literal(user)}, {literal(login)}",
        writes=True,
    )


def usage(program: str) -> Program:
    """It says how it is called, and asks no server."""
    return Program(program, ("-?",))


def identifier(name: str) -> str:
    """`my]db` -> `[my]]db]`. Raises InputError for a name that is empty or breaks the line."""
    if not name or _breaks(name):
        raise InputError(f"{name!r} is no name of anything.", "Write the name as SQL Server shows it, on one line.")
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
