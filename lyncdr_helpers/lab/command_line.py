"""A line of PowerShell as people paste it into the lab: one command, its parameters, and literals; nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.shell.script import QUOTES

QUOTE = f"[{QUOTES}]"
WORD = re.compile(
    rf"""\s*(?:(?P<quoted>{QUOTE}(?:{QUOTE}{QUOTE}|[^{QUOTES}])*{QUOTE})(?P<more>\s*,)?"""
    r"""|-(?P<parameter>[A-Za-z]\w*)(?P<off>:\$false)?(?=\s|$)"""
    rf"""|(?P<bare>[^\s,$"();|&{QUOTES}]+)(?P<further>\s*,)?)"""
)


def parse(line: str) -> tuple[str, dict[str, Any]]:
    """(command, its parameters): a switch is True or False, a list is what stands between commas.

    Raises InputError for whatever a line of shell/script.py cannot hold: variables, pipelines, expressions.
    """
    name, _, rest = line.strip().partition(" ")
    if not re.fullmatch(r"[A-Za-z]+-[A-Za-z]+", name):
        raise InputError(f"{line!r} is no command.", "Paste one line, as it was printed.")
    parameters: dict[str, Any] = {}
    current = ""
    for kind, value in _words(rest.strip()):
        if kind == "parameter":
            current = value
            parameters[current] = True
        elif kind == "off":
            parameters[value] = False
        elif not current:
            raise InputError(f"{value!r} stands without a parameter's name.", "Paste the line as it was printed.")
        else:
            parameters[current] = value if parameters[current] is True else [*_listed(parameters[current]), value]
    return name, parameters


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _words(line: str) -> Iterator[tuple[str, Any]]:
    place, goes_on = 0, False
    while place < len(line):
        found = WORD.match(line, place)
        if not found:
            raise InputError(
                f"{line[place:].strip()!r} is more than the lab reads.", "It takes one command with literal values."
            )
        place = found.end()
        if found["parameter"]:
            yield ("off" if found["off"] else "parameter"), found["parameter"]
            goes_on = True
            continue
        if not goes_on:
            raise InputError(f"{found[0].strip()!r} follows a value.", "Separate the values of a list by commas.")
        yield "value", _literal(found["quoted"]) if found["quoted"] else _number(found["bare"])
        goes_on = bool(found["more"] or found["further"])


def _literal(quoted: str) -> str:
    return re.sub(f"({QUOTE}){QUOTE}", r"\1", quoted[1:-1])


def _number(bare: str) -> Any:
    return int(bare) if bare.isdecimal() else bare
