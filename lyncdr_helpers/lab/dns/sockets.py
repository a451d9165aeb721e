"""DNS messages in and out, over UDP and TCP on one address; what to answer is somebody else's business."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import struct
import threading
from typing import Any, Protocol

from lyncdr_helpers.errors import OperationError

MAX_MESSAGE = 65535
IDLE_SECONDS = 10
POLL_SECONDS = 0.05


class Respond(Protocol):
    """Answers one message; None leaves it unanswered. `datagram`: whether it came over UDP."""

    def __call__(self, wire: bytes, *, datagram: bool) -> bytes | None: ...


class DnsSockets:
    """Listens on address:port from `start` to `stop`. `respond` is called from many threads at once."""

    def __init__(self, address: str, port: int, respond: Respond) -> None:
        self._address = address
        self._port = port
        self._respond = respond
        self._servers: list[socketserver.BaseServer] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Raises OperationError when the address is taken."""
        try:
            for kind in (_Udp, _Tcp):
                self._servers.append(kind((self._address, self._port), self._respond))
        except OSError as cause:
            self.stop()
            raise OperationError(
                f"The lab's nameserver cannot listen on {self._address}:{self._port}: {cause.strerror}.",
                "Stop what listens there, or choose another subnet.",
            ) from cause
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Close everything; harmless when not started."""
        for server, _ in zip(self._servers, self._threads, strict=False):
            server.shutdown()
        for thread in self._threads:
            thread.join()
        for server in self._servers:
            server.server_close()
        self._servers, self._threads = [], []


def read_message(stream: socket.socket) -> bytes:
    """The next message, which comes after its length (RFC 1035, 4.2.2); empty when the stream ends before it does."""
    length = _read(stream, 2)
    return _read(stream, struct.unpack("!H", length)[0]) if length else b""


def write_message(stream: socket.socket, wire: bytes) -> None:
    stream.sendall(struct.pack("!H", len(wire)) + wire)


def _read(stream: socket.socket, count: int) -> bytes:
    taken = b""
    while len(taken) < count:
        piece = stream.recv(count - len(taken))
        if not piece:
            return b""
        taken += piece
    return taken


class _Udp(socketserver.ThreadingUDPServer):
    daemon_threads = True
    max_packet_size = MAX_MESSAGE

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        super().__init__(address, _Datagram)


class _Datagram(socketserver.BaseRequestHandler):
    server: _Udp

    def handle(self) -> None:
        wire, sock = self.request
        response = self.server.respond(wire, datagram=True)
        if response is not None:
            with contextlib.suppress(OSError):  # who asked is gone
                sock.sendto(response, self.client_address)


class _Tcp(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers share the port
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], respond: Respond) -> None:
        self.respond = respond
        self._open: set[socket.socket] = set()
        super().__init__(address, _Stream)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """A stopped server answers nobody, also not on a connection that is open."""
        super().server_close()
        for request in list(self._open):
            with contextlib.suppress(OSError):  # closed by its own thread meanwhile
                request.shutdown(socket.SHUT_RDWR)


class _Stream(socketserver.BaseRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        """Any number of messages, one after the other (RFC 7766)."""
        self.request.settimeout(IDLE_SECONDS)
        with contextlib.suppress(OSError):  # idle too long, or cut off
            while wire := read_message(self.request):
                response = self.server.respond(wire, datagram=False)
                if response is None:
                    return
                write_message(self.request, response)
