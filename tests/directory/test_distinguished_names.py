"""Distinguished names: every spelling of one name is equal, no two names are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers.directory import names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ann,OU=Lync,DC=lync,DC=test", "cn=ann, ou=LYNC , dc=Lync,dc=TEST"),
        (r"CN=M\C3\BCller\, J\C3\BCrgen,DC=x", r"CN=Müller\2C Jürgen,DC=x"),
        (r"CN=trailing\ ,DC=x", r"CN=trailing\20,DC=x"),
        (r"CN=a\+b,DC=x", r"CN=a\2bb,DC=x"),
        ("CN=a=b,DC=x", r"CN=a\=b,DC=x"),
    ],
)
def test_spellings_of_one_name_are_equal(one: str, other: str) -> None:
    """Case, spaces and the kind of escape do not count."""
    assert names.key(one) == names.key(other)


@pytest.mark.parametrize(("one", "other"), [("CN=a,DC=x", "CN=b,DC=x"), (r"CN=a\ ,DC=x", "CN=a,DC=x")])
def test_different_names_are_not(one: str, other: str) -> None:
    """An escaped space belongs to the name, one that is not does not."""
    assert names.key(one) != names.key(other)


@pytest.mark.parametrize("text", ["", "Ann", "CN=a,,DC=x", "CN=a,", ",CN=a", "CN=a\\", "CN=a,DC"])
def test_what_is_no_name_is_refused(text: str) -> None:
    """Broken names raise; they are never half understood."""
    with pytest.raises(ValueError, match="not a distinguished name"):
        names.key(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_value_can_stand_in_a_name(value: str) -> None:
    """A value, each byte of it escaped, comes back as it was, however odd."""
    spelled = "".join(f"\\{byte:02x}" for byte in value.encode())
    assert names.rdn(f"CN={spelled},DC=x") == ("CN", value)
    assert names.key(f"CN={spelled},DC=x")[:1] == ("dc=x",)


def test_a_child_begins_with_its_parent() -> None:
    """Keys go from the root to the object."""
    parent, child = names.key("OU=Lync,DC=lync,DC=test"), names.key(r"CN=Doe\, Jane,OU=Lync,DC=lync,DC=test")
    assert child[:-1] == parent
    assert names.rdn(r"CN=Doe\, Jane,OU=Lync") == ("CN", "Doe, Jane")


def test_filter_values_are_escaped() -> None:
    """The characters with a meaning in filters lose it."""
    assert names.escaped("a*(b)\\c\0") == "a\\2a\\28b\\29\\5cc\\00"
    assert names.escaped("o'brien, Zoë") == "o'brien, Zoë"
