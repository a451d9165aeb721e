"""The Shell port on the management host itself: each cmdlet as a script for powershell.exe, each program as it is.

The same scripts as those of script_shell.py, and with them: nothing here was ever run by a real PowerShell.
"""

from __future__ import annotations

import datetime as dt
import subprocess
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from lyncdr_helpers.adapters import scripts
from lyncdr_helpers.adapters.script_result import Result
from lyncdr_helpers.adapters.scripts import Script
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.errors import InputError, OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.params.access import ManagementHost
from lyncdr_helpers.ports import Command, Finished, Program, Record, Reply

READ_BACK = "Read the facts back from the directory and the pool before anything else; do not repeat the command."
POWERSHELL = ("powershell.exe", "-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File")
NOT_FOUND = 1
"""The exit code of cmd.exe for a program that is not there; WinRM's shell answers the same."""
SAID = 300


class LocalShell:
    """PowerShell on this machine; a process for each command, and nothing that stays between them.

    prefix: what the names of its scripts begin with: the run. powershell: the program and its arguments, before the
    script. A command may take host.timeout_seconds; then it is ended. `on_output` sees the results at the end.
    """

    def __init__(
        self,
        host: ManagementHost,
        base_folder: Path,
        clock: Clock,
        prefix: str,
        powershell: Sequence[str] = POWERSHELL,
    ) -> None:
        self._host = host
        self._folder = base_folder / host.exchange.here
        self._clock = clock
        self._prefix = prefix
        self._powershell = tuple(powershell)
        self._lock = threading.Lock()

    def invoke(
        self, command: Command, feed: Sequence[str] = (), on_output: Callable[[Record], None] | None = None
    ) -> Reply:
        with self._lock:
            reply = self._by_script(command, tuple(feed)).reply()
        if on_output:
            for record in reply.output:
                on_output(record)
        return reply

    def run(self, program: Program) -> Finished:
        """Bytes that are not UTF-8 become replacement characters."""
        with self._lock:
            try:
                return self._process([program.path, *program.arguments], program.path, writes=program.writes)
            except FileNotFoundError:
                return Finished(NOT_FOUND, "", f"'{program.path}' is not recognized as a program on this machine.")
            except (OSError, ValueError) as cause:
                raise InputError(
                    f"{program.path} cannot be started: {cause}.", "Check its path and arguments."
                ) from cause

    def close(self) -> None:
        """There is no session."""

    def _by_script(self, command: Command, feed: tuple[str, ...]) -> Result:
        until = self._clock.now() + dt.timedelta(seconds=self._host.timeout_seconds)
        script = scripts.write(self._folder, self._host.exchange, self._prefix, command, feed, until)
        try:
            ended = self._process([*self._powershell, str(script.here)], command.cmdlet, writes=command.writes)
        except OSError as cause:
            raise Unreachable(
                f"This machine has no {self._powershell[0]}: {cause.strerror}.",
                "transport: local is for the management host itself; elsewhere give winrm or script.",
            ) from cause
        with suppress(InputError):
            if result := script.result():
                return result
        raise self._without_result(script, ended)

    def _process(self, words: list[str], name: str, *, writes: bool) -> Finished:
        """Run it to its end. Raises OSError where there is no such program, and what a missed deadline means."""
        try:
            done = subprocess.run(words, capture_output=True, timeout=self._host.timeout_seconds, check=False)
        except subprocess.TimeoutExpired as cause:
            message = f"{name} was not done within {self._host.timeout_seconds:g} seconds, and was ended."
            if writes:
                raise UnknownOutcome(message, READ_BACK) from cause
            raise OperationError(message, "Find out what holds it up, or raise timeout_seconds.") from cause
        return Finished(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))

    def _without_result(self, script: Script, ended: Finished) -> OperationError | UnknownOutcome:
        """PowerShell ended and left no answer: a script that was never begun has provably done nothing."""
        never_begun = script.withdraw()
        said = (ended.errors or ended.output).strip()[-SAID:] or "it said nothing"
        message = (
            f"{self._powershell[0]} ended with {ended.exit_code} and left no result of {script.order.name}: {said}"
        )
        if script.order.act.writes and not never_begun:
            return UnknownOutcome(message, READ_BACK)
        return OperationError(message, "Check that this account may run scripts here, and the exchange folder.")
