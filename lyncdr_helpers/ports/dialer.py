"""Knocking at a server's door as a client would: TCP, TLS, SIP. Nothing is ever logged in or changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class TlsFacts:
    """What a TLS server showed. `trusted`: empty when the chain leads to the given CA, else the reason."""

    version: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: dt.datetime
    not_after: dt.datetime
    fingerprint: str
    trusted: str = ""

    def covers(self, name: str) -> bool:
        """Whether the certificate stands for the name; `*.lync.test` stands for one label (RFC 6125, 6.4.3)."""
        wanted = name.lower().rstrip(".")
        _, _, parent = wanted.partition(".")
        return any(have == wanted or (have.startswith("*.") and have[2:] == parent) for have in self.names)


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

    Everything here is a question and may be repeated. Raises Unreachable when nobody answers in time, OperationError
    when what answers does not speak the protocol.
    """

    def knock(self, address: str, port: int) -> bool:
        """Whether a TCP connection opens within the timeout: False is a definite no, never an error of our own."""

    def tls(self, address: str, port: int, server_name: str) -> TlsFacts:
        """The server's certificate and TLS version. Sees TLS 1.0 and untrusted servers too: looking is not trusting."""

    def sip(self, address: str, port: int, domain: str, server_name: str) -> tuple[SipAnswer, ...]:
        """The answers to OPTIONS and to an unauthenticated REGISTER for the domain, over TLS."""
