"""What the models say about one place in the file: which keys it may have, and an example of right."""

from __future__ import annotations

import json
import re
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from lyncdr_helpers.params.mistakes import Location
from lyncdr_helpers.params.models import Params

BARE = re.compile(r"(?!(?i:true|false|null)$)[A-Za-z_\\/]([\w .@/\\-]*[\w.])?|\d+\.\d+\.\d+\.\d+")
"""Text that YAML reads as itself without quotes, wherever it stands."""


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The model's fields under the names that the file uses."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def model_at(location: Location) -> type[BaseModel] | None:
    """The model of a section, or None where the place holds a plain value or is not known."""
    model: type[BaseModel] | None = Params
    for step in location:
        if isinstance(step, int):
            continue  # an item of a list is described by the list's own field
        info = fields_of(model).get(step) if model else None
        model = _inner_model(info.annotation) if info else None
    return model


def example_at(location: Location) -> str:
    """One line of YAML that would be right at that place, or nothing where the place is not known."""
    while location and isinstance(location[-1], int):
        location = location[:-1]
    if not location:
        return ""
    model = model_at(location[:-1])
    key = str(location[-1])
    info = fields_of(model).get(key) if model else None
    return f"{key}: {spelled(example_of(info))}" if info else ""


def example_of(info: FieldInfo) -> Any:
    """A field's example: its own, or one made of the examples of the section it holds."""
    if info.examples:
        return info.examples[0]
    model = _inner_model(info.annotation)
    assert model, "every field has an example or is a section"
    section = {key: example_of(inner) for key, inner in fields_of(model).items() if inner.is_required()}
    return [section] if _is_list(info.annotation) else section


def spelled(value: Any) -> str:
    """The value as YAML on one line."""
    match value:
        case dict():
            return "{" + ", ".join(f"{key}: {spelled(inner)}" for key, inner in value.items()) + "}"
        case list():
            return "[" + ", ".join(spelled(inner) for inner in value) + "]"
        case str():
            return value if BARE.fullmatch(value) else "'" + value.replace("'", "''") + "'"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is list


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model in `M`, `M | None`, `list[M]` or `Annotated[M, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [part for part in get_args(annotation) if part is not NoneType]
    if get_origin(annotation) is Annotated:
        inner = inner[:1]
    return _inner_model(inner[0]) if len(inner) == 1 and not isinstance(inner[0], str) else None
