"""The move of conference directories: dial-in by number finds its conferences at the pool that is their home."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers.directory.conference_directories import read_conference_directories
from lyncdr_helpers.phases import conference_directories
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets

ACT = "move conference directories"


def move(session: Session, changes: Sequence[Change]) -> Tally:
    """Move every directory that is not yet at the target, one by one: the cmdlet takes no more."""

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        homes = read_conference_directories(session.directory, session.params.directory.base)
        seen = {one.target: homes.get(int(one.target), "") for one in some}
        if any(seen[one.target] != one.new for one in some) and session.mode == "live":
            # The cmdlet takes no domain controller: it may have written to one that ours has not heard of yet.
            told = conference_directories.homes(session)
            seen |= {one.target: one.new for one in some if told.get(int(one.target)) == one.new}
        return seen

    def do(some: Sequence[Change]) -> Receipt:
        (one,) = some
        reply = session.shell.invoke(cmdlets.move_conference_directory(one.target, one.new))
        return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})

    return carry_out(session, ACT, changes, see, do, batch=1, vital=False)
