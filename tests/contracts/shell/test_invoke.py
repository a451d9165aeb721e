"""Cmdlets: results and errors of both kinds, streaming, and what a generation does not have."""

from __future__ import annotations

import threading
import time

from lyncdr_helpers.ports import Command, Record, Shell
from lyncdr_helpers.shell import cmdlets

from .conftest import Host

TARGET = "drse01.lync.test"
MOVE = cmdlets.move_users(TARGET, "dc2.lync.test", force=True)


def test_one_bad_user_does_not_stop_the_others(shell: Shell, host: Host) -> None:
    """A non-terminating error is a fault that names its user; the users after it are moved."""
    reply = shell.invoke(MOVE, feed=["sip:a@lync.test", "sip:nobody@lync.test", "sip:b@lync.test"])
    assert host.deployment.moved == ["sip:a@lync.test", "sip:b@lync.test"]
    assert [record["SipAddress"] for record in reply.output] == host.deployment.moved
    assert [(fault.error_id, fault.target) for fault in reply.faults] == [("NotFound", "sip:nobody@lync.test")]
    assert "Management object not found" in reply.faults[0].message


def test_a_terminating_error_is_a_fault(shell: Shell) -> None:
    """A cmdlet that ends with an error answers with it; nothing is raised."""
    reply = shell.invoke(cmdlets.get_user("nobody@lync.test"))
    assert reply.output == ()
    assert [(fault.message, fault.error_id, fault.target) for fault in reply.faults] == [
        ("Management object not found.", "NotFound", "sip:nobody@lync.test")
    ]


def test_error_action_stop_ends_the_pipeline(shell: Shell, host: Host) -> None:
    """With -ErrorAction Stop the first bad user ends the command, as PowerShell has it."""
    stop = Command("Move-CsUser", {**MOVE.parameters, "ErrorAction": "Stop"}, writes=True)
    reply = shell.invoke(stop, feed=["sip:a@lync.test", "sip:nobody@lync.test", "sip:b@lync.test"])
    assert host.deployment.moved == ["sip:a@lync.test"]
    assert len(reply.faults) == 1


def test_warnings_come_along(shell: Shell) -> None:
    """The warning stream is part of the reply."""
    assert shell.invoke(cmdlets.get_user("anna@lync.test")).warnings == ("one warning",)


def test_results_stream_in_while_the_cmdlet_runs(winrm: Shell, host: Host) -> None:
    """`on_output` sees the first result before the cmdlet has made the second."""
    seen: list[Record] = []

    def hear(record: Record) -> None:
        seen.append(record)
        host.deployment.released.set()

    begun = time.monotonic()
    reply = winrm.invoke(Command("Wait"), on_output=hear)
    assert [record["Number"] for record in seen] == [1, 2]
    assert reply.output == tuple(seen)
    assert time.monotonic() - begun < 10  # the cmdlet alone would wait 20 s for its release


def test_nothing_fed_is_nothing_moved(shell: Shell, host: Host) -> None:
    """An empty feed runs the cmdlet on no user."""
    assert shell.invoke(MOVE, feed=[]).output == ()
    assert host.deployment.moved == []


def test_an_unknown_cmdlet_is_a_fault(shell: Shell) -> None:
    """What the host does not have is said in PowerShell's words."""
    (fault,) = shell.invoke(Command("Get-CsNothing")).faults
    assert fault.error_id == "CommandNotFoundException"
    assert "'Get-CsNothing' is not recognized" in fault.message


def test_a_cmdlet_of_a_later_generation_is_unknown(shell: Shell) -> None:
    """The lab is Lync 2010: it has no pool failover, although somebody wrote that cmdlet for it."""
    (fault,) = shell.invoke(Command("Invoke-CsPoolFailOver", {"PoolFqdn": TARGET})).faults
    assert fault.error_id == "CommandNotFoundException"


def test_a_parameter_that_the_generation_lacks_is_refused(shell: Shell, host: Host) -> None:
    """Move-CsUser -Report came with 2015; in 2010 the cmdlet does not even begin."""
    (fault,) = shell.invoke(Command("Move-CsUser", {**MOVE.parameters, "Report": "x"}), feed=["sip:a@lync.test"]).faults
    assert fault.message == "A parameter cannot be found that matches parameter name 'report'."
    assert fault.error_id == "NamedParameterNotFound,Move-CsUser"
    assert host.deployment.moved == []


def test_a_missing_parameter_is_refused(shell: Shell, host: Host) -> None:
    """Move-CsUser without a target moves nobody."""
    (fault,) = shell.invoke(Command("Move-CsUser"), feed=["sip:a@lync.test"]).faults
    assert fault.error_id.startswith("MissingMandatoryParameter")
    assert host.deployment.moved == []


def test_a_mistake_in_a_cmdlet_reaches_the_client(shell: Shell) -> None:
    """The lab's own mistakes are answers too: nothing hangs."""
    (fault,) = shell.invoke(Command("Mistake")).faults
    assert fault.error_id == "CmdletMistake"


def test_a_session_serves_many_commands(shell: Shell) -> None:
    """Errors, programs and results in turn: the session stays."""
    for _ in range(3):
        assert shell.invoke(Command("Get-CsNothing")).faults
        assert len(shell.invoke(cmdlets.get_user("anna@lync.test")).output) == 4


def test_many_clients_at_once(host: Host) -> None:
    """Eight sessions with 50 users each, at the same time: everybody is moved once, every session hears of its own."""
    heard: dict[int, int] = {}

    def move(number: int) -> None:
        session = host.shell()
        heard[number] = len(session.invoke(MOVE, feed=[f"sip:{number}.{user}@lync.test" for user in range(50)]).output)
        session.close()

    threads = [threading.Thread(target=move, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == dict.fromkeys(range(8), 50)
    assert len(set(host.deployment.moved)) == len(host.deployment.moved) == 400


def test_threads_share_one_session(shell: Shell) -> None:
    """Two threads on one session wait for each other instead of mixing their answers."""
    replies: dict[int, list[str]] = {}

    def ask(number: int) -> None:
        for _ in range(5):
            output = shell.invoke(Command("Echo", {"Number": number})).output
            replies.setdefault(number, []).append(str(output[0]["number"]))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {number: [str(number)] * 5 for number in range(4)}


def test_a_thousand_users_in_one_command(shell: Shell, host: Host) -> None:
    """One fed command moves 1,000 users and names each of them, in order."""
    feed = [f"sip:user{number}@lync.test" for number in range(1000)]
    reply = shell.invoke(MOVE, feed=feed)
    assert host.deployment.moved == feed
    assert [record["SipAddress"] for record in reply.output] == feed
