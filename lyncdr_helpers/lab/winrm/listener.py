"""HTTPS on a loopback address: signs clients in and hands their SOAP on."""

from __future__ import annotations

import logging
import os
import socket
import ssl
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lyncdr_helpers.lab.winrm.shell import Cut
from lyncdr_helpers.lab.winrm.signin import SignIn, Users

log = logging.getLogger(__name__)

PATH = "/wsman"
LARGEST_REQUEST = 4 << 20
"""Bytes. WinRM's own MaxEnvelopeSizekb is 500 by default."""

Handle = Callable[[bytes, str], tuple[int, bytes]]
"""(SOAP request, user) -> (HTTP status, SOAP answer). Raises Cut."""


class Listener(ThreadingHTTPServer):
    """The socket; one thread per connection."""

    daemon_threads = True
    allow_reuse_address = os.name != "nt"  # on Windows it would let a second server take the same port
    request_queue_size = 128

    def __init__(self, address: str, port: int, certificate: tuple[Path, Path], users: Users, handle: Handle) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*certificate)
        super().__init__((address, port), _Connection)
        # The handshake belongs into the connection's thread: a client that dawdles must not hold up the others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.users = users
        self.handle = handle
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Break every connection that is open."""
        for connection in list(self._connections):
            break_off(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up, or does not trust us, is its own business."""
        log.debug("%s from %s failed", request, client_address, exc_info=True)


class _Connection(BaseHTTPRequestHandler):
    """One connection of one client."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Listener

    def setup(self) -> None:
        super().setup()
        self.sign_in = SignIn(self.server.users)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LARGEST_REQUEST:
            self.send_error(413)
            return
        raw = self.rfile.read(length)
        if self.path.rstrip("/").lower() != PATH:
            self._reply(404, b"", [])
            return
        passed, headers = self.sign_in.challenge(self.headers.get("Authorization", ""))
        if not passed:
            self._reply(401, b"", headers)
            return
        try:
            status, answer = self.server.handle(raw, self.sign_in.user) if raw else (200, b"")
        except Cut:
            self.close_connection = True
            break_off(self.connection)
            return
        self._reply(status, answer, headers)

    def log_message(self, format: str, *args: Any) -> None:
        log.debug(format, *args)

    def _reply(self, status: int, answer: bytes, challenges: list[str]) -> None:
        self.send_response(status)
        for challenge in challenges:
            self.send_header("WWW-Authenticate", challenge)
        if answer:
            self.send_header("Content-Type", "application/soap+xml;charset=UTF-8")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


def break_off(connection: socket.socket) -> None:
    """End a connection at once, in the middle of whatever it carries."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was faster
