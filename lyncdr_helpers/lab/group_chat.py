"""The lab's Group Chat, which stands at the primary site: its database, and its file repository. Contents are made up.

The tables are the lab's own: the product's are not documented. The rooms refer to nothing outside the database, so that
a dump of it can be brought up on any SQL Server.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, Blueprint
from lyncdr_helpers.lab.sql_server import DATA, LOGS, LabSqlServer

HOST = f"gcsql01.{DOMAIN}"
STANDBY_HOST = f"gcsql02.{DOMAIN}"
SERVER_HOST = f"gc02.{DOMAIN}"
"""The Windows machine at the DR site that its server is installed on in an activation."""
STANDBY_VERSION = "10.50.6220.0"
"""A later build of the primary's release: from a later release there would be no way home."""
INSTANCE = "groupchat"
LOGINS = ("LYNC\\Group Chat Services", "LYNC\\svc-groupchat", "groupchat_reports")
"""Who signs in to its database: the product, and a SQL login for reports; `sa` is on every server beside them."""
DATABASE = "GroupChat"
DUMPS = "dumps"
"""The folder on SQL Server's drive D that dumps go to."""

SCHEMA = """
CREATE TABLE room (number TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, description TEXT NOT NULL);
CREATE TABLE member (room TEXT NOT NULL REFERENCES room, address TEXT NOT NULL, role TEXT NOT NULL,
    PRIMARY KEY (room, address));
CREATE TABLE message (number INTEGER PRIMARY KEY, room TEXT NOT NULL REFERENCES room, sender TEXT NOT NULL,
    sent_at TEXT NOT NULL, text TEXT NOT NULL);
"""
ROOMS = (
    ("Operations", "What runs, and what does not"),
    ("Trading floor", "Front office"),
    ("Küche & Empfang", "Büro Köln"),
    ("社員室", "東京"),
)
TEXTS = (
    "Good morning.",
    "Who has the key to the server room?",
    "Es gibt Kuchen!",
    'It\'s done: 100 % of it, [see] the "list".',
    "了解しました",
    "",
)
MEMBERS = 12
MESSAGES = 60
BEGAN = dt.datetime(2026, 1, 5, 8, tzinfo=dt.UTC)

FILES = {
    "Operations/Rack plan 2026.txt": b"Row 1: fe01\r\nRow 2: gcsql01\r\n",
    "Operations/read me.txt": b"Ask before you pull a cable.\r\n",
    "Küche & Empfang/Speiseplan Köln.txt": "Dienstag: Grünkohl\r\n".encode(),
    "社員室/写真.bin": bytes(range(256)) * 300,
    "Trading floor/empty.dat": b"",
}
"""What people have uploaded: by its path in the repository."""


def sql_server(blueprint: Blueprint) -> LabSqlServer:
    """The SQL Server that holds it."""
    return LabSqlServer(blueprint.folder, HOST, INSTANCE)


def standby_server(blueprint: Blueprint) -> LabSqlServer:
    """The SQL Server at the DR site that could take it over: of the same release, with the logins prepared."""
    return LabSqlServer(blueprint.folder, STANDBY_HOST, INSTANCE, beside=DR_POOL, version=STANDBY_VERSION)


def dumps(blueprint: Blueprint) -> Path:
    """The folder on drive D, as this machine reaches it."""
    return sql_server(blueprint).drive_d / DUMPS


def standby_dumps(blueprint: Blueprint) -> Path:
    """The same at the standby."""
    return standby_server(blueprint).drive_d / DUMPS


def repository(blueprint: Blueprint) -> Path:
    """The file repository."""
    return blueprint.folder / "group-chat" / "repository"


def standby_repository(blueprint: Blueprint) -> Path:
    """The share at the DR site that it is restored on."""
    return blueprint.folder / "group-chat" / "standby-repository"


def stopped(blueprint: Blueprint) -> Path:
    """While this file is there, somebody has stopped its server at the DR site."""
    return blueprint.folder / "group-chat" / "stopped"


def fill(blueprint: Blueprint, users: Sequence[str]) -> None:
    """Put in what stands there on the first day. users: the addresses of those who may be members."""
    draw = random.Random(f"{blueprint.seed}/group chat")
    for server in (sql_server(blueprint), standby_server(blueprint)):
        for place in (DUMPS, DATA, LOGS):
            (server.drive_d / place).mkdir(parents=True, exist_ok=True)
        server.prepare(["sa", *LOGINS])
    standby_repository(blueprint).mkdir(parents=True)
    _fill_database(sql_server(blueprint).create(DATABASE, _family(blueprint)), sorted(users), draw)
    for login in LOGINS:
        sql_server(blueprint).map_user(DATABASE, login, login)
    for name, content in FILES.items():
        path = repository(blueprint) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        moment = (BEGAN + dt.timedelta(seconds=draw.randrange(10_000_000))).timestamp()
        os.utime(path, (moment, moment))


def _family(blueprint: Blueprint) -> str:
    return str(uuid.UUID(int=random.Random(f"{blueprint.seed}/family").getrandbits(128), version=4)).upper()


def _fill_database(path: Path, users: Sequence[str], draw: random.Random) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(SCHEMA)
        for name, description in ROOMS:
            number = str(uuid.UUID(int=draw.getrandbits(128), version=4))
            members = draw.sample(users, min(MEMBERS, len(users)))
            database.execute("INSERT INTO room VALUES (?, ?, ?)", (number, name, description))
            database.executemany(
                "INSERT INTO member VALUES (?, ?, ?)",
                ((number, address, "member" if place else "manager") for place, address in enumerate(members)),
            )
            database.executemany(
                "INSERT INTO message (room, sender, sent_at, text) VALUES (?, ?, ?, ?)",
                ((number, *said) for said in _messages(members, draw)),
            )


def _messages(members: Sequence[str], draw: random.Random) -> Iterator[tuple[str, str, str]]:
    moment = BEGAN
    for _ in range(MESSAGES if members else 0):
        moment += dt.timedelta(seconds=draw.randrange(1, 9000))
        yield draw.choice(members), moment.isoformat(), draw.choice(TEXTS)
