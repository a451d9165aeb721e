"""The lab's management host over real sockets, one per test module, and the adapter that talks to it."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import trustme

from lyncdr_helpers.adapters.local_shell import LocalShell
from lyncdr_helpers.adapters.script_shell import ScriptShell
from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.lab.script_operator import Operator
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError, ProgramCall, WinrmServer, check_parameters
from lyncdr_helpers.params.access import ManagementHost
from lyncdr_helpers.ports import Shell
from lyncdr_helpers.shell.table import Table

ADDRESS = "127.53.40.20"
NAME = "mgmt.lync.test"
USER = "LYNC\\svc-lyncdr"
PASSWORD = "pässwört-of-the-lab"


class MoveState(Enum):
    """A .NET enumeration, as cmdlets return them."""

    Moved = 1


@dataclass
class Deployment:
    """What the cmdlets below really did, so that a test compares it with what the shell says."""

    moved: list[str] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    arguments: list[list[str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    def cmdlets(self) -> dict[str, Callable[[Call], None]]:
        checked = check_parameters(Table.load(), "lync2010")
        return {
            "Move-CsUser": checked(self.move_user),
            "Get-CsUser": checked(self.get_user),
            "Get-CsTopology": checked(lambda call: call.text("<Topology Name='Zürich &amp; Öhringen'/>")),
            "Update-CsUserDatabase": checked(self.update),
            "Invoke-CsPoolFailOver": checked(lambda call: call.text("not reached in 2010")),
            "Echo": self.echo,
            "Wait": self.wait,
            "Mistake": self.mistake,
        }

    def programs(self) -> dict[str, Callable[[ProgramCall], int]]:
        return {"dbimpexp.exe": self.dbimpexp, "slow.exe": self.slow}

    def move_user(self, call: Call) -> None:
        for identity in call.feed:
            if identity.startswith("sip:nobody"):
                call.error(
                    CmdletError(f"Management object not found for identity '{identity}'.", "NotFound", target=identity)
                )
            else:
                self.moved.append(identity)
                call.output(
                    "Microsoft.Rtc.Move", SipAddress=identity, RegistrarPool=call.get("Target"), State=MoveState.Moved
                )

    def get_user(self, call: Call) -> None:
        if call.get("Identity") == "sip:nobody@lync.test":
            raise CmdletError("Management object not found.", "NotFound", Category.ObjectNotFound, call.get("Identity"))
        call.warning("one warning")
        for number in range(4):
            call.output("Microsoft.Rtc.User", Number=number)

    def update(self, call: Call) -> None:
        self.moved.append(call.get("Fqdn"))

    def echo(self, call: Call) -> None:
        self.calls.append(call.parameters)
        call.output("Echo", **call.parameters, Feed=call.feed, User=call.user)

    def wait(self, call: Call) -> None:
        call.output("First", Number=1)
        self.released.wait(20)
        call.output("Second", Number=2)

    def mistake(self, call: Call) -> None:
        raise KeyError("of the cmdlet's author")

    def dbimpexp(self, call: ProgramCall) -> int:
        self.arguments.append(call.arguments)
        for number in range(3):
            call.out(f"Zeile {number} für {call.user}\r\n")
        call.err("boom\r\n")
        return 3

    def slow(self, call: ProgramCall) -> int:
        call.out("begun\r\n")
        self.released.wait(20)
        return 0


@dataclass
class Host:
    """One running server, what it did, and how to reach it."""

    server: WinrmServer
    deployment: Deployment
    folder: Path

    def params(self, **changes: Any) -> ManagementHost:
        given = {
            "transport": "winrm",
            "url": f"https://{ADDRESS}:{self.server.port}/wsman",
            "server_name": NAME,
            "auth": "basic",
            "user": USER,
            "password": "file:password",
            "ca_file": Path("ca.pem"),
            "exchange": {"there": "C:\\lyncdr", "here": str(self.folder)},
            "timeout_seconds": 20,
        }
        return ManagementHost.model_validate({**given, **changes})

    def shell(self, **changes: Any) -> WinrmShell:
        return WinrmShell(self.params(**changes), self.folder, SystemClock())

    def operator(self, folder: Path) -> Operator:
        """Somebody who runs the scripts in a folder, on the same deployment."""
        return Operator(folder, self.deployment.cmdlets(), self.deployment.programs(), USER)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CA, certificates and the password, as a deployment's folder holds them."""
    folder = tmp_path_factory.mktemp("winrm")
    for name, authority in (("ca", trustme.CA()), ("other", trustme.CA())):
        authority.cert_pem.write_to_path(folder / f"{name}.pem")
        leaf = authority.issue_cert(NAME)
        leaf.cert_chain_pems[0].write_to_path(folder / f"{name}-host.pem")
        leaf.private_key_pem.write_to_path(folder / f"{name}-host.key")
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    (folder / "wrong").write_text("wröng-secret", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Host]:
    """The management host, for the whole module."""
    deployment = Deployment()
    running = WinrmServer(
        ADDRESS,
        0,
        (folder / "ca-host.pem", folder / "ca-host.key"),
        {USER: PASSWORD},
        deployment.cmdlets(),
        deployment.programs(),
    )
    with running:
        yield Host(running, deployment, folder)
        deployment.released.set()


@pytest.fixture
def host(server: Host) -> Host:
    """The management host, with nothing done yet."""
    server.deployment.moved.clear()
    server.deployment.calls.clear()
    server.deployment.arguments.clear()
    server.deployment.released.clear()
    return server


@pytest.fixture
def winrm(host: Host) -> Iterator[WinrmShell]:
    """A session on it."""
    session = host.shell()
    yield session
    host.deployment.released.set()
    session.close()


@pytest.fixture(params=["winrm", "script", "local"])
def shell(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> Iterator[Shell]:
    """The same host by every way to it that the lab can play."""
    yield from way(request, host, tmp_path)


def way(request: pytest.FixtureRequest, host: Host, folder: Path) -> Iterator[Shell]:
    """One of the ways. For `local`, a program takes PowerShell's place that waits until somebody has run its script."""
    if request.param == "winrm":
        yield request.getfixturevalue("winrm")
        return
    params = host.params(transport=request.param, exchange={"there": "C:\\lyncdr", "here": str(folder)})
    with host.operator(folder):
        if request.param == "script":
            yield ScriptShell(params, host.folder, SystemClock(), "run", lambda *_, **__: None)
        else:
            yield LocalShell(params, host.folder, SystemClock(), "run", WAITING)
        host.deployment.released.set()


WAITING = (
    sys.executable,
    "-SIc",
    "import os,sys,time\nwhile not os.path.exists(sys.argv[1][:-4]+'.result'): time.sleep(0.01)",
)
"""In the place of powershell.exe: it ends when the script's result is there."""


def quickly(act: Callable[[], Any]) -> float:
    """How many seconds it took."""
    begun = time.monotonic()
    act()
    return time.monotonic() - begun
