"""How an export is written down: its encoding, told by byte order mark and declaration, never by a guess."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from pathlib import Path

from lyncdr_helpers.errors import InputError

REMEDY = "Export the pool again, and do not edit the file."
PIECE = 1 << 16
HEAD = 1 << 10
"""In bytes: what is read at a time, and how far a declaration may reach."""

MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
DECLARATION = re.compile(r"""<\?xml\s[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']""")


def read_text(path: Path) -> Iterator[str]:
    """The characters of an export, about PIECE bytes at a time; every line ends in LF, as it does for XML.

    UTF-16 needs its byte order mark (big-endian is read too), UTF-8 its mark or a declaration. Raises InputError when
    there is no telling, when mark and declaration disagree, or at the first bytes that are no character.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
            encoding, mark = _encoding(head, path)
            file.seek(len(mark))
            yield from _decoded(file, encoding, path)
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause.strerror}.", "Check the path and who may read it.") from cause


def _decoded(file: io.BufferedReader, encoding: str, path: Path) -> Iterator[str]:
    # io's own decoder for newlines: it knows a CR LF that two pieces share.
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(), translate=True)
    try:
        while content := file.read(PIECE):
            yield decoder.decode(content)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as cause:
        raise InputError(
            f"{path} is not a whole XML document: near byte {file.tell():,} it is no {_family(encoding)} "
            f"({cause.reason}).",
            REMEDY,
        ) from cause


def _encoding(head: bytes, path: Path) -> tuple[str, bytes]:
    """(Python's name of the encoding, the byte order mark). head: how the file begins."""
    if not head:
        raise InputError(f"{path} is empty: 0 bytes.", "Export the pool again.")
    mark, encoding = next(((mark, name) for mark, name in MARKS.items() if head.startswith(mark)), (b"", "utf-8"))
    if head[len(mark) :].startswith(b"\0\0"):
        raise InputError(
            f"{path} begins with NUL bytes: its content never reached the disk.", "Check the disk, and export again."
        )
    if not mark and b"\0" in head[:2]:
        raise InputError(f"{path} is UTF-16 without its byte order mark; dbimpexp writes one.", REMEDY)
    declared = DECLARATION.match(head[len(mark) :].decode(encoding, errors="replace").lstrip())
    _require_agreement(declared[1] if declared else "", encoding, mark, path)
    return encoding, mark


def _require_agreement(declared: str, encoding: str, mark: bytes, path: Path) -> None:
    if not declared and not mark:
        raise InputError(f"{path} does not say how it is encoded; dbimpexp writes UTF-16 and its mark.", REMEDY)
    if declared and declared.upper() not in (_family(encoding), encoding.upper().replace("16-", "16")):
        looks = f"is {_family(encoding)}" if mark else "has no mark of UTF-16"
        raise InputError(f"{path} declares {declared} and {looks}: somebody saved it anew.", REMEDY)


def _family(encoding: str) -> str:
    """`utf-16-le` -> `UTF-16`: as a declaration names it."""
    return encoding.upper().removesuffix("-LE").removesuffix("-BE")
