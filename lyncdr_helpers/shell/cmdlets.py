"""The cmdlets that the playbook uses, as typed commands: the only place that spells their names and parameters.

Every function returns a Command; `writes` is True where running it changes the deployment. An export only writes a
file on the management host, so it counts as reading. Source of names and parameters: shell/table.py.
"""

from __future__ import annotations

from typing import Literal

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command

ResponseGroupKind = Literal["AgentGroup", "Queue", "Workflow"]

STOP = {"Confirm": False, "ErrorAction": "Stop"}
"""For a write on one object: no question (nobody is there to answer it), and the first error ends it."""


def move_users(target: str, domain_controller: str, *, force: bool) -> Command:
    """Rehome the users that are fed to it, as `sip:user@domain`, one object each.

    force: the source pool is lost; the accounts move and their data stays behind. Without it both pools must be up. The
    addresses come by the pipeline because one fed call moves thousands of users a minute and one call per user does
    not. One bad user must not stop the rest, hence -ErrorAction Continue: the reply's faults name those who stayed,
    and -PassThru streams those who moved.
    """
    switches = {"Force": True} if force else {}
    return Command(
        "Move-CsUser",
        {
            "Target": target,
            "DomainController": domain_controller,
            **switches,
            "PassThru": True,
            "Confirm": False,
            "ErrorAction": "Continue",
        },
        writes=True,
    )


def get_user(address: str) -> Command:
    """One user by address, `user@domain` without `sip:`. Never by display name, which would take wildcards."""
    return Command("Get-CsUser", {"Identity": f"sip:{address}"})


def get_pool(fqdn: str) -> Command:
    """One pool: its services, computers and site."""
    return Command("Get-CsPool", {"Identity": fqdn})


def replication_status() -> Command:
    """Per server: whether its replica of the Central Management Store is up to date."""
    return Command("Get-CsManagementStoreReplicationStatus")


def central_management_status() -> Command:
    """Who is the master of the Central Management Store (ActiveMasterFqdn, ActiveFileTransferAgents)."""
    return Command("Get-CsManagementStoreReplicationStatus", {"CentralManagementStoreStatus": True})


def update_user_database(fqdn: str) -> Command:
    """Have one pool's User Replicator read Active Directory now instead of within the minute."""
    return Command("Update-CsUserDatabase", {"Fqdn": fqdn, **STOP}, writes=True)


def export_configuration(file: str) -> Command:
    """The Central Management Store, as a zip on the management host."""
    return Command("Export-CsConfiguration", {"FileName": file, "ErrorAction": "Stop"})


def export_lis(file: str) -> Command:
    """The location database (LIS), as a zip on the management host. Nothing else ever copies it."""
    return Command("Export-CsLisConfiguration", {"FileName": file, "ErrorAction": "Stop"})


def export_response_groups(pool: str, file: str) -> Command:
    """One pool's Response Groups, as a zip on the management host that must not exist yet."""
    return Command(
        "Export-CsRgsConfiguration", {"Source": _response_groups(pool), "FileName": file, "ErrorAction": "Stop"}
    )


def import_response_groups(
    pool: str, file: str, generation: Generation, resolve_names: bool = False, replace_settings: bool = True
) -> Command:
    """Bring exported Response Groups up on a pool.

    From 2013 a group is owned by its pool, and its owner is lost here: -OverwriteOwner hands it to the new pool, so
    that it can be managed there. 2010 knows no owner. resolve_names: what comes gets another name where one is taken;
    otherwise nothing comes. replace_settings: those of the pool's whole application, which one without groups may lose.
    """
    switches = {
        "OverwriteOwner": generation != "lync2010",
        "ReplaceExistingRgsSettings": replace_settings,
        "ResolveNameConflicts": resolve_names,
    }
    given = {name: True for name, on in switches.items() if on}
    return Command(
        "Import-CsRgsConfiguration",
        {"Destination": _response_groups(pool), "FileName": file, **given, **STOP},
        writes=True,
    )


def get_all_response_group_objects(kind: ResponseGroupKind, pool: str, generation: Generation) -> Command:
    """What a pool runs of a kind, also of other pools: from 2013 on only those of its own unless -ShowAll."""
    every = {} if generation == "lync2010" else {"ShowAll": True}
    return Command(f"Get-CsRgs{kind}", {"Identity": _response_groups(pool), **every})


def get_response_group_objects(kind: ResponseGroupKind, pool: str) -> Command:
    """A pool's own workflows, queues or agent groups. It fails where the pool cannot be asked."""
    return Command(f"Get-CsRgs{kind}", {"Identity": _response_groups(pool)})


def get_topology() -> Command:
    """The published topology: one text, the whole document, as Publish-CsTopology takes it."""
    return Command("Get-CsTopology", {"AsXml": True, "ErrorAction": "Stop"})


def get_conference_directories() -> Command:
    """Every conference directory of the deployment: Identity is its number, ServiceId `UserServer:<home pool>`."""
    return Command("Get-CsConferenceDirectory", {"ErrorAction": "Stop"})


def get_archiving_configuration() -> Command:
    """How each scope archives: Identity, EnableArchiving; BlockOnArchiveFailure stops what no archive takes."""
    return Command("Get-CsArchivingConfiguration", {})


def move_conference_directory(number: str, pool: str) -> Command:
    """Give one conference directory another home. -Force, because the pool that it leaves is lost."""
    return Command(
        "Move-CsConferenceDirectory", {"Identity": number, "TargetPool": pool, "Force": True, **STOP}, writes=True
    )


def set_edge_next_hop(edge: str, pool: str) -> Command:
    """Have an Edge Server hand what comes in to this pool."""
    return Command(
        "Set-CsEdgeServer", {"Identity": f"EdgeServer:{edge}", "Registrar": f"Registrar:{pool}", **STOP}, writes=True
    )


def stop_services(computer: str) -> Command:
    """Stop the Lync services of one machine: whoever is signed in there is signed out."""
    return Command("Stop-CsWindowsService", {"ComputerName": computer, **STOP}, writes=True)


def start_services(computer: str) -> Command:
    """Start the Lync services of one machine; those that run stay as they are."""
    return Command("Start-CsWindowsService", {"ComputerName": computer, **STOP}, writes=True)


def get_health_monitoring(pool: str) -> Command:
    """The pool's two test users: FirstTestUserSipUri, SecondTestUserSipUri."""
    return Command("Get-CsHealthMonitoringConfiguration", {"Identity": pool})


def test_registration(pool: str) -> Command:
    """Sign in to the pool as its health monitoring user."""
    return Command("Test-CsRegistration", {"TargetFqdn": pool})


def test_im(pool: str) -> Command:
    """Send a message between the pool's two health monitoring users."""
    return Command("Test-CsIM", {"TargetFqdn": pool})


def test_presence(pool: str) -> Command:
    """Publish and read presence between the pool's two health monitoring users."""
    return Command("Test-CsPresence", {"TargetFqdn": pool})


def test_group_im(pool: str) -> Command:
    """Meet in a conference of the pool, as its two health monitoring users."""
    return Command("Test-CsGroupIM", {"TargetFqdn": pool})


def _response_groups(pool: str) -> str:
    """The service that the Response Groups of a pool belong to."""
    return f"service:ApplicationServer:{pool}"
