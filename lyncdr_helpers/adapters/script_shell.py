"""The Shell port through the exchange folder: a script for each command, which a person runs on the management host.

Nothing here was ever run by a real PowerShell: the lab plays it, from what a script says of itself for machines.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from lyncdr_helpers.adapters import scripts
from lyncdr_helpers.adapters.script_result import Result
from lyncdr_helpers.adapters.scripts import Script
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.errors import InputError, OperationError, UnknownOutcome
from lyncdr_helpers.params.access import ManagementHost
from lyncdr_helpers.ports import Command, Finished, Program, Record, Reply

READ_BACK = "Read the facts back from the directory and the pool before anything else; do not repeat the command."
FIRST_LOOK, LAST_LOOK = 0.05, 2.0
"""How long between two looks for a result: short at first, then longer and longer. Seconds."""
BY_HAND = "powershell.exe -NoProfile -ExecutionPolicy RemoteSigned -File"


class Witness(Protocol):
    """Who hears of scripts: the journal, and through it everybody who watches."""

    def __call__(self, state: str, script: Script, **facts: str) -> None:
        """state: written, answered, or withdrawn."""


class ScriptShell:
    """A management host that we cannot reach. One thread uses it at a time; it has nothing to close.

    prefix: what the names of its files begin with: the run. A command may take host.timeout_seconds, the person's own
    time included; then its script is withdrawn. Results do not stream: `on_output` sees them at the end.
    """

    def __init__(self, host: ManagementHost, base_folder: Path, clock: Clock, prefix: str, witness: Witness) -> None:
        self._host = host
        self._folder = base_folder / host.exchange.here
        self._clock = clock
        self._prefix = prefix
        self._witness = witness
        self._lock = threading.Lock()

    def invoke(
        self, command: Command, feed: Sequence[str] = (), on_output: Callable[[Record], None] | None = None
    ) -> Reply:
        with self._lock:
            reply = self._answer(command, tuple(feed)).reply()
        for record in reply.output if on_output else ():
            assert on_output is not None, "there is nobody to tell otherwise"
            on_output(record)
        return reply

    def run(self, program: Program) -> Finished:
        with self._lock:
            finished = self._answer(program).finished
        assert finished is not None, "a result without an ending is no answer"
        return finished

    def close(self) -> None:
        """There is no session."""

    def _answer(self, act: Command | Program, feed: tuple[str, ...] = ()) -> Result:
        """Write the script and wait for its result; withdraw it when time is up, or when whoever waits gives up."""
        seconds = self._host.timeout_seconds
        deadline = self._clock.monotonic() + seconds
        until = self._clock.now() + dt.timedelta(seconds=seconds)
        script = scripts.write(self._folder, self._host.exchange, self._prefix, act, feed, until)
        self._witness("written", script, how=f"{BY_HAND} '{script.there}'")
        try:
            result, why = self._wait(script, deadline)
        except BaseException:  # also when a person interrupts: what nobody waits for must not be begun
            script.withdraw()
            raise
        if result is None:
            result = self._late(script, why)
        self._witness("answered", script, by=result.by)
        return result

    def _wait(self, script: Script, deadline: float) -> tuple[Result | None, str]:
        """(the result, if it came in time; else why what lies there is none)."""
        why, pause = "", FIRST_LOOK
        while (left := deadline - self._clock.monotonic()) > 0:
            try:
                if result := script.result():
                    return result, ""
            except InputError as error:  # it may be on its way still
                why = f" {error.message}"
            self._clock.sleep(min(pause, left))
            pause = min(pause * 1.5, LAST_LOOK)
        return None, why

    def _late(self, script: Script, why: str) -> Result:
        """The result after all, where it came in the last moment. Raises what it means that none did.

        That nobody has begun it here says nothing about a copy of the folder that was carried away.
        """
        begun = not script.withdraw()
        with suppress(InputError):
            if result := script.result():
                return result
        self._witness("withdrawn", script)
        name = script.here.name
        fate = f"{name} was begun." if begun else f"Nobody had begun {name}, and it cannot be begun any more."
        message = f"{script.order.name} was not answered within {self._host.timeout_seconds:g} seconds.{why} {fate}"
        if script.order.act.writes:
            raise UnknownOutcome(message, READ_BACK)
        raise OperationError(message, "Run each script while lyncdr waits for it, or raise timeout_seconds.")
