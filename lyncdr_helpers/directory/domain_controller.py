"""The domain controller that answers: who it is, whether it may be written to, its AD site, and whom it follows."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass

from lyncdr_helpers.directory import names
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.ports import Directory, Entry, Scope
from lyncdr_helpers.shell.documents import read_document

READ_ONLY = "1.2.840.113556.1.4.1920"
"""The capability of a read-only domain controller (MS-ADTS, LDAP_CAP_ACTIVE_DIRECTORY_PARTIAL_SECRETS_OID)."""

NEIGHBORS = "msDS-NCReplInwardNeighbors"
"""Whom a partition is replicated from: one XML document each (MS-ADTS, DS_REPL_NEIGHBORW_BLOB).

Active Directory leaves it out for whoever may not monitor replication. Samba 4.17 never has it.
"""

_ROOT = ("dnsHostName", "supportedCapabilities", "serverName")


@dataclass(frozen=True)
class DomainController:
    """What a domain controller says of itself (MS-ADTS, rootDSE attributes).

    writable: None where it does not say. site: the name of its AD site, empty where it does not say.
    """

    name: str
    writable: bool | None
    site: str


@dataclass(frozen=True)
class Neighbor:
    """One domain controller that changes come from. failures: how often in a row its changes could not be fetched.

    last_success: when they last could; None where they never could.
    """

    name: str
    last_success: dt.datetime | None
    failures: int


def read_domain_controller(directory: Directory) -> DomainController:
    """Who answers. Raises OperationError when it has no root DSE."""
    root = directory.read("", _ROOT)
    if root is None:
        raise OperationError("The domain controller says nothing of itself.", "Check what directory.url leads to.")
    capabilities = root.all("supportedCapabilities")
    return DomainController(
        name=root.first("dnsHostName").lower(),
        writable=READ_ONLY not in capabilities if capabilities else None,
        site=_site_of_server(root.first("serverName")),
    )


def count_domain_controllers(directory: Directory, base: str) -> int:
    """How many domain controllers the forest has, as far as this one shows them."""
    return sum(1 for _ in directory.search(f"CN=Configuration,{base}", "(objectClass=nTDSDSA)", ["cn"]))


def read_neighbors(directory: Directory, base: str) -> tuple[Neighbor, ...]:
    """Whom the domain's partition is replicated from, by name; nobody where the directory does not say.

    Raises OperationError for what is no list of neighbors.
    """
    domain = directory.read(base, [NEIGHBORS])
    found = (_neighbor(text) for text in (domain.all(NEIGHBORS) if domain else ()))
    return tuple(sorted(found, key=lambda one: one.name))


def site_of(directory: Directory, base: str, address: str) -> str:
    """The AD site that an IP address belongs to: that of the narrowest subnet. Empty where no subnet holds it."""
    wanted = ipaddress.ip_address(address)
    subnets = directory.search(f"CN=Configuration,{base}", "(objectClass=subnet)", ["cn", "siteObject"], Scope.SUBTREE)
    holding = [(network.prefixlen, site) for network, site in map(_subnet, subnets) if network and wanted in network]
    return max(holding)[1] if holding else ""


def _subnet(entry: Entry) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network | None, str]:
    """(network, site); no network for an object whose name is none, which Active Directory calls a conflict."""
    try:
        network = ipaddress.ip_network(entry.first("cn"), strict=False)
    except ValueError:
        return None, ""
    site = entry.first("siteObject")
    return network, names.rdn(site)[1] if site else ""


def _site_of_server(dn: str) -> str:
    """`CN=DC2,CN=Servers,CN=Standby,CN=Sites,CN=Configuration,DC=example,DC=org` -> `Standby`."""
    parts = names.split(dn) if dn else ()
    return names.rdn(parts[2])[1] if len(parts) > 2 else ""


def _neighbor(text: str) -> Neighbor:
    try:
        document = read_document(text.strip("\0 \n").encode(), "DS_REPL_NEIGHBOR")
        source = names.split(document.findtext("pszSourceDsaDN") or "")
        return Neighbor(
            name=names.rdn(source[1])[1],  # the server above its NTDS Settings
            last_success=_moment(document.findtext("ftimeLastSyncSuccess") or ""),
            failures=int(document.findtext("cNumConsecutiveSyncFailures") or 0),
        )
    except (InputError, ValueError, IndexError) as cause:
        raise OperationError(
            f"The domain controller tells of its replication in a form that is not known: {cause}.",
            "Look at: repadmin /showrepl",
        ) from cause


def _moment(text: str) -> dt.datetime | None:
    """Never is written as the year 1601. What bears no zone is UTC."""
    moment = dt.datetime.fromisoformat(text)
    return None if moment.year <= 1601 else moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
