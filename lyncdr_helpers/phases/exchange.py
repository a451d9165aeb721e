"""Files that pass between the management host and here, through the one folder both can see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lyncdr_helpers.contacts.dbimpexp import read_export
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.ports import Command
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import dbimpexp

SAID = 300
"""How much of a program's output an error message carries, in characters."""


def place(session: Session, name: str) -> tuple[str, Path]:
    """(the file as the management host names it, the same file from here). Each run has names of its own."""
    exchange = session.params.management_host.exchange
    ours = f"{session.folder.run}-{name}"
    here = session.loaded.locate(exchange.here) / ours
    here.parent.mkdir(parents=True, exist_ok=True)
    return exchange.path_there(ours), here


def fresh(session: Session, name: str) -> tuple[str, Path]:
    """`place`, with nothing there: an export must not find the file of an attempt that was cut short."""
    there, here = place(session, name)
    here.unlink(missing_ok=True)
    return there, here


def tidy(session: Session) -> None:
    """Remove this run's files: contact lists do not stay behind in a folder that others can see."""
    folder = session.loaded.locate(session.params.management_host.exchange.here)
    for path in folder.glob(f"{session.folder.run}-*"):
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
    """The contact lists of one pool, as dbimpexp wrote them. Judged by exit code, output and file, as nobody documents
    the exit codes (Microsoft: dbimpexp-readme). Raises OperationError, InputError for a generation without dbimpexp.
    """
    if session.params.generation != "lync2010":
        raise InputError(
            f"Contact lists of {session.params.generation} are not carried yet: that takes Export-CsUserData.",
            "Today backup and activate work for generation: lync2010; prepare works for all.",
        )
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


def read(export: Path) -> Iterator[ContactList]:
    """The contact lists in an export, one at a time. Raises OperationError when dbimpexp did not write it whole.

    It may come after many lists: nothing is known to be whole before the end.
    """
    try:
        yield from read_export(export)
    except InputError as cause:
        raise useless(cause) from cause


def useless(cause: InputError) -> OperationError:
    """What to say of an export that does not parse."""
    return OperationError(f"dbimpexp wrote an export that is of no use: {cause.message}", "Run the same command again.")


def lists_of(export: Path) -> dict[str, ContactList]:
    """The contact lists in an export, by user. Raises OperationError as `read` does."""
    return {one.user: one for one in read(export)}


def sql_instance(pool: Pool) -> str:
    """`fqdn\\instance` of the pool's back end: a Standard Edition server carries its own, named rtc."""
    return pool.sql or rf"{pool.fqdn}\rtc"
