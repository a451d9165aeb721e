"""The Shell port over WinRM: cmdlets through PSRP, programs through WinRS, with pypsrp."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pypsrp.powershell import RunspacePool

from lyncdr_helpers.adapters.winrm_connection import (
    FOREIGN_ERRORS,
    POLL_SECONDS,
    Connection,
    connect,
    is_lost_shell,
    never_sent,
    translate,
)
from lyncdr_helpers.adapters.winrm_tasks import CmdletTask, ProgramTask, Task
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.errors import LyncdrError, OperationError, UnknownOutcome
from lyncdr_helpers.params.access import ManagementHost
from lyncdr_helpers.ports import Command, Finished, Program, Record, Reply

READ_BACK = "Read the facts back from the directory and the pool before anything else; do not repeat the command."

AnyTask = TypeVar("AnyTask", bound=Task)


class _SessionGone(OperationError):
    """The host does not know our session any more; it has not looked at the command."""


class WinrmShell:
    """A PowerShell session on the management host; it opens with the first command, and one thread uses it at a time.

    Relative paths and file secrets start from base_folder. One command may take host.timeout_seconds in all. Where the
    host has meanwhile closed the session, it is opened anew: a command that was refused unread has done nothing.
    """

    def __init__(self, host: ManagementHost, base_folder: Path, clock: Clock) -> None:
        self._host = host
        self._base_folder = base_folder
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._pool: RunspacePool | None = None

    def invoke(
        self, command: Command, feed: Sequence[str] = (), on_output: Callable[[Record], None] | None = None
    ) -> Reply:
        with self._lock:
            return self._carry_out(command, lambda: CmdletTask(self._runspaces(), command, feed, on_output)).reply()

    def run(self, program: Program) -> Finished:
        with self._lock:
            return self._carry_out(program, lambda: ProgramTask(self._connected(), program)).finished()

    def close(self) -> None:
        with self._lock:
            self._drop()

    # -- one command ------------------------------------------------------------------------------------------------
    def _carry_out(self, act: Command | Program, make: Callable[[], AnyTask]) -> AnyTask:
        """Send it and follow it to its end, or stop it and say what is known."""
        deadline = self._clock.monotonic() + self._host.timeout_seconds
        try:
            task = self._start(act, make)
            self._follow(act, task, deadline)
        except BaseException:  # also when a person interrupts: what is under way must not meet the next command
            self._drop()
            raise
        return task

    def _start(self, act: Command | Program, make: Callable[[], AnyTask]) -> AnyTask:
        """Send it; once more where the host no longer knows our session and so has not looked at it."""
        try:
            return self._send(act, make)
        except _SessionGone:
            self._drop()
            return self._send(act, make)

    def _follow(self, act: Command | Program, task: Task, deadline: float) -> None:
        try:
            while not task.done:
                task.poll(self._patience(act, deadline))
        except FOREIGN_ERRORS as error:
            raise self._lost(act, error) from error
        finally:
            task.stop()

    def _send(self, act: Command | Program, make: Callable[[], AnyTask]) -> AnyTask:
        task = make()
        try:
            task.open()
        except FOREIGN_ERRORS as error:
            raise translate(error, self._host) from error
        try:
            task.send()
        except FOREIGN_ERRORS as error:
            if task.accepted or not never_sent(error):
                raise self._lost(act, error) from error
            if is_lost_shell(error):
                raise _SessionGone("The management host has closed the session.", "Run the command again.") from error
            raise translate(error, self._host) from error
        return task

    def _patience(self, act: Command | Program, deadline: float) -> int | None:
        """Seconds to wait for the next news; None is the connection's own habit. Raises when time is up."""
        left = deadline - self._clock.monotonic()
        if left > POLL_SECONDS:
            return None
        if left > 0:
            return math.ceil(left)
        message = f"{_name(act)} was not done within {self._host.timeout_seconds:g} seconds."
        if act.writes:
            raise UnknownOutcome(message, READ_BACK)
        raise OperationError(message, "Look at the management host, or raise timeout_seconds of management_host.")

    def _lost(self, act: Command | Program, error: Exception) -> LyncdrError:
        """What it means that the answer to a command did not come."""
        known = translate(error, self._host)
        if not act.writes:
            return known
        return UnknownOutcome(f"{_name(act)} was sent, and its answer is lost. {known.message}", READ_BACK)

    # -- the session ------------------------------------------------------------------------------------------------
    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connect(self._host, self._base_folder)
        return self._connection

    def _runspaces(self) -> RunspacePool:
        if self._pool is None:
            self._pool = RunspacePool(self._connected())
        return self._pool

    def _drop(self) -> None:
        """End the session as far as it still answers; the next command opens a new one."""
        pool, connection = self._pool, self._connection
        self._pool = self._connection = None
        with suppress(*FOREIGN_ERRORS):
            if pool is not None:
                pool.close()
        if connection is not None:
            connection.close()


def _name(act: Command | Program) -> str:
    """The command without its parameters: messages stay short, and show nothing that was meant for the host alone."""
    return act.cmdlet if isinstance(act, Command) else act.path
