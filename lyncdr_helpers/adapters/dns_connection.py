"""One TCP connection to a DNS server: one message out, its answer in, verified where it is signed."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.tsig

Keyring = Callable[[dns.message.Message | None, dns.name.Name], dns.tsig.Key | None]
Exchange = Callable[[dns.message.Message, Keyring], dns.message.Message]
"""Sends one message and returns its answer, verified with the keyring."""


class Unproven(Exception):
    """An answer came that proves nothing; the text says what it claims."""


class Connection:
    """An open connection; every exchange on it has `timeout` seconds. Opening it raises OSError."""

    def __init__(self, address: str, port: int, timeout: float) -> None:
        self._socket = socket.create_connection((address, port), timeout)
        self._timeout = timeout

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.close()

    def exchange(self, message: dns.message.Message, keyring: Keyring) -> dns.message.Message:
        """The answer to the message, its signature verified where it has one.

        Raises dns.tsig.PeerError when the server says the signature is bad, Unproven for an answer that is malformed,
        badly signed or to another message, OSError (TimeoutError among them) when none comes.
        """
        deadline = time.monotonic() + self._timeout
        self._socket.settimeout(self._timeout)
        self._socket.sendall(message.to_wire(prepend_length=True))
        (length,) = struct.unpack("!H", self._read(2, deadline))
        wire = self._read(length, deadline)
        if wire[:2] != struct.pack("!H", message.id):
            raise Unproven(f"{_claim(wire)}, in answer to something else")
        try:
            answer = dns.message.from_wire(wire, keyring=keyring, request_mac=message.mac or b"")
        except dns.tsig.PeerError:
            raise
        except dns.exception.DNSException as cause:
            raise Unproven(f"{_claim(wire)}, and it does not verify ({type(cause).__name__})") from cause
        if not message.is_response(answer):
            raise Unproven(f"{_claim(wire)}, in answer to something else")
        return answer

    def _read(self, count: int, deadline: float) -> bytes:
        taken = b""
        while len(taken) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
            self._socket.settimeout(left)
            piece = self._socket.recv(count - len(taken))
            if not piece:
                raise ConnectionError("the connection was closed before the answer")
            taken += piece
        return taken


def _claim(wire: bytes) -> str:
    """What an answer says, whoever wrote it: its response code."""
    return f"it says {dns.rcode.to_text(dns.rcode.Rcode(wire[3] & 0x0F))}" if len(wire) > 3 else "it is too short"
