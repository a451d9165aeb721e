"""Group Chat's standby: a SQL Server at the DR site with the logins prepared, its folders, and a Windows machine.

On that machine Group Chat must not be installed yet: its server would join the topology, and the two would fight.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.backups import GroupChat
from lyncdr_helpers.ports import Door, Program
from lyncdr_helpers.probes.survey import PROBE_SECONDS
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sql
from lyncdr_helpers.shell.sql import SqlServer

AREA = "group chat"
STANDBY, VERSION, LOGINS = "Group Chat standby", "Group Chat standby version", "Group Chat standby logins"
WAY_HOME = "Group Chat way home"
FOLDERS, SERVER, EMPTY = "Group Chat standby folders", "Group Chat standby server", "Group Chat not installed in DR"
SAID = 500
"""How much of what sqlcmd said a check shows, in characters."""
ALWAYS = frozenset({"sa"})
"""A login that every server has."""
SIGNS_OF_LIFE = (445, 135, 3389, 5985)
"""Ports of Windows itself: files, RPC, remote desktop, WinRM. Whoever says no on one of them is there, too."""


def check(session: Session) -> Checklist:
    """Nothing where the parameters name no Group Chat. A must where it must come back, else a should."""
    checks, chat = Checklist(), session.params.group_chat
    if chat is None:
        return checks
    soft = not session.params.requirements.group_chat
    checks.add(*_database(session, chat, soft), _folders(session, chat, soft), *_server(session, chat, soft))
    return checks


# -- its database -----------------------------------------------------------------------------------------------------
def _database(session: Session, chat: GroupChat, soft: bool) -> Checklist:
    checks, expected = Checklist(), "a SQL Server at the DR site that answers"
    if chat.standby_sql is None:
        remedy = "Prepare one, with its logins, and name it: group_chat.standby_sql"
        checks.add(judge(AREA, STANDBY, False, seen="none is named", expected=expected, remedy=remedy, soft=soft))
        return checks
    standby, primary = SqlServer(chat.standby_sql, chat.sqlcmd), SqlServer(chat.sql, chat.sqlcmd)
    with checks.asking(AREA, STANDBY, expected, soft=soft):
        version, logins = _version(session, standby), _names(session, sql.logins(standby))
        seen = f"{chat.standby_sql}, version {version}"
        checks.add(judge(AREA, STANDBY, True, seen=seen, expected=expected, soft=soft))
        with checks.asking(AREA, VERSION, f"at least that of {chat.sql}", soft=soft):
            there = _version(session, primary)
            checks.add(_new_enough(chat, version, there, soft), *_way_home(chat, version, there))
        with checks.asking(AREA, LOGINS, f"those of {chat.database}", soft=soft):
            wanted = _names(session, sql.database_logins(primary, chat.database))
            checks.add(_prepared(chat, logins, wanted, soft))
    return checks


def _new_enough(chat: GroupChat, standby: str, primary: str, soft: bool) -> Check:
    """A dump can be restored on the same release, or a later one."""
    expected = f"at least {primary}, that of {chat.sql}"
    there, wanted = _numbers(standby), _numbers(primary)
    if not there or not wanted:
        return unknown(AREA, VERSION, seen=f"{standby} and {primary}", expected=expected, soft=soft)
    remedy = "Install a later release: SQL Server restores no dump of a release after its own."
    return judge(AREA, VERSION, there >= wanted, seen=standby, expected=expected, remedy=remedy, soft=soft)


def _way_home(chat: GroupChat, standby: str, primary: str) -> Iterator[Check]:
    """What a later release has restored it writes as its own, and no dump of that comes back. Nothing otherwise.

    The first two numbers are the release, `10.50` for 2008 R2.
    """
    if _numbers(standby)[:2] > (wanted := _numbers(primary)[:2]) > ():
        remedy = (
            "Give both sites one release of SQL Server: bring the primary's to the standby's before an activation, or "
            "after it and before the way home. Until then Group Chat stays in DR."
        )
        expected = f"the release of {chat.sql}, {'.'.join(map(str, wanted))}"
        yield judge(AREA, WAY_HOME, False, seen=f"{standby} is later", expected=expected, remedy=remedy, soft=True)


def _prepared(chat: GroupChat, here: Sequence[str], wanted: Sequence[str], soft: bool) -> Check:
    """SQL Server does not mind the case of a login."""
    known = {login.lower() for login in here}
    missing = [login for login in wanted if login.lower() not in known | ALWAYS]
    seen = f"not there: {', '.join(missing)}" if missing else f"all {len(wanted)}"
    remedy = "Make these logins on the standby; a SQL login needs the same SID there, or is mapped after the restore."
    expected = f"those of {chat.database} on {chat.sql}"
    return judge(AREA, LOGINS, not missing, seen=seen, expected=expected, remedy=remedy, soft=soft)


# -- its folders and its server ---------------------------------------------------------------------------------------
def _folders(session: Session, chat: GroupChat, soft: bool) -> Check:
    """Where the dump and the files are brought to, as this machine reaches them."""
    places = {
        "standby_dump": chat.standby_dump.here if chat.standby_dump else None,
        "standby_repository": chat.standby_repository,
    }
    unnamed = [f"group_chat.{name} is not named" for name, place in places.items() if place is None]
    absent = [
        f"there is no {place}" for place in places.values() if place and not session.loaded.locate(place).is_dir()
    ]
    seen = "; ".join(unnamed + absent) or "both"
    remedy = "Make both shares at the DR site, let this account write to them, and name them."
    expected = "one for the dump, one for the files"
    return judge(AREA, FOLDERS, seen == "both", seen=seen, expected=expected, remedy=remedy, soft=soft)


def _server(session: Session, chat: GroupChat, soft: bool) -> Checklist:
    checks, expected = Checklist(), "a Windows machine at the DR site that answers"
    if chat.standby_server is None:
        remedy = "Prepare one, without Group Chat on it, and name it: group_chat.standby_server"
        checks.add(judge(AREA, SERVER, False, seen="none is named", expected=expected, remedy=remedy, soft=soft))
        return checks
    host, dialer = chat.standby_server, session.dialer.within(PROBE_SECONDS)
    with checks.asking(AREA, SERVER, expected, soft=soft):
        doors = ask_all(SIGNS_OF_LIFE, lambda port: dialer.door(host.address, port), len(SIGNS_OF_LIFE))
        alive = any(door is not Door.SILENT for door in doors)
        said = ", ".join(f"{port} {door}" for port, door in zip(SIGNS_OF_LIFE, doors, strict=True))
        remedy = "See that it runs, and that this machine may reach it."
        seen = f"{host.fqdn}: {said}"
        checks.add(judge(AREA, SERVER, alive, seen=seen, expected=expected, remedy=remedy, soft=soft))
        if alive:
            checks.add(_empty(chat.port, dialer.door(host.address, chat.port), soft))
    return checks


def _empty(port: int, door: Door, soft: bool) -> Check:
    """Somebody who listens where Group Chat does is taken for it; behind a firewall nobody can tell."""
    expected, seen = f"nothing listens on {port}", f"{port} {door}"
    if door is Door.SILENT:
        remedy = "Look at the machine itself: Group Chat's server must not be among its programs."
        return unknown(AREA, EMPTY, seen=seen, expected=expected, remedy=remedy, soft=True)
    remedy = "Remove Group Chat's server from it until an activation: it joins the topology of the one that lives."
    return judge(AREA, EMPTY, door is Door.REFUSED, seen=seen, expected=expected, remedy=remedy, soft=soft)


# -- what SQL Server says ---------------------------------------------------------------------------------------------
def _version(session: Session, server: SqlServer) -> str:
    return next((row["Version"] for row in _rows(session, sql.version(server)) if "Version" in row), "")


def _names(session: Session, program: Program) -> list[str]:
    return sorted({row["Name"] for row in _rows(session, program) if "Name" in row})


def _rows(session: Session, program: Program) -> Sequence[dict[str, str]]:
    """What SQL Server says. Raises OperationError in its own words."""
    finished = session.shell.run(program)
    said = " ".join((finished.errors or finished.output).split())[-SAID:] or "it said nothing"
    remedy = "Check that SQL Server is up, and that it lets the account of management_host in."
    if finished.exit_code:
        raise OperationError(f"sqlcmd failed with exit code {finished.exit_code}: {said}", remedy)
    try:
        return [dict(row) for row in sql.rows(finished.output)]
    except InputError as cause:
        raise OperationError(f"sqlcmd wrote no table: {said}", remedy) from cause


def _numbers(version: str) -> tuple[int, ...]:
    """`10.50.6000.34` -> (10, 50, 6000, 34); nothing for what is no version."""
    return tuple(map(int, version.split("."))) if re.fullmatch(r"\d+(\.\d+)*", version) else ()
