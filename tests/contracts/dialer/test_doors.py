"""How a port takes a connection, and how TLS ends where there is none: each way is told from the others, in time."""

from __future__ import annotations

import socket
import time

import pytest
from dead_ends import blackhole, resets_at_once, resets_midway, says_garbage, says_nothing, served

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.ports import TLS_VERSIONS, Door

ADDRESS = "127.53.60.3"
PATIENCE = 0.4


@pytest.fixture
def hasty() -> SocketDialer:
    return SocketDialer(PATIENCE, None)


def test_an_open_port(hasty: SocketDialer) -> None:
    """A listener is an open door, whatever it says then."""
    with served(ADDRESS, says_nothing) as port:
        assert hasty.door(ADDRESS, port) is Door.OPEN
        assert hasty.knock(ADDRESS, port) is True


def test_a_port_where_nobody_listens(hasty: SocketDialer) -> None:
    """A machine that is there refuses, at once."""
    with socket.create_server((ADDRESS, 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    assert hasty.door(ADDRESS, port) is Door.REFUSED
    assert hasty.knock(ADDRESS, port) is False
    assert time.monotonic() - began < PATIENCE


def test_a_machine_that_drops_everything(hasty: SocketDialer) -> None:
    """Silence is told from a refusal, and costs the dialer's own time."""
    with blackhole(ADDRESS) as port:
        began = time.monotonic()
        assert hasty.door(ADDRESS, port) is Door.SILENT
        assert PATIENCE <= time.monotonic() - began < PATIENCE + 1


def test_another_patience(hasty: SocketDialer) -> None:
    """`within` gives another dialer, and leaves the first as it is."""
    with blackhole(ADDRESS) as port:
        for dialer, patience in ((SocketDialer(60, None).within(0.2), 0.2), (hasty, PATIENCE)):
            began = time.monotonic()
            assert dialer.door(ADDRESS, port) is Door.SILENT
            assert patience <= time.monotonic() - began < patience + 1


@pytest.mark.parametrize("name", ["no-such-host.invalid", f"{'a' * 64}.invalid", "two..dots.invalid"])
def test_a_name_that_is_none(hasty: SocketDialer, name: str) -> None:
    """A name without an address, or one that cannot have any, says nothing about a port: it is our own trouble."""
    with pytest.raises(Unreachable, match="no address"):
        hasty.door(name, 5061)
    with pytest.raises(Unreachable, match="no address"):
        hasty.tls(name, 5061, "drse01.lync.test")


@pytest.mark.parametrize("talk", [says_garbage, resets_at_once, resets_midway])
def test_no_tls_there(hasty: SocketDialer, talk: object) -> None:
    """Garbage, a reset at once and a reset in the midst of the handshake: it answered, and it is no TLS."""
    with served(ADDRESS, talk) as port:  # type: ignore[arg-type]
        with pytest.raises(OperationError, match="breaks off") as caught:
            hasty.tls(ADDRESS, port, "drse01.lync.test")
        assert not isinstance(caught.value, Unreachable)
        assert hasty.tls_versions(ADDRESS, port, "") == dict.fromkeys(TLS_VERSIONS, False)


def test_a_service_that_hangs(hasty: SocketDialer) -> None:
    """A server that takes the connection and never speaks is an open door, and no TLS, after one deadline."""
    with served(ADDRESS, says_nothing) as port:
        assert hasty.door(ADDRESS, port) is Door.OPEN
        began = time.monotonic()
        with pytest.raises(Unreachable, match="in time"):
            hasty.tls(ADDRESS, port, "drse01.lync.test")
        assert PATIENCE <= time.monotonic() - began < PATIENCE + 1
