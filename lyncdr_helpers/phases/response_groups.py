"""Response Groups as the deployment has them now."""

from __future__ import annotations

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets


def workflows(session: Session) -> dict[str, tuple[str, ...]]:
    """The names of the Response Group workflows, by the pool that owns them. Raises OperationError."""
    command = cmdlets.get_response_group_workflows(session.params.generation)
    reply = session.shell.invoke(command)
    if reply.faults:
        raise OperationError(f"{command.cmdlet} failed: {reply.faults[0].message}", "Check the management host.")
    found: dict[str, list[str]] = {}
    for row in reply.output:
        found.setdefault(str(row["OwnerPool"]).lower(), []).append(str(row["Name"]))
    return {pool: tuple(sorted(names)) for pool, names in found.items()}
