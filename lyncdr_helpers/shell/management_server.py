"""The cmdlets that bring the Central Management Store to another pool, as typed commands.

People run them, in the management shell of a server of that pool: Move-CsManagementServer works nowhere else. Source of
names and parameters: shell/table.py; of their order: Microsoft's help on Move-CsManagementServer.
"""

from __future__ import annotations

from lyncdr_helpers.ports import Command
from lyncdr_helpers.shell import preparation


def make_store(sql_server: str, instance: str) -> Command:
    """An empty store on the SQL Server of the pool that takes over."""
    return preparation.install_central_management_database(sql_server, instance)


def take_over() -> Command:
    """Bring a store that still answers here, with all it holds."""
    return preparation.move_management_server()


def rescue(configuration: str, lis: str) -> Command:
    """Begin anew here with exported files, because the store there is lost. -Force: it is not asked any more."""
    return Command(
        "Move-CsManagementServer",
        {"ConfigurationFileName": configuration, "LisConfigurationFileName": lis, "Force": True},
        writes=True,
    )


def fail_over(sql_server: str, instance: str) -> Command:
    """Have the paired pool's copy of the store become the store. From Lync 2013 on. -Force: the other one is lost."""
    return Command(
        "Invoke-CsManagementServerFailover",
        {"BackupSqlServerFqdn": sql_server, "BackupSqlInstanceName": instance, "Force": True},
        writes=True,
    )


def enable() -> Command:
    """Have the servers of the topology take their rights and objects from the store where it is now."""
    return preparation.enable_topology()
