"""The lab's SQL Server: databases that are SQLite files, the dumps of them on its drive D, and who may sign in."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PureWindowsPath

from lyncdr_helpers import files
from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.lab import sites, sql_dumps
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.lab.sql_dumps import Header
from lyncdr_helpers.lab.sql_errors import SqlError, in_a_restore, no_database, no_device, no_folder

ONLINE, RESTORING = "ONLINE", "RESTORING"
OWN = "sys_"
"""What the names of the server's own tables begin with; all others are the product's."""
USERS = f"CREATE TABLE {OWN}user (name TEXT PRIMARY KEY, type TEXT NOT NULL, sid TEXT NOT NULL)"
DATA, LOGS = "data", "log"
"""Folders on drive D where the server puts the files of new databases."""


@dataclass(frozen=True)
class Standing:
    """What the server knows of one of its databases. restored: of the dump that it comes from, empty for none."""

    state: str
    family: str
    created: str
    restored: Mapping[str, str] = field(default_factory=dict)


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
        raise no_database(name)

    def standing(self, name: str) -> Standing | None:
        """What the server knows of a database; None where there is none."""
        for path in self.folder.glob("*.standing.json"):
            if path.name.removesuffix(".standing.json").lower() == name.lower():
                return Standing(**json.loads(path.read_text(encoding="utf-8")))
        return None

    def put(self, name: str, standing: Standing) -> None:
        """Have it so from now on."""
        files.replace_json(self.folder / f"{name}.standing.json", asdict(standing))

    def create(self, name: str, family: str) -> Path:
        """A database that holds nothing; its file."""
        path = self.folder / f"{name}.sqlite"
        with closing(sqlite3.connect(path)) as database, database:
            database.execute(USERS)
        self.put(name, Standing(ONLINE, family, stamp(SystemClock().now())))
        return path

    @contextmanager
    def opened(self, name: str) -> Iterator[sqlite3.Connection]:
        """A database that is online. Raises SqlError for any other."""
        path, standing = self.database(name), self.standing(name)
        if standing is None or standing.state != ONLINE:
            raise in_a_restore(name)
        with closing(sqlite3.connect(path)) as database, database:
            yield database

    def rows(self, name: str) -> Mapping[str, int]:
        """How many rows each table of the product has."""
        with self.opened(name) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
            return {
                table: database.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - its own names
                for (table,) in tables
                if not table.startswith((OWN, "sqlite_"))
            }

    # -- who may sign in --------------------------------------------------------------------------------------------

    @property
    def logins(self) -> list[str]:
        """The logins of the server, sorted."""
        return sorted(json.loads((self.folder / "logins.json").read_text(encoding="utf-8")))

    def prepare(self, logins: Sequence[str]) -> None:
        """Let these sign in, and nobody else."""
        files.replace_json(self.folder / "logins.json", list(logins))

    def sid(self, login: str) -> str:
        """Windows knows its own by one SID everywhere; a SQL login has another one on each server."""
        words = login.lower() if "\\" in login else f"{self.name} {login}".lower()
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def users(self, name: str) -> list[tuple[str, str, str]]:
        """(user, type, login or nothing) of a database, sorted."""
        known = {self.sid(login): login for login in self.logins}
        with self.opened(name) as database:
            found = database.execute(f"SELECT name, type, sid FROM {OWN}user ORDER BY name").fetchall()  # noqa: S608
        return [(user, kind, known.get(sid, "")) for user, kind, sid in found]

    def map_user(self, name: str, user: str, login: str) -> None:
        """Let the login be that user; a user who was not there is made, as the product's setup does."""
        kind = "U" if "\\" in user else "S"
        with self.opened(name) as database:
            database.execute(f"INSERT OR REPLACE INTO {OWN}user VALUES (?, ?, ?)", (user, kind, self.sid(login)))  # noqa: S608

    # -- dumps ------------------------------------------------------------------------------------------------------

    def back_up(self, database: str, file: str, name: str, started: str) -> int:
        """Dump a database into the file, whatever is there; its size in pages of 8 KB."""
        path, standing = self.database(database), self.standing(database)
        if standing is None or standing.state != ONLINE:
            raise in_a_restore(database)
        try:
            with closing(sqlite3.connect(path)) as source:
                pages = source.serialize()
        except sqlite3.DatabaseError as cause:
            raise SqlError(3043, f"BACKUP '{database}' detected an error in file '{path.name}': {cause}.") from cause
        place = self._place(file)
        if not place.parent.is_dir():
            raise no_device(file, "3(The system cannot find the path specified.)")
        digest = hashlib.sha256(pages).hexdigest()
        lsn = 34_000_000_000_000_000 + int(SystemClock().now().timestamp() * 1000)
        header = Header(
            name,
            path.stem,
            self.name,
            started,
            len(pages),
            digest,
            self.version,
            standing.family,
            str(uuid.uuid4()).upper(),
            lsn,
        )
        files.replace(place, sql_dumps.written(header, pages))
        return -(-len(pages) // 8192)

    def header(self, file: str) -> Header:
        """What the dump says of itself. Raises SqlError where it is none."""
        return sql_dumps.read(self._content(file), file)[0]

    def verify(self, file: str) -> bytes:
        """The whole database in the dump. Raises SqlError when it is cut short or is not what was written."""
        return sql_dumps.proven(self._content(file), file)[1]

    def restore(self, database: str, file: str, moves: Mapping[str, str], *, over: bool) -> int:
        """Bring the database in the dump up; its size in pages of 8 KB. over: whether one that stands there may go."""
        header, pages = sql_dumps.proven(self._content(file), file)
        self._require_release(header)
        self._require_places(header, moves)
        present = self.standing(database)
        if present and present.state == ONLINE and not over:
            raise _standing_there(database, present, header)
        began = Standing(RESTORING, header.family, stamp(SystemClock().now()))
        name = self._spelled(database)
        self.put(name, began)
        files.replace(self.folder / f"{name}.sqlite", pages)
        came = {"BackupName": header.name, "BackupSet": header.guid, "LastLSN": str(header.lsn)}
        self.put(name, replace(began, state=ONLINE, restored=came))
        return -(-len(pages) // 8192)

    def _spelled(self, database: str) -> str:
        try:
            return self.database(database).stem
        except SqlError:
            return database

    def _require_release(self, header: Header) -> None:
        def release(version: str) -> tuple[int, ...]:
            return tuple(map(int, version.split(".")[:2]))

        if release(header.version) > release(self.version):
            raise SqlError(
                3169,
                f"The database was backed up on a server running version {header.version}. That version is "
                f"incompatible with this server, which is running version {self.version}.",
            )

    def _require_places(self, header: Header, moves: Mapping[str, str]) -> None:
        names = {name for name, _, _ in header.files}
        for name in moves.keys() - names:
            raise SqlError(3234, f"Logical file '{name}' is not part of database '{header.database}'.")
        for name, path, _ in header.files:
            target = moves.get(name, path)
            if not self._is_on_d(target) or not self._on_d(target).parent.is_dir():
                raise no_folder(target)

    def _content(self, file: str) -> bytes:
        try:
            return self._place(file).read_bytes()
        except OSError as cause:
            raise no_device(file, "2(The system cannot find the file specified.)") from cause

    def _place(self, file: str) -> Path:
        """A file on drive D. Raises SqlError for any other place."""
        if not self._is_on_d(file):
            raise no_device(file, "3(The system cannot find the path specified.)")
        return self._on_d(file)

    def _is_on_d(self, file: str) -> bool:
        path = PureWindowsPath(file)
        inside = path.parts[1:]
        return path.anchor.upper() == "D:\\" and bool(inside) and ".." not in inside

    def _on_d(self, file: str) -> Path:
        return self.drive_d.joinpath(*PureWindowsPath(file).parts[1:])


def _standing_there(database: str, present: Standing, header: Header) -> SqlError:
    if present.family != header.family:
        return SqlError(
            3154, f"The backup set holds a backup of a database other than the existing '{database}' database."
        )
    return SqlError(
        3159,
        f'The tail of the log for the database "{database}" has not been backed up. Use BACKUP LOG WITH NORECOVERY to '
        "backup the log if it contains work you do not want to lose.",
    )
