"""PowerShell on this machine: what its ending means; programs are started as they are."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lyncdr_helpers.adapters.local_shell import POWERSHELL, LocalShell
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import InputError, LyncdrError, OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.ports import Command, Program
from lyncdr_helpers.shell import cmdlets

from .conftest import WAITING, Host

MOVE = cmdlets.move_users("drse01.lync.test", "dc2.lync.test", force=True)
READ = cmdlets.get_user("anna@lync.test")
STARTS = "import sys; open(sys.argv[1][:-4] + '.started', 'x'); sys.exit('the disk is full')"
REFUSES = "import sys; sys.exit('running scripts is disabled on this system')"
FOREVER = "import time; time.sleep(60)"


def local(host: Host, folder: Path, powershell: Sequence[str] = POWERSHELL, seconds: float = 20) -> LocalShell:
    exchange = {"there": "C:\\lyncdr", "here": str(folder)}
    params = host.params(transport="local", exchange=exchange, timeout_seconds=seconds)
    return LocalShell(params, host.folder, SystemClock(), "run", powershell)


def python(code: str) -> tuple[str, ...]:
    """A program in the place of powershell.exe."""
    return (sys.executable, "-SIc", code)


def fails(shell: LocalShell, command: Command) -> LyncdrError:
    with pytest.raises(LyncdrError) as caught:
        shell.invoke(command, ["sip:a@lync.test"])
    return caught.value


def test_there_is_no_powershell(host: Host, tmp_path: Path) -> None:
    """On a machine without it nothing is sent anywhere: unreachable, with what to give instead."""
    error = fails(local(host, tmp_path), MOVE)
    assert type(error) is Unreachable
    assert "winrm or script" in error.remedy


def test_a_script_that_may_not_run(host: Host, tmp_path: Path) -> None:
    """A policy refuses it before it begins: provably nothing happened, and PowerShell's own words are told."""
    error = fails(local(host, tmp_path, python(REFUSES)), MOVE)
    assert type(error) is OperationError
    assert "running scripts is disabled" in error.message


def test_a_script_that_dies(host: Host, tmp_path: Path) -> None:
    """Begun, ended, no result: unknown for a write, a failure for a question."""
    shell = local(host, tmp_path, python(STARTS))
    assert type(fails(shell, MOVE)) is UnknownOutcome
    assert type(fails(shell, READ)) is OperationError


def test_a_script_that_takes_too_long(host: Host, tmp_path: Path) -> None:
    """It is ended at the deadline: unknown for a write, a failure for a question."""
    shell = local(host, tmp_path, python(FOREVER), seconds=0.3)
    assert type(fails(shell, MOVE)) is UnknownOutcome
    assert type(fails(shell, READ)) is OperationError


def test_a_result_that_is_none(host: Host, tmp_path: Path) -> None:
    """A file of somebody else's in its place is no answer."""
    code = "import sys; [open(sys.argv[1][:-4] + end, 'w').write('x') for end in ('.started', '.result')]"
    assert type(fails(local(host, tmp_path, python(code)), MOVE)) is UnknownOutcome


def test_a_program(host: Host, tmp_path: Path) -> None:
    """Words, output, errors and exit code are its own."""
    code = "import sys; print(sys.argv[1:]); sys.stderr.write('boom'); sys.exit(3)"
    finished = local(host, tmp_path).run(Program(sys.executable, ("-c", code, 'a "b"', "%PATH%", "")))
    assert (finished.exit_code, finished.errors) == (3, "boom")
    assert finished.output.strip() == str(['a "b"', "%PATH%", ""])


def test_an_unknown_program(host: Host, tmp_path: Path) -> None:
    """The answer of a command shell, no exception."""
    finished = local(host, tmp_path).run(Program("nothing-of-that-name.exe"))
    assert finished.exit_code == 1
    assert "not recognized" in finished.errors


def test_a_program_that_takes_too_long(host: Host, tmp_path: Path) -> None:
    """It is ended: a failure for what reads, unknown for what writes."""
    shell = local(host, tmp_path, seconds=0.3)
    for writes, kind in ((False, OperationError), (True, UnknownOutcome)):
        with pytest.raises(kind, match="was not done within"):
            shell.run(Program(sys.executable, ("-c", FOREVER), writes=writes))


def test_a_word_that_no_process_takes(host: Host, tmp_path: Path) -> None:
    """A NUL ends a string for the system: bad input."""
    with pytest.raises(InputError, match="cannot be started"):
        local(host, tmp_path).run(Program(sys.executable, ("a\0b",)))


def test_results_are_heard(host: Host, tmp_path: Path) -> None:
    """`on_output` sees every result, if only at the end."""
    heard: list[object] = []
    with host.operator(tmp_path):
        reply = local(host, tmp_path, WAITING).invoke(READ, on_output=heard.append)
    assert tuple(heard) == reply.output != ()
