"""Everything that can go wrong, as one tree; each branch has its exit code.

LyncdrError                    1   anything not named below
├── InputError                 2   what the user wrote: parameters, arguments, a document that does not parse
├── CheckFailed                3   a must-have of the deployment is not there
├── Incomplete                 4   the work ended, but not everything asked for is proven
├── Refusal                    5   a gate is closed: nothing was changed
├── OperationError             1   an act or a question did not work, and provably nothing happened
│   ├── Unreachable            1   nobody answered at that address
│   ├── AccessDenied           1   the other side knows us not, or not enough
│   └── Untrusted              1   the other side's certificate does not prove who it is
├── UnknownOutcome             6   an act was sent and its answer is lost: a person (or a read-back) must look
├── Locked                     7   another run holds the lock
├── KernelDied                 8   the notebook's kernel died or ran out of time
└── Interrupted              130   SIGINT or SIGTERM

An error says what, where and what to do next. The cause stays attached (`raise ... from ...`).
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

WIDE = 100
"""Characters in a line of an error in a notebook."""


class LyncdrError(Exception):
    """An error this package raises on purpose.

    message: what happened and where, one sentence. remedy: what to do next, one sentence, may be empty.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows under the cell: the words, without the stack that would bury them."""
        # JupyterLab breaks long lines within words.
        said = f"{type(self).__name__}: {self.message}\n{self.remedy}".splitlines()
        return [part for line in said for part in textwrap.wrap(line, WIDE, break_on_hyphens=False) or [""]]


class InputError(LyncdrError):
    """What the user wrote is wrong: parameters, arguments, or a document that does not parse."""

    exit_code = 2


class CheckFailed(LyncdrError):
    """A must-have of the deployment is not there."""

    exit_code = 3


class Incomplete(LyncdrError):
    """The work ended, but not everything that was asked for is proven."""

    exit_code = 4


class Refusal(LyncdrError):
    """A gate is closed. Nothing was changed."""

    exit_code = 5


class OperationError(LyncdrError):
    """An act or a question did not work, and provably nothing happened."""


class Unreachable(OperationError):
    """Nobody answered at that address."""


class AccessDenied(OperationError):
    """The other side does not know us, or we may not do this."""


class Untrusted(OperationError):
    """The other side's certificate does not prove who it is."""


class UnknownOutcome(LyncdrError):
    """An act was sent and its answer is lost. It may have happened: read the facts back before anything else."""

    exit_code = 6


class Locked(LyncdrError):
    """Another run holds the lock; the message names its holder."""

    exit_code = 7


class KernelDied(LyncdrError):
    """The notebook's kernel died or ran out of time."""

    exit_code = 8


class Interrupted(LyncdrError):
    """A person or the system stopped the run."""

    exit_code = 130


OUTCOMES = {
    1: "failed",
    2: "bad input",
    3: "check failed",
    4: "incomplete",
    5: "refused",
    6: "unknown",
    7: "locked",
    8: "kernel died",
    130: "interrupted",
}
"""What a run came to, in the words of the journal, for each exit code but 0."""


def by_name(name: str) -> type[LyncdrError]:
    """The error drawn above that a class name stands for, as a notebook's traceback spells it.

    A class defined elsewhere counts as the nearest one above it in the tree, a foreign error as LyncdrError.
    """
    if name == "KeyboardInterrupt":
        return Interrupted
    named = next((error for error in _branch(LyncdrError) if error.__name__ == name), LyncdrError)
    return next(error for error in named.__mro__ if error.__module__ == __name__)


def _branch(error: type[LyncdrError]) -> Iterator[type[LyncdrError]]:
    yield error
    for below in error.__subclasses__():
        yield from _branch(below)
