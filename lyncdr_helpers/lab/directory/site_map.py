"""The map of the embedded forest: two AD sites, the addresses in each, and its one domain controller, in the standby's.

Addresses stand one by one, as the lab's sites share a subnet.
"""

from __future__ import annotations

from collections.abc import Iterator

from lyncdr_helpers.lab.blueprint import BASE_DN, DOMAIN, Blueprint

SITES = f"CN=Sites,CN=Configuration,{BASE_DN}"
SUBNETS = f"CN=Subnets,{SITES}"
HEAD_OFFICE, STANDBY = f"CN=Head-Office,{SITES}", f"CN=Standby,{SITES}"
SERVER = f"CN=DC1,CN=Servers,{STANDBY}"
SETTINGS = f"CN=NTDS Settings,{SERVER}"
"""The object that makes a server a domain controller."""


def entries(blueprint: Blueprint) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """(DN, attributes as text), parents first."""
    yield SITES, {"objectClass": ["sitesContainer"]}
    for site in (HEAD_OFFICE, STANDBY):
        yield site, {"objectClass": ["site"]}
    yield f"CN=Servers,{STANDBY}", {"objectClass": ["serversContainer"]}
    yield SERVER, {"objectClass": ["server"], "dNSHostName": [f"dc1.{DOMAIN}"]}
    yield SETTINGS, {"objectClass": ["nTDSDSA"], "msDS-isRODC": ["FALSE"]}
    yield SUBNETS, {"objectClass": ["subnetContainer"]}
    yield subnet(blueprint.primary_server), {"objectClass": ["subnet"], "siteObject": [HEAD_OFFICE]}
    for address in (blueprint.dr_server, blueprint.management_host, blueprint.domain_controller):
        yield subnet(address), {"objectClass": ["subnet"], "siteObject": [STANDBY]}


def subnet(address: str) -> str:
    """The DN of the subnet that is this address alone."""
    return f"CN={address}/32,{SUBNETS}"
