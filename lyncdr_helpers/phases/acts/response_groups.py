"""Response Groups at the DR site: brought by Import-CsRgsConfiguration, read back object by object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.phases import exchange, renamed_groups
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.incoming_groups import ACT as ACT
from lyncdr_helpers.phases.incoming_groups import switches
from lyncdr_helpers.phases.response_groups import held_by
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets


def restore(session: Session, changes: Sequence[Change], export: Path, how: str = "") -> Tally:
    """Import the export once if any of its objects is not at the target yet.

    export: the backup's file. how: what was decided, as phases/incoming_groups.py says it.
    """
    target = session.params.target_pool.fqdn
    resolve, replace = switches(how)

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        there = held_by(session, target)
        own = {one.called for one in there if not one.for_another}
        renamed = renamed_groups.come(some, there)
        come = {one.target for one in some if renamed_groups.KNOWN not in one.detail and one.target in own}
        return {one.target: target if one.target in come | renamed.keys() else one.old for one in some}

    def do(_: Sequence[Change]) -> Receipt:
        there, here = exchange.place(session, "import-rgs.zip")
        files.replace(here, export.read_bytes())
        order = cmdlets.import_response_groups(target, there, session.params.generation, resolve, replace)
        reply = session.shell.invoke(order)
        return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})

    tally = carry_out(session, ACT, changes, see, do, batch=max(len(changes), 1))
    if any(renamed_groups.KNOWN in one.detail for one in changes) and session.mode == "live":
        session.fact(renamed_groups.FACT, renamed_groups.come(changes, held_by(session, target)))
    return tally
