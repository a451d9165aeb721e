"""Parameters from a file: every mistake in it at once, or the whole deployment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError, create_model

from lyncdr_helpers import files
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.document import Document
from lyncdr_helpers.params.fields import example_at
from lyncdr_helpers.params.findings import Finding
from lyncdr_helpers.params.mistakes import Mistake, ParamsError, dotted
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.rules import RULES
from lyncdr_helpers.params.values import Model
from lyncdr_helpers.params.words import plain, unknown_key


@dataclass(frozen=True)
class LoadedParams:
    """Parameters and where they come from. `folder` is absolute: relative paths in the file start there.

    `digest`: SHA-256 of the parameters themselves, so that comments and spacing do not change it.
    """

    params: Params
    path: Path
    folder: Path
    digest: str

    def locate(self, path: Path | str) -> Path:
        """The absolute path of one that the file names. A leading `~` is the user's home."""
        try:
            written = Path(path).expanduser()
        except RuntimeError as cause:
            raise InputError(f"{path}: there is no such home folder.", f"Write the path out in {self.path}.") from cause
        return Path(os.path.normpath(self.folder / written))


def read_params(path: Path) -> LoadedParams:
    """The deployment that the file describes.

    Raises ParamsError with every mistake in the file, InputError where it cannot be read.
    """
    try:
        content = path.read_bytes()
    except OSError as cause:
        raise InputError(
            f"The parameters {path} cannot be read: {cause.strerror}.", "Name a file such as params/example.yml."
        ) from cause
    found = _read(path, path.resolve().parent, content)
    return replace(found, params=found.params.model_copy(deep=True))


@lru_cache(maxsize=4)
def _read(path: Path, folder: Path, content: bytes) -> LoadedParams:
    """Parsed once a process for as long as nobody changes the file: each command and each session asks. Its lists are
    nobody's own: whoever asks gets a copy.
    """
    document = Document.parse(content)
    mistakes = list(_mistakes(path, document))
    if mistakes:
        raise ParamsError(path, mistakes)
    params = Params.model_validate(document.data, by_alias=True, by_name=False)
    return LoadedParams(params, path, folder, digest(params))


def digest(params: Params) -> str:
    """SHA-256 of the canonical JSON of the parameters."""
    return files.digest(files.canonical(params.model_dump(mode="json", by_alias=True)))


def schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of a parameters file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Params.model_json_schema(by_alias=True)}


def _mistakes(path: Path, document: Document) -> Iterator[Mistake]:
    for flaw in document.flaws:
        yield Mistake(path, flaw.line, dotted(flaw.location), flaw.wrong, example_at(flaw.location))
    if document.data is not None:
        for finding in _findings(document.data):
            where = finding.location
            example = finding.example or example_at(where)
            yield Mistake(path, document.line(where), dotted(where), finding.wrong, example)


def _findings(data: Mapping[str, Any]) -> Iterator[Finding]:
    """What is wrong in each section by itself, then what the sound sections say against each other."""
    sound: dict[str, Any] = {}
    for name, model in _sections().items():
        try:
            alone = {name: data[name]} if name in data else {}
            section = model.model_validate(alone, by_alias=True, by_name=False)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                yield plain(detail)
        else:
            sound[name] = getattr(section, name)
    for key in data.keys() - _sections().keys():
        yield unknown_key((key,))
    params = Params.model_construct(**sound)
    for rule in RULES:
        if rule.needs <= sound.keys():
            yield from rule.findings(params)


@cache
def _sections() -> dict[str, type[Model]]:
    """One model per top-level key, so that a broken section does not hide the others."""
    sections = {}
    for name, info in Params.model_fields.items():
        definition: dict[str, Any] = {name: (info.annotation, info)}
        sections[name] = create_model(f"Section_{name}", __base__=Model, **definition)
    return sections
