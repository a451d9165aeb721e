"""Registrars to dial, the lab's and kamailio, and servers that behave as badly as a test wants."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import sip_servers

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.registrar import Registrar

ADDRESS = "127.53.60.1"

Talk = Callable[[socket.socket, threading.Event], None]


@pytest.fixture(scope="session")
def blueprint(tmp_path_factory: pytest.TempPathFactory) -> Blueprint:
    """A lab's folder with its certificates; nothing runs in it."""
    blueprint = Blueprint(tmp_path_factory.mktemp("lab"), subnet="127.53.60")
    pki.issue(blueprint)
    return blueprint


@pytest.fixture
def dialer(blueprint: Blueprint) -> SocketDialer:
    return SocketDialer(10.0, blueprint.ca_file)


@dataclass(frozen=True)
class Peer:
    """A registrar to dial."""

    address: str
    port: int
    product: str


@pytest.fixture(scope="session", params=["embedded", pytest.param("kamailio", marks=pytest.mark.real("kamailio"))])
def registrar(request: pytest.FixtureRequest, blueprint: Blueprint) -> Iterator[Peer]:
    """pool01's registrar: first the lab's own, then a real SIP server that answers in the same way."""
    serve = {"embedded": embedded, "kamailio": kamailio}[request.param]
    with serve(blueprint) as peer:
        yield peer


@contextlib.contextmanager
def embedded(blueprint: Blueprint) -> Iterator[Peer]:
    server = Registrar(blueprint, PRIMARY_POOL)
    server.start()
    try:
        yield Peer(blueprint.primary_server, blueprint.sip_port, "RTC/4.0")
    finally:
        server.stop()


@contextlib.contextmanager
def kamailio(blueprint: Blueprint) -> Iterator[Peer]:
    address = "127.53.60.2"
    with sip_servers.kamailio(
        blueprint.folder / "kamailio", [sip_servers.Endpoint(address, *blueprint.certificate("pool01"))]
    ):
        yield Peer(address, sip_servers.PORT, "RTC/6.0")


@pytest.fixture
def serve() -> Iterator[Callable[..., tuple[str, int]]]:
    """Start servers of one's own: `serve(talk, tls)` gives address and port; talk(connection, ended) per client."""
    ended = threading.Event()
    with contextlib.ExitStack() as stack:
        yield lambda talk, tls=None: stack.enter_context(listening(talk, tls, ended))
        ended.set()


@contextlib.contextmanager
def listening(talk: Talk, tls: ssl.SSLContext | None, ended: threading.Event) -> Iterator[tuple[str, int]]:
    def converse(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            talk(tls.wrap_socket(connection, server_side=True) if tls else connection, ended)

    def accept() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = server.accept()
                connection.settimeout(5)
                talks.append(threading.Thread(target=converse, args=[connection]))
                talks[-1].start()

    talks: list[threading.Thread] = []
    with socket.create_server((ADDRESS, 0)) as server:
        server.settimeout(0.05)
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()
        finally:
            ended.set()
            for one in [thread, *talks]:
                one.join()


@pytest.fixture
def own_tls(blueprint: Blueprint) -> ssl.SSLContext:
    """A server context with pool01's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*blueprint.certificate("pool01"))
    return context
