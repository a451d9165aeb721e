"""Response Groups at the DR site: brought by Import-CsRgsConfiguration, read back object by object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.response_groups import of_pool
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets

ACT = "restore response groups"


def restore(session: Session, changes: Sequence[Change], export: Path) -> Tally:
    """Import the export once if any of its objects is not at the target yet. `export`: the backup's file."""
    target = session.params.target_pool.fqdn

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        there = of_pool(session, target)
        return {one.target: target if one.target in there else one.old for one in some}

    def do(_: Sequence[Change]) -> Receipt:
        there, here = exchange.place(session, "import-rgs.zip")
        files.replace(here, export.read_bytes())
        reply = session.shell.invoke(cmdlets.import_response_groups(target, there, session.params.generation))
        return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})

    return carry_out(session, ACT, changes, see, do, batch=max(len(changes), 1))
