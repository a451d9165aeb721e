"""The lab's management host in a process of its own, as `lyncdr lab up` runs it."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from lyncdr_helpers.lab.winrm import Call, WinrmServer
from lyncdr_helpers.shell import cmdlets

from .conftest import PASSWORD, USER, Host, quickly

SLOWEST = 10.0
"""Seconds for 1,000 users; 0.35 s on a machine of two cores with nothing else to do."""


def serve(folder: Path, pipe: Connection) -> None:
    """Run a host until the pipe says so."""

    def move(call: Call) -> None:
        for identity in call.feed:
            call.output("Microsoft.Rtc.User", SipAddress=identity)

    certificate = (folder / "ca-host.pem", folder / "ca-host.key")
    with WinrmServer("127.53.43.1", 0, certificate, {USER: PASSWORD}, {"Move-CsUser": move}, {}) as server:
        pipe.send(server.port)
        pipe.recv()


def test_another_process_serves_a_thousand_users(host: Host, folder: Path) -> None:
    """1,000 users are moved by one command, across processes, in no time an operator would notice."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(folder, theirs))
    process.start()
    try:
        session = host.shell(auth="ntlm", url=f"https://127.53.43.1:{ours.recv()}/wsman")
        move = cmdlets.move_users("drse01.lync.test", "dc2.lync.test", force=True)
        session.invoke(move, feed=["sip:first@lync.test"])
        feed = [f"sip:user{number}@lync.test" for number in range(1000)]
        taken = min(quickly(lambda: session.invoke(move, feed=feed)) for _ in range(3))
        assert taken < SLOWEST
        session.close()
    finally:
        ours.send("stop")
        process.join(10)
