"""Every secret that the parameters refer to: what must stand in no output."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.redaction import SHORTEST, Redaction

A_FENCE = "-----"


def of(loaded: LoadedParams) -> Iterator[tuple[SecretReference, str]]:
    """Each one as far as it can be had here, line by line where it is a key; where it is kept stands beside it.

    What is too short to be told from a word is left out.
    """
    for reference in _references(loaded.params, loaded.folder):
        try:
            lines = [line.strip() for line in reference.reveal().splitlines()]
        except InputError:
            continue
        is_key = any(line.startswith(A_FENCE) for line in lines)
        told = [line for line in lines if not line.startswith(A_FENCE)] if is_key else [max(lines, key=len)]
        yield from ((reference, line) for line in told if len(line) >= SHORTEST)


def redaction(loaded: LoadedParams) -> Redaction:
    """What takes them out of whatever is kept."""
    return Redaction.of(secret for _, secret in of(loaded))


def _references(value: object, base: Path) -> Iterator[SecretReference]:
    """Whatever is written like a reference to a secret, anywhere in the parameters."""
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _references(getattr(value, name), base)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _references(one, base)
    elif isinstance(value, str):
        try:
            yield SecretReference.parse(value, base)
        except InputError:
            return
