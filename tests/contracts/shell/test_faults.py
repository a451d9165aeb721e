"""Between a command and its answer: every fault of the lab, for a command that writes and for one that reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from pypsrp.exceptions import AuthenticationError, WSManFaultError

from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.adapters.winrm_connection import never_sent
from lyncdr_helpers.errors import OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.lab.winrm import Call, WinrmServer
from lyncdr_helpers.lab.winrm.faults import Faults
from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import cmdlets

from .conftest import PASSWORD, USER, Host

MOVE = cmdlets.move_users("drse01.lync.test", "dc2.lync.test", force=True)
FEED = [f"sip:user{number}@lync.test" for number in range(10)]
READ = cmdlets.get_user("anna@lync.test")


def test_cut_before_the_act(winrm: WinrmShell, host: Host) -> None:
    """The connection broke and nothing happened, but who could tell from here: unknown."""
    host.server.faults.once("cut before act", cmdlet="Move-CsUser")
    with pytest.raises(UnknownOutcome, match="Move-CsUser was sent, and its answer is lost") as caught:
        winrm.invoke(MOVE, feed=FEED)
    assert "Read the facts back" in caught.value.remedy
    assert host.deployment.moved == []


def test_cut_after_the_act(winrm: WinrmShell, host: Host) -> None:
    """The connection broke and everything happened: unknown, never sent again, and the next command works."""
    host.server.faults.once("cut after act", cmdlet="Move-CsUser")
    with pytest.raises(UnknownOutcome):
        winrm.invoke(MOVE, feed=FEED)
    assert host.deployment.moved == FEED
    assert len(winrm.invoke(READ).output) == 4


@pytest.mark.parametrize("kind", ["cut before act", "cut after act"])
def test_a_question_that_is_cut_off(winrm: WinrmShell, host: Host, kind: str) -> None:
    """Reading has no unknown outcome: the host is unreachable, and asking again works."""
    host.server.faults.once(kind, cmdlet="Get-CsUser")  # type: ignore[arg-type]
    with pytest.raises(Unreachable):
        winrm.invoke(READ)
    assert len(winrm.invoke(READ).output) == 4


def test_no_answer_to_a_write(host: Host) -> None:
    """Everything happened and the answer never comes: unknown when the time is up."""
    session = host.shell(timeout_seconds=1)
    host.server.faults.once("no answer", cmdlet="Move-CsUser")
    with pytest.raises(UnknownOutcome, match="was not done within 1 seconds"):
        session.invoke(MOVE, feed=FEED)
    assert host.deployment.moved == FEED
    assert len(session.invoke(READ).output) == 4
    session.close()


def test_no_answer_to_a_question(host: Host) -> None:
    """A question that takes too long failed."""
    session = host.shell(timeout_seconds=1)
    host.server.faults.once("no answer", cmdlet="Get-CsUser")
    with pytest.raises(OperationError, match="was not done within 1 seconds"):
        session.invoke(READ)
    session.close()


def test_half_an_answer(winrm: WinrmShell, host: Host) -> None:
    """All were moved, half are named, and the reply holds a fault: it must not be read as complete."""
    host.server.faults.once("half answer", cmdlet="Move-CsUser")
    reply = winrm.invoke(MOVE, feed=FEED)
    assert host.deployment.moved == FEED
    assert len(reply.output) == 5
    assert [fault.error_id for fault in reply.faults] == ["LabFault"]


def test_a_terminating_error(winrm: WinrmShell, host: Host) -> None:
    """Nothing happened, and the reply says so."""
    host.server.faults.once("terminating error", cmdlet="Move-CsUser")
    reply = winrm.invoke(MOVE, feed=FEED)
    assert (reply.output, host.deployment.moved) == ((), [])
    assert [fault.error_id for fault in reply.faults] == ["LabFault"]


def test_an_error_for_one(winrm: WinrmShell, host: Host) -> None:
    """One user stays and is named, the others are moved."""
    host.server.faults.once("error for one", cmdlet="Move-CsUser")
    reply = winrm.invoke(MOVE, feed=FEED)
    assert host.deployment.moved == FEED[1:]
    assert [fault.target for fault in reply.faults] == [FEED[0]]


def test_a_fault_is_met_once(winrm: WinrmShell, host: Host) -> None:
    """The next run of the same command is undisturbed, and other commands never are."""
    host.server.faults.once("terminating error", cmdlet="move-csuser")
    assert winrm.invoke(READ).faults == ()
    assert winrm.invoke(MOVE, feed=FEED).faults
    assert winrm.invoke(MOVE, feed=FEED).faults == ()


def test_a_fault_that_does_not_exist() -> None:
    """A misspelt fault would make a test pass for the wrong reason."""
    with pytest.raises(ValueError, match="No fault is called 'cut aftr act'"):
        Faults().once("cut aftr act", cmdlet="Move-CsUser")  # type: ignore[arg-type]


def test_a_session_that_the_host_has_closed(winrm: WinrmShell, host: Host) -> None:
    """The command is refused unread, so a new session runs it, once."""
    winrm.invoke(READ)
    host.server.lose_shells()
    assert winrm.invoke(MOVE, feed=FEED).faults == ()
    assert host.deployment.moved == FEED


def test_a_caller_that_gives_up(winrm: WinrmShell, host: Host) -> None:
    """An exception in on_output stops the command there, surfaces as it is, and the session can go on."""

    def give_up(record: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        winrm.invoke(Command("Wait"), on_output=give_up)
    assert len(winrm.invoke(READ).output) == 4


def test_a_host_that_goes_down_in_the_middle(folder: Path, host: Host) -> None:
    """The machine vanishes while it moves users: unknown; then nobody answers any more."""

    def vanish(call: Call) -> None:
        call.output("First", Number=1)
        host.deployment.released.wait(10)

    certificate = (folder / "ca-host.pem", folder / "ca-host.key")
    server = WinrmServer("127.53.42.1", 0, certificate, {USER: PASSWORD}, {"Move-CsUser": vanish}, {})
    server.start()
    session = host.shell(url=f"https://127.53.42.1:{server.port}/wsman")
    with pytest.raises(UnknownOutcome):
        session.invoke(MOVE, feed=FEED, on_output=lambda record: server.stop())
    with pytest.raises(Unreachable):
        session.invoke(MOVE, feed=FEED)
    session.close()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (WSManFaultError(2150858843, None, "no such shell", None, None, None), True),
        (WSManFaultError(5, None, "access denied", None, None, None), True),
        (WSManFaultError(2150859174, None, "too many operations", None, None, None), True),
        (WSManFaultError(2150858793, None, "timed out", None, None, None), False),
        (WSManFaultError(995, None, "aborted", None, None, None), False),
        (AuthenticationError("who are you"), True),
        (requests.ConnectTimeout(), True),
        (requests.ReadTimeout(), False),
        (requests.ConnectionError("Connection reset by peer"), False),
    ],
)
def test_what_proves_that_nothing_was_done(error: Exception, expected: bool) -> None:
    """Only a refusal before the command was read proves it; a timeout or a cut line never does."""
    assert never_sent(error) is expected


def test_a_write_while_the_host_is_down_was_never_sent(folder: Path, host: Host) -> None:
    """The session stood, the host went away, the new connection fails: unreachable, and nothing to read back."""
    certificate = (folder / "ca-host.pem", folder / "ca-host.key")
    server = WinrmServer("127.53.42.2", 0, certificate, {USER: PASSWORD}, host.deployment.cmdlets(), {})
    server.start()
    session = host.shell(url=f"https://127.53.42.2:{server.port}/wsman")
    assert len(session.invoke(READ).output) == 4
    server.stop()
    with pytest.raises(Unreachable):
        session.invoke(MOVE, feed=FEED)
    session.close()
