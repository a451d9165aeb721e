"""What a cmdlet or a program of the lab sees of the one who called it. Cmdlets are written against this file alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from psrpcore.types import ErrorCategory

Category = ErrorCategory


class CmdletError(Exception):
    """An error record. Raising it ends the pipeline (terminating); handing it to Call.error does not.

    error_id: PowerShell's FullyQualifiedErrorId. category: PowerShell's ErrorCategory. target: the object it is about.
    """

    def __init__(
        self, message: str, error_id: str = "", category: Category = Category.NotSpecified, target: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_id = error_id
        self.category = category
        self.target = target


class Stopped(Exception):
    """The client stopped the pipeline or is gone; it surfaces at the next thing a cmdlet says."""


@dataclass(frozen=True)
class Typed:
    """One .NET object that goes to the client: its type's name and its properties."""

    type_name: str
    properties: Mapping[str, Any]


class Streams(Protocol):
    """Where a cmdlet's words go. Every method may raise Stopped."""

    def output(self, value: Typed | str) -> None: ...

    def error(self, error: CmdletError) -> None: ...

    def warning(self, text: str) -> None: ...


class Call:
    """One invocation of one cmdlet.

    name: as the client spelled it. parameters: by lower-cased name, as str, int, bool, None or a list of these.
    feed: the pipeline input, one value per object. user: who signed in. streams: where its words go.
    """

    def __init__(
        self, name: str, parameters: Mapping[str, Any], feed: Sequence[Any], user: str, streams: Streams
    ) -> None:
        self.name = name
        self.parameters = {key.lower(): value for key, value in parameters.items()}
        self.feed = list(feed)
        self.user = user
        self.streams = streams

    def get(self, name: str, default: Any = None) -> Any:
        """The parameter's value, or the default where it was not given."""
        return self.parameters.get(name.lower(), default)

    def switch(self, name: str) -> bool:
        """Whether the switch is on: given, and not as `-Name:$false`."""
        return self.parameters.get(name.lower(), False) is not False

    def output(self, type_name: str, /, **properties: Any) -> None:
        """Hand one object to the pipeline; the client sees it at once, as `Deserialized.<type_name>`."""
        self.streams.output(Typed(type_name, properties))

    def text(self, value: str) -> None:
        """Hand one bare string to the pipeline."""
        self.streams.output(value)

    def error(self, error: CmdletError) -> None:
        """Say that something failed and go on; as in PowerShell, -ErrorAction may end the pipeline or hide it."""
        action = str(self.get("ErrorAction", "Continue")).lower()
        if action == "stop":
            raise error
        if action not in ("silentlycontinue", "ignore"):
            self.streams.error(error)

    def warning(self, text: str) -> None:
        """Write to the warning stream."""
        self.streams.warning(text)


class ProgramCall:
    """One run of one program. arguments: as its `main` gets them, unquoted. user: who signed in."""

    def __init__(
        self, arguments: Sequence[str], user: str, out: Callable[[str], None], err: Callable[[str], None]
    ) -> None:
        self.arguments = list(arguments)
        self.user = user
        self.out = out
        self.err = err


Cmdlet = Callable[[Call], None]
Executable = Callable[[ProgramCall], int]
"""A program; what it returns is its exit code."""
