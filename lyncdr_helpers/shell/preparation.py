"""The cmdlets that make a DR site ready, as typed commands: people run them on site, weeks before anything is lost.

They ask before they write, because somebody is there to answer. Source of names and parameters: shell/table.py.
"""

from __future__ import annotations

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command


def install_databases(sql_server: str) -> Command:
    """Make the databases that the published topology expects on a SQL Server."""
    return Command("Install-CsDatabase", {"ConfiguredDatabases": True, "SqlServerFqdn": sql_server}, writes=True)


def install_central_management_database(sql_server: str, instance: str) -> Command:
    """Make an empty Central Management Store, for the server that is to take it over."""
    return Command(
        "Install-CsDatabase",
        {"CentralManagementDatabase": True, "SqlServerFqdn": sql_server, "SqlInstanceName": instance},
        writes=True,
    )


def enable_topology() -> Command:
    """Give the servers of the published topology their rights and their objects in Active Directory."""
    return Command("Enable-CsTopology", writes=True)


def test_topology() -> Command:
    """Whether the servers hold what the published topology says."""
    return Command("Test-CsTopology")


def move_management_server() -> Command:
    """Bring the Central Management Store here. Run it locally on the server that takes over, never remotely."""
    return Command("Move-CsManagementServer", writes=True)


def fail_over_pool(pool: str) -> Command:
    """Have the pool that is paired with this one take over, where this one is lost. From Lync 2013 on."""
    return Command("Invoke-CsPoolFailOver", {"PoolFqdn": pool, "DisasterMode": True}, writes=True)


def get_store_location() -> Command:
    """Where Active Directory says that the Central Management Store is."""
    return Command("Get-CsConfigurationStoreLocation")


def replicate() -> Command:
    """Have every replica of the Central Management Store brought up to date now."""
    return Command("Invoke-CsManagementStoreReplication", writes=True)


def set_edge_next_hop(edge: str, pool: str) -> Command:
    """Have an Edge Server hand what comes in to this pool."""
    return Command("Set-CsEdgeServer", {"Identity": f"EdgeServer:{edge}", "Registrar": _registrar(pool)}, writes=True)


def set_pool_edge(pool: str, edge: str) -> Command:
    """Have a pool reach the outside through this Edge Server."""
    return Command("Set-CsRegistrar", {"Identity": _registrar(pool), "EdgeServer": f"EdgeServer:{edge}"}, writes=True)


def set_archiving(pool: str, service: str, generation: Generation) -> Command:
    """Have a pool archive to this service, `ArchivingServer:<fqdn>` in 2010, `ArchivingDatabase:<fqdn>` later."""
    parameter = "ArchivingServer" if generation == "lync2010" else "ArchivingDatabase"
    return Command("Set-CsRegistrar", {"Identity": _registrar(pool), parameter: service}, writes=True)


def set_monitoring(pool: str, service: str, generation: Generation) -> Command:
    """Have a pool report to this service, `MonitoringServer:<fqdn>` in 2010, `MonitoringDatabase:<fqdn>` later."""
    parameter = "MonitoringServer" if generation == "lync2010" else "MonitoringDatabase"
    return Command("Set-CsRegistrar", {"Identity": _registrar(pool), parameter: service}, writes=True)


def get_services(pool: str) -> Command:
    """What the Central Management Store says of a pool's services, and on what each depends."""
    return Command("Get-CsService", {"PoolFqdn": pool})


def get_simple_urls() -> Command:
    """The simple URLs: meet, dialin, admin."""
    return Command("Get-CsSimpleUrlConfiguration")


def get_um_contacts() -> Command:
    """The contacts by which Exchange UM is called: subscriber access and automatic attendants."""
    return Command("Get-CsExUmContact")


def _registrar(pool: str) -> str:
    return f"Registrar:{pool}"
