"""Knocking at a server's door as a client would: TCP, TLS, SIP. Nothing is ever logged in or changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

TLS_VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""How versions are written here, the oldest first."""


class Door(StrEnum):
    """How a port takes a connection. REFUSED: the machine says no. SILENT: nobody answers, or no way leads there."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"


class Trust(StrEnum):
    """Whether a server's chain leads to a CA that is trusted here, whatever the dates say; and if not, why not.

    NO_ISSUER: the last certificate was issued by somebody who was neither sent nor is trusted here: an intermediate
    that the server should send, or a CA that nobody knows; from outside they look the same. REFUSED: all issuers are
    there, and the chain is not good for a server for another reason.
    """

    TRUSTED = "trusted"
    SELF_SIGNED = "self-signed"
    UNKNOWN_CA = "unknown CA"
    NO_ISSUER = "issuer missing"
    REFUSED = "refused"


@dataclass(frozen=True)
class Certificate:
    """One certificate. Subject and issuer as RFC 4514 writes them.

    names: the DNS names it stands for, in lower case. key: `RSA 2048`, `EC secp256r1 256`. signed_with: the digest its
    issuer signed, `sha256`. Both are empty where nobody here can read them.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    fingerprint: str
    key: str = ""
    signed_with: str = ""

    @property
    def issued_itself(self) -> bool:
        """Whether it vouches for itself, as the certificate of a root CA does."""
        return self.subject == self.issuer


@dataclass(frozen=True)
class TlsFacts:
    """What a TLS server showed.

    version: of this handshake; empty where the server broke it off after it had shown its certificate, as one that
    wants a certificate of its client does. chain: what it sent, its own first. path: from its own to a CA trusted here;
    empty where none is found. trusted: empty when all of the path is valid now, else the reason.
    """

    version: str
    chain: tuple[Certificate, ...]
    path: tuple[Certificate, ...] = ()
    trust: Trust = Trust.TRUSTED
    trusted: str = ""

    @property
    def certificate(self) -> Certificate:
        """The server's own."""
        return self.chain[0]

    def covers(self, name: str) -> bool:
        """Whether the certificate stands for the name; `*.lync.test` stands for one label (RFC 6125, 6.4.3)."""
        _, _, parent = _spelled(name).partition(".")
        return self.names_literally(name) or f"*.{parent}" in self.certificate.names

    def names_literally(self, name: str) -> bool:
        """Whether the name itself is in the certificate, and not only a wildcard for it."""
        return _spelled(name) in self.certificate.names


@dataclass(frozen=True)
class SipAnswer:
    """The final answer to one SIP request. `challenges`: authentication scheme -> its parameters (RFC 3261, 22)."""

    method: str
    status: int
    reason: str
    server: str
    challenges: Mapping[str, Mapping[str, str]]


class Dialer(Protocol):
    """Connections to `address:port`, where address is an IP address or a name.

    Everything here is a question, may be repeated, and may be asked from many threads at once. Raises Unreachable when
    nobody answers in time, OperationError when what answers does not speak the protocol.
    """

    def within(self, seconds: float) -> Dialer:
        """The same dialer, which gives every exchange so many seconds."""

    def door(self, address: str, port: int) -> Door:
        """How the port takes a TCP connection. Raises Unreachable for our own trouble: no such name, no network."""

    def knock(self, address: str, port: int) -> bool:
        """Whether a TCP connection opens within the timeout: False is a definite no, never an error of our own."""

    def tls(self, address: str, port: int, server_name: str) -> TlsFacts:
        """The server's certificate and TLS version. Sees TLS 1.0 and untrusted servers too: looking is not trusting."""

    def tls_versions(self, address: str, port: int, server_name: str) -> Mapping[str, bool]:
        """Which of TLS_VERSIONS the server accepts, each asked in an exchange of its own.

        A version that this machine does not speak itself is not in it. For a server that `tls` has just seen: what
        breaks off, or is silent, counts as not accepted.
        """

    def sip(self, address: str, port: int, domain: str, server_name: str) -> tuple[SipAnswer, ...]:
        """The answers to OPTIONS and to an unauthenticated REGISTER for the domain, over TLS."""


def _spelled(name: str) -> str:
    return name.lower().rstrip(".")
