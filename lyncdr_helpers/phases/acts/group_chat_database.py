"""Group Chat's database where it is to live from now on: restored from a dump by SQL Server, and its users let in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.phases import group_chat, sql_server
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.group_chat import Side
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import Program
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sql, sql_files

ACT, MAPPING = "restore Group Chat", "map Group Chat users"
DATABASE, USER = "restore-group-chat", "map-group-chat-user"
ONLINE = "ONLINE"
SQL_2005 = 9


@dataclass(frozen=True)
class Dump:
    """What is restored. name: what BACKUP called it. bring: puts it at a path; Raises OperationError or OSError."""

    name: str
    sha256: str
    bring: Callable[[Path], None]


@dataclass(frozen=True)
class Present:
    """What stands under the database's name. dump: which one it was restored from, empty for none."""

    state: str
    created: str
    dump: str
    lsn: str

    @property
    def text(self) -> str:
        """The value that plans carry: the dump's name where that is what is online, else what stands there instead."""
        if self.dump and self.state == ONLINE:
            return self.dump
        origin = f"restored from {self.dump}" if self.dump else "made there"
        return f"{origin} {self.created}, {self.state}"


def look(session: Session, side: Side) -> Present | None:
    """What stands there now; None where nothing does. Raises OperationError."""
    with group_chat.stating(side):
        found = sql_server.ask(session, f"look at {side.name}", sql.database_state(side.server, side.database))
        if not found:
            return None
        (row,) = found
        dump, lsn = ("" if row[name] == sql.NULL else row[name] for name in ("BackupName", "LastLSN"))
        return Present(row["State"], row["Created"], dump, lsn)


def changes(session: Session, side: Side, dump: str, logins: Mapping[str, str]) -> Iterator[Change]:
    """The database, and who signs in as each of its users: what there is, and what is to be. Raises OperationError.

    dump: its name. Users are looked at in the restored database alone: what another one has says nothing of it.
    """
    found = look(session, side)
    yield Change(DATABASE, side.name, found.text if found else "", dump)
    here = _logins(session, side, dump)
    for user, login in logins.items():
        yield Change(USER, _user_in(user, side), here.get(user, ""), login, {"user": user})


def restore(session: Session, side: Side, some: Sequence[Change], dump: Dump) -> Tally:
    """Bring the database up from the dump, and prove by SQL Server's own record that this is what is online.

    A database that was there and is not what the plan saw refuses; one that this run began to restore does not.
    """

    def see(wanted: Sequence[Change]) -> Mapping[str, str]:
        found = look(session, side)
        text = found.text if found else ""
        begun = found is not None and found.state != ONLINE and _begun(session, ACT, side.name)
        return {one.target: one.old if begun else text for one in wanted}

    def do(wanted: Sequence[Change]) -> Receipt:
        (change,) = wanted
        with _placed(session, side, dump) as there, group_chat.stating(side):
            sql_server.run(session, f"verify the dump of {side.database}", sql.verify_dump(side.server, there))
            group_chat.require_dump(session, side, there, dump.name)
            moves = sql_files.moves(
                sql_server.ask(session, "list the dump's files", sql.dump_files(side.server, there)),
                sql_files.folders(
                    sql_server.ask(session, "tell its folders", sql.default_folders(side.server)),
                ),
            )
            order = sql.restore_database(side.server, side.database, there, moves, replace=bool(change.old))
            return _done(session, order, side.name)

    tally = carry_out(session, ACT, some, see, do, batch=1, undoable=False)
    if tally.done and (found := look(session, side)):
        session.fact(f"{side.name}: last LSN", found.lsn)
    return tally


def map_users(session: Session, side: Side, some: Sequence[Change], dump: str) -> Tally:
    """Let each login be its user again: a SQL login of the same name has another SID on another server.

    Windows knows its own everywhere: where no login of theirs is, somebody must make one. Whoever is not mapped keeps
    nothing else from coming back.
    """

    def see(wanted: Sequence[Change]) -> Mapping[str, str]:
        here = _logins(session, side, dump)
        return {one.target: _as_wanted(here.get(one.detail["user"], ""), one.new) for one in wanted}

    def do(wanted: Sequence[Change]) -> Receipt:
        with group_chat.stating(side):
            there = {row["Name"].lower() for row in sql_server.ask(session, "list logins", sql.logins(side.server))}
            by_procedure = release(session, side)[0] <= SQL_2005
            faults, withheld = dict[str, str](), False
            for one in wanted:
                if one.new.lower() not in there:
                    faults[one.target] = f"{side.server.instance} has no login {one.new}: make it, then run this again"
                    continue
                build = sql.map_user_by_procedure if by_procedure else sql.map_user
                order = build(side.server, side.database, one.detail["user"], one.new)
                receipt = _done(session, order, one.target)
                faults, withheld = {**faults, **receipt.faults}, withheld or receipt.withheld
        return Receipt(withheld, faults)

    return carry_out(session, MAPPING, some, see, do, batch=max(len(some), 1), undoable=False, vital=False)


def orphans(session: Session, side: Side) -> list[str]:
    """The SQL users of the database whom no login belongs to: nobody can sign in as them. Raises OperationError."""
    with group_chat.stating(side):
        found = sql_server.ask(session, "list its users", sql.database_users(side.server, side.database))
        return sorted(row["Person"] for row in found if row["Type"] == "S" and row["Login"] == sql.NULL)


def release(session: Session, side: Side) -> tuple[int, int]:
    """What a dump is bound to: it can be restored on the same release or a later one. (10, 50) is 2008 R2.

    Raises OperationError.
    """
    with group_chat.stating(side):
        ((row),) = sql_server.ask(session, "tell its version", sql.version(side.server))
        major, minor, *_ = map(int, row["Version"].split("."))
        return major, minor


@contextmanager
def _placed(session: Session, side: Side, dump: Dump) -> Iterator[str]:
    """The dump in the folder that SQL Server reads, proven to be what was sent, and gone afterwards; SQL Server's path.

    Raises OperationError.
    """
    name = f"{session.folder.run}-group-chat.bak"
    here = session.loaded.locate(side.dump.here) / name
    try:
        try:
            dump.bring(here)
            arrived = files.digest_file(here)
        except OSError as cause:
            raise OperationError(
                f"The dump cannot be brought to {here}: {cause.strerror or cause}.",
                "Check that folder: its free space, and this account's rights there.",
            ) from cause
        if arrived != dump.sha256:
            raise OperationError(
                f"The dump at {here} is not what was backed up.", "Look at the disk there, then run it again."
            )
        yield side.dump.path_there(name)
    finally:
        group_chat.clear(session, here)


def _done(session: Session, order: Program, target: str) -> Receipt:
    """What sqlcmd said of a write: what became of it is read back."""
    finished = session.shell.run(order)
    return Receipt(finished.withheld, {target: sql_server.told(finished)} if finished.exit_code else {})


def _logins(session: Session, side: Side, dump: str) -> Mapping[str, str]:
    """Who signs in as each user, where the database is the one that was restored; nobody in any other."""
    found = look(session, side)
    return group_chat.logins(session, side) if found and found.text == dump else {}


def _begun(session: Session, act: str, target: str) -> bool:
    return any(
        line.facts["act"] == act and target in line.facts["targets"] for line in session.journal.of_kind("intent")
    )


def _user_in(user: str, side: Side) -> str:
    return f"{user} in {side.name}"


def _as_wanted(found: str, wanted: str) -> str:
    """SQL Server does not mind the case of a login."""
    return wanted if found.lower() == wanted.lower() else found
