"""Response Groups as a pool has them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.ports import Command, Record
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell.cmdlets import (
    ResponseGroupKind,
    get_all_response_group_objects,
    get_response_group_objects,
)


def of_pool(session: Session, pool: str) -> tuple[str, ...]:
    """Every workflow, queue and agent group that the pool owns: `Queue Help Desk`, sorted.

    Raises OperationError where one of them cannot be asked: that is no pool without Response Groups.
    """
    return tuple(
        sorted(f"{kind} {name}" for kind in get_args(ResponseGroupKind) for name in _names(session, kind, pool))
    )


@dataclass(frozen=True)
class Held:
    """One object that a pool runs. called: `Queue Help Desk`. owner: the pool it belongs to, where one is told."""

    called: str
    identity: str
    owner: str
    for_another: bool


def held_by(session: Session, pool: str) -> tuple[Held, ...]:
    """Everything that the pool runs, of its own and of others, by name. Raises OperationError as `of_pool` does."""
    found = list[Held]()
    for kind in get_args(ResponseGroupKind):
        for row in _rows(session, get_all_response_group_objects(kind, pool, session.params.generation), pool):
            owner = str(row.get("OwnerPool") or "").lower().rpartition(":")[2]
            known = session.params.generation != "lync2010" and bool(owner)
            called = f"{kind} {row['Name']}"
            found.append(Held(called, str(row.get("Identity")), owner if known else "", known and owner != pool))
    return tuple(sorted(found, key=lambda one: (one.called, one.identity)))


def _names(session: Session, kind: ResponseGroupKind, pool: str) -> list[str]:
    return [str(row["Name"]) for row in _rows(session, get_response_group_objects(kind, pool), pool)]


def _rows(session: Session, command: Command, pool: str) -> Sequence[Record]:
    reply = session.shell.invoke(command)
    if reply.faults:
        raise OperationError(
            f"{command.cmdlet} failed for {pool}: {reply.faults[0].message}",
            "Check that the pool's Response Group application runs, then run the same command again.",
        )
    return reply.output
