"""Knocking with real sockets: TCP, TLS and SIP over TLS, each exchange within one deadline."""

from __future__ import annotations

import copy
import errno
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lyncdr_helpers.adapters import tls_facts
from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.ports import Door, SipAnswer, TlsFacts
from lyncdr_helpers.probes import sip

PIECE = 8192


class SocketDialer:
    """The port Dialer on the machine's own sockets.

    timeout: seconds for a whole exchange, so that a server that sends a byte now and then holds nobody up; resolving a
    name comes on top, at the pace of the system's resolver. ca_file: who vouches for the servers; None: the system's.
    """

    def __init__(self, timeout: float, ca_file: Path | None) -> None:
        self._timeout = timeout
        self._looking = tls_facts.looking()
        self._trusting = tls_facts.trusting(ca_file)
        self._speaking = {
            version: tls_facts.speaking(version) for version, spoken in tls_facts.SPOKEN_HERE.items() if spoken
        }

    def within(self, seconds: float) -> SocketDialer:
        other = copy.copy(self)
        other._timeout = seconds
        return other

    def door(self, address: str, port: int) -> Door:
        """That this machine has no network, or the name no address, says nothing about the port: it raises."""
        try:
            self._connect(address, port, Deadline(self._timeout)).close()
        except ConnectionError:
            return Door.REFUSED
        except TimeoutError:
            return Door.SILENT
        except OSError as cause:
            if cause.errno == errno.EHOSTUNREACH:
                return Door.SILENT
            raise _unreachable(address, port, cause) from cause
        return Door.OPEN

    def knock(self, address: str, port: int) -> bool:
        return self.door(address, port) is Door.OPEN

    def tls(self, address: str, port: int, server_name: str) -> TlsFacts:
        deadline = Deadline(self._timeout)
        try:
            return self._trusted(address, port, server_name, deadline)
        except ssl.SSLCertVerificationError as distrust:
            with self._secured(address, port, server_name, self._looking, deadline) as channel:
                tls_facts.greet(channel)
                with _readable(address, port):
                    return tls_facts.seen_facts(channel, distrust)

    def _trusted(self, address: str, port: int, server_name: str, deadline: Deadline) -> TlsFacts:
        """Raises ssl.SSLCertVerificationError where the chain leads to no CA of ours."""
        with self._secured(address, port, server_name, self._trusting, deadline) as channel:
            tls_facts.greet(channel)
            with _readable(address, port):
                return tls_facts.trusted_facts(channel)

    def tls_versions(self, address: str, port: int, server_name: str) -> Mapping[str, bool]:
        return {version: self._accepts(address, port, server_name, version) for version in self._speaking}

    def _accepts(self, address: str, port: int, server_name: str, version: str) -> bool:
        deadline = Deadline(self._timeout)
        try:
            with self._secured(address, port, server_name, self._speaking[version], deadline) as channel:
                tls_facts.greet(channel)
        except OperationError:
            return False
        return True

    def sip(self, address: str, port: int, domain: str, server_name: str) -> tuple[SipAnswer, ...]:
        deadline = Deadline(self._timeout)
        with self._secured(address, port, server_name, self._looking, deadline) as channel:
            channel.do_handshake()
            conversation = Conversation(channel, deadline, f"{address}:{port}")
            return tuple(conversation.ask(method, domain) for method in ("OPTIONS", "REGISTER"))

    @contextmanager
    def _secured(
        self, address: str, port: int, server_name: str, context: ssl.SSLContext, deadline: Deadline
    ) -> Iterator[ssl.SSLSocket]:
        """A connection that is to shake hands yet. What goes wrong on it becomes an error of ours, but for distrust."""
        try:
            plain = self._connect(address, port, deadline)
        except OSError as cause:
            raise _unreachable(address, port, cause) from cause
        try:
            with plain:
                plain.settimeout(deadline.left())
                with context.wrap_socket(
                    plain, server_hostname=server_name or None, do_handshake_on_connect=False
                ) as channel:
                    yield channel
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError as cause:
            raise _unreachable(address, port, cause) from cause
        except OSError as cause:
            raise OperationError(
                f"{address}:{port} takes the connection, then breaks off: {tls_facts.reason(cause)}.",
                "Check that this is the port of the service, and look at the server's own event log.",
            ) from cause

    def _connect(self, address: str, port: int, deadline: Deadline) -> socket.socket:
        """A TCP connection to the first of the name's addresses that takes one; raises the last one's OSError."""
        refusal: OSError | None = None
        for family, kind, protocol, where in _places(address, port):
            connection = socket.socket(family, kind, protocol)
            try:
                connection.settimeout(deadline.left())
                connection.connect(where)
            except OSError as cause:
                connection.close()
                refusal = cause
            else:
                return connection
        assert refusal is not None, "getaddrinfo gives an address or raises"
        raise refusal


class Deadline:
    """The moment by which an exchange is over."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then. Raises TimeoutError when it has come."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return left


class Conversation:
    """Requests and their answers on one SIP connection."""

    def __init__(self, channel: ssl.SSLSocket, deadline: Deadline, peer: str) -> None:
        self._channel = channel
        self._deadline = deadline
        self._peer = peer
        self._stream = sip.Stream()
        self._token = secrets.token_hex(10)

    def ask(self, method: str, domain: str) -> SipAnswer:
        """The final answer to one request; provisional ones and answers to something else are passed over."""
        self._channel.settimeout(self._deadline.left())
        local = self._channel.getsockname()
        self._channel.sendall(sip.request(method, domain, (local[0], local[1]), self._token))
        while True:
            for message in self._receive():
                answer = self._understand(message, method)
                if answer.status >= 200 and message.first("call-id") == sip.call_id(method, self._token):
                    return answer

    def _receive(self) -> list[sip.Message]:
        self._channel.settimeout(self._deadline.left())
        piece = self._channel.recv(PIECE)
        if not piece:
            raise OperationError(f"{self._peer} closed the connection without an answer.", NOT_A_REGISTRAR)
        try:
            return self._stream.feed(piece)
        except ValueError as cause:
            raise OperationError(f"{self._peer} does not speak SIP: it sent {cause}.", NOT_A_REGISTRAR) from cause

    def _understand(self, message: sip.Message, method: str) -> SipAnswer:
        try:
            return sip.answer(message, method)
        except ValueError as cause:
            raise OperationError(f"{self._peer} does not speak SIP: it sent {cause}.", NOT_A_REGISTRAR) from cause


NOT_A_REGISTRAR = "Check that address and port are those of a registrar."


def _places(address: str, port: int) -> Iterator[tuple[int, int, int, Any]]:
    """Where that is: family, kind, protocol and address of a socket. Raises OSError for a name that has none."""
    try:
        found = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)
    except UnicodeError as cause:  # a label of more than 63 letters, an empty one
        raise socket.gaierror(socket.EAI_NONAME, "No name can be like that") from cause
    for family, kind, protocol, _, where in found:
        yield family, kind, protocol, where


@contextmanager
def _readable(address: str, port: int) -> Iterator[None]:
    """A certificate that nobody can read is the server's fault, and it is told so."""
    try:
        yield
    except ValueError as cause:
        raise OperationError(
            f"{address}:{port} shows a certificate that cannot be read: {cause}.", "Look at it on the server itself."
        ) from cause


def _unreachable(address: str, port: int, cause: OSError) -> Unreachable:
    if isinstance(cause, socket.gaierror):
        return Unreachable(
            f"The name {address} has no address here: {tls_facts.reason(cause)}.", "Give the IP address instead."
        )
    if isinstance(cause, TimeoutError):
        return Unreachable(f"{address}:{port} did not answer in time.", "Check the server, and firewalls on the way.")
    return Unreachable(
        f"{address}:{port} cannot be reached: {tls_facts.reason(cause)}.", "Check the server and the network."
    )
