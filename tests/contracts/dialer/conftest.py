"""Registrars to dial, the lab's and kamailio, and servers that behave as badly as a test wants."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import DOMAIN, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.registrar import Registrar

HERE = Path(__file__).parent
ADDRESS = "127.53.60.1"
START_SECONDS = 30

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
    peer = Peer("127.53.60.2", 5061, "RTC/6.0")
    folder = blueprint.folder / "kamailio"
    folder.mkdir()
    chain, key = blueprint.certificate("pool01")
    written = {"ADDRESS": peer.address, "PORT": str(peer.port), "FOLDER": folder, "CHAIN": chain, "KEY": key}
    for name in ("kamailio.cfg", "tls.cfg"):
        text = (HERE / name).read_text()
        for word, value in written.items():
            text = text.replace(word, str(value))
        (folder / name).write_text(text)
    program = shutil.which("kamailio", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    assert program
    command = [program, "-DD", "-E", "-f", folder / "kamailio.cfg", "-Y", folder, "-w", folder]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        wait_for(peer, process, folder / "log")
        yield peer
    finally:
        process.terminate()
        process.wait(10)


def wait_for(peer: Peer, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not answers(peer):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)


def answers(peer: Peer) -> bool:
    """It listens some time before its workers answer."""
    try:
        return bool(SocketDialer(1.0, None).sip(peer.address, peer.port, DOMAIN, PRIMARY_POOL))
    except OperationError:
        return False


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
