"""The quick reader of an export, held against the exact one: the same rows, or the same words for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from spellings import damaged, documents

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, read_export
from lyncdr_helpers.contacts.inventory import holdings, read_holdings
from lyncdr_helpers.errors import InputError

Export = Callable[..., Path]
"""The fixture `export`: writes HomedResources into a file."""

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
BEGIN = f'<?xml version="1.0" encoding="utf-16"?><HomedResources xmlns="{NAMESPACE}">'


def outcome(read: Callable[[Path], object], path: Path) -> object:
    """What came of it: all rows, or the error's words."""
    try:
        return list(read(path))  # type: ignore[call-overload]
    except InputError as error:
        return error.message


def both(path: Path) -> tuple[object, object]:
    """(what the quick reader makes of it, what the exact one does)."""
    return outcome(read_holdings, path), outcome(lambda path: holdings(read_export(path)), path)


@MANY
@given(text=st.one_of(documents(), damaged()), encoding=st.sampled_from(["utf-16", "utf-16-be"]))
@example(
    BEGIN + '<HomedResource UserAtHost="a@b.test"><Contacts>&x;</Contacts></HomedResource></HomedResources>', "utf-16"
)
def test_any_spelling(tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str) -> None:
    """However a document is spelled, or damaged, both readers give the same users, or the same error."""
    path = tmp_path_factory.mktemp("any") / "export.xml"
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    path.write_bytes((mark + text).encode(encoding))
    quick, exact = both(path)
    assert quick == exact
