"""The models, the schema made of them, and the files in params/ tell the same story."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from params_sample import EXAMPLE, GONE, PARAMS, Read, changed, example, put
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from lyncdr_helpers.params.fields import example_at, example_of, fields_of, model_at, spelled
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import read_params, schema

Place = tuple[str, ...]


def every_field(
    model: type[BaseModel] = Params, around: Place = ()
) -> Iterator[tuple[Place, type[BaseModel], FieldInfo]]:
    """Every key that a file may hold, with its place (list positions left out), its model and its field."""
    for key, info in fields_of(model).items():
        place = (*around, key)
        yield place, model, info
        if inner := model_at(place):
            yield from every_field(inner, place)


FIELDS = {".".join(place): (model, info) for place, model, info in every_field()}


def keys_of(value: Any, around: Place = ()) -> set[str]:
    """Every key in nested values, dotted, list positions left out."""
    match value:
        case dict():
            inner = [keys_of(item, (*around, key)) | {".".join((*around, key))} for key, item in value.items()]
        case list():
            inner = [keys_of(item, around) for item in value]
        case _:
            inner = []
    return set().union(*inner)


def test_the_example_shows_every_key() -> None:
    """params/example.yml holds each key that the models know, and each is commented."""
    known = {key for key in FIELDS if not key.startswith("sites.primary.pools.servers")}
    missing = {key.replace("sites.dr.", "sites.primary.") for key in known - keys_of(example())}
    assert not missing - keys_of(example())


@pytest.mark.parametrize("name", ["example.yml", "lab.yml"])
def test_the_files_in_params_are_sound(name: str) -> None:
    """What is shipped passes."""
    assert read_params(PARAMS / name).params


@pytest.mark.parametrize("name", ["example.yml", "lab.yml"])
def test_the_schema_accepts_what_is_shipped(name: str) -> None:
    """An editor that follows the schema marks nothing in the shipped files."""
    data = YAML(typ="safe", pure=True).load(PARAMS / name)
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.Draft202012Validator(schema()).validate(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"deployment": GONE},
        {"generation": "lync2031"},
        {"failover": {"from_pool": "a.b", "to": "c.d"}},
        {"directory.bind.password": "hunter2"},
        {"thresholds.rto": 60},
        {"sites.dr.pools": []},
        {"directory.base": "example.org"},
        {"dns.records.0.type": "TXT"},
    ],
    ids=str,
)
def test_the_schema_refuses_what_reading_refuses(changes: dict[str, Any], mistakes_of: Read) -> None:
    """What an editor can see it does see: missing and unknown keys, choices, patterns, a secret in clear."""
    text = changed(changes)
    assert mistakes_of(text)
    assert list(jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(text)))


def test_the_schema_speaks_the_files_own_keys() -> None:
    """`from` and `to`, with a description and an example at every key; patterns that an editor's regex reads too."""
    text = json.dumps(schema())
    assert '"from"' in text
    assert "from_pool" not in text
    assert "(?i)" not in text
    for name, part in {"Params": schema(), **schema()["$defs"]}.items():
        for key, value in part["properties"].items():
            described = value if "$ref" not in value else {**schema()["$defs"][value["$ref"].split("/")[-1]], **value}
            assert described.get("description"), f"{name}.{key}"


@pytest.mark.parametrize("key", FIELDS)
def test_every_example_is_right(key: str) -> None:
    """A field's example, as it is shown beside a mistake, is YAML that the field accepts."""
    model, info = FIELDS[key]
    place = tuple(key.split("."))
    read = YAML(typ="safe", pure=True).load(example_at(place))
    assert read == {place[-1]: example_of(info)}
    name = next(name for name, field in model.model_fields.items() if field is info)
    model.__pydantic_validator__.validate_assignment(model.model_construct(), name, read[place[-1]])


@pytest.mark.parametrize("place", ["sites", "failover", "dns", "directory", "management_host", "backup"])
def test_a_missing_section_shows_one_that_could_stand_there(place: str, mistakes_of: Read) -> None:
    """The example of a whole section is sound by itself: copying it leaves no mistake inside that section."""
    (mistake,) = mistakes_of(changed({place: GONE}))
    data = example()
    put(data, [place], YAML(typ="safe", pure=True).load(mistake.example)[place])
    assert not [one for one in mistakes_of(json.dumps(data)) if "missing" in one.wrong or "must" in one.wrong]


@pytest.mark.parametrize(
    "value", ["a: b", "it's", "#x", "D:\\x", "7", "true", "", " x", "null", "2024-01-01", "ä", "-"]
)
def test_examples_survive_a_round_trip(value: str) -> None:
    """Whatever an example holds, it is spelled so that YAML reads the same."""
    text = spelled([value, {"key": value}])
    assert YAML(typ="safe", pure=True).load(text) == [value, {"key": value}]


def test_the_example_names_no_real_place() -> None:
    """Only names and addresses that are documentation's own (RFC 2606, RFC 5737)."""
    text = EXAMPLE.read_text(encoding="utf-8")
    for address in re.findall(r"\d+\.\d+\.\d+\.\d+", text):
        assert address.startswith(("192.0.2.", "198.51.100.", "203.0.113.")), address
