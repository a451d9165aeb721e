"""The published topology: what Get-CsTopology -AsXml gives and Publish-CsTopology takes.

Clusters and services have ids made of numbers: `<ClusterId SiteId="1" Number="2"/>`, `<ServiceId SiteId="1"
RoleName="Registrar" Instance="1"/>`. Source: topologies that administrators published; branch sites are taken to be
nested, under any name that ends with Site (?).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lyncdr_helpers.topology.document import Site
from lyncdr_helpers.topology.elements import (
    child,
    children,
    count_ignored,
    flag,
    grandchildren,
    local_name,
    needed,
    needed_child,
    words,
)
from lyncdr_helpers.topology.spelled import Spelled, SpelledCluster, SpelledInstance, SpelledService

KNOWN = frozenset(
    {
        *("Topology", "InternalDomains", "InternalDomain", "Sites", "CentralSite", "RemoteSite", "BranchSite"),
        *("RemoteSites", "BranchSites", "Name", "Description", "Clusters", "Cluster", "ClusterId", "Machine"),
        *("NetInterface", "SqlInstances", "SqlInstance", "SqlInstanceId", "Services", "Service", "ServiceId"),
        *("DependsOn", "Dependency", "InstalledOn"),
    }
)
ROLE_ELEMENTS = frozenset(
    {
        *("RegistrarService", "CentralMgmtService", "WebService", "ConfService", "FileStoreService", "EdgeService"),
        *("ApplicationServerService", "MediationService", "EdgeServerService", "MediationServerService"),
    }
)
OPAQUE = ROLE_ELEMENTS | {"Ports", "Location"}
"""Known, and of no concern here."""


def read(root: Any) -> Spelled:
    """What the element `Topology` says. Raises InputError where an id is missing."""
    domains = child(root, "InternalDomains")
    return Spelled(
        sites=list(_sites(child(root, "Sites"), "")),
        clusters=[_cluster(one) for one in grandchildren(root, "Clusters", "Cluster")],
        instances=[_instance(one) for one in grandchildren(root, "SqlInstances", "SqlInstance")],
        services=[_service(one) for one in grandchildren(root, "Services", "Service")],
        default_domain=domains.get("DefaultDomain", "") if domains is not None else "",
        domains=[needed(one, "Name") for one in grandchildren(root, "InternalDomains", "InternalDomain")],
        ignored=count_ignored(root, KNOWN, OPAQUE),
    )


def _sites(section: Any, parent: str) -> Iterator[Site]:
    """The sites below, at any depth: the site around a nested one is its parent."""
    for element in section.iterchildren("{*}*") if section is not None else ():
        around = parent
        if local_name(element).endswith("Site"):
            around = needed(element, "SiteId")
            yield Site(around, words(element, "Name"), parent)
        yield from _sites(element, around)


def _cluster_id(element: Any) -> str:
    return f"{needed(element, 'SiteId')}:{needed(element, 'Number')}"


def _instance_id(element: Any) -> str:
    return f"{_cluster_id(needed_child(element, 'ClusterId'))}\\{element.get('Name', '')}"


def _service_id(element: Any) -> str:
    return "-".join(needed(element, name) for name in ("SiteId", "RoleName", "Instance"))


def _cluster(element: Any) -> SpelledCluster:
    key = needed_child(element, "ClusterId")
    machines = tuple(one.get("Fqdn", "") for one in children(element, "Machine"))
    return SpelledCluster(_cluster_id(key), needed(key, "SiteId"), element.get("Fqdn", ""), machines)


def _instance(element: Any) -> SpelledInstance:
    key = needed_child(element, "SqlInstanceId")
    return SpelledInstance(_instance_id(key), _cluster_id(needed_child(key, "ClusterId")), key.get("Name", ""))


def _service(element: Any) -> SpelledService:
    key = needed_child(element, "ServiceId")
    needs = tuple(
        (one.get("Usage", ""), _service_id(needed_child(one, "ServiceId")))
        for one in grandchildren(element, "DependsOn", "Dependency")
    )
    return SpelledService(
        id=_service_id(key),
        role=needed(key, "RoleName"),
        on=_installed_on(child(element, "InstalledOn")),
        version=element.get("ServiceVersion", ""),
        needs=needs,
        active=flag(element, "CentralMgmtService", "IsActive"),
        director=flag(element, "RegistrarService", "IsDirector") is True,
    )


def _installed_on(section: Any | None) -> str:
    for instance in children(section, "SqlInstanceId") if section is not None else ():
        return _instance_id(instance)
    for cluster in children(section, "ClusterId") if section is not None else ():
        return _cluster_id(cluster)
    return ""
