"""The move of what has a SIP address and is no user: each kind by its own cmdlet, read back from the directory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lyncdr_helpers.directory.users import bare_address
from lyncdr_helpers.phases import activation_plan
from lyncdr_helpers.phases.acts import homes
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out, together
from lyncdr_helpers.phases.endpoints import KINDS, Endpoint
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session

ACT = "move endpoints"


def planned(made: Plan, *, imported: bool) -> list[Change]:
    """The endpoints of a plan: those that an import of Response Groups brings along, or the others."""
    found = made.of_kind(activation_plan.ENDPOINT)
    return [one for one in found if KINDS[one.detail["what"]].imported is imported]


def move(session: Session, changes: Sequence[Change]) -> Tally:
    """Move every one that is not yet at the target, kind by kind. A kind that stays keeps nobody waiting."""
    kinds = {endpoint: [one for one in changes if one.detail["what"] == name] for name, endpoint in KINDS.items()}
    return together(ACT, [_move(session, endpoint, some) for endpoint, some in kinds.items() if some])


def _move(session: Session, endpoint: Endpoint, changes: Sequence[Change]) -> Tally:
    def do(some: Sequence[Change]) -> Receipt:
        order = endpoint.move(some[0].new, session.params.directory.domain_controller)
        reply = session.shell.invoke(order, feed=[f"sip:{one.target}" for one in some])
        return Receipt(reply.withheld, {bare_address(fault.target): fault.message for fault in reply.faults})

    act, batch = f"move {endpoint.name}", session.params.thresholds.batch_users
    return carry_out(session, act, changes, partial(homes.see, session), do, batch=batch, vital=False)
