"""Record sets in their one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from record_strategies import record_sets

from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import RecordSet


@pytest.mark.parametrize(
    ("type", "written", "spelled"),
    [
        ("A", "10.0.0.1", "10.0.0.1"),
        ("AAAA", "2001:DB8:0:0::0021", "2001:db8::21"),
        ("CNAME", "DRSE01.Lync.Test", "drse01.lync.test."),
        ("SRV", "0  0 5061 DRSE01.lync.test.", "0 0 5061 drse01.lync.test."),
    ],
)
def test_one_spelling(type: str, written: str, spelled: str) -> None:
    """Two ways to write a value come out the same, with names absolute and lower case."""
    assert records.value(type, written) == spelled
    assert records.value(type, spelled) == spelled


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("A", "10.0.0.256"),
        ("A", "drse01.lync.test"),
        ("A", ""),
        ("AAAA", "10.0.0.1"),
        ("SRV", "0 0 drse01.lync.test."),
        ("SRV", "0 0 99999 drse01.lync.test."),
        ("CNAME", "a..b"),
        ("CNAME", "x" * 64 + ".lync.test"),
        ("ANY", "10.0.0.1"),
        ("BOGUS", "10.0.0.1"),
    ],
)
def test_bad_values(type: str, text: str) -> None:
    """A value that is none of its type is the writer's mistake, and the message quotes it."""
    with pytest.raises(InputError) as caught:
        records.value(type, text)
    assert text in caught.value.message or type in caught.value.message


@pytest.mark.parametrize("name", ["", ".", "a..b", "x" * 64 + ".test", ".".join(["abcdefgh"] * 40)])
def test_bad_names(name: str) -> None:
    """What is no name of a record raises."""
    with pytest.raises(InputError):
        records.owner(name)


def test_sorted_and_once() -> None:
    """Values come sorted, and each once, whatever order and case they were given in."""
    found = records.record_set("SIP.lync.test.", "srv", 60, ["5 0 1 B.test", "0 0 1 a.test.", "5 0 1 b.test."])
    assert found == RecordSet("sip.lync.test", "SRV", 60, ("0 0 1 a.test.", "5 0 1 b.test."))


def test_without_values() -> None:
    """A record set without a value does not exist."""
    with pytest.raises(InputError):
        records.record_set("sip.lync.test", "A", 60, [])


@pytest.mark.parametrize("text", ["10.0.0.1", "-1 10.0.0.1", "60", "60 ", "60 10.0.0.1 |", "60 10.0.0.1 | x"])
def test_bad_text(text: str) -> None:
    """A line that `as_text` cannot have written raises."""
    with pytest.raises(InputError):
        records.from_text("sip.lync.test A", text)


@given(record_sets())
def test_text_is_loss_free(some: RecordSet) -> None:
    """The line in a plan gives back exactly the record set it was made from."""
    assert records.from_text(some.key, records.as_text(some)) == some
