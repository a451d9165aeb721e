"""Response Groups on their way home: exported where they run, imported at home, then taken from the DR pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lyncdr_helpers import files
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.response_groups import of_pool
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, homeward

ACT = "return response groups"


def bring(session: Session, changes: Sequence[Change]) -> Tally:
    """Bring every object home that the DR pool still owns. Home means: the primary has it, and the DR pool has not.

    What the primary kept of them from before is replaced, as the DR site may have changed them. Agents who sign in to
    their groups do so again.
    """
    params = session.params
    home, away = params.failed_pool.fqdn, params.target_pool.fqdn

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        here, there = of_pool(session, home), of_pool(session, away)
        return {one.target: away if one.target in there else home if one.target in here else "" for one in some}

    def do(some: Sequence[Change]) -> Receipt:
        file, export = exchange.fresh(session, "rgs-home.zip")
        exchange.export_by(
            session, "rgs-home.zip", homeward.export_owned_response_groups(away, file, params.generation)
        )
        files.replace(session.folder.path / "response-groups.zip", export.read_bytes())
        reply = session.shell.invoke(cmdlets.import_response_groups(home, file, params.generation))
        if reply.withheld or reply.faults:
            return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})
        arrived = of_pool(session, home)
        if absent := [one.target for one in some if one.target not in arrived]:
            return Receipt(faults={"": f"{', '.join(absent)} did not arrive; the DR pool keeps them all"})
        taken, _ = exchange.fresh(session, "rgs-taken.zip")
        reply = session.shell.invoke(homeward.remove_response_groups(away, taken, params.generation))
        return Receipt(faults={"": reply.faults[0].message} if reply.faults else {})

    return carry_out(session, ACT, changes, see, do, batch=max(len(changes), 1))
