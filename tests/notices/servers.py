"""A mail server and a webhook on loopback, which keep what they are told, and misbehave when a test wants them to."""

from __future__ import annotations

import base64
import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ADDRESS = "127.53.95.1"
NOBODY = "127.53.95.9"
"""Where nothing listens."""


class MailServer(socketserver.ThreadingTCPServer):
    """SMTP as RFC 5321 has it, for one message a connection. `password`: asked for when given.

    A refusal repeats what was sent, as some servers do.
    """

    daemon_threads = True

    def __init__(self, password: str = "") -> None:
        super().__init__((ADDRESS, 0), _Smtp)
        self.password = password
        self.mails: list[EmailMessage] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, password: str = "") -> str:
        who = f"oncall:{password}@" if password else ""
        return f"mailto://{who}{ADDRESS}:{self.port}?from=lyncdr@lync.test&to=oncall@lync.test"


class _Smtp(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self._say("220 mail.lync.test")
        while line := self.rfile.readline().decode().strip():
            match line.upper().split()[0]:
                case "EHLO":
                    self._say(*(["250-mail.lync.test", "250 AUTH PLAIN"] if self.server.password else ["250 mail"]))
                case "AUTH":
                    self._authenticate(line.split()[-1])
                case "DATA":
                    self._say("354 go on")
                    self._keep()
                    self._say("250 taken")
                case "QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 fine")

    def _authenticate(self, token: str) -> None:
        given = base64.b64decode(token).decode().split("\0")[-1]
        right = given == self.server.password
        self._say("235 welcome" if right else f"535 5.7.8 {given} is not the password")

    def _keep(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class Webhook(ThreadingHTTPServer):
    """Takes JSON, and answers with the given status."""

    daemon_threads = True

    def __init__(self, status: int = 204) -> None:
        super().__init__((ADDRESS, 0), _Http)
        self.status = status
        self.told: list[dict[str, Any]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def url(self, path: str = "hook") -> str:
        return f"json://{ADDRESS}:{self.port}/{path}"


class _Http(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *said: object) -> None:
        """Tests read what was told, not a log."""


class Silent(socketserver.ThreadingTCPServer):
    """Accepts a connection and says nothing, until the test is over."""

    daemon_threads = True

    def __init__(self) -> None:
        self.over = threading.Event()
        over = self.over

        class Wait(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                over.wait()

        super().__init__((ADDRESS, 0), Wait)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def server_close(self) -> None:
        self.over.set()
        super().server_close()


Server = MailServer | Webhook | Silent


@contextmanager
def serving(*servers: Server) -> Iterator[None]:
    """They answer until the end of the block."""
    threads = [threading.Thread(target=one.serve_forever, args=(0.02,), daemon=True) for one in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
