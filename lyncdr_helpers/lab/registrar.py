"""A pool's registrar: SIP over TLS, answering strangers as a Lync Front End does, and gone while its site is lost."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import ssl
import sys
import threading
from collections.abc import Iterable
from email.utils import formatdate
from typing import Any

from lyncdr_helpers.lab import sites
from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, Blueprint
from lyncdr_helpers.lab.watch import EVERY_SECONDS, Watch
from lyncdr_helpers.probes import sip

PRODUCT = {"lync2010": "RTC/4.0", "lync2013": "RTC/5.0", "sfb2015": "RTC/6.0", "sfb2019": "RTC/7.0"}
"""The Server header by generation; that of 2019 is inferred."""

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY", "SERVICE", "MESSAGE", "INFO")
MANDATORY = ("via", "from", "to", "call-id", "cseq")

Headers = list[tuple[str, str]]


class Registrar:
    """The registrar of one pool, on threads of its own.

    While the pool cannot be reached nothing listens and no connection lives, so that clients see a dead host and not a
    silent one.
    """

    def __init__(self, blueprint: Blueprint, pool: str) -> None:
        self._folder = blueprint.folder
        self._pool = pool
        self._address = (blueprint.dr_server if pool == DR_POOL else blueprint.primary_server, blueprint.sip_port)
        self._answers = Answers(pool, PRODUCT[blueprint.generation])
        self._tls = _server_context(blueprint, pool)
        self._listener: Listener | None = None
        self._watch = Watch(f"registrar {pool}", self._follow_sites)

    def start(self) -> None:
        """Listen, unless the site is lost just now. Raises OSError when the address is taken."""
        self._watch.start()

    def stop(self) -> None:
        """Cut every connection and listen no more."""
        self._watch.stop()
        self._leave()

    def _follow_sites(self) -> None:
        """Be there if the site is there, and not otherwise."""
        try:
            reachable = sites.read(self._folder).reachable(self._pool)
        except PermissionError:
            return  # Windows, in the moment the file is replaced: the next look sees it
        if not reachable:
            self._leave()
        elif self._listener is None:
            self._listener = Listener(self._address, self._tls, self._answers)

    def _leave(self) -> None:
        if self._listener is not None:
            self._listener.end()
            self._listener = None


class Listener(socketserver.ThreadingTCPServer):
    """The registrar's socket and the connections that came through it; it listens from the start until `end`."""

    allow_reuse_address = sys.platform != "win32"
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], tls: ssl.SSLContext, answers: Answers) -> None:
        super().__init__(address, socketserver.BaseRequestHandler)
        self._tls = tls
        self._answers = answers
        self._open: set[ssl.SSLSocket] = set()
        threading.Thread(target=self.serve_forever, args=(EVERY_SECONDS,), daemon=True).start()

    def end(self) -> None:
        """Close the socket and cut every connection, also one that is still shaking hands."""
        self.shutdown()
        self.server_close()
        for channel in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(channel, socket.SHUT_RDWR)  # SSLSocket's own would first unwrap the other thread

    def get_request(self) -> tuple[ssl.SSLSocket, tuple[str, int]]:
        connection, client = self.socket.accept()
        channel = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(channel)
        return channel, client

    def finish_request(self, request: Any, client_address: object) -> None:  # noqa: ARG002
        """Shake hands and converse, on the connection's own thread."""
        stream = sip.Stream()
        # Cut, or garbage: a registrar hangs up without a word.
        with contextlib.suppress(OSError, ValueError):
            request.do_handshake()
            while piece := request.recv(8192):
                for message in stream.feed(piece):
                    request.sendall(self._answers.to(message))

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        self.close_request(request)


class Answers:
    """What the registrar of a pool says to somebody who has not signed in."""

    def __init__(self, pool: str, product: str) -> None:
        self._pool = pool
        self._server = f"fe01.{DOMAIN}" if pool != DR_POOL else pool
        self._product = product

    def to(self, message: sip.Message) -> bytes:
        """The bytes to send back; none for an ACK."""
        method, _, rest = message.start.partition(" ")
        uri, _, version = rest.rpartition(" ")
        if method == "ACK":
            return b""
        status, extra = self._decide(method, uri, version, message)
        return self._compose(message, status, extra)

    def _decide(self, method: str, uri: str, version: str, message: sip.Message) -> tuple[str, Headers]:
        """The status line's rest and the headers that belong to it (RFC 3261, 8.2)."""
        if version != "SIP/2.0":
            return "505 Version Not Supported", []
        if not all(message.first(name) for name in MANDATORY):
            return "400 Bad Request", []
        if message.first("max-forwards") == "0":
            return "483 Too Many Hops", []
        if method == "OPTIONS":
            return "200 OK", [("Allow", ", ".join(METHODS))]
        if method != "REGISTER":
            return "405 Method Not Allowed", [("Allow", "OPTIONS, REGISTER")]
        if uri.lower() not in (f"sip:{DOMAIN}", f"sip:{self._pool}"):
            return "404 Not Found", [("ms-diagnostics", f'1003;reason="User does not exist";source="{self._server}"')]
        return "401 Unauthorized", [("Date", formatdate(usegmt=True)), *self._challenges()]

    def _challenges(self) -> Headers:
        """The three ways to sign in that a Front End offers."""
        token = f"https://{self._pool}:443/CertProv/CertProvisioningService.svc"
        offers = {
            "NTLM": f'targetname="{self._server}", version=4',
            "Kerberos": f'targetname="sip/{self._server}", version=4',
            "TLS-DSK": f'targetname="{self._server}", version=4, sts-uri="{token}"',
        }
        return [("WWW-Authenticate", f'{scheme} realm="{sip.REALM}", {rest}') for scheme, rest in offers.items()]

    def _compose(self, message: sip.Message, status: str, extra: Headers) -> bytes:
        echoed: Headers = [("Via", value) for value in message.all("via")]
        echoed += [(name, message.first(name.lower())) for name in ("From", "Call-ID", "CSeq")]
        to = message.first("to")
        echoed.append(("To", to if ";tag=" in to else f"{to};tag={self._pool.replace('.', '')}"))
        return _spell(f"SIP/2.0 {status}", [*echoed, *extra, ("Server", self._product), ("Content-Length", "0")])


def _spell(start: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _server_context(blueprint: Blueprint, pool: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = blueprint.certificate(pool.partition(".")[0])
    context.load_cert_chain(chain, key)
    return context
