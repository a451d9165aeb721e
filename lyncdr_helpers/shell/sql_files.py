"""Where the files of a restored database go: the folders that the server itself would put a new one into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PureWindowsPath

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.shell.sql import NULL

Row = Mapping[str, str]
LOG = "L"


@dataclass(frozen=True)
class Folders:
    """Paths of the SQL server's own, for data files and for logs."""

    data: PureWindowsPath
    log: PureWindowsPath


def folders(found: Sequence[Row]) -> Folders:
    """From the answer to sql.default_folders. Raises InputError where it says nothing."""
    try:
        (row,) = found
        data, log = (
            PureWindowsPath(row[told]) if row[told] not in ("", NULL) else PureWindowsPath(row[beside]).parent
            for told, beside in (("DataFolder", "MasterData"), ("LogFolder", "MasterLog"))
        )
    except (KeyError, ValueError) as cause:
        raise InputError("SQL Server does not say where its databases are.", "Run the same command again.") from cause
    if not data.is_absolute() or not log.is_absolute():
        raise InputError(f"{data} and {log} are no folders of databases.", "Look at the server's default folders.")
    return Folders(data, log)


def moves(dumped: Sequence[Row], where: Folders) -> dict[str, str]:
    """Logical name -> path, from the answer to sql.dump_files: each file under its own name, told apart where two share
    one. Raises InputError where there is no data file or no log in it.
    """
    placed: dict[str, str] = {}
    taken: set[PureWindowsPath] = set()
    try:
        for number, row in enumerate(dumped, start=1):
            path = (where.log if row["Type"] == LOG else where.data) / PureWindowsPath(row["PhysicalName"]).name
            if path in taken:
                path = path.with_name(f"{path.stem}_{number}{path.suffix}")
            taken.add(path)
            placed[row["LogicalName"]] = str(path)
        kinds = {row["Type"] for row in dumped}
    except KeyError as cause:
        raise InputError(f"The list of the dump's files lacks {cause}.", "Run the same command again.") from cause
    if not {"D", LOG} <= kinds:
        raise InputError("The dump holds no whole database: a data file or the log is missing.", "Choose another set.")
    return placed
