"""Scripts in a folder: written, begun at most once, answered at most once.

Beside `NAME.ps1` lies `NAME.started` once somebody runs it, or once we have withdrawn it: it can be made only once, so
a script runs at most once. `NAME.result` appears whole, by a rename.
"""

from __future__ import annotations

import datetime as dt
import ntpath
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.adapters import script_result, script_text
from lyncdr_helpers.adapters.script_result import Result
from lyncdr_helpers.adapters.script_text import Order
from lyncdr_helpers.errors import InputError, Unreachable
from lyncdr_helpers.params.access import Exchange
from lyncdr_helpers.ports import Command, Program

SUFFIX, STARTED, RESULT = ".ps1", ".started", ".result"


@dataclass(frozen=True)
class Script:
    """One script. here, there: its file from here, and as the management host names it. sha256: of that file."""

    order: Order
    here: Path
    there: str
    sha256: str

    def result(self) -> Result | None:
        """What it left behind, or None while there is nothing. Raises InputError for a file that is no answer to it."""
        try:
            content = self.here.with_suffix(RESULT).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise InputError(f"The result cannot be read: {cause.strerror}.", "Check the exchange folder.") from cause
        found = script_result.parse(content, self.sha256)
        if (found.finished is None) is isinstance(self.order.act, Program):
            raise InputError("The result is no answer: it is of another kind of command.", "Keep the file.")
        return found

    def withdraw(self) -> bool:
        """Keep it from being begun from now on; False when somebody has begun it, or nobody can tell."""
        try:
            with self.here.with_suffix(STARTED).open("x"):
                return True
        except OSError:
            return False


def write(
    folder: Path, exchange: Exchange, prefix: str, act: Command | Program, feed: tuple[str, ...], until: dt.datetime
) -> Script:
    """Put a script for one command into the folder. prefix: what its name begins with.

    Raises InputError for a program that no command line can carry, Unreachable where the folder takes no file.
    """
    order = Order(act, feed, secrets.token_hex(16))
    number = sum(1 for _ in folder.glob(f"{prefix}-script-*{SUFFIX}")) + 1
    name = f"{prefix}-script-{number:03}-{_as_name(order.name)}-{order.number[:4]}{SUFFIX}"
    content = script_text.render(order, exchange.path_there(name), until)
    try:
        files.replace(folder / name, content)
    except OSError as cause:
        raise Unreachable(
            f"The exchange folder {folder} takes no file: {cause.strerror}.",
            "Check management_host.exchange.here, and this account's rights there.",
        ) from cause
    return Script(order, folder / name, exchange.path_there(name), files.digest(content))


def _as_name(text: str) -> str:
    """`C:\\Support\\DBImpExp.exe` -> `DBImpExp`."""
    return re.sub(r"[^\w-]+", "_", ntpath.splitext(ntpath.basename(text))[0])[:40]
