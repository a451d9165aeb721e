"""Any damage to a file of parameters ends in parameters or in a list of mistakes, never in another error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from params_sample import EXAMPLE, GONE, example, put

from lyncdr_helpers.params.mistakes import ParamsError
from lyncdr_helpers.params.reading import LoadedParams, read_params

TEXT = EXAMPLE.read_text(encoding="utf-8")
CHARACTERS = st.characters() | st.sampled_from("\ud800\udfff\x00\x85\u2028: -#*&!|>[]{}'\"\\%@`\n\t,?~.<")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(CHARACTERS, max_size=12)
    | st.sampled_from(
        ["A", "CNAME", "SRV", "tsig", "kerberos", "ldap://[", "smb://a:b@c", "127.0.0.1%x", "file:", "a.b"]
    )
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def places(value: Any, around: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place below the root."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*around, key)
        yield from places(inner, (*around, key))


PLACES = list(places(example()))


def spelled(value: Any) -> str:
    """JSON, with numbers that JSON has no word for as YAML has them."""
    text = json.dumps(value, indent=1)
    return text.replace("NaN", ".nan").replace("-Infinity", "-.inf").replace("Infinity", ".inf")


def read(folder: Path, content: bytes) -> LoadedParams | ParamsError:
    """What reading the content gives; every mistake is checked to be fit for a terminal."""
    path = folder / "mine.yml"
    path.write_bytes(content)
    try:
        return read_params(path)
    except ParamsError as error:
        assert error.mistakes
        for mistake in error.mistakes:
            assert str(mistake).isprintable()
            assert mistake.wrong
            assert 1 <= mistake.line <= content.count(b"\n") + 1
        return error


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for all the files that hypothesis makes."""
    return tmp_path_factory.mktemp("mutations")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), VALUES | st.just(GONE)), min_size=1, max_size=3))
def test_any_value_at_any_place(folder: Path, changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
    """Whatever stands at whatever key, reading ends in parameters or in mistakes."""
    data = example()
    for place, value in changes:
        try:
            put(data, list(place), value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took that place away
    read(folder, spelled(data).encode())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(start=st.integers(0, len(TEXT) - 1), length=st.integers(0, 40), instead=st.text(CHARACTERS, max_size=6))
def test_any_typing_error(folder: Path, start: int, length: int, instead: str) -> None:
    """Whatever is typed over whatever part of the text, reading ends in parameters or in mistakes."""
    content = TEXT[:start] + instead + TEXT[start + length :]
    read(folder, content.encode("utf-8", "surrogatepass"))


@settings(max_examples=40, deadline=None)
@given(place=st.sampled_from(PLACES), value=st.text(st.characters(categories=["L"]), min_size=12, max_size=20))
def test_a_refused_value_is_never_echoed(folder: Path, place: tuple[str | int, ...], value: str) -> None:
    """A value that does not fit where it stands is not quoted: it may be a secret in the wrong place."""
    data = example()
    put(data, list(place), value)
    found = read(folder, spelled(data).encode())
    if isinstance(found, ParamsError):
        assert value not in str(found)
