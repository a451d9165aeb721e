"""The forced move of users: done by Move-CsUser, read back from the directory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lyncdr_helpers.directory.users import bare_address
from lyncdr_helpers.phases.acts import homes
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out, command, refuse_strangers
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets

ACT = "move users"


def move(session: Session, changes: Sequence[Change], *, act: str = ACT, force: bool = True) -> Tally:
    """Move every user who is not yet at the target, then have the target pool read the directory at once.

    Force moves the account alone: what the failed pool held of a user comes back from the backup, not from here.
    Without it both pools must be up, and a user's list and meetings go along.

    Each batch is looked at once more before it goes: the cmdlet would take along whoever was moved elsewhere meanwhile.
    """
    see = partial(homes.see, session)

    def do(some: Sequence[Change]) -> Receipt:
        refuse_strangers(act, some, see(some))
        order = cmdlets.move_users(some[0].new, session.params.directory.domain_controller, force=force)
        reply = session.shell.invoke(order, feed=[f"sip:{one.target}" for one in some])
        return Receipt(reply.withheld, {bare_address(fault.target): fault.message for fault in reply.faults})

    tally = carry_out(session, act, changes, see, do, batch=session.params.thresholds.batch_users)
    for pool in sorted({one.new for one in changes}):
        command(session, "update user database", cmdlets.update_user_database(pool))
    return tally
