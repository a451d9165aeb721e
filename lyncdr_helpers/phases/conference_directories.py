"""Conference directories: who finds the conferences that people dial in to by number, once their pool is lost."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import exchange, work_folder
from lyncdr_helpers.ports import Record
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, dbimpexp
from lyncdr_helpers.shell.documents import read_document

SERVICE = "userserver:"


def list_directories(session: Session, pool: Pool) -> Path:
    """The conference directories at home on the pool, which Move-CsConferenceDirectory must take from it: JSON.

    `[{"id": 1, "home_pool": "pool01.example.org"}, ...]`, by id; `[]` where the deployment was asked and the pool has
    none. From 2013 on that is all there is to save here: what a directory holds is part of Export-CsUserData. Raises
    OperationError.
    """
    rows = [{"id": number, "home_pool": home} for number, home in homes(session).items() if home == pool.fqdn]
    with work_folder.making(session, f"{pool.fqdn}-conference-directories.json") as path:
        files.replace_json(path, rows)
    return path


def homes(session: Session) -> dict[int, str]:
    """Number -> home pool, by number, as the management host tells it. Raises OperationError."""
    reply = session.shell.invoke(cmdlets.get_conference_directories())
    if reply.faults:
        raise OperationError(
            f"Get-CsConferenceDirectory failed: {reply.faults[0].message}",
            "Check that the Central Management Store answers, then run the same command again.",
        )
    return dict(sorted(_directory(row) for row in reply.output))


def export(session: Session, pool: Pool) -> Path:
    """What the directories of a 2010 pool hold, as dbimpexp wrote it; to be imported on the pool that takes them over.

    Judged by exit code, output and file. Nobody documents what stands below its root, so nothing below it is judged.
    Raises OperationError, and InputError for a later generation.
    """
    if session.params.generation != "lync2010":
        raise InputError(
            f"{session.params.generation} has no dbimpexp: Export-CsUserData carries its conference directories.",
            "List them instead.",
        )
    host = session.params.management_host
    there, here = exchange.fresh(session, f"{pool.fqdn}-conference-directories.xml")
    finished = session.shell.run(
        dbimpexp.export_conference_directories(host.dbimpexp, there, exchange.sql_instance(pool))
    )
    if finished.exit_code or not here.is_file():
        said = (finished.errors or finished.output).strip()[-exchange.SAID :] or "it said nothing"
        raise OperationError(
            f"dbimpexp exported no conference directories of {pool.fqdn}: exit code {finished.exit_code}, {said}",
            "Check that the pool's back end answers, and that the management host may write to the exchange folder.",
        )
    try:
        read_document(here.read_bytes(), "HomedResources")
    except InputError as cause:
        raise OperationError(
            f"dbimpexp wrote conference directories that are of no use: {cause.message}", "Run the same command again."
        ) from cause
    return here


def _directory(row: Record) -> tuple[int, str]:
    """(number, home pool) of a row: Identity 1, ServiceId `UserServer:pool01.example.org` (Microsoft: cmdlet help)."""
    number, service = str(row.get("Identity")), str(row.get("ServiceId")).lower().removeprefix("service:")
    if not (number.isascii() and number.isdigit() and service.startswith(SERVICE)):
        raise OperationError(
            f"Get-CsConferenceDirectory wrote a directory {number} with the service {service}.",
            "Run it on the management host and look at what it writes.",
        )
    return int(number), service.removeprefix(SERVICE)
