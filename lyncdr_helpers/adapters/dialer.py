"""Knocking with real sockets: TCP, TLS and SIP over TLS, each exchange within one deadline."""

from __future__ import annotations

import errno
import secrets
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from lyncdr_helpers.errors import InputError, OperationError, Unreachable
from lyncdr_helpers.ports import SipAnswer, TlsFacts
from lyncdr_helpers.probes import sip

LEGACY_SERVER_CONNECT = 0x4
"""OpenSSL's SSL_OP_LEGACY_SERVER_CONNECT, which `ssl` names from Python 3.12 on."""

PIECE = 8192


class SocketDialer:
    """The port Dialer on the machine's own sockets.

    timeout: seconds for a whole exchange, so that a server that sends a byte now and then holds nobody up; resolving a
    name comes on top, at the pace of the system's resolver. ca_file: who vouches for the servers; None: the system's.
    """

    def __init__(self, timeout: float, ca_file: Path | None) -> None:
        self._timeout = timeout
        self._looking = _open_eyed()
        self._trusting = _trusting(ca_file)

    def knock(self, address: str, port: int) -> bool:
        """A refusal, a reset, silence, "no such host" are a no; that this machine has no network is none: it raises."""
        try:
            self._connect(address, port, Deadline(self._timeout)).close()
        except (ConnectionError, TimeoutError):
            return False
        except OSError as cause:
            if cause.errno == errno.EHOSTUNREACH:
                return False
            raise _unreachable(address, port, cause) from cause
        return True

    def tls(self, address: str, port: int, server_name: str) -> TlsFacts:
        deadline = Deadline(self._timeout)
        try:
            with self._secured(address, port, server_name, self._trusting, deadline) as channel:
                return _facts(channel, address, port, trusted="")
        except Distrust as reason:
            with self._secured(address, port, server_name, self._looking, deadline) as channel:
                return _facts(channel, address, port, trusted=str(reason))

    def sip(self, address: str, port: int, domain: str, server_name: str) -> tuple[SipAnswer, ...]:
        deadline = Deadline(self._timeout)
        with self._secured(address, port, server_name, self._looking, deadline) as channel:
            conversation = Conversation(channel, deadline, f"{address}:{port}")
            return tuple(conversation.ask(method, domain) for method in ("OPTIONS", "REGISTER"))

    @contextmanager
    def _secured(
        self, address: str, port: int, server_name: str, context: ssl.SSLContext, deadline: Deadline
    ) -> Iterator[ssl.SSLSocket]:
        """A TLS connection. What goes wrong on it becomes an error of ours that names the address."""
        try:
            plain = self._connect(address, port, deadline)
        except OSError as cause:
            raise _unreachable(address, port, cause) from cause
        try:
            with plain:
                plain.settimeout(deadline.left())
                with context.wrap_socket(plain, server_hostname=server_name or None) as channel:
                    yield channel
        except ssl.SSLCertVerificationError as cause:
            raise Distrust(cause.verify_message) from cause
        except TimeoutError as cause:
            raise _unreachable(address, port, cause) from cause
        except OSError as cause:
            raise OperationError(
                f"{address}:{port} takes the connection, then breaks off: {_reason(cause)}.",
                "Check that this is the port of the registrar, and look at the server's own event log.",
            ) from cause

    def _connect(self, address: str, port: int, deadline: Deadline) -> socket.socket:
        """A TCP connection to the first of the name's addresses that takes one; raises the last one's OSError."""
        refusal: OSError | None = None
        for family, kind, protocol, _, where in socket.getaddrinfo(address, port, type=socket.SOCK_STREAM):
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


class Distrust(Exception):
    """The chain does not lead to the given CA; the text says why. It never leaves this module."""


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


def _open_eyed() -> ssl.SSLContext:
    """A context that sees every server: TLS 1.0, SHA-1, weak keys, no secure renegotiation, no trust.

    Front Ends of 2010 on an old Windows speak nothing newer, and OpenSSL's defaults would call them dead.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= LEGACY_SERVER_CONNECT
    return context


def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """The same, but the chain must lead to a CA. The name is judged elsewhere: a server has many."""
    context = _open_eyed()
    context.verify_mode = ssl.CERT_REQUIRED
    if ca_file is None:
        context.load_default_certs()
        return context
    try:
        context.load_verify_locations(ca_file)
    except OSError as cause:
        raise InputError(
            f"The CA file {ca_file} cannot be used: {_reason(cause)}.", "Give a file with CA certificates in PEM."
        ) from cause
    return context


def _facts(channel: ssl.SSLSocket, address: str, port: int, trusted: str) -> TlsFacts:
    encoded = channel.getpeercert(binary_form=True)
    assert encoded is not None, "anonymous ciphers are switched off"
    try:
        certificate = x509.load_der_x509_certificate(encoded)
        return TlsFacts(
            version=channel.version() or "",
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            names=_names(certificate),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            fingerprint=certificate.fingerprint(hashes.SHA256()).hex(),
            trusted=trusted,
        )
    except ValueError as cause:
        raise OperationError(
            f"{address}:{port} shows a certificate that cannot be read: {cause}.", "Look at it on the server itself."
        ) from cause


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The DNS names it stands for; the common name counts only where there are none (RFC 6125, 6.4.4)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = extension.value.get_values_for_type(x509.DNSName)
    except x509.ExtensionNotFound:
        names = []
    if not names:
        names = [str(name.value) for name in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    return tuple(name.lower() for name in names)


def _unreachable(address: str, port: int, cause: OSError) -> Unreachable:
    if isinstance(cause, socket.gaierror):
        return Unreachable(f"The name {address} has no address here: {_reason(cause)}.", "Give the IP address instead.")
    if isinstance(cause, TimeoutError):
        return Unreachable(f"{address}:{port} did not answer in time.", "Check the server, and firewalls on the way.")
    return Unreachable(f"{address}:{port} cannot be reached: {_reason(cause)}.", "Check the server and the network.")


def _reason(cause: OSError) -> str:
    return (getattr(cause, "reason", None) or cause.strerror or str(cause)).rstrip(".")
