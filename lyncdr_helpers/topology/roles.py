"""The roles of services, by the names that topology documents use, and what cmdlets call them.

Source: published topologies and Topology Builder files that administrators made public; (?) marks what is inferred.
"""

from __future__ import annotations

from collections.abc import Mapping

from lyncdr_helpers.params.generation import Generation

REGISTRAR = "Registrar"
USER_SERVICES = "UserServices"
USER_STORE = "UserStore"
FILE_STORE = "FileStore"
WEB_SERVICES = "WebServices"
CONFERENCING = "ConfServices"
APPLICATION_SERVER = "ApplicationServer"
APPLICATION_STORE = "ApplicationStore"
CENTRAL_MANAGEMENT = "CentralMgmt"
CENTRAL_MANAGEMENT_STORE = "CentralMgmtStore"
EDGE = "EdgeServer"
MEDIATION = "MediationServer"
GATEWAY = "PstnGateway"
ARCHIVING_SERVER = "ArchivingServer"
ARCHIVING_STORE = "ArchivingStore"
MONITORING_SERVER = "MonitoringServer"
MONITORING_STORE = "MonitoringStore"

KNOWN = {
    name.casefold(): name
    for name in (
        *(REGISTRAR, USER_SERVICES, USER_STORE, FILE_STORE, WEB_SERVICES, CONFERENCING),
        *(APPLICATION_SERVER, APPLICATION_STORE, CENTRAL_MANAGEMENT, CENTRAL_MANAGEMENT_STORE),
        *(EDGE, MEDIATION, GATEWAY, ARCHIVING_SERVER, ARCHIVING_STORE, MONITORING_SERVER, MONITORING_STORE),
        *("ManagementServices", "WacService", "ExternalServer"),
    )
}
"""Roles seen in documents. The case of PstnGateway is (?), so no role is told by its case. Others are kept by name."""

GENERATIONS: Mapping[int, Generation] = {5: "lync2010", 6: "lync2013", 7: "sfb2015", 8: "sfb2019"}
"""ServiceVersion of a service. 7 and 8 are seen in documents, 5 and 6 inferred."""

CMDLET_NAMES: Mapping[str, str] = {
    USER_SERVICES: "UserServer",
    USER_STORE: "UserDatabase",
    CONFERENCING: "ConferencingServer",
    WEB_SERVICES: "WebServer",
    APPLICATION_STORE: "ApplicationDatabase",
    ARCHIVING_STORE: "ArchivingDatabase",
    MONITORING_STORE: "MonitoringDatabase",
    CENTRAL_MANAGEMENT: "CentralManagement",
    CENTRAL_MANAGEMENT_STORE: "CentralManagementDatabase",
}
"""What Get-CsService and -Identity call a role, where that differs."""


def spelled(role: str) -> str:
    """The role as this package spells it; one nobody here knows stays as it is."""
    return KNOWN.get(role.casefold(), role)


def identity(role: str, fqdn: str) -> str:
    """The service as cmdlets name it: `EdgeServer:edge02.example.org`, `ArchivingDatabase:sql02.example.org\\arch`."""
    return f"{CMDLET_NAMES.get(role, role)}:{fqdn}"
