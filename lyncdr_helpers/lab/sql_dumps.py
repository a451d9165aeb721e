"""A dump of the lab's SQL Server, as bytes: what it says of itself, sealed, and then the database."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from lyncdr_helpers.lab.sql_errors import SqlError

MAGIC = b"LYNCDR LAB DUMP 1\n"


@dataclass(frozen=True)
class Header:
    """What a dump says of itself. size, digest: of the database in it, bytes and SHA-256.

    version: of the server that wrote it. family: which database it is of, wherever that was restored since. guid: of
    this dump alone. lsn: where the log stood at its end.
    """

    name: str
    database: str
    server: str
    started: str
    size: int
    digest: str
    version: str
    family: str
    guid: str
    lsn: int

    @property
    def files(self) -> tuple[tuple[str, str, str], ...]:
        """(logical name, path where it was written, D for data or L for the log)."""
        name = self.database
        return (name, f"E:\\sql\\{name}.mdf", "D"), (f"{name}_log", f"F:\\logs\\{name}_log.ldf", "L")


def written(header: Header, pages: bytes) -> bytes:
    """The dump of a database."""
    words = json.dumps(asdict(header)).encode()
    return MAGIC + hashlib.sha256(words).hexdigest().encode() + b" " + words + b"\n" + pages


def read(content: bytes, file: str) -> tuple[Header, bytes]:
    """What a dump says of itself, and what it holds, unproven. Raises SqlError where it is no dump."""
    first, _, pages = content.removeprefix(MAGIC).partition(b"\n")
    seal, _, words = first.partition(b" ")
    if not content.startswith(MAGIC) or hashlib.sha256(words).hexdigest().encode() != seal:
        raise SqlError(
            3241,
            f"The media family on device '{file}' is incorrectly formed. SQL Server cannot process this media family.",
        )
    return Header(**json.loads(words)), pages


def proven(content: bytes, file: str) -> tuple[Header, bytes]:
    """As `read`, with the whole database. Raises SqlError when it is cut short or is not what was written."""
    header, pages = read(content, file)
    if len(pages) < header.size:
        raise SqlError(3203, f'Read on "{file}" failed: 38(Reached the end of the file.)')
    if len(pages) > header.size or hashlib.sha256(pages).hexdigest() != header.digest:
        raise SqlError(3189, "Damage to the backup set was detected.")
    return header, pages
