"""Set-CsRegistrar, as far as a disaster needs it: which Archiving a pool uses."""

from __future__ import annotations

from lyncdr_helpers.lab import archives
from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError


def set_registrar(call: Call, state: State) -> None:
    r"""-Identity Registrar:<pool>, -ArchivingServer ArchivingServer:<fqdn> in 2010, and later -ArchivingDatabase
    ArchivingDatabase:<fqdn>\<instance>.
    """
    server = "ArchivingServer" if state.blueprint.generation == "lync2010" else "ArchivingDatabase"
    state.heed(call, "Identity", server)
    state.require_cms()
    role, _, pool = str(call.get("Identity")).lower().removeprefix("service:").partition(":")
    wanted, _, place = str(call.get(server)).partition(":")
    archive = place.lower().partition("\\")[0]
    for known in ((role, pool) == ("registrar", DR_POOL), wanted == server and archive in archives.ARCHIVES):
        if not known:
            missing = f"{role}:{pool}" if pool != DR_POOL else f"{wanted}:{place}"
            raise CmdletError(
                f'Cannot find the service "{missing}".', "ManagementObjectNotFound", Category.ObjectNotFound, missing
            )
    archives.use(state.blueprint.folder, archive)
