"""Faults with names, each met once: what can go wrong between a command and its answer."""

from __future__ import annotations

import threading
from typing import Any, Literal, get_args

from lyncdr_helpers.lab.winrm.call import Call, Category, Cmdlet, CmdletError, Typed
from lyncdr_helpers.lab.winrm.shell import Cut

FaultKind = Literal["cut before act", "cut after act", "no answer", "half answer", "terminating error", "error for one"]
"""
cut before act      the connection breaks, nothing happened
cut after act       everything happened, then the connection breaks
no answer           everything happened, and the answer never comes
half answer         everything happened; half of the results arrive, then a terminating error
terminating error   nothing happened; the cmdlet ends with an error
error for one       the first object fed fails with a non-terminating error; the others are done
"""


class NoAnswer(Exception):
    """The act is done, and its answer never comes."""


class Faults:
    """The faults that wait for their command. A program meets the first three kinds."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, FaultKind]] = []
        self._lock = threading.Lock()

    def once(self, kind: FaultKind, cmdlet: str) -> None:
        """Let the next run of this cmdlet, or of this program, meet the fault."""
        if kind not in get_args(FaultKind):
            raise ValueError(f"No fault is called {kind!r}.")
        with self._lock:
            self._waiting.append((cmdlet.lower(), kind))

    def take(self, name: str) -> FaultKind | None:
        """The fault that waits for this command, if any; it is gone afterwards."""
        with self._lock:
            for index, (waits_for, kind) in enumerate(self._waiting):
                if waits_for == name.lower():
                    del self._waiting[index]
                    return kind
        return None


def act_with(fault: FaultKind | None, act: Cmdlet, call: Call) -> None:
    """Run the cmdlet the way the fault has it. Raises Cut, NoAnswer or CmdletError accordingly."""
    match fault:
        case None:
            act(call)
        case "cut before act":
            raise Cut
        case "cut after act":
            _keep(act, call)
            raise Cut
        case "no answer":
            _keep(act, call)
            raise NoAnswer
        case "half answer":
            results = _keep(act, call)
            for result in results[: len(results) // 2]:
                call.streams.output(result)
            raise _asked_for()
        case "terminating error":
            raise _asked_for()
        case "error for one":
            call.error(_asked_for(str(call.feed[0]) if call.feed else None))
            act(_fed(call, call.feed[1:]))


class _Kept:
    """Streams that keep the results back."""

    def __init__(self) -> None:
        self.results: list[Typed | str] = []

    def output(self, value: Typed | str) -> None:
        self.results.append(value)

    def error(self, error: CmdletError) -> None:
        """The client hears of no error either."""

    def warning(self, text: str) -> None:
        """Nor of a warning."""


def _keep(act: Cmdlet, call: Call) -> list[Typed | str]:
    kept = _Kept()
    act(Call(call.name, call.parameters, call.feed, call.user, kept))
    return kept.results


def _fed(call: Call, feed: list[Any]) -> Call:
    return Call(call.name, call.parameters, feed, call.user, call.streams)


def _asked_for(target: str | None = None) -> CmdletError:
    return CmdletError("The lab was told to fail here.", "LabFault", Category.OperationStopped, target)
