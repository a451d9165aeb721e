"""Set-CsEdgeServer: which pool takes what comes in from outside."""

from __future__ import annotations

from lyncdr_helpers.lab import edges
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.cmdlets.users import require_no_question
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError


def set_edge(call: Call, state: State) -> None:
    """-Identity EdgeServer:<fqdn>, -Registrar Registrar:<pool>. It asks, unless -Confirm:$false."""
    state.heed(call, "Identity", "Registrar")
    state.require_cms()
    identity = str(call.get("Identity")).lower().removeprefix("service:")
    if identity != f"edgeserver:{edges.EDGE.fqdn}" or not edges.next_hop(state.blueprint.folder):
        raise CmdletError(
            f'Cannot find the service "{identity}".', "ManagementObjectNotFound", Category.ObjectNotFound, identity
        )
    pool = state.pool(str(call.get("Registrar")).rpartition(":")[2])
    require_no_question(call)
    edges.place(state.blueprint.folder, pool.fqdn)
