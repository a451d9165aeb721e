"""pydantic's findings in plain words."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from lyncdr_helpers.params.fields import example_at, fields_of, model_at
from lyncdr_helpers.params.findings import Finding
from lyncdr_helpers.params.mistakes import Location
from lyncdr_helpers.params.values import HOST, NAME

WORDS = {
    "missing": "is missing",
    "string_type": "must be text: put it in quotes",
    "path_type": "must be a path",
    "bool_type": "must be true or false",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number of sensible size",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "list_type": "must be a list",
    "model_type": "must be a section with keys of its own",
    "model_attributes_type": "must be a section with keys of its own",
    "dict_type": "must be a section with keys of its own",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than": "must be less than {lt:g}",
    "less_than_equal": "must be {le:g} or less",
    "string_too_short": "must not be empty",
    "string_too_long": "must not be longer than {max_length} characters",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "is not of the right form",
}
"""What is said for each of pydantic's error types; the braces take the values it was checked against."""

PATTERNS = {
    HOST: "must be a full name: labels of letters, digits and hyphens, joined by dots, no dot at its end",
    NAME: "must be a short name of letters, digits, '.', '_' and '-', at most 64",
}


def plain(error: ErrorDetails) -> Finding:
    """What is wrong, without the value that was found: it may be a secret in the wrong place."""
    if error["type"] == "extra_forbidden":
        return unknown_key(error["loc"])
    return Finding(error["loc"], _wrong(error))


def unknown_key(location: Location) -> Finding:
    """A key that the file's models do not have, and the one that may be meant."""
    model = model_at(location[:-1])
    near = nearest(location[-1], fields_of(model) if model else ())
    if not near:
        return Finding(location, "is not a key")
    return Finding(location, f"is not a key, perhaps {near}", example_at((*location[:-1], near)))


def nearest(found: object, known: Iterable[str]) -> str:
    """The known word that looks most like the one found, or nothing."""
    near = difflib.get_close_matches(found.lower(), list(known), n=1) if isinstance(found, str) else []
    return near[0] if near else ""


def _wrong(error: ErrorDetails) -> str:
    context: Mapping[str, Any] = error.get("ctx", {})
    match error["type"]:
        case "literal_error":
            choices = [choice.strip(" '") for choice in context["expected"].replace(" or ", ", ").split(",")]
            near = nearest(error["input"], choices)
            return f"must be one of {', '.join(choices)}" + (f", perhaps {near}" if near else "")
        case "value_error":
            return str(context["error"])
        case "string_pattern_mismatch" if context["pattern"] in PATTERNS:
            return PATTERNS[context["pattern"]]
        case kind if kind in WORDS:
            return WORDS[kind].format_map(context)
    return f"is not accepted ({error['type']})"
