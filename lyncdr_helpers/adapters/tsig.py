"""Signing with a shared secret (RFC 8945)."""

from __future__ import annotations

import binascii
from base64 import b64decode
from pathlib import Path
from typing import Protocol

import dns.exception
import dns.name
import dns.tsig

from lyncdr_helpers.adapters.dns_connection import Exchange
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.dns import Tsig


class Signer(Protocol):
    """Where the key of one update comes from."""

    def key(self, exchange: Exchange) -> dns.tsig.Key:
        """The key for one connection. Raises AccessDenied when the server gives none."""


class SharedKey:
    """A key that both sides were given beforehand."""

    def __init__(self, name: str, algorithm: str, secret: bytes) -> None:
        self._key = dns.tsig.Key(dns.name.from_text(name).canonicalize(), secret, algorithm)

    def key(self, exchange: Exchange) -> dns.tsig.Key:  # noqa: ARG002  # nothing to negotiate
        return self._key


def shared_key(tsig: Tsig, base_folder: Path) -> SharedKey:
    """The key that the parameters refer to. Raises InputError when it is not there or not base64."""
    reference = SecretReference.parse(tsig.secret, base_folder)
    try:
        return SharedKey(tsig.name, tsig.algorithm, b64decode(reference.reveal(), validate=True))
    except (binascii.Error, dns.exception.DNSException) as cause:
        raise InputError(
            f"The TSIG key {tsig.name} is malformed: its secret {reference} must be base64, its name a DNS name.",
            "Copy both from the server's key file.",
        ) from cause
