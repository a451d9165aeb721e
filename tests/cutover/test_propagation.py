"""Whether resolvers tell the new records."""

from __future__ import annotations

from collections.abc import Sequence

from lyncdr_helpers.dns import records
from lyncdr_helpers.dns.propagation import Answer, State, agreed, agreement, ask_all
from lyncdr_helpers.errors import Unreachable
from lyncdr_helpers.ports import RecordChange, RecordSet

WANT = records.record_set("sip.lync.test", "A", 60, ["10.0.0.21"])
OLD = records.record_set("sip.lync.test", "A", 1234, ["10.0.0.11"])


class Parrot:
    """A resolver that always says the same."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def ask(self, name: str, type: str) -> RecordSet | None:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def update(self, zone: str, changes: Sequence[RecordChange]) -> bool:
        raise AssertionError("a resolver is never changed")


def test_states() -> None:
    """New, old with the seconds it may last, absent and silent are told apart; a counted-down TTL is still new."""
    counted_down = records.record_set("sip.lync.test", "A", 3, ["10.0.0.21"])
    answers = ask_all(
        {
            "new": Parrot(counted_down),
            "old": Parrot(OLD),
            "none": Parrot(None),
            "dead": Parrot(Unreachable("no answer")),
        },
        WANT,
    )
    found = agreement(answers, WANT)
    assert {name: standing.state for name, standing in found.items()} == {
        "new": State.NEW,
        "old": State.OLD,
        "none": State.ABSENT,
        "dead": State.SILENT,
    }
    assert (found["old"].seconds_left, found["old"].says, found["dead"].says) == (1234, "10.0.0.11", "no answer")


def test_agreed_needs_everyone() -> None:
    """Only a new answer from every resolver is agreement; silence is not, and neither is nobody."""
    assert agreed(agreement({"a": WANT, "b": WANT}, WANT).values())
    for answer in (OLD, None, Unreachable("no answer")):
        assert not agreed(agreement({"a": WANT, "b": answer}, WANT).values())
    assert not agreed([])


def test_extra_value_is_not_agreement() -> None:
    """A resolver that still hands out the lost site beside the new one sends half the clients there."""
    both = records.record_set("sip.lync.test", "A", 60, ["10.0.0.11", "10.0.0.21"])
    assert agreement({"a": both}, WANT)["a"].state is State.OLD
