"""The management host's cmdlets and programs: what they do to the lab's directory and pool stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.cmdlets import (
    archiving,
    conference_directories,
    dbimpexp,
    dns_records,
    edges,
    endpoints,
    management_server,
    management_store,
    pairing,
    powershell,
    registrars,
    response_groups,
    sockets,
    sqlcmd,
    synthetic,
    topology,
    unified_contacts,
    user_data,
    users,
    windows_services,
)
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.winrm import Call, Cmdlet, Executable, ProgramCall, check_parameters
from lyncdr_helpers.shell.table import Table

Act = Callable[[Call, State], None]

ACTS: dict[str, Act] = {
    "Get-CsUser": users.get_user,
    "Move-CsUser": users.move_user,
    **endpoints.ACTS,
    "Get-CsPool": topology.get_pool,
    "Get-CsService": topology.get_service,
    "Get-CsTopology": topology.get_topology,
    "Get-CsConferenceDirectory": conference_directories.get,
    "Get-CsArchivingConfiguration": archiving.get_configuration,
    "Move-CsConferenceDirectory": conference_directories.move,
    "Set-CsEdgeServer": edges.set_edge,
    "Set-CsRegistrar": registrars.set_registrar,
    "Get-CsManagementStoreReplicationStatus": management_store.replication_status,
    "Update-CsUserDatabase": management_store.update_user_database,
    "Export-CsConfiguration": management_store.export_configuration,
    "Export-CsLisConfiguration": management_store.export_lis,
    "Export-CsUserData": user_data.export,
    "Update-CsUserData": user_data.update,
    "Import-CsUserData": user_data.import_,
    "Debug-CsUnifiedContactStore": unified_contacts.debug,
    "Export-CsRgsConfiguration": response_groups.export,
    "Import-CsRgsConfiguration": response_groups.import_,
    "Get-CsRgsAgentGroup": response_groups.get("AgentGroup"),
    "Get-CsRgsQueue": response_groups.get("Queue"),
    "Get-CsRgsWorkflow": response_groups.get("Workflow"),
    "Get-CsWindowsService": windows_services.get,
    "Stop-CsWindowsService": windows_services.stop,
    "Start-CsWindowsService": windows_services.start,
    "Get-CsPoolBackupRelationship": pairing.get_relationship,
    "Get-CsBackupServiceStatus": pairing.get_status,
    "Get-CsHealthMonitoringConfiguration": synthetic.get_health_monitoring,
    "Test-CsRegistration": synthetic.test_registration,
    "Test-CsIM": synthetic.test_im,
    "Test-CsPresence": synthetic.test_presence,
    "Test-CsGroupIM": synthetic.test_group_im,
}


LOCAL: Mapping[str, Act] = management_server.locally(POOLS[DR_POOL])
"""What only a server of the pool itself runs."""

DNS_SERVER: dict[str, Act] = {
    "Add-DnsServerResourceRecord": dns_records.add,
    "Remove-DnsServerResourceRecord": dns_records.remove,
}
"""What a Windows DNS server has in its own shell."""

POWERSHELL: dict[str, Act] = {
    "Invoke-Expression": powershell.invoke_expression,
    "Get-Content": powershell.get_content,
    "Set-Content": powershell.set_content,
    "New-Object": sockets.new_object,
}
"""PowerShell's own, which are in no help of Lync's."""


def cmdlets(blueprint: Blueprint) -> dict[str, Cmdlet]:
    """The cmdlets by name, for a remote session; those of Lync refuse parameters that their help does not list."""
    return _held(blueprint, {**ACTS, **dict.fromkeys(LOCAL, management_server.refused)})


def local_cmdlets(blueprint: Blueprint) -> dict[str, Cmdlet]:
    """The same, in the shell of the DR pool's own server."""
    windows = {name: _on(blueprint, act) for name, act in DNS_SERVER.items()}
    return {**_held(blueprint, {**ACTS, **LOCAL}), **windows}


def _held(blueprint: Blueprint, acts: Mapping[str, Act]) -> dict[str, Cmdlet]:
    table = Table.load()
    checked = check_parameters(table, blueprint.generation)
    known = [name for name in acts if table.find(name, blueprint.generation)]
    return {
        **{name: checked(_on(blueprint, act)) for name, act in acts.items()},
        **{name: _on(blueprint, act) for name, act in POWERSHELL.items()},
        "Get-Command": _on(blueprint, lambda call, state: powershell.get_command(call, state, known)),
    }


def programs(blueprint: Blueprint) -> dict[str, Executable]:
    """The programs beside them, by file name: dbimpexp is there in Lync 2010 alone."""
    every: dict[str, Executable] = {"sqlcmd.exe": lambda call: sqlcmd.main(call, blueprint)}
    if blueprint.generation == "lync2010":
        every["dbimpexp.exe"] = lambda call: _dbimpexp(blueprint, call)
    return every


def _on(blueprint: Blueprint, act: Act) -> Cmdlet:
    def cmdlet(call: Call) -> None:
        with State(blueprint) as state:
            act(call, state)

    return cmdlet


def _dbimpexp(blueprint: Blueprint, call: ProgramCall) -> int:
    with State(blueprint) as state:
        return dbimpexp.main(call, state)
