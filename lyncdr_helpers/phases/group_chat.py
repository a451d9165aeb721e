"""Group Chat into a backup set: its SQL database, as a dump that SQL Server has verified, and its file repository."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.backups import tree
from lyncdr_helpers.checks import judge
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.backups import GroupChat
from lyncdr_helpers.phases import work_folder
from lyncdr_helpers.ports import Program
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sql

SAID = 500
"""How much of what sqlcmd said an error message carries, in characters."""


def export_database(session: Session) -> Path:
    """The database, dumped and verified by SQL Server, and fetched through the dump folder. Raises OperationError.

    The dump must be the one that was just asked for: an sqlcmd that says yes and does nothing would else pass off the
    dump of another night. Afterwards the dump folder is cleared of it; where that fails, a warning is on record, and
    the next dump takes its place.
    """
    chat = _wanted(session)
    name = f"lyncdr-{session.params.deployment}.bak"
    there, here = chat.dump.path_there(name), session.loaded.locate(chat.dump.here) / name
    server = sql.SqlServer(chat.sql, chat.sqlcmd)
    with suppress(OSError):
        here.unlink()
    try:
        with _stating(chat):
            _run(
                session, f"dump {chat.database}", sql.back_up_database(server, chat.database, there, session.folder.run)
            )
            _run(session, f"verify the dump of {chat.database}", sql.verify_dump(server, there))
            header = sql.rows(_run(session, "read the dump's header", sql.dump_header(server, there)))
        said = [(row.get("BackupName"), row.get("DatabaseName")) for row in header]
        if [(run, str(database).lower()) for run, database in said] != [(session.folder.run, chat.database.lower())]:
            raise OperationError(
                f"The dump at {there} is not the one of this run: it holds {said}.", "Look who else writes there."
            )
        return _fetch(session, there, here)
    finally:
        _clear(session, here)


def export_files(session: Session) -> Path:
    """The file repository as one tar (backups/tree.py). An empty repository is one. Raises OperationError."""
    repository = session.loaded.locate(_wanted(session).repository)
    with work_folder.making(session, "group-chat-files.tar") as path:
        if not repository.is_dir():
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
def _stating(chat: GroupChat) -> Iterator[None]:
    """What cannot be said to SQL Server, or was not understood, is a failure of this part and not of the night."""
    try:
        yield
    except InputError as cause:
        raise OperationError(f"{chat.sql} cannot be asked: {cause.message}", cause.remedy) from cause


def _run(session: Session, what: str, program: Program) -> str:
    """What sqlcmd wrote. Raises OperationError in SQL Server's own words."""
    finished = session.shell.run(program)
    if finished.exit_code:
        said = " ".join((finished.errors or finished.output).split())[-SAID:] or "it said nothing"
        raise OperationError(
            f"sqlcmd could not {what}: exit code {finished.exit_code}, {said}",
            "Check that SQL Server is up, and that it lets the account of management_host in (a WinRM session passes "
            "no credentials on, unless delegation or auth: basic lets it).",
        )
    return finished.output


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


def _clear(session: Session, here: Path) -> None:
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
