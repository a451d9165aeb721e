"""Response Groups as a pool has them now."""

from __future__ import annotations

from typing import get_args

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell.cmdlets import ResponseGroupKind, get_response_group_objects


def of_pool(session: Session, pool: str) -> tuple[str, ...]:
    """Every workflow, queue and agent group that the pool owns: `Queue Help Desk`, sorted.

    Raises OperationError where one of them cannot be asked: that is no pool without Response Groups.
    """
    return tuple(
        sorted(f"{kind} {name}" for kind in get_args(ResponseGroupKind) for name in _names(session, kind, pool))
    )


def _names(session: Session, kind: ResponseGroupKind, pool: str) -> list[str]:
    command = get_response_group_objects(kind, pool)
    reply = session.shell.invoke(command)
    if reply.faults:
        raise OperationError(
            f"{command.cmdlet} failed for {pool}: {reply.faults[0].message}",
            "Check that the pool's Response Group application runs, then run the same command again.",
        )
    return [str(row["Name"]) for row in reply.output]
