"""What a set and its files may be called, so that every store and every Windows machine can hold them."""

from __future__ import annotations

import re

from lyncdr_helpers.errors import OperationError

FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f]')
"""What Windows allows in no name, beside the two slashes."""

DEVICES = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)
"""Names that mean a device on Windows, whatever follows their first dot."""


def set_name(name: str) -> str:
    """The name of a set, checked. One that begins with a dot is a store's own. Raises OperationError."""
    if _leads_out(name):
        raise _not_trusted(name)
    if not is_set_name(name):
        raise OperationError(f"{name!r} is not the name of a set.", "Name a set as `lyncdr backups list` does.")
    return name


def is_set_name(name: str) -> bool:
    """Whether a folder of this name can be a set."""
    return _is_legal(name) and not name.startswith(".")


def file_path(file: str) -> str:
    """The relative `/` path of a file in a set, checked. Raises OperationError."""
    if _leads_out(file):
        raise _not_trusted(file)
    if not all(_is_legal(part) for part in file.split("/")):
        raise OperationError(f"{file!r} cannot be the name of a file on Windows.", "Give the file another name.")
    return file


def _is_legal(part: str) -> bool:
    return bool(part) and not (
        FORBIDDEN.search(part) or set(part) & set("/\\") or part[-1] in ". " or DEVICES.fullmatch(part)
    )


def _leads_out(path: str) -> bool:
    return ".." in re.split(r"[/\\]", path)


def _not_trusted(path: str) -> OperationError:
    return OperationError(f"The path {path} leads out of the store.", "The set's manifest is not trustworthy.")
