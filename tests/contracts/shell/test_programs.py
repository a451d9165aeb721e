"""Programs: arguments, output and exit codes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyncdr_helpers.adapters.winrm_tasks import quote
from lyncdr_helpers.errors import InputError, OperationError, UnknownOutcome
from lyncdr_helpers.lab.winrm.process import split_command_line
from lyncdr_helpers.ports import Program, Shell
from lyncdr_helpers.shell import dbimpexp

from .conftest import USER, Host, way

DBIMPEXP = "C:\\Program Files\\Common Files\\Microsoft Lync Server 2010\\Support\\DBImpExp.exe"


@pytest.fixture(params=["winrm", "script"])
def shell(request: pytest.FixtureRequest, host: Host, tmp_path: Path) -> Iterator[Shell]:
    """By network and by script; on the management host itself, programs of the lab are not there to be started."""
    yield from way(request, host, tmp_path)


def test_output_and_exit_code(shell: Shell) -> None:
    """A non-zero exit code is an answer; both streams come decoded."""
    finished = shell.run(dbimpexp.export_contacts(DBIMPEXP, "D:\\lyncdr\\hr.xml"))
    assert finished.exit_code == 3
    assert finished.output == "".join(f"Zeile {number} für {USER}\r\n" for number in range(3))
    assert finished.errors == "boom\r\n"


@pytest.mark.parametrize(
    "words",
    [
        ["/hrxmlfile:D:\\lyncdr\\hr.xml", "/restype:user", "/user:o'brien@lync.test"],
        ["/hrxmlfile:D:\\with space\\hr.xml", "/sqlserver:sql01.lync.test\\rtc"],
        ["D:\\ends in\\", "next"],
        ["a&b|c<d>e^f(g)", "ü 東", "", "x;y,z=1"],
    ],
)
def test_arguments_arrive_unchanged(shell: Shell, host: Host, words: list[str]) -> None:
    """Spaces, backslashes at the end and the shell's own signs reach the program as they were written."""
    shell.run(Program(DBIMPEXP, tuple(words)))
    assert host.deployment.arguments == [words]


@pytest.mark.parametrize("word", ['a"b', "%PATH%", "a\nb", "nul\0"])
def test_what_the_command_shell_would_interpret_is_refused(winrm: Shell, host: Host, word: str) -> None:
    """No way of quoting keeps these literal, so they are bad input before anything is sent."""
    with pytest.raises(InputError, match="cannot be passed"):
        winrm.run(Program(DBIMPEXP, (word,)))
    assert host.deployment.arguments == []


def test_the_lab_splits_a_line_as_windows_does() -> None:
    """`subprocess.list2cmdline` writes by the rules of CommandLineToArgvW; the lab reads it back."""
    for words in (["a b", "c\\", 'say "hi"', "", "\\\\host\\share", 'x\\"y', "tab\there"], ["one"]):
        assert split_command_line(subprocess.list2cmdline(words)) == words
        quotable = [word for word in words if '"' not in word and "\t" not in word]
        assert split_command_line(" ".join(quote(word) for word in quotable)) == quotable


def test_an_unknown_program(shell: Shell) -> None:
    """cmd.exe's own answer and exit code, no exception."""
    finished = shell.run(Program("C:\\nothing.exe"))
    assert finished.exit_code == 1
    assert "not recognized" in finished.errors


def test_a_program_that_takes_too_long(host: Host) -> None:
    """The deadline of a program that only reads is a failure."""
    session = host.shell(timeout_seconds=1)
    with pytest.raises(OperationError, match=r"slow\.exe was not done within 1 seconds"):
        session.run(Program("slow.exe"))
    session.close()


def test_an_import_that_takes_too_long(host: Host) -> None:
    """The deadline of a program that writes leaves its outcome unknown."""
    session = host.shell(timeout_seconds=1)
    with pytest.raises(UnknownOutcome, match="was not done within"):
        session.run(Program("slow.exe", writes=True))
    session.close()


def test_an_import_whose_answer_is_lost(winrm: Shell, host: Host) -> None:
    """The connection breaks after the import: unknown, and it did happen."""
    host.server.faults.once("cut after act", cmdlet="dbimpexp.exe")
    with pytest.raises(UnknownOutcome, match="its answer is lost"):
        winrm.run(dbimpexp.import_contacts(DBIMPEXP, "D:\\hr.xml"))
    assert len(host.deployment.arguments) == 1
    assert winrm.run(dbimpexp.import_contacts(DBIMPEXP, "D:\\hr.xml")).exit_code == 3
