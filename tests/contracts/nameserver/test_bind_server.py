"""BIND as a part of a lab: it starts, fails and ends as the lab needs it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from nameserver_subjects import blueprint_at, client, lab_key

from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import OperationError, Refusal, Unreachable
from lyncdr_helpers.lab import bind
from lyncdr_helpers.lab.bind import BindServer
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.ports import RecordChange

pytestmark = pytest.mark.real("bind")

SIP = records.record_set("sip.lync.test", "A", 60, ["10.0.0.1"])
MOVED = records.record_set("sip.lync.test", "A", 60, ["10.0.0.21"])

OWNER = """
import sys, time
from pathlib import Path
from lyncdr_helpers.lab.bind import BindServer
from lyncdr_helpers.lab.blueprint import Blueprint
server = BindServer(Blueprint(Path(sys.argv[1]), sys.argv[2], dns="bind"))
server.start()
print("ready", flush=True)
time.sleep(60)
"""


@pytest.fixture
def blueprint(tmp_path: Path) -> Blueprint:
    return blueprint_at(tmp_path, "127.53.37", dns="bind")


def port_of_named(blueprint: Blueprint) -> int:
    text = (blueprint.folder / "bind" / "named.conf").read_text(encoding="ascii")
    found = re.search(r"listen-on port (\d+)", text)
    assert found
    return int(found[1])


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


def test_restart(blueprint: Blueprint) -> None:
    """A change survives a restart; a stopped server answers nobody; stopping twice is harmless; a zone is made once."""
    server = BindServer(blueprint)
    server.create([SIP])
    with pytest.raises(Refusal):
        server.create([SIP])
    server.start()
    client(blueprint, lab_key(blueprint)).update("lync.test", [RecordChange(SIP, MOVED)])
    server.stop()
    server.stop()
    with pytest.raises(Unreachable):
        client(blueprint, None, timeout=0.2).ask(SIP.name, "A")
    server.start()
    try:
        assert client(blueprint, None).ask(SIP.name, "A") == MOVED
    finally:
        server.stop()


def test_relative_folder(blueprint: Blueprint, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab in a folder that was named relative to the present one works as any other."""
    monkeypatch.chdir(blueprint.folder.parent)
    server = BindServer(Blueprint(Path(blueprint.folder.name), blueprint.subnet, dns="bind"))
    server.create([SIP])
    server.start()
    try:
        assert client(blueprint, None).ask(SIP.name, "A") == SIP
    finally:
        server.stop()


def test_does_not_start(blueprint: Blueprint) -> None:
    """A named that gives up is reported at once, with its last words, and nothing is left running."""
    blueprint.secret("tsig").write_text("not base64!", encoding="ascii")
    server = BindServer(blueprint)
    server.create([SIP])
    began = time.monotonic()
    with pytest.raises(OperationError, match="bad base64"):
        server.start()
    assert time.monotonic() - began < 10
    assert not listens(port_of_named(blueprint))


def test_a_port_that_is_taken_meanwhile(blueprint: Blueprint, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was free a moment ago has another lab's named, which knows the zone too: it is not taken for ours."""
    other = BindServer(blueprint_at(blueprint.folder / "other", "127.53.38", dns="bind"))
    server = BindServer(blueprint)
    for one, record in ((other, MOVED), (server, SIP)):
        one.create([record])
    other.start()
    free, offered = bind._free_port, [other._port]
    monkeypatch.setattr(bind, "_free_port", lambda: offered.pop() if offered else free())
    try:
        server.start()
        assert server._port != other._port
        assert client(blueprint, None).ask(SIP.name, "A") == SIP
        assert not offered
    finally:
        server.stop()
        other.stop()


def test_ends_with_its_owner(blueprint: Blueprint) -> None:
    """A lab that is killed takes its named along."""
    BindServer(blueprint).create([SIP])
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(blueprint.folder), blueprint.subnet], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    with owner.stdout:
        assert owner.stdout.readline() == "ready\n"
        port = port_of_named(blueprint)
        assert listens(port)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
    deadline = time.monotonic() + 10
    while listens(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not listens(port)
