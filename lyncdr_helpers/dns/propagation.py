"""Whether the resolvers that clients use already tell them the new records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.ports import Nameserver, RecordSet

Answer = RecordSet | None | OperationError
"""What a resolver said: a record set, that there is none, or why it could not be asked."""


class State(StrEnum):
    """NEW is proven; SILENT means nobody could look, and is never shown as NEW."""

    NEW = "new"
    OLD = "old"
    ABSENT = "absent"
    SILENT = "silent"


@dataclass(frozen=True)
class Standing:
    """What one resolver says. `says`: its values, or why there are none; `seconds_left`: until they expire."""

    resolver: str
    key: str
    state: State
    says: str
    seconds_left: int = 0


def ask_all(resolvers: Mapping[str, Nameserver], want: RecordSet) -> dict[str, Answer]:
    """Each resolver's answer, by its name. A resolver that cannot be asked keeps its error as the answer."""
    return {name: _ask(resolver, want) for name, resolver in resolvers.items()}


def agreement(answers: Mapping[str, Answer], want: RecordSet) -> dict[str, Standing]:
    """How each resolver stands to the wanted records, by its name.

    Only values count: a resolver counts the time to live down. For how long it may keep an absence is not known here.
    """
    return {name: _standing(name, answer, want) for name, answer in answers.items()}


def agreed(standings: Iterable[Standing]) -> bool:
    """Whether every resolver says the new values. No resolver at all proves nothing."""
    found = list(standings)
    return bool(found) and all(standing.state is State.NEW for standing in found)


def _ask(resolver: Nameserver, want: RecordSet) -> Answer:
    try:
        return resolver.ask(want.name, want.type)
    except OperationError as error:
        return error


def _standing(name: str, answer: Answer, want: RecordSet) -> Standing:
    if isinstance(answer, OperationError):
        return Standing(name, want.key, State.SILENT, answer.message)
    if answer is None:
        return Standing(name, want.key, State.ABSENT, "no such record")
    says = records.BETWEEN.join(answer.values)
    if records.same_values(answer, want):
        return Standing(name, want.key, State.NEW, says)
    return Standing(name, want.key, State.OLD, says, answer.ttl)
