"""What a script left behind, read back: whole and from exactly that script, or no answer at all.

Lines of ASCII: `lyncdr-result 1`, `script SHA256`, `by TOKEN`; then, as they come, `record NAME:TOKEN ...`, `value
TOKEN`, `fault TOKEN TOKEN TOKEN` (message, id, target), `warning TOKEN`, or of a program `exit TOKEN TOKEN TOKEN`
(code, output, errors); at last `end LINES SHA256` over all lines before it. Names are base64 of UTF-8; what a token is
stands in script.ps1.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import CmdletFault, Finished, Record, Reply

FIRST = "lyncdr-result 1"


@dataclass
class Result:
    """One answer. by: the account and the machine that ran the script."""

    by: str = ""
    output: list[Record] = field(default_factory=list)
    faults: list[CmdletFault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    finished: Finished | None = None

    def reply(self) -> Reply:
        return Reply(tuple(self.output), tuple(self.faults), tuple(self.warnings))


def parse(content: bytes, script: str) -> Result:
    """The answer of the script with that SHA-256. Raises InputError, saying why, for what is not that, or not whole."""
    lines = _whole(content)
    if lines[1:2] != [f"script {script}"]:
        raise _none("it is of another script, or the script was edited before it was run")
    found = Result()
    try:
        for line in lines[2:]:
            _take(found, *line.split(" "))
    except (ValueError, IndexError, binascii.Error) as cause:
        raise _none("it holds a line that no script writes") from cause
    return found


def spell(script: str, lines: Iterable[str]) -> bytes:
    """The file that a script writes; for whoever plays PowerShell."""
    rows = [FIRST, f"script {script}", *lines]
    body = "".join(f"{row}\n" for row in rows).encode("ascii")
    return body + f"end {len(rows)} {files.digest(body)}\n".encode("ascii")


def token(value: Any) -> str:
    """A value as a script spells it."""
    match value:
        case None:
            return "n"
        case bool():
            return f"b{int(value)}"
        case int():
            return f"i{value}"
        case list() | tuple():
            return f"[{','.join(map(token, value))}]"
    return "s" + text64(str(value))


def text64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")


def record(properties: Iterable[tuple[str, Any]]) -> str:
    """One object of the output, as a line."""
    return " ".join(["record", *(f"{text64(name)}:{token(value)}" for name, value in properties)])


def _whole(content: bytes) -> Sequence[str]:
    """The lines before the last, which vouches for them."""
    try:
        *lines, last, empty = content.decode("ascii").replace("\r\n", "\n").split("\n")
    except ValueError as cause:
        raise _none("it is not whole") from cause
    body = "".join(f"{line}\n" for line in lines).encode("ascii")
    if empty or lines[:1] != [FIRST] or last != f"end {len(lines)} {files.digest(body)}":
        raise _none("it is not whole, or no result")
    return lines


def _take(found: Result, kind: str, *words: str) -> None:
    match kind:
        case "by":
            found.by = _text(words[0])
        case "record":
            pairs = (word.split(":", 1) for word in words)
            found.output.append({_decoded(name): _value(value) for name, value in pairs})
        case "value":
            found.output.append({"Value": _value(words[0])})
        case "fault":
            message, error_id, target = map(_text, words)
            found.faults.append(CmdletFault(message, error_id, target))
        case "warning":
            found.warnings.append(_text(words[0]))
        case "exit":
            code, output, errors = map(_value, words)
            found.finished = Finished(int(code), str(output), str(errors))
        case _:
            raise ValueError(kind)


def _value(word: str) -> Any:
    kind, rest = word[0], word[1:]
    match kind:
        case "n":
            return None
        case "b":
            return bool(int(rest))
        case "i":
            return int(rest)
        case "s":
            return _decoded(rest)
        case "[":
            return [_value(one) for one in rest.removesuffix("]").split(",") if one]
    raise ValueError(word)


def _text(word: str) -> str:
    return str(_value(word))


def _decoded(word: str) -> str:
    return base64.b64decode(word, validate=True).decode("utf-8", "replace")


def _none(why: str) -> InputError:
    return InputError(f"The result is no answer: {why}.", "Keep the file, and find out who wrote it.")
