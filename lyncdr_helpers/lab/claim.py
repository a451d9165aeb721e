"""Taking a lab's loopback addresses, so that two labs that come up at once never mix."""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterable
from dataclasses import replace

import psutil

from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.endpoints import endpoints

CLAIM_PORT = 5986
OFFERED = range(100, 250)
"""The third bytes of the subnets that drills take: 127.53.100 and on."""


class Taken(InputError):
    """Somebody else has an address that the lab needs."""


class Claim:
    """A lab's subnet, ours from here on: until `release`, nobody else's claim to it succeeds.

    It is held by a socket on the subnet's first address, where no lab server listens: keep it until the servers do.
    Raises Taken, also when something already listens where the lab's servers would.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self._socket = _bind(f"{blueprint.subnet}.1", CLAIM_PORT)
        self._socket.listen(1)
        try:
            for endpoint in endpoints(blueprint):
                _bind(endpoint.address, endpoint.port).close()
        except LyncdrError:
            self.release()
            raise

    def release(self) -> None:
        """Let go; harmless when done twice."""
        self._socket.close()

    def __enter__(self) -> Claim:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()


def claim_subnet(blueprint: Blueprint, third_bytes: Iterable[int] = OFFERED) -> Claim:
    """The lab on the first subnet 127.53.N where no other stands or comes up: `claim.blueprint` has it."""
    for third in third_bytes:
        try:
            return Claim(replace(blueprint, subnet=f"127.53.{third}"))
        except Taken:
            continue
    raise Taken("Every loopback subnet that labs may use is taken.", "End some of them: lyncdr lab down.")


def _bind(address: str, port: int) -> socket.socket:
    """A socket that has the address. Raises Taken, or what keeps this machine from giving it."""
    holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    holder.setsockopt(socket.SOL_SOCKET, _exclusive(), 1)
    try:
        holder.bind((address, port))
    except OSError as cause:
        holder.close()
        raise _refusal(address, port, cause) from cause
    return holder


def _exclusive() -> int:
    """The option that takes an address nobody listens on, though an old connection may linger there."""
    if sys.platform == "win32":
        return socket.SO_EXCLUSIVEADDRUSE  # there SO_REUSEADDR would steal the address
    return socket.SO_REUSEADDR


def _refusal(address: str, port: int, cause: OSError) -> LyncdrError:
    if cause.errno == errno.EADDRINUSE:
        return Taken(
            f"The address {address}:{port} is in use{_by_whom(address, port)}.",
            f"Another lab may stand there. See who: ss -ltnp | grep :{port} (on Windows: netstat -abno).",
        )
    if cause.errno == errno.EADDRNOTAVAIL:
        return LyncdrError(
            f"This machine has no loopback address {address}.",
            f"On macOS add it: sudo ifconfig lo0 alias {address}",
        )
    return LyncdrError(
        f"The address {address}:{port} is not to be had: {cause.strerror}.",
        "Ports below 1024 need root; the embedded servers do without.",
    )


def _by_whom(address: str, port: int) -> str:
    """` by process 4711 (python)`, where this machine tells."""
    try:
        for connection in psutil.net_connections("tcp4"):
            local = connection.laddr
            listens = connection.status == psutil.CONN_LISTEN and local.port == port
            if listens and local.ip in (address, "0.0.0.0") and connection.pid:
                return f" by process {connection.pid} ({psutil.Process(connection.pid).name()})"
    except psutil.Error:
        return ""
    return ""
