"""What a document says, in its own ids, before they are resolved: the common ground of the shapes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from lyncdr_helpers.topology.document import SimpleUrl, Site


@dataclass(frozen=True)
class SpelledCluster:
    """id: as services refer to it. machines: empty text for the only machine of a cluster that bears its name."""

    id: str
    site: str
    fqdn: str
    machines: tuple[str, ...]


@dataclass(frozen=True)
class SpelledInstance:
    """A SQL Server instance on a cluster, by the cluster's id."""

    id: str
    cluster: str
    name: str


@dataclass(frozen=True)
class SpelledService:
    """on: the id of a cluster or of a SQL instance. needs: (usage, id of a service). version: as it is written."""

    id: str
    role: str
    on: str
    version: str
    needs: tuple[tuple[str, str], ...]
    active: bool | None
    director: bool


@dataclass
class Spelled:
    """The whole document."""

    sites: list[Site] = field(default_factory=list)
    clusters: list[SpelledCluster] = field(default_factory=list)
    instances: list[SpelledInstance] = field(default_factory=list)
    services: list[SpelledService] = field(default_factory=list)
    default_domain: str = ""
    domains: list[str] = field(default_factory=list)
    simple_urls: list[SimpleUrl] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)
