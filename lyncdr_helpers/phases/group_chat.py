"""Group Chat into a backup set: its SQL database, as a dump that SQL Server has verified, and its file repository."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.backups import tree
from lyncdr_helpers.backups.manifest import GroupChatRecord
from lyncdr_helpers.checks import judge
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.access import Exchange
from lyncdr_helpers.params.backups import GroupChat
from lyncdr_helpers.phases import sql_server, work_folder
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sql
from lyncdr_helpers.shell.sql import SqlServer


@dataclass(frozen=True)
class Side:
    """Group Chat at one site: its database, the folder for dumps as both sides name it, its file repository if any."""

    server: SqlServer
    database: str
    dump: Exchange
    repository: Path | None

    @property
    def name(self) -> str:
        """As people and records call it: `GroupChat on gcsql02.example.org\\groupchat`."""
        return f"{self.database} on {self.server.instance}"


def primary(session: Session) -> Side:
    """Group Chat as it is on other days. Raises InputError where the parameters name none."""
    chat = _wanted(session)
    return Side(SqlServer(chat.sql, chat.sqlcmd), chat.database, chat.dump, session.loaded.locate(chat.repository))


def standby(session: Session) -> Side:
    """Where it is restored at the DR site. Raises InputError where the parameters do not say."""
    chat = _wanted(session)
    if chat.standby_sql is None or chat.standby_dump is None:
        key = "standby_dump" if chat.standby_sql else "standby_sql"
        raise InputError(f"Group Chat has no place at the DR site: group_chat.{key} is not given.", "Give it.")
    repository = session.loaded.locate(chat.standby_repository) if chat.standby_repository else None
    return Side(SqlServer(chat.standby_sql, chat.sqlcmd), chat.database, chat.standby_dump, repository)


def export_database(session: Session, side: Side | None = None) -> Path:
    """The database, dumped and verified by SQL Server, and fetched through the dump folder. Raises OperationError.

    side: the primary where none is given. The dump bears the name of the run, and must be the one that was just asked
    for: an sqlcmd that says yes and does nothing would else pass off the dump of another night. Afterwards the dump
    folder is cleared of it; where that fails, a warning is on record, and the next dump takes its place.
    """
    side = side or primary(session)
    name = f"lyncdr-{session.params.deployment}.bak"
    there, here = side.dump.path_there(name), session.loaded.locate(side.dump.here) / name
    server, database = side.server, side.database
    with suppress(OSError):
        here.unlink()
    try:
        with stating(side):
            dumped = sql.back_up_database(server, database, there, session.folder.run)
            sql_server.run(session, f"dump {database}", dumped)
            sql_server.run(session, f"verify the dump of {database}", sql.verify_dump(server, there))
            require_dump(session, side, there, session.folder.run)
        return _fetch(session, there, here)
    finally:
        clear(session, here)


def require_dump(session: Session, side: Side, there: str, name: str) -> None:
    """Raise OperationError unless the file is a dump of the database and bears that name."""
    header = sql_server.ask(session, "read the dump's header", sql.dump_header(side.server, there))
    said = [(row.get("BackupName"), row.get("DatabaseName")) for row in header]
    if [(given, str(database).lower()) for given, database in said] != [(name, side.database.lower())]:
        raise OperationError(f"The dump at {there} is not {name}: it holds {said}.", "Look who else writes there.")


def take_stock(session: Session, dump: Callable[[], Path], side: Side | None = None) -> tuple[Path, GroupChatRecord]:
    """A dump of a side, and what is in it: rows of each table that stood still meanwhile, and whose logins count.

    side: the primary where none is given. What cannot be counted is left out; a dump is worth as much without it.
    """
    side = side or primary(session)
    before = _rows(session, side)
    path = dump()
    after = _rows(session, side)
    still = {table: rows for table, rows in before.items() if after.get(table) == rows}
    try:
        return path, GroupChatRecord(rows=still, logins=logins(session, side))
    except OperationError as error:
        session.tell(f"Nobody will know who signs in to {side.name}: {error.message}")
        return path, GroupChatRecord(rows=still)


def rows(session: Session, side: Side) -> dict[str, int]:
    """How many rows each table has. Raises OperationError."""
    with stating(side):
        found = sql_server.ask(session, "count its rows", sql.row_counts(side.server, side.database))
    return {row["TableName"]: int(row["Counted"]) for row in found}


def logins(session: Session, side: Side) -> dict[str, str]:
    """Who signs in as each user of the database; nobody does as one who is not in it. Raises OperationError."""
    with stating(side):
        found = sql_server.ask(session, "list its users", sql.database_users(side.server, side.database))
    return {row["Person"]: row["Login"] for row in found if row["Login"] != sql.NULL}


def _rows(session: Session, side: Side) -> dict[str, int]:
    try:
        return rows(session, side)
    except OperationError as error:
        session.tell(f"Nobody will know how many rows {side.name} has: {error.message}")
        return {}


def export_files(session: Session, side: Side | None = None) -> Path:
    """The file repository as one tar (backups/tree.py). An empty repository is one. Raises OperationError.

    side: the primary where none is given.
    """
    repository = (side or primary(session)).repository
    with work_folder.making(session, "group-chat-files.tar") as path:
        if repository is None or not repository.is_dir():
            raise OperationError(
                f"There is no file repository at {repository}.",
                "Check group_chat.repository, and that the share is up.",
            )
        packed = tree.pack(repository, path)
    session.fact("group chat files", packed.files)
    return path


def _wanted(session: Session) -> GroupChat:
    if session.params.group_chat is None:
        raise InputError("The parameters name no Group Chat.", "Add group_chat, or leave it out of the backup.")
    return session.params.group_chat


@contextmanager
def stating(side: Side) -> Iterator[None]:
    """What cannot be said to SQL Server, or was not understood, is a failure of this part and not of the run."""
    try:
        yield
    except (InputError, KeyError, ValueError) as cause:
        said = cause.message if isinstance(cause, InputError) else f"its answer lacks something: {cause}"
        remedy = cause.remedy if isinstance(cause, InputError) else "Run the same command again."
        raise OperationError(f"{side.server.instance} cannot be asked: {said}", remedy) from cause


def _fetch(session: Session, there: str, here: Path) -> Path:
    """The dump on this machine, the same as a second reading of the dump folder gives."""
    with work_folder.making(session, "group-chat.bak") as path:
        if not here.is_file():
            raise OperationError(
                f"SQL Server wrote {there}, and there is no {here}.",
                "group_chat.dump: `there` and `here` must be the same folder, and this account must be let in.",
            )
        shutil.copyfile(here, path)
        if files.digest_file(path) != files.digest_file(here):
            raise OperationError(
                f"{here} arrived otherwise than it stands there.", "Look who else writes there, and at the network."
            )
    return path


def clear(session: Session, here: Path) -> None:
    """What people wrote to each other does not stay behind where others may look."""
    try:
        here.unlink(missing_ok=True)
    except OSError as cause:
        session.record(
            judge(
                "group chat",
                "dump folder",
                False,
                seen=f"{here} stays: {cause.strerror}",
                expected="the dump is removed",
                remedy="Give this account the right to delete there.",
                soft=True,
            )
        )
