"""Get-CsPool, Get-CsService and Get-CsTopology: what the Central Management Store says is there."""

from __future__ import annotations

from lyncdr_helpers.lab import topology
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.topology import Service
from lyncdr_helpers.lab.winrm import Call, CmdletError

SELECTORS = (
    *("Registrar", "UserServer", "UserDatabase", "ApplicationServer", "ApplicationDatabase", "ConferencingServer"),
    *("WebServer", "FileStore", "CentralManagement", "CentralManagementDatabase"),
)
"""The switches of Get-CsService that pick a role of the lab."""


def get_pool(call: Call, state: State) -> None:
    """-Identity, or every pool."""
    state.heed(call, "Identity")
    state.require_cms()
    wanted = call.get("Identity")
    for pool in [state.pool(wanted)] if wanted else state.pools.values():
        services = [service.identity for service in topology.services([pool], state.cms)]
        call.output(
            "Microsoft.Rtc.Management.Xds.DisplayPool",
            Identity=pool.fqdn,
            Fqdn=pool.fqdn,
            Services=services,
            Computers=[pool.machine],
            Site=f"Site:{topology.SITES[pool.site]}",
        )


def get_service(call: Call, state: State) -> None:
    """-PoolFqdn, -Identity, or a switch for a role."""
    state.heed(call, "PoolFqdn", "Identity", *SELECTORS)
    state.require_cms()
    pools = [state.pool(call.get("PoolFqdn"))] if call.get("PoolFqdn") else list(state.pools.values())
    roles = {selector for selector in SELECTORS if call.switch(selector)}
    wanted = str(call.get("Identity", "")).lower().removeprefix("service:")
    found = [
        service
        for service in topology.services(pools, state.cms)
        if (not roles or service.called in roles) and (not wanted or service.identity.lower() == wanted)
    ]
    if wanted and not found:
        raise CmdletError(f'Cannot find the service "{wanted}".', "ManagementObjectNotFound", target=wanted)
    for service in found:
        _show(call, state, service)


def _show(call: Call, state: State, service: Service) -> None:
    active = {"Active": True} if service.role == "CentralMgmt" else {}
    call.output(
        f"Microsoft.Rtc.Management.Xds.Display{service.called}",
        Identity=service.identity,
        PoolFqdn=service.pool.fqdn,
        SiteId=f"Site:{topology.SITES[service.pool.site]}",
        Version=topology.SERVICE_VERSION[state.blueprint.generation],
        Role=service.called,
        DependentServiceList=[],
        **active,
    )


def get_topology(call: Call, state: State) -> None:
    """-AsXml: one text, the whole document. Without it: a line of facts."""
    state.heed(call, "AsXml")
    state.require_cms()
    if call.switch("AsXml"):
        call.text(topology.document(state.blueprint, state.pools.values(), state.cms))
        return
    call.output(
        "Microsoft.Rtc.Management.Deploy.Internal.DefaultTopology",
        Sites=list(topology.SITES.values()),
        Clusters=list(state.pools),
        Services=[service.identity for service in topology.services(state.pools.values(), state.cms)],
    )
