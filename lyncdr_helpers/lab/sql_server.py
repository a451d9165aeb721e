"""The lab's SQL Server: databases that are SQLite files, and the dumps of them on its drive D."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path, PureWindowsPath

from lyncdr_helpers import files
from lyncdr_helpers.lab import sites
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL

MAGIC = b"LYNCDR LAB DUMP 1\n"


class SqlError(Exception):
    """What SQL Server says when it does not do as asked. number: of the message, as Microsoft has it."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


@dataclass(frozen=True)
class Header:
    """What a dump says of itself. size, digest: of the database in it, bytes and SHA-256."""

    name: str
    database: str
    server: str
    started: str
    size: int
    digest: str


@dataclass(frozen=True)
class LabSqlServer:
    """One instance, of the lab in that folder. Its databases, and the drive D of its machine, are below `folder`.

    beside: the pool at whose site it stands. version: SQL Server 2008 R2's, as SERVERPROPERTY has it.
    """

    lab: Path
    host: str
    instance: str
    beside: str = PRIMARY_POOL
    version: str = "10.50.6000.34"

    @property
    def name(self) -> str:
        return f"{self.host}\\{self.instance}"

    @property
    def reachable(self) -> bool:
        """Whether the management host, which stands at the DR site, can reach it."""
        return sites.read(self.lab).reachable(self.beside)

    @property
    def folder(self) -> Path:
        return self.lab / "sql" / self.host.partition(".")[0]

    @property
    def drive_d(self) -> Path:
        return self.folder / "d"

    def database(self, name: str) -> Path:
        """The file of a database that is there, whatever the case of its name. Raises SqlError for any other."""
        for path in self.folder.glob("*.sqlite"):
            if path.stem.lower() == name.lower():
                return path
        raise SqlError(911, f"Database '{name}' does not exist. Make sure that the name is entered correctly.")

    # -- who may sign in --------------------------------------------------------------------------------------------

    @property
    def logins(self) -> list[str]:
        """The logins of the server, sorted."""
        return sorted(json.loads((self.folder / "logins.json").read_text(encoding="utf-8")))

    def prepare(self, logins: Sequence[str]) -> None:
        """Let these sign in, and nobody else."""
        files.replace_json(self.folder / "logins.json", list(logins))

    # -- dumps ------------------------------------------------------------------------------------------------------

    def back_up(self, database: str, file: str, name: str, started: str) -> int:
        """Dump a database into the file, whatever is there; its size in pages of 8 KB."""
        path = self.database(database)
        try:
            with closing(sqlite3.connect(path)) as source:
                pages = source.serialize()
        except sqlite3.DatabaseError as cause:
            raise SqlError(3043, f"BACKUP '{database}' detected an error in file '{path.name}': {cause}.") from cause
        place = self._place(file)
        if not place.parent.is_dir():
            raise _no_device(file, "3(The system cannot find the path specified.)")
        digest = hashlib.sha256(pages).hexdigest()
        header = json.dumps(asdict(Header(name, path.stem, self.name, started, len(pages), digest))).encode()
        seal = hashlib.sha256(header).hexdigest().encode()
        files.replace(place, MAGIC + seal + b" " + header + b"\n" + pages)
        return -(-len(pages) // 8192)

    def header(self, file: str) -> Header:
        """What the dump says of itself. Raises SqlError where it is none."""
        return self._read(file)[0]

    def verify(self, file: str) -> bytes:
        """The whole database in the dump. Raises SqlError when it is cut short or is not what was written."""
        header, pages = self._read(file)
        if len(pages) < header.size:
            raise SqlError(3203, f'Read on "{file}" failed: 38(Reached the end of the file.)')
        if len(pages) > header.size or hashlib.sha256(pages).hexdigest() != header.digest:
            raise SqlError(3189, "Damage to the backup set was detected.")
        return pages

    def _read(self, file: str) -> tuple[Header, bytes]:
        try:
            content = self._place(file).read_bytes()
        except OSError as cause:
            raise _no_device(file, "2(The system cannot find the file specified.)") from cause
        first, _, pages = content.removeprefix(MAGIC).partition(b"\n")
        seal, _, header = first.partition(b" ")
        if not content.startswith(MAGIC) or hashlib.sha256(header).hexdigest().encode() != seal:
            raise SqlError(
                3241,
                f"The media family on device '{file}' is incorrectly formed. SQL Server cannot process this media "
                "family.",
            )
        return Header(**json.loads(header)), pages

    def _place(self, file: str) -> Path:
        """A file on drive D. Raises SqlError for any other place."""
        path = PureWindowsPath(file)
        inside = path.parts[1:]
        if path.anchor.upper() != "D:\\" or not inside or ".." in inside:
            raise _no_device(file, "3(The system cannot find the path specified.)")
        return self.drive_d.joinpath(*inside)


def _no_device(file: str, why: str) -> SqlError:
    return SqlError(3201, f"Cannot open backup device '{file}'. Operating system error {why}.")
