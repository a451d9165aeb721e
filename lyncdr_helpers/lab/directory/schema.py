"""The lab's schema, as one table: what the embedded server checks and what the Samba domain is extended with.

A LAB schema, never for a real forest. The OIDs below 1.2.840.113556.1.6.24.1 are Microsoft's published ones; those
below 1.3.6.1.4.1.32473, the number that RFC 5612 keeps for documentation, stand in for OIDs that nobody published.
Attributes and classes without an OID are Active Directory's own: every forest has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LYNC = "1.2.840.113556.1.6.24.1"
PLACEHOLDER = "1.3.6.1.4.1.32473"


class Syntax(StrEnum):
    """How values are written and compared (MS-ADTS 3.1.1.2.2.2)."""

    STRING = "string"
    DN = "dn"
    DN_BINARY = "dn-binary"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    OCTETS = "octets"
    SID = "sid"


@dataclass(frozen=True)
class Attribute:
    """One attribute type."""

    name: str
    syntax: Syntax = Syntax.STRING
    single: bool = True
    oid: str = ""


@dataclass(frozen=True)
class ObjectClass:
    """One class: what its objects must and may have. below: the classes they stand under, which a real DC enforces."""

    name: str
    parent: str = "top"
    must: tuple[str, ...] = ()
    may: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    oid: str = ""


_STRING, _DN, _INTEGER, _BOOLEAN = Syntax.STRING, Syntax.DN, Syntax.INTEGER, Syntax.BOOLEAN

USER_ATTRIBUTES = (
    Attribute("msRTCSIP-PrimaryUserAddress", _STRING, True, f"{LYNC}.1"),
    Attribute("msRTCSIP-UserEnabled", _BOOLEAN, True, f"{LYNC}.6"),
    Attribute("msRTCSIP-TargetHomeServer", _DN, True, f"{LYNC}.47"),
    Attribute("msRTCSIP-OriginatorSid", Syntax.SID, True, f"{LYNC}.50"),
    Attribute("msRTCSIP-PrimaryHomeServer", _DN, True, f"{LYNC}.57"),
    Attribute("msRTCSIP-UserExtension", _STRING, False, f"{LYNC}.63"),
    Attribute("msRTCSIP-FederationEnabled", _BOOLEAN, True, f"{LYNC}.67"),
    Attribute("msRTCSIP-InternetAccessEnabled", _BOOLEAN, True, f"{LYNC}.68"),
    Attribute("msRTCSIP-ArchivingEnabled", _INTEGER, True, f"{LYNC}.80"),
    Attribute("msRTCSIP-OptionFlags", _INTEGER, True, f"{LYNC}.87"),
    Attribute("msRTCSIP-Line", _STRING, True, f"{LYNC}.88"),
    Attribute("msRTCSIP-LineServer", _STRING, True, f"{LYNC}.89"),
    Attribute("msRTCSIP-UserPolicy", Syntax.DN_BINARY, False, f"{LYNC}.132"),
    Attribute("msRTCSIP-UserPolicies", _STRING, False, f"{PLACEHOLDER}.1.1"),
    Attribute("msRTCSIP-DeploymentLocator", _STRING, True, f"{PLACEHOLDER}.1.2"),
    Attribute("msRTCSIP-PrivateLine", _STRING, True, f"{PLACEHOLDER}.1.3"),
    Attribute("msRTCSIP-AcpInfo", _STRING, False, f"{PLACEHOLDER}.1.4"),
    Attribute("msRTCSIP-OwnerUrn", _STRING, True, f"{PLACEHOLDER}.1.5"),
    Attribute("msRTCSIP-ApplicationOptions", _INTEGER, True, f"{PLACEHOLDER}.1.6"),
    Attribute("msRTCSIP-UserRoutingGroupId", Syntax.OCTETS, True, f"{PLACEHOLDER}.1.7"),
)
"""What Lync adds to users and contacts."""

POOL_ATTRIBUTES = (
    Attribute("msRTCSIP-PoolDisplayName", _STRING, True, f"{PLACEHOLDER}.1.20"),
    Attribute("msRTCSIP-PoolType", _INTEGER, True, f"{PLACEHOLDER}.1.21"),
    Attribute("msRTCSIP-PoolVersion", _INTEGER, True, f"{PLACEHOLDER}.1.22"),
    Attribute("msRTCSIP-BackEndServer", _STRING, True, f"{PLACEHOLDER}.1.23"),
    Attribute("msRTCSIP-ConferenceDirectoryId", _INTEGER, True, f"{PLACEHOLDER}.1.24"),
    Attribute("msRTCSIP-ConferenceDirectoryHomePool", _DN, True, f"{PLACEHOLDER}.1.25"),
)
"""What Lync's own objects carry."""

_PERSON = (
    "sn",
    "givenName",
    "displayName",
    "mail",
    "telephoneNumber",
    "mobile",
    "title",
    "department",
    "company",
    "l",
    "proxyAddresses",
    "manager",
)
_LYNC_USER = tuple(attribute.name for attribute in USER_ATTRIBUTES)

ATTRIBUTES = (
    *USER_ATTRIBUTES,
    *POOL_ATTRIBUTES,
    Attribute("objectClass", _STRING, single=False),
    Attribute("distinguishedName", _DN),
    *(Attribute(name) for name in ("cn", "name", "ou", "dc", "displayName", "sAMAccountName", "userPrincipalName")),
    *(Attribute(name) for name in ("sn", "givenName", "mail", "telephoneNumber", "mobile", "title", "department")),
    *(Attribute(name) for name in ("company", "l", "dNSHostName")),
    Attribute("description", _STRING, single=False),
    Attribute("proxyAddresses", _STRING, single=False),
    Attribute("serviceBindingInformation", _STRING, single=False),
    Attribute("keywords", _STRING, single=False),
    Attribute("manager", _DN),
    Attribute("siteObject", _DN),
    Attribute("msDS-isRODC", _BOOLEAN),
    Attribute("msDS-NCReplInwardNeighbors", _STRING, single=False),
    Attribute("member", _DN, single=False),
    Attribute("userAccountControl", _INTEGER),
    Attribute("groupType", _INTEGER),
)

CLASSES = (
    ObjectClass("top", "", may=("cn", "name", "description", "displayName", "distinguishedName", "objectClass")),
    ObjectClass("domain", must=("dc",)),
    ObjectClass("domainDNS", "domain", may=("msDS-NCReplInwardNeighbors",)),
    ObjectClass("organizationalUnit", must=("ou",)),
    ObjectClass("container", must=("cn",)),
    ObjectClass("configuration", must=("cn",)),
    ObjectClass("sitesContainer", must=("cn",)),
    ObjectClass("site", must=("cn",)),
    ObjectClass("serversContainer", must=("cn",)),
    ObjectClass("server", must=("cn",), may=("dNSHostName",)),
    ObjectClass("nTDSDSA", must=("cn",), may=("msDS-isRODC",)),
    ObjectClass("subnetContainer", must=("cn",)),
    ObjectClass("subnet", must=("cn",), may=("siteObject",)),
    ObjectClass("person", must=("cn",), may=_PERSON),
    ObjectClass("organizationalPerson", "person"),
    ObjectClass(
        "user", "organizationalPerson", may=("sAMAccountName", "userPrincipalName", "userAccountControl", *_LYNC_USER)
    ),
    ObjectClass("contact", "organizationalPerson", must=("cn",), may=_LYNC_USER),
    ObjectClass("group", must=("cn",), may=("sAMAccountName", "mail", "proxyAddresses", "groupType", "member")),
    ObjectClass("serviceConnectionPoint", must=("cn",), may=("serviceBindingInformation", "keywords", "dNSHostName")),
    ObjectClass("msRTCSIP-Service", "container", below=("container",), oid=f"{PLACEHOLDER}.2.1"),
    ObjectClass(
        "msRTCSIP-GlobalContainer", "container", below=("msRTCSIP-Service", "container"), oid=f"{PLACEHOLDER}.2.2"
    ),
    ObjectClass("msRTCSIP-Pools", "container", below=("msRTCSIP-Service", "container"), oid=f"{PLACEHOLDER}.2.3"),
    ObjectClass(
        "msRTCSIP-Pool",
        "container",
        may=(
            "dNSHostName",
            "msRTCSIP-PoolDisplayName",
            "msRTCSIP-PoolType",
            "msRTCSIP-PoolVersion",
            "msRTCSIP-BackEndServer",
        ),
        below=("msRTCSIP-Pools", "container"),
        oid=f"{PLACEHOLDER}.2.4",
    ),
    ObjectClass(
        "msRTCSIP-PoolService",
        "serviceConnectionPoint",
        below=("msRTCSIP-Pool", "container"),
        oid=f"{PLACEHOLDER}.2.5",
    ),
    ObjectClass(
        "msRTCSIP-GlobalTopologySetting",
        "container",
        may=("msRTCSIP-BackEndServer",),
        below=("msRTCSIP-GlobalContainer", "msRTCSIP-Service", "container"),
        oid=f"{PLACEHOLDER}.2.6",
    ),
    ObjectClass(
        "msRTCSIP-ConferenceDirectories",
        "container",
        below=("msRTCSIP-Service", "container"),
        oid=f"{PLACEHOLDER}.2.7",
    ),
    ObjectClass(
        "msRTCSIP-ConferenceDirectory",
        "serviceConnectionPoint",
        may=("msRTCSIP-ConferenceDirectoryId", "msRTCSIP-ConferenceDirectoryHomePool"),
        below=("msRTCSIP-ConferenceDirectories", "msRTCSIP-Service", "container"),
        oid=f"{PLACEHOLDER}.2.8",
    ),
)
"""Parents first."""
