"""The statements that the product sends to SQL Server, done on the lab's; any other is a syntax error.

The messages are SQL Server's own, shortened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.lab.sql_errors import SqlError
from lyncdr_helpers.lab.sql_server import DATA, LOGS, LabSqlServer
from lyncdr_helpers.ports import Program
from lyncdr_helpers.shell import sql
from lyncdr_helpers.shell.sql import SqlServer

NAME = r"\[(?P<{}>(?:[^\]]|\]\])+)\]"
TEXT = r"N'(?P<{}>(?:[^']|'')*)'"
NAMES = ("database", "user", "login")
TEXTS = ("file", "name", "person", "account")
"""What stands in brackets, and what stands in quotes."""
DATABASE, USER, LOGIN = map(NAME.format, NAMES)
FILE = f"DISK = {TEXT.format('file')}"
MOVE = r"MOVE N'((?:[^']|'')*)' TO N'((?:[^']|'')*)', "

STATE = ("State", "Created", "BackupName", "BackupSet", "LastLSN")

Words = Mapping[str, str]
"""What a statement names."""

Row = Mapping[str, str]


@dataclass(frozen=True)
class Said:
    """Messages, and a table, without columns where the statement returns none."""

    messages: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: Sequence[Row] = ()


Act = Callable[[LabSqlServer, Words], Said]


def carry_out(server: LabSqlServer, statement: str) -> Said:
    """Do it, and say so. Raises SqlError, also for a statement that is none of ours."""
    for pattern, act in STATEMENTS.items():
        if found := re.fullmatch(pattern, statement):
            words = {name: word or "" for name, word in found.groupdict().items()}
            return act(server, {name: _plain(name, word) for name, word in words.items()})
    raise SqlError(102, f"Incorrect syntax near '{statement[:20]}'.")


def _back_up(server: LabSqlServer, words: Words) -> Said:
    pages = server.back_up(words["database"], words["file"], words["name"], stamp(SystemClock().now()))
    return _processed("BACKUP", pages, words)


def _verify(server: LabSqlServer, words: Words) -> Said:
    server.verify(words["file"])
    return Said(("The backup set on file 1 is valid.",))


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
        "LastLSN": str(header.lsn),
        "BackupStartDate": header.started,
        "SoftwareVersionMajor": header.version.partition(".")[0],
        "FamilyGUID": header.family,
        "HasBackupChecksums": "1",
        "IsCopyOnly": "1",
        "BackupSetGUID": header.guid,
    }
    return _table(row)


def _files(server: LabSqlServer, words: Words) -> Said:
    header = server.header(words["file"])
    size = str(header.size)
    return _table(
        *({"LogicalName": name, "PhysicalName": path, "Type": kind, "Size": size} for name, path, kind in header.files)
    )


def _restore(server: LabSqlServer, words: Words) -> Said:
    moves = {name.replace("''", "'"): to.replace("''", "'") for name, to in re.findall(MOVE, words["moves"])}
    pages = server.restore(words["database"], words["file"], moves, over=bool(words["replace"]))
    return _processed("RESTORE", pages, words)


def _folders(server: LabSqlServer, _words: Words) -> Said:
    """SERVERPROPERTY tells the folders from SQL Server 2012 on."""
    tells = int(server.version.partition(".")[0]) >= 11
    row = {
        "DataFolder": f"D:\\{DATA}\\" if tells else "NULL",
        "LogFolder": f"D:\\{LOGS}\\" if tells else "NULL",
        "MasterData": f"D:\\{DATA}\\master.mdf",
        "MasterLog": f"D:\\{DATA}\\mastlog.ldf",
    }
    return _table(row)


def _state(server: LabSqlServer, words: Words) -> Said:
    found = server.standing(words["name"])
    if found is None:
        return Said(columns=STATE)
    told = {"State": found.state, "Created": found.created, **found.restored}
    return Said(columns=STATE, rows=[{name: told.get(name, "NULL") for name in STATE}])


def _version(server: LabSqlServer, _words: Words) -> Said:
    return _table({"Version": server.version})


def _logins(server: LabSqlServer, _words: Words) -> Said:
    return _table(*({"Name": login} for login in server.logins))


def _database_logins(server: LabSqlServer, words: Words) -> Said:
    return _table(*({"Name": login} for _, _, login in server.users(words["database"]) if login))


def _row_counts(server: LabSqlServer, words: Words) -> Said:
    rows = server.rows(words["database"])
    return _table(*({"TableName": f"dbo.{table}", "Counted": str(count)} for table, count in rows.items()))


def _users(server: LabSqlServer, words: Words) -> Said:
    found = server.users(words["database"])
    return _table(*({"Person": user, "Type": kind, "Login": login or "NULL"} for user, kind, login in found))


def _map(server: LabSqlServer, words: Words) -> Said:
    users = {user.lower(): user for user, _, _ in server.users(words["database"])}
    user, login = words["user"], words["login"]
    if user.lower() not in users:
        raise SqlError(
            15151, f"Cannot alter the user '{user}', because it does not exist or you do not have permission."
        )
    known = next((one for one in server.logins if one.lower() == login.lower()), None)
    if known is None:
        raise SqlError(15007, f"'{login}' is not a valid login or you do not have permission.")
    server.map_user(words["database"], users[user.lower()], known)
    return Said((f"Changed database context to '{words['database']}'.",))


def _processed(act: str, pages: int, words: Words) -> Said:
    return Said(
        (
            f"Processed {pages} pages for database '{words['database']}' on file 1.",
            f"{act} DATABASE successfully processed {pages} pages.",
        )
    )


def _table(*rows: Row) -> Said:
    return Said(columns=tuple(rows[0]), rows=rows) if rows else Said(columns=("Name",))


def _plain(name: str, word: str) -> str:
    """The word without its doubled delimiters."""
    if name in TEXTS:
        return word.replace("''", "'")
    return word.replace("]]", "]") if name in NAMES else word


def _spelled(program: Program) -> str:
    """The pattern of a question as the product spells it: what is called `database` in it may have any name."""
    asked = re.escape(program.arguments[-1])
    for example, first, again in (
        ("[database]", DATABASE, r"\[(?P=database)\]"),
        ("N'database'", TEXT.format("name"), r"N'(?P=name)'"),
    ):
        asked = asked.replace(re.escape(example), first, 1).replace(re.escape(example), again)
    return asked


ANY = SqlServer("any")
STATEMENTS: Mapping[str, Act] = {
    f"BACKUP DATABASE {DATABASE} TO {FILE} WITH COPY_ONLY, INIT, CHECKSUM, NAME = {TEXT.format('name')}": _back_up,
    f"RESTORE VERIFYONLY FROM {FILE} WITH CHECKSUM": _verify,
    f"RESTORE HEADERONLY FROM {FILE}": _header,
    f"RESTORE FILELISTONLY FROM {FILE}": _files,
    f"RESTORE DATABASE {DATABASE} FROM {FILE} WITH (?P<moves>(?:{MOVE})*)(?P<replace>REPLACE, )?RECOVERY, CHECKSUM": (
        _restore
    ),
    _spelled(sql.version(ANY)): _version,
    _spelled(sql.default_folders(ANY)): _folders,
    _spelled(sql.logins(ANY)): _logins,
    _spelled(sql.database_logins(ANY, "database")): _database_logins,
    _spelled(sql.row_counts(ANY, "database")): _row_counts,
    _spelled(sql.database_users(ANY, "database")): _users,
    _spelled(sql.database_state(ANY, "database")): _state,
    f"USE {DATABASE}; ALTER USER {USER} WITH LOGIN = {LOGIN}": _map,
    rf"EXEC {DATABASE}\.sys\.sp_change_users_login N'Update_One', {TEXT.format('person')}, {TEXT.format('account')}": (
        lambda server, words: _map(server, {**words, "user": words["person"], "login": words["account"]})
    ),
}
"""Every statement that the product builds, and nothing else."""
