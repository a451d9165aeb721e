"""The two kinds of work a WinRM shell does, each in the same steps: open, send, ask for news until it is done, stop."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Protocol

from pypsrp.complex_objects import PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import CommandState, Process, SignalCode, WinRS

from lyncdr_helpers.adapters.winrm_connection import FOREIGN_ERRORS, Connection
from lyncdr_helpers.adapters.winrm_values import to_fault, to_parameter, to_record
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import CmdletFault, Command, Finished, Program, Record, Reply

UTF8 = 65001
"""The code page that programs are asked to write in."""


class Task(Protocol):
    """One command on its way. Every method but `stop` may raise FOREIGN_ERRORS."""

    def open(self) -> None:
        """Be let in; nothing is asked of the host yet."""

    def send(self) -> None:
        """Send the command."""

    @property
    def accepted(self) -> bool:
        """Whether the host has taken the command."""

    @property
    def done(self) -> bool: ...

    def poll(self, patience: int | None) -> None:
        """Wait so many seconds for news, or as long as the connection usually does."""

    def stop(self) -> None:
        """Give it up and free what it holds there, as far as that still works."""


class CmdletTask:
    """One cmdlet in a pipeline of its own."""

    def __init__(
        self,
        pool: RunspacePool,
        command: Command,
        feed: Sequence[str],
        on_output: Callable[[Record], None] | None,
    ) -> None:
        self._pool = pool
        self._feed = feed
        self._on_output = on_output
        self._output: list[Record] = []
        self._pipeline = PowerShell(pool)
        self._cmdlet = command.cmdlet
        self._parameters = {name: to_parameter(value) for name, value in command.parameters.items()}

    def open(self) -> None:
        self._pool.open()

    def send(self) -> None:
        self._pipeline.add_cmdlet(self._cmdlet).add_parameters(self._parameters)
        self._pipeline.begin_invoke((piece for piece in [list(self._feed)]) if self._feed else None)

    @property
    def accepted(self) -> bool:
        return bool(self._pipeline.state != PSInvocationState.NOT_STARTED)

    @property
    def done(self) -> bool:
        return bool(self._pipeline.state != PSInvocationState.RUNNING)

    def poll(self, patience: int | None) -> None:
        self._pipeline.poll_invoke(timeout=patience)
        for found in self._pipeline.output[len(self._output) :]:
            self._output.append(to_record(found))
            if self._on_output:
                self._on_output(self._output[-1])

    def stop(self) -> None:
        with suppress(*FOREIGN_ERRORS):
            if not self.done:
                self._pipeline.stop()
            self._pipeline.close()

    def reply(self) -> Reply:
        """What the cmdlet said. A pipeline that failed always has a fault, also where it does not say why."""
        streams = self._pipeline.streams
        faults = [to_fault(record) for record in streams.error]
        if self._pipeline.state != PSInvocationState.COMPLETED and not faults:
            faults = [CmdletFault(f"{self._cmdlet} ended without saying why.")]
        return Reply(tuple(self._output), tuple(faults), tuple(str(warning.message) for warning in streams.warning))


class ProgramTask:
    """One program in a command shell of its own."""

    def __init__(self, connection: Connection, program: Program) -> None:
        self._shell = WinRS(connection, codepage=UTF8)
        self._process = Process(self._shell, quote(program.path), [quote(each) for each in program.arguments])

    def open(self) -> None:
        self._shell.open()

    def send(self) -> None:
        self._process.begin_invoke()

    @property
    def accepted(self) -> bool:
        return self._process.id is not None

    @property
    def done(self) -> bool:
        return bool(self._process.state == CommandState.DONE)

    def poll(self, patience: int | None) -> None:
        self._process.poll_invoke(timeout=patience)

    def stop(self) -> None:
        with suppress(*FOREIGN_ERRORS):
            if self.accepted and not self.done:
                self._process.signal(SignalCode.TERMINATE)
            self._shell.close()  # and with it whatever is left of a program that has ended

    def finished(self) -> Finished:
        """How the program ended. Bytes that are not UTF-8 become replacement characters."""
        output, errors = (text.decode("utf-8", "replace") for text in (self._process.stdout, self._process.stderr))
        return Finished(self._process.rc or 0, output, errors)


def quote(word: str) -> str:
    """One word of a command line, so that cmd.exe and the program's own parser both read it as it is.

    WinRM hands the line to cmd.exe, which takes & | < > ^ ( ) literally between double quotes; only %NAME% would still
    be replaced there and a double quote would end the word. Raises InputError for those two and control characters.
    """
    if re.search(r'["%\x00-\x1f]', word):
        raise InputError(
            f"The word {word!r} cannot be passed to a program on the management host: it holds a character that its "
            "command shell would interpret.",
            "Choose a path or name without double quotes, percent signs and control characters.",
        )
    if re.fullmatch(r"[\w.:\\/@=+-]+", word, re.ASCII):
        return word
    doubled = "\\" * (len(word) - len(word.rstrip("\\")))  # or the last one would escape the closing quote
    return f'"{word}{doubled}"'
