"""A command as a PowerShell script that a person reads and runs: script.ps1 with the command's literals in it.

The literals are what PowerShell runs. The line `The same, for machines:` says it once more as JSON, for programs that
play PowerShell; both are rendered from one command.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
import re
import subprocess
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import Command, Program
from lyncdr_helpers.shell import script

DATA = "# The same, for machines: "
CHANGES = "It changes the deployment."
UNTIL = re.compile(r"\$notAfter = '(.{19})'")
PLACE = re.compile(r"\{(path|command|effect|until|data|literals)\}")
READS = "It reads, or writes a file: it changes nothing of the deployment."


@dataclass(frozen=True)
class Order:
    """What a script is to do. feed: the pipeline input of a cmdlet. number: tells it from every other script."""

    act: Command | Program
    feed: tuple[str, ...] = ()
    number: str = ""

    @property
    def name(self) -> str:
        """The cmdlet or the program, without its parameters: messages stay short and show nothing private."""
        return self.act.cmdlet if isinstance(self.act, Command) else self.act.path

    @property
    def line(self) -> str:
        """The command as a person would type it; of what is fed, how much."""
        if isinstance(self.act, Program):
            return subprocess.list2cmdline([self.act.path, *self.act.arguments])
        fed = f"{len(self.feed):,} objects | " if self.feed else ""
        return fed + script.line(self.act)

    def data(self) -> dict[str, Any]:
        """What machines read."""
        if isinstance(self.act, Program):
            return {"number": self.number, "program": self.act.path, "arguments": list(self.act.arguments)}
        parameters = {name: _plain(value) for name, value in self.act.parameters.items()}
        return {
            "number": self.number,
            "cmdlet": self.act.cmdlet,
            "parameters": parameters,
            "feed": list(self.feed),
        }


def render(order: Order, path: str, until: dt.datetime) -> bytes:
    """The script, in UTF-8 with a byte order mark, without which PowerShell 2.0 takes it for the system's code page.

    path: where it will lie, as its machine names it. until: when it becomes worthless. Raises InputError for a program
    whose arguments no command line can carry.
    """
    template = resources.files("lyncdr_helpers.adapters").joinpath("script.ps1").read_text(encoding="utf-8")
    pieces = {
        "path": _commented(path),
        "command": _commented(order.line),
        "effect": CHANGES if order.act.writes else READS,
        "until": f"{until.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}",
        "data": json.dumps(order.data(), ensure_ascii=True, sort_keys=True),
        "literals": _literals(order),
    }
    text = PLACE.sub(lambda place: pieces[place[1]], template)
    return codecs.BOM_UTF8 + text.replace("\n", "\r\n").encode()


def read_until(content: bytes) -> dt.datetime:
    """When a script becomes worthless. Raises InputError for a file that is none."""
    for row in content.decode("utf-8-sig", "replace").splitlines():
        if found := UNTIL.fullmatch(row):
            return dt.datetime.fromisoformat(f"{found[1]}+00:00")
    raise InputError("The file is no script of lyncdr.", "Leave it alone.")


def read_data(content: bytes) -> Mapping[str, Any]:
    """What a script says of itself for machines. Raises InputError for a file that is none."""
    for row in content.decode("utf-8-sig", "replace").splitlines():
        if row.startswith(DATA):
            found: Mapping[str, Any] = json.loads(row.removeprefix(DATA))
            return found
    raise InputError("The file is no script of lyncdr.", "Leave it alone.")


def literal(value: Any) -> str:
    """A value as PowerShell writes it, and nothing but that value."""
    match value:
        case None:
            return "$null"
        case bool():
            return "$true" if value else "$false"
        case int() | float():
            return str(value)
        case list() | tuple():
            return f"@({', '.join(map(literal, value))})"
    return _text(str(value))


def _text(text: str) -> str:
    """In single quotes; control characters by their number, because a line break would end up as the file has it."""
    pieces: list[str] = []
    plain = ""
    for letter in text:
        if unicodedata.category(letter) in ("Cc", "Zl", "Zp"):
            pieces += [_quoted(plain)] if plain else []
            pieces.append(f"[string][char]{ord(letter)}")
            plain = ""
        else:
            plain += letter
    pieces += [_quoted(plain)] if plain or not pieces else []
    return pieces[0] if len(pieces) == 1 and pieces[0].startswith("'") else f"({' + '.join(pieces)})"


def _quoted(text: str) -> str:
    return "'" + "".join(letter * 2 if letter in script.QUOTES else letter for letter in text) + "'"


def _literals(order: Order) -> str:
    act = order.act
    if isinstance(act, Program):
        if any(unicodedata.category(letter) == "Cc" for word in (act.path, *act.arguments) for letter in word):
            raise InputError(
                f"A word of {act.path} holds a control character, which no command line carries.", "Write it without."
            )
        return "\n".join(
            [f"$program = {literal(act.path)}", f"$arguments = {literal(subprocess.list2cmdline(act.arguments))}"]
        )
    parameters = [f"    {literal(name)} = {literal(_plain(value))}" for name, value in act.parameters.items()]
    fed = [f"    {literal(one)}" for one in order.feed]
    return "\n".join(
        [
            "$program = $null",
            f"$cmdlet = {literal(act.cmdlet)}",
            *("$parameters = @{", *parameters, "}"),
            *("$feed = @(", *fed, ")"),
        ]
    )


def _plain(value: Any) -> Any:
    return list(map(_plain, value)) if isinstance(value, list | tuple) else value


def _commented(text: str) -> str:
    """On the one line of a comment."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
