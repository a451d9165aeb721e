"""Asking SQL Server through sqlcmd on the management host, and what to say when it does not do as asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.ports import Finished, Program
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sql

SAID = 500
"""How much of what sqlcmd said an error message carries, in characters."""
REMEDY = (
    "Check that SQL Server is up, and that it lets the account of management_host in (a WinRM session passes no "
    "credentials on, unless delegation or auth: basic lets it)."
)


def run(session: Session, what: str, program: Program) -> str:
    """What sqlcmd wrote. Raises OperationError in SQL Server's own words."""
    finished = session.shell.run(program)
    if finished.exit_code:
        raise OperationError(f"sqlcmd could not {what}: {told(finished)}", REMEDY)
    return finished.output


def ask(session: Session, what: str, program: Program) -> Sequence[Mapping[str, str]]:
    """The rows of an answer. Raises OperationError, also for what is no table."""
    output = run(session, what, program)
    try:
        return sql.rows(output)
    except InputError as cause:
        raise OperationError(f"sqlcmd could not {what}: {cause.message}", cause.remedy) from cause


def told(finished: Finished) -> str:
    """How a program ended, in its own words."""
    said = " ".join((finished.errors or finished.output).split())[-SAID:] or "it said nothing"
    return f"exit code {finished.exit_code}, {said}"
