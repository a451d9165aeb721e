"""What concerns the Central Management Store: its replication, its exports, and the User Replicator."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Mapping

from lyncdr_helpers.clock import SystemClock, stamp
from lyncdr_helpers.lab import sites, topology
from lyncdr_helpers.lab.cmdlets import management_server
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call

SETTINGS = """<DocItemSet xmlns="urn:schema:Microsoft.Rtc.Management.Xds.AppLayer.2008">
<DocItem Name="urn:xds:{name}" Version="1"><Data><AnchoredXml><Key ScopeClass="Global" />
<Dictionary Count="1"><Item><Key /><Value>{value}</Value></Item></Dictionary>
</AnchoredXml></Data></DocItem></DocItemSet>
"""
LIS = '<LisConfiguration><Subnet Id="10.1.0.0" Description="Head office, floor 1" /></LisConfiguration>'


def replication_status(call: Call, state: State) -> None:
    """One row per machine: up to date as long as it can be reached. -CentralManagementStoreStatus: who is master."""
    state.heed(call, "CentralManagementStoreStatus", "ReplicaFqdn")
    state.require_cms()
    now = SystemClock().now()
    if call.switch("CentralManagementStoreStatus"):
        if not management_server.is_enabled(state):
            return
        call.output(
            "Microsoft.Rtc.Management.Xds.CentralManagementStoreStatus",
            ActiveMasterFqdn=state.cms.machine,
            ActiveMasterLastHeartbeat=stamp(now),
            ActiveFileTransferAgents=[state.cms.machine],
            ActiveFileTransferAgentsLastHeartbeat=stamp(now),
            DeletedReplicas=[],
        )
        return
    wanted = str(call.get("ReplicaFqdn", "")).lower()
    since = sites.changed_at(state.blueprint.folder) or now
    for pool in state.pools.values():
        if wanted in ("", pool.machine):
            up = state.reachable(pool)
            call.output(
                "Microsoft.Rtc.Management.Xds.ReplicationStatus",
                UpToDate=up,
                ReplicaFqdn=pool.machine,
                LastStatusReport=stamp((now if up else since) - dt.timedelta(minutes=1)),
                LastUpdateCreation=stamp(now - dt.timedelta(minutes=2)),
                ProductVersion=f"{topology.SERVICE_VERSION[state.blueprint.generation]}.0",
            )


def update_user_database(call: Call, state: State) -> None:
    """Have User Replicators read the directory. The lab's pools always do, so there is nothing left to be done."""
    state.heed(call, "Fqdn", "Force")
    state.require_cms()
    for pool in [state.pool(call.get("Fqdn"))] if call.get("Fqdn") else state.pools.values():
        state.require_reachable(pool)


def export_configuration(call: Call, state: State) -> None:
    """A zip of the topology and the settings; real entry names are not documented, these are the lab's."""
    state.heed(call, "FileName", "Force")
    document = topology.document(state.blueprint, state.pools.values(), state.cms)
    _export(call, state, {"Topology.xml": ("Topology", document), "Settings.xml": ("AccessEdgeSettings", "")})


def export_lis(call: Call, state: State) -> None:
    """A zip of the location database."""
    state.heed(call, "FileName")
    _export(call, state, {"Lis.xml": ("Lis", LIS)})


def _export(call: Call, state: State, parts: Mapping[str, tuple[str, str]]) -> None:
    state.require_cms()
    with zipfile.ZipFile(state.new_file(call.get("FileName")), "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, (name, value) in parts.items():
            archive.writestr(entry, SETTINGS.format(name=name, value=value))
