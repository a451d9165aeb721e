"""Places where nobody answers, each in its own way, on real sockets."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

Talk = Callable[[socket.socket], object]
"""What a server does with a connection; then the connection is closed."""

RESET = struct.pack("ii", 1, 0)
FILLING = 8
"""More connections than a backlog of none holds."""


@contextmanager
def blackhole(address: str, port: int = 0) -> Iterator[int]:
    """The port of a machine that drops every packet: a listener whose queue is full, so Linux lets the SYN fall."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server((address, port), backlog=0))
        for _ in range(FILLING):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@contextmanager
def served(address: str, talk: Talk, port: int = 0) -> Iterator[int]:
    """The port of a server that talks so with everybody, each on a thread of its own; all of it ends with the block."""
    ended, talks = threading.Event(), list[threading.Thread]()

    def converse(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(5)
            talk(connection)

    def accept() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                talks.append(threading.Thread(target=converse, args=[connection]))
                talks[-1].start()

    with socket.create_server((address, port), backlog=512) as server:
        server.settimeout(0.05)
        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            for one in [accepting, *talks]:
                one.join()


def says_nothing(connection: socket.socket) -> None:
    """Take the connection and wait until the client has had enough: a service that hangs."""
    while connection.recv(8192):
        pass


def says_garbage(connection: socket.socket) -> None:
    """Answer the first words with bytes that are no TLS."""
    connection.recv(8192)
    connection.sendall(bytes(range(256)) * 4)


def resets_at_once(connection: socket.socket) -> None:
    """Take the client's first words, and reset the connection."""
    connection.recv(8192)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def resets_midway(connection: socket.socket) -> None:
    """Begin to answer as TLS does, a record that never ends, and reset the connection."""
    connection.recv(8192)
    connection.sendall(b"\x16\x03\x03\x10\x00\x02\x00\x00\x50\x03\x03")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
