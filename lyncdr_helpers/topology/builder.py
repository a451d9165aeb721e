"""A Topology Builder file (.tbxml): the topology that an administrator is drawing, published or not.

Sites hold their clusters, clusters their SQL instances, and services refer to both by UniqueId. A cluster of one
machine names it only once: `<Machine/>` is then the cluster itself. Source: scripts that administrators published.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lyncdr_helpers.topology.document import SimpleUrl, Site
from lyncdr_helpers.topology.elements import (
    child,
    children,
    count_ignored,
    flag,
    grandchildren,
    needed,
    needed_child,
    words,
)
from lyncdr_helpers.topology.published import KNOWN as PUBLISHED
from lyncdr_helpers.topology.published import OPAQUE
from lyncdr_helpers.topology.spelled import Spelled, SpelledCluster, SpelledInstance, SpelledService

KNOWN = PUBLISHED | {"PartialTopology", "SimpleUrlConfiguration", "SimpleUrl", "CentralSites", "Machines"}


def read(root: Any) -> Spelled:
    """What the element `TopologyBuilder` says of the new topology. Raises InputError where an id is missing."""
    drawn = needed_child(needed_child(root, "NewTopology"), "PartialTopology")
    domains = child(drawn, "InternalDomains")
    found = Spelled(
        services=[_service(one) for one in grandchildren(drawn, "Services", "Service")],
        default_domain=domains.get("DefaultDomain", "") if domains is not None else "",
        domains=[needed(one, "Name") for one in grandchildren(drawn, "InternalDomains", "InternalDomain")],
        simple_urls=list(simple_urls(drawn)),
        ignored=count_ignored(drawn, KNOWN, OPAQUE | {"SimpleUrlEntry"}),
    )
    for central in grandchildren(drawn, "CentralSites", "CentralSite"):
        site = _add_site(found, central, "")
        for remote in grandchildren(central, "RemoteSites", "RemoteSite"):
            _add_site(found, remote, site)
    return found


def simple_urls(root: Any) -> Iterator[SimpleUrl]:
    """The simple URLs anywhere below the element: in a .tbxml, or among the settings of a configuration."""
    for one in root.iter("{*}SimpleUrl"):
        yield SimpleUrl(one.get("Component", "").strip(), one.get("ActiveUrl", "").strip())


def _add_site(found: Spelled, element: Any, parent: str) -> str:
    """The id of the site: a new one has no number yet and goes by its name."""
    name = words(element, "Name")
    number: str = element.get("SiteId") or element.get("OriginalSiteId") or name or needed(element, "SiteId")
    found.sites.append(Site(number, name, parent))
    for cluster in grandchildren(element, "Clusters", "Cluster"):
        key = needed(cluster, "UniqueId")
        machines = tuple(one.get("Fqdn", "") for one in grandchildren(cluster, "Machines", "Machine"))
        found.clusters.append(SpelledCluster(key, number, cluster.get("Fqdn", ""), machines))
        for instance in grandchildren(cluster, "SqlInstances", "SqlInstance"):
            found.instances.append(SpelledInstance(needed(instance, "UniqueId"), key, instance.get("Name", "")))
    return number


def _service(element: Any) -> SpelledService:
    needs = tuple(
        (one.get("Usage", ""), needed(one, "ServiceUniqueId"))
        for section in children(element, "DependsOn")
        for one in children(section, "Dependency")
    )
    return SpelledService(
        id=needed(element, "UniqueId"),
        role=needed(element, "RoleName"),
        on=element.get("InstalledOn", ""),
        version=element.get("ServiceVersion", ""),
        needs=needs,
        active=flag(element, "CentralMgmtService", "IsActive"),
        director=flag(element, "RegistrarService", "IsDirector") is True,
    )
