"""One process of a lab: `python -m lyncdr_helpers.lab.process ROLE --folder F [--owner PID]`.

It ends on SIGTERM, when the lab's folder holds a stop file or is gone, and when its owner is gone.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import psutil

from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.lab.blueprint import DR_POOL, MANAGEMENT_USER, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.members import stop_file

LOOK_SECONDS = 0.2


class Server(Protocol):
    """What every lab server can do."""

    def start(self) -> None:
        """Answer from now on, or raise."""

    def stop(self) -> None:
        """Answer no more."""


# Each role imports its own libraries only: they take most of a lab's start.
def _directory(blueprint: Blueprint) -> list[Server]:
    if blueprint.directory == "samba":
        from lyncdr_helpers.lab.samba import SambaDomain

        return [SambaDomain(blueprint)]
    from lyncdr_helpers.lab.directory import DirectoryServer

    return [DirectoryServer(blueprint)]


def _dns(blueprint: Blueprint) -> list[Server]:
    if blueprint.dns == "bind":
        from lyncdr_helpers.lab.bind import BindServer

        return [BindServer(blueprint)]
    from lyncdr_helpers.lab.dns import ZoneServer

    return [ZoneServer(blueprint)]


def _hosts(blueprint: Blueprint) -> list[Server]:
    from lyncdr_helpers.lab.cmdlets import cmdlets, programs
    from lyncdr_helpers.lab.group_chat_server import GroupChatServer
    from lyncdr_helpers.lab.registrar import Registrar
    from lyncdr_helpers.lab.winrm import WinrmServer

    password = blueprint.secret("management").read_text(encoding="utf-8").strip()
    management_host = WinrmServer(
        blueprint.management_host,
        blueprint.winrm_port,
        blueprint.certificate("mgmt"),
        {MANAGEMENT_USER: password},
        cmdlets(blueprint),
        programs(blueprint),
    )
    registrars = [Registrar(blueprint, PRIMARY_POOL), Registrar(blueprint, DR_POOL)]
    return [*registrars, GroupChatServer(blueprint), management_host]


ROLES: dict[str, Callable[[Blueprint], list[Server]]] = {"directory": _directory, "dns": _dns, "hosts": _hosts}


def main(arguments: Sequence[str]) -> int:
    """Run the role's servers until it is time to end."""
    parser = argparse.ArgumentParser(description="One process of a lab; `lyncdr lab up` starts them.")
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--owner", type=int)
    given = parser.parse_args(arguments)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        owner = psutil.Process(given.owner) if given.owner else None
        _serve(ROLES[given.role](Blueprint.load(given.folder)), given.folder, owner, ended)
    except psutil.NoSuchProcess:
        print("The owner is gone already.")
    except (LyncdrError, OSError) as error:
        print(error, file=sys.stderr)
        return getattr(error, "exit_code", 1)
    return 0


def _serve(servers: list[Server], folder: Path, owner: psutil.Process | None, ended: threading.Event) -> None:
    started: list[Server] = []
    try:
        for server in servers:
            server.start()
            started.append(server)
        while not ended.wait(LOOK_SECONDS):
            if _over(folder, owner):
                return
    finally:
        for server in reversed(started):
            server.stop()


def _over(folder: Path, owner: psutil.Process | None) -> bool:
    if stop_file(folder).exists() or not folder.exists():
        return True
    # A killed process whose parent has not noticed yet is a zombie, and gone for our purposes.
    return owner is not None and not (owner.is_running() and owner.status() != psutil.STATUS_ZOMBIE)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
