"""A PowerShell on the management host, and the programs beside it. Commands are data: a name and typed parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Record = Mapping[str, Any]
"""One output object of a cmdlet: its properties by name, as str, int, bool, None or a list of these.

A bare value arrives as `{"Value": ...}`; a date stays the text that was sent, which may have no zone.
"""


@dataclass(frozen=True)
class Command:
    """One cmdlet with its parameters. A switch is True or False. `writes` says whether it changes the deployment."""

    cmdlet: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    writes: bool = False

    def __str__(self) -> str:
        return " ".join([self.cmdlet, *(_spell(name, value) for name, value in self.parameters.items())])


@dataclass(frozen=True)
class Program:
    """One executable with its arguments. `writes` says whether it changes the deployment (not: writes a file)."""

    path: str
    arguments: tuple[str, ...] = ()
    writes: bool = False

    def __str__(self) -> str:
        return " ".join([self.path, *self.arguments])


@dataclass(frozen=True)
class CmdletFault:
    """One error record: the message, PowerShell's FullyQualifiedErrorId, and the object it is about."""

    message: str
    error_id: str = ""
    target: str = ""


@dataclass(frozen=True)
class Reply:
    """What one cmdlet said. `faults`: its error records, terminating or not; `withheld`: a rehearsal."""

    output: tuple[Record, ...] = ()
    faults: tuple[CmdletFault, ...] = ()
    warnings: tuple[str, ...] = ()
    withheld: bool = False


@dataclass(frozen=True)
class Finished:
    """How one program ended: its exit code and its output, decoded. `withheld`: a rehearsal kept it back."""

    exit_code: int
    output: str = ""
    errors: str = ""
    withheld: bool = False


class Shell(Protocol):
    """A PowerShell session on the management host.

    A command that reads may be repeated. One that writes may not: when it was sent and the answer is lost, the method
    raises UnknownOutcome, and the caller reads the facts back. Error records come back in the reply, because a cmdlet
    can fail for one user of a thousand. Raises Unreachable, AccessDenied, Untrusted before anything is sent.
    """

    def invoke(
        self, command: Command, feed: Sequence[str] = (), on_output: Callable[[Record], None] | None = None
    ) -> Reply:
        """Run one cmdlet; `feed` arrives as its pipeline input, one object each. `on_output` sees results stream in."""

    def run(self, program: Program) -> Finished:
        """Run one executable and wait for its end. A non-zero exit code is an answer, not an exception."""

    def close(self) -> None:
        """End the session; harmless when there is none."""


def _spell(name: str, value: Any) -> str:
    if value is True:
        return f"-{name}"
    if value is False:
        return f"-{name}:$false"
    return f"-{name} {value}"
