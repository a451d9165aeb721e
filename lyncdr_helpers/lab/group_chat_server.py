"""Group Chat's server at the lab's DR site: a port that answers once its database stands there, and not before.

The lab's technician needs no time: it is installed in the moment in which its database is online, and runs until
somebody stops it. It speaks nothing; what the product's protocol says is not documented.
"""

from __future__ import annotations

import socket

from lyncdr_helpers.lab import group_chat, sites
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.sql_server import ONLINE
from lyncdr_helpers.lab.watch import Watch


class GroupChatServer:
    """The socket of gc02.lync.test, and the thread that opens and closes it."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._folder = blueprint.folder
        self._stopped = group_chat.stopped(blueprint)
        self._database = group_chat.standby_server(blueprint)
        self._address = (blueprint.group_chat_server, blueprint.group_chat_port)
        self._listener: socket.socket | None = None
        self._watch = Watch("group chat server", self._follow)

    def start(self) -> None:
        """Listen, if the database is there. Raises OSError when the address is taken."""
        self._watch.start()

    def stop(self) -> None:
        """Listen no more."""
        self._watch.stop()
        self._leave()

    def _follow(self) -> None:
        try:
            found = self._database.standing(group_chat.DATABASE)
            online = found is not None and found.state == ONLINE and not self._stopped.exists()
            wanted = online and sites.read(self._folder).reachable(DR_POOL)
        except (FileNotFoundError, PermissionError):
            return  # in the moment a file is replaced: the next look sees it
        if not wanted:
            self._leave()
        elif self._listener is None:
            self._listener = socket.create_server(self._address)

    def _leave(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
