"""What the tests of nameservers share: servers under test, their clients, and servers that misbehave."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dns.message

from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.adapters.tsig import SharedKey, Signer
from lyncdr_helpers.errors import LyncdrError, Refusal
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.dns.sockets import DnsSockets, Respond
from lyncdr_helpers.ports import RecordSet

Make = Callable[..., RecordSet]
"""make("10.0.0.1", ttl=60, type="A", at=name)"""


@dataclass(frozen=True)
class Subject:
    """One running server. `lost_race`: what an update raises there when another one was faster."""

    nameserver: DnsNameserver
    stranger: DnsNameserver
    lost_race: tuple[type[LyncdrError], ...] = (Refusal,)


def blueprint_at(folder: Path, subnet: str, **kinds: str) -> Blueprint:
    """A lab's blueprint with its secrets and certificates in place."""
    blueprint = Blueprint(folder, subnet, **kinds)  # type: ignore[arg-type]
    pki.make_secrets(blueprint)
    pki.issue(blueprint)
    return blueprint


def client(blueprint: Blueprint, signer: Signer | None, timeout: float = 5.0) -> DnsNameserver:
    return DnsNameserver("ns", blueprint.nameserver, blueprint.dns_port, signer=signer, timeout=timeout)


def lab_key(blueprint: Blueprint) -> SharedKey:
    return SharedKey("lyncdr.", "hmac-sha256", base64.b64decode(blueprint.secret("tsig").read_bytes()))


def wrong_key() -> SharedKey:
    return SharedKey("lyncdr.", "hmac-sha256", b"not the key")


@contextmanager
def listening(address: str, port: int, respond: Respond) -> Iterator[None]:
    """A DNS server that answers as `respond` says."""
    server = DnsSockets(address, port, respond)
    server.start()
    try:
        yield
    finally:
        server.stop()


def reply(wire: bytes) -> dns.message.Message:
    """An empty, unsigned response to whatever was asked."""
    return dns.message.make_response(dns.message.from_wire(wire, keyring=False))
