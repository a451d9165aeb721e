"""The lab's forest: its pools, and the directory objects around the people. Names as Microsoft documents them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers.lab.blueprint import BASE_DN, BRANCH_POOL, DOMAIN, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.params.generation import Generation

DirectoryEntry = tuple[str, dict[str, list[str]]]
"""A DN, and its attributes as text."""

CONFIGURATION = f"CN=Configuration,{BASE_DN}"
SERVICES = f"CN=Services,{CONFIGURATION}"
RTC_SERVICE = f"CN=RTC Service,{SERVICES}"
POOLS_CONTAINER = f"CN=Pools,{RTC_SERVICE}"
APPLICATION_CONTACTS = f"CN=Application Contacts,{RTC_SERVICE}"
CONFERENCE_DIRECTORIES = f"CN=Conference Directories,{RTC_SERVICE}"
PEOPLE = f"OU=Lync,{BASE_DN}"

CMS_POOL = DR_POOL
CMS_STORE = f"{CMS_POOL}\\rtc"
TOPOLOGY_SETTING = "5d3f6a0e-0f0c-4f6e-9f0b-1c1a5b0f53aa"
CMS_POINTER = f"CN={{{TOPOLOGY_SETTING}}},CN=Topology Settings,{RTC_SERVICE}"
POOL_VERSION: Mapping[Generation, int] = {"lync2010": 5, "lync2013": 6, "sfb2015": 7, "sfb2019": 8}
"""msRTCSIP-PoolVersion; those after 2010 are inferred from the versions of services."""

ON_PREMISES = "SRV:"
CLOUD = "sipfed.online.lync.com"


@dataclass(frozen=True)
class LabPool:
    """One pool. number: its CN below Pools. tag: the TagId that `0=<tag>` of a user's UserPolicies refers to.

    kind: its msRTCSIP-PoolType, 5 for Standard Edition; no source names a branch appliance's, 7 is the lab's choice.
    """

    number: int
    fqdn: str
    machine: str
    site: int
    kind: int = 5

    @property
    def name(self) -> str:
        return self.fqdn.partition(".")[0]

    @property
    def tag(self) -> int:
        return self.number

    @property
    def dn(self) -> str:
        return f"CN={self.number},{POOLS_CONTAINER}"

    @property
    def service(self) -> str:
        """The DN that a user's msRTCSIP-PrimaryHomeServer holds."""
        return f"CN=Lc Services,CN=Microsoft,{self.dn}"


POOLS: Mapping[str, LabPool] = {
    pool.fqdn: pool
    for pool in (
        LabPool(1, PRIMARY_POOL, f"fe01.{DOMAIN}", site=1),
        LabPool(2, DR_POOL, DR_POOL, site=2),
        LabPool(3, BRANCH_POOL, BRANCH_POOL, site=1, kind=7),
    )
}


CONFERENCE_DIRECTORY_HOMES: Mapping[int, str] = {1: PRIMARY_POOL, 2: DR_POOL, 3: PRIMARY_POOL}
"""The numbers that a caller's conference id begins with, and the pool that knows the conferences below each."""


def entries(generation: Generation = "lync2010", cms_pool: str = CMS_POOL) -> list[DirectoryEntry]:
    """Everything but the people, parents first."""
    containers = [
        (BASE_DN, {"objectClass": ["domainDNS"], "dc": ["lync"]}),
        _plain(CONFIGURATION, "configuration"),
        _plain(SERVICES, "container"),
        _plain(RTC_SERVICE, "msRTCSIP-Service"),
        _plain(POOLS_CONTAINER, "msRTCSIP-Pools"),
        _plain(f"CN=Global Settings,{RTC_SERVICE}", "msRTCSIP-GlobalContainer"),
        _plain(f"CN=Topology Settings,{RTC_SERVICE}", "container"),
        _plain(APPLICATION_CONTACTS, "container"),
        _plain(CONFERENCE_DIRECTORIES, "msRTCSIP-ConferenceDirectories"),
        (PEOPLE, {"objectClass": ["organizationalUnit"], "ou": ["Lync"]}),
    ]
    pools = (entry for pool in POOLS.values() for entry in _pool(pool, POOL_VERSION[generation]))
    directories = (_conference_directory(number, POOLS[home]) for number, home in CONFERENCE_DIRECTORY_HOMES.items())
    return [*containers, _topology_setting(cms_pool), *pools, *directories]


def _plain(dn: str, kind: str) -> DirectoryEntry:
    return dn, {"objectClass": [kind], "cn": [dn.partition(",")[0].removeprefix("CN=")]}


def _topology_setting(cms_pool: str) -> DirectoryEntry:
    """Where the Central Management Store is, found by class because its name is a GUID."""
    dn, attributes = _plain(CMS_POINTER, "msRTCSIP-GlobalTopologySetting")
    return dn, {**attributes, "msRTCSIP-BackEndServer": [f"{cms_pool}\\rtc"]}


def _conference_directory(number: int, home: LabPool) -> DirectoryEntry:
    dn, attributes = _plain(f"CN={number},{CONFERENCE_DIRECTORIES}", "msRTCSIP-ConferenceDirectory")
    return dn, {
        **attributes,
        "msRTCSIP-ConferenceDirectoryId": [str(number)],
        "msRTCSIP-ConferenceDirectoryHomePool": [home.dn],
    }


def _pool(pool: LabPool, version: int) -> list[DirectoryEntry]:
    dn, attributes = _plain(pool.dn, "msRTCSIP-Pool")
    facts = {
        "dNSHostName": [pool.fqdn],
        "msRTCSIP-PoolDisplayName": [pool.name],
        "msRTCSIP-PoolType": [str(pool.kind)],
        "msRTCSIP-PoolVersion": [str(version)],
        "msRTCSIP-BackEndServer": [f"{pool.fqdn}\\rtc"],
    }
    return [
        (dn, {**attributes, **facts}),
        _plain(f"CN=Microsoft,{pool.dn}", "container"),
        _plain(pool.service, "msRTCSIP-PoolService"),
    ]
