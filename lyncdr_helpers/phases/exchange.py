"""Files that pass between the management host and here, through the one folder both can see."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from lyncdr_helpers.contacts.export import XML, ZIP, left_out, read_holdings, read_lists, read_lists_of, written_by
from lyncdr_helpers.contacts.inventory import Holding
from lyncdr_helpers.contacts.lists import Broken, ContactList
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.ports import Command
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import dbimpexp, user_data

SCRIPT = ".ps1"
SAID = 300
"""How much of a program's output an error message carries, in characters."""


def place(session: Session, name: str) -> tuple[str, Path]:
    """(the file as the management host names it, the same file from here). Each run has names of its own.

    Raises OperationError where the folder cannot be reached from here.
    """
    exchange = session.params.management_host.exchange
    ours = f"{session.folder.run}-{name}"
    here = session.loaded.locate(exchange.here) / ours
    try:
        here.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise OperationError(
            f"The exchange folder {here.parent} cannot be reached: {cause.strerror or cause}.",
            "Bring it back, or check exchange.here of management_host; then run the same command again.",
        ) from cause
    return exchange.path_there(ours), here


def fresh(session: Session, name: str) -> tuple[str, Path]:
    """`place`, with nothing there: an export must not find the file of an attempt that was cut short."""
    there, here = place(session, name)
    here.unlink(missing_ok=True)
    return there, here


def tidy(session: Session, run: str = "") -> None:
    """Remove a run's files, this one's unless another is named: contact lists do not stay where others can see them.

    Scripts go before what lies beside them: without it, they could be begun again.
    """
    folder = session.loaded.locate(session.params.management_host.exchange.here)
    names = f"{run or session.folder.run}-*"
    # The other pattern is that of a file whose writer was killed before it had its name (files.replace).
    for path in sorted((*folder.glob(names), *folder.glob(f".{names}")), key=lambda one: one.suffix != SCRIPT):
        path.unlink(missing_ok=True)


def export_by(session: Session, name: str, command: Command) -> Path:
    """Run a cmdlet that writes a file over there; the file, here. Raises OperationError when it did not write it."""
    _, here = place(session, name)
    reply = session.shell.invoke(command)
    if reply.faults or not here.is_file() or not here.stat().st_size:
        said = reply.faults[0].message if reply.faults else f"it reported no error, and wrote no {here.name}"
        raise OperationError(f"{command.cmdlet} failed: {said}", "Mend what it names, then run the same command again.")
    return here


def export_contacts(session: Session, pool: Pool, name: str) -> Path:
    """The contact lists of one pool as their own tool wrote them: `name` with the suffix of contacts/export.py.

    That a file is there proves nothing: read it to its end, and hold its users against the directory. Raises
    OperationError.
    """
    if session.params.generation == "lync2010":
        return _by_dbimpexp(session, pool, f"{name}{XML}")
    return _by_cmdlet(session, pool, f"{name}{ZIP}")


def _by_dbimpexp(session: Session, pool: Pool, name: str) -> Path:
    """Judged by exit code, output and file, as nobody documents the exit codes (Microsoft: dbimpexp-readme)."""
    host = session.params.management_host
    there, here = fresh(session, name)
    finished = session.shell.run(dbimpexp.export_contacts(host.dbimpexp, there, sql_instance(pool)))
    if finished.exit_code or not here.is_file():
        said = (finished.errors or finished.output).strip()[-SAID:] or "it said nothing"
        raise OperationError(
            f"dbimpexp exported nothing of {pool.fqdn}: exit code {finished.exit_code}, {said}",
            "Check that the pool's back end answers, and that the management host may write to the exchange folder.",
        )
    return here


def _by_cmdlet(session: Session, pool: Pool, name: str) -> Path:
    """Judged by its errors first: it may stop midway and leave a sound file of the users before."""
    there, here = fresh(session, name)
    server = session.params.directory.domain_controller
    reply = session.shell.invoke(user_data.export_user_data(pool.fqdn, there, server))
    if reply.faults or not here.is_file():
        said = reply.faults[0].message[-SAID:] if reply.faults else f"it reported no error, and wrote no {here.name}"
        raise OperationError(
            f"Export-CsUserData did not export all of {pool.fqdn}: {said}",
            "Check that the pool answers. An address that holds / or \\ ends the export: have that contact removed.",
        )
    return here


def read(export: Path) -> Iterator[ContactList]:
    """The contact lists in an export, one at a time; one that cannot be read is left out, as if it were not there.

    Raises OperationError when its tool did not write the export whole. It may come after many lists: nothing is known
    to be whole before the end.
    """
    try:
        yield from read_lists(export, left_out)
    except InputError as cause:
        raise useless(cause, written_by(export)) from cause


def read_rows(export: Path, broken: Broken) -> Iterator[Holding]:
    """As `read`, of each list its counts and its digest alone."""
    try:
        yield from read_holdings(export, broken)
    except InputError as cause:
        raise useless(cause, written_by(export)) from cause


def useless(cause: InputError, tool: str = "dbimpexp") -> OperationError:
    """What to say of an export that does not parse."""
    return OperationError(f"{tool} wrote an export that is of no use: {cause.message}", "Run the same command again.")


def lists_of(export: Path, users: Collection[str]) -> dict[str, ContactList]:
    """These users' contact lists in an export, by user. Raises OperationError as `read` does.

    Of the other users no more is known than that the document goes on after them, and ends.
    """
    try:
        return {one.user: one for one in read_lists_of(export, users)}
    except InputError as cause:
        raise useless(cause, written_by(export)) from cause


def sql_instance(pool: Pool) -> str:
    """`fqdn\\instance` of the pool's back end: a Standard Edition server carries its own, named rtc."""
    return pool.sql or rf"{pool.fqdn}\rtc"
