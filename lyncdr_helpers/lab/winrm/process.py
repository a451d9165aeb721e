"""A command shell: programs with arguments, streamed output and an exit code (WinRS, MS-WSMV 3.1.4.11)."""

from __future__ import annotations

import logging
import ntpath
import threading
from collections.abc import Mapping, Sequence
from functools import partial

from lyncdr_helpers.lab.winrm.call import Executable, ProgramCall, Stopped
from lyncdr_helpers.lab.winrm.faults import Faults
from lyncdr_helpers.lab.winrm.shell import Cut, Shell

log = logging.getLogger(__name__)

FAILED = 1
"""The exit code of cmd.exe for a program it does not find; also of one that was stopped or broke down."""


class ProcessShell(Shell):
    """A cmd.exe that knows the programs it is given, by file name, in whatever folder they are asked for."""

    def __init__(
        self,
        shell_id: str,
        resource: str,
        owner: str,
        envelope_size: int,
        programs: Mapping[str, Executable],
        faults: Faults,
    ) -> None:
        super().__init__(shell_id, resource, owner, envelope_size)
        self._programs = programs
        self._faults = faults
        self._stopped: dict[str, threading.Event] = {}

    def command(self, command: str, words: Sequence[str]) -> None:
        self._stopped[command] = threading.Event()
        self.began(command)
        threading.Thread(
            target=self._run,
            args=(command, split_command_line(" ".join(words))),
            name=f"process {command}",
            daemon=True,
        ).start()

    def send(self, command: str, data: bytes) -> None:
        """No program of the lab reads its standard input."""

    def stop(self, command: str) -> None:
        if stopped := self._stopped.get(command):
            stopped.set()

    def _run(self, command: str, words: list[str]) -> None:
        name = ntpath.basename(words[0]).lower() if words else ""
        program = self._programs.get(name)
        if program is None:
            self._write(command, "stderr", f"'{name}' is not recognized as an internal or external command,\r\n")
            self.ended(command, FAILED)
            return
        fault = self._faults.take(name)
        exit_code = FAILED
        if fault != "cut before act":
            try:
                exit_code = self._act(program, self._call(command, words[1:], heard=fault is None))
            except Cut:
                fault = "cut after act"
        if fault in ("cut before act", "cut after act"):
            self.cut()
        elif fault is None:
            self.ended(command, exit_code)

    def _act(self, program: Executable, call: ProgramCall) -> int:
        try:
            return program(call)
        except Stopped:
            return FAILED
        except Cut:
            raise
        except Exception as cause:  # a mistake in a program must reach its client, not only this thread
            log.exception("A program failed")
            call.err(f"Unhandled exception: {type(cause).__name__}: {cause}\r\n")
            return FAILED

    def _call(self, command: str, arguments: list[str], *, heard: bool) -> ProgramCall:
        if not heard:
            return ProgramCall(arguments, self.owner, _nobody, _nobody)
        return ProgramCall(
            arguments, self.owner, partial(self._write, command, "stdout"), partial(self._write, command, "stderr")
        )

    def _write(self, command: str, stream: str, text: str) -> None:
        if self._stopped[command].is_set():
            raise Stopped
        self.say(command, stream, text.encode())


def split_command_line(line: str) -> list[str]:
    """The words of a Windows command line, by the rules of CommandLineToArgvW: \\" is a quote, \\\\" ends in one."""
    words: list[str] = []
    word, quoted, begun, backslashes = "", False, False, 0
    for letter in line:
        if letter == "\\":
            backslashes += 1
            begun = True
            continue
        if letter == '"':
            word += "\\" * (backslashes // 2)
            if backslashes % 2:
                word += '"'
            else:
                quoted = not quoted
            begun = True
        else:
            word += "\\" * backslashes
            if letter in " \t" and not quoted:
                if begun:
                    words.append(word)
                word, begun = "", False
            else:
                word += letter
                begun = True
        backslashes = 0
    word += "\\" * backslashes
    return [*words, word] if begun else words


def _nobody(text: str) -> None:
    """Where a program writes whose client is gone."""
