"""From a document's own ids to names: every reference is resolved, and what does not fit together is listed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.topology import roles
from lyncdr_helpers.topology.document import Cluster, Dependency, Service, Shape, Topology
from lyncdr_helpers.topology.elements import REMEDY
from lyncdr_helpers.topology.spelled import Spelled, SpelledService


def assemble(found: Spelled, shape: Shape) -> Topology:
    """The topology that the document describes.

    Raises InputError where an id, or the name of a cluster, is given twice, and where there is no cluster at all. A
    reference to what is not there is kept as it is written and is one of the findings.
    """
    _require_single("site", (site.id for site in found.sites))
    _require_single("cluster", (cluster.id for cluster in found.clusters))
    _require_single("SQL instance", (instance.id for instance in found.instances))
    _require_single("service", (service.id for service in found.services))
    if not found.clusters:
        raise InputError("it holds no cluster.", "Give the topology of a deployment that has servers.")
    naming = _Naming(found)
    clusters = naming.clusters()
    services = naming.services()
    return Topology(
        shape=shape,
        sites=tuple(sorted(found.sites, key=lambda site: site.id)),
        clusters=tuple(sorted(clusters, key=lambda cluster: cluster.fqdn)),
        services=tuple(sorted(services, key=lambda service: service.key)),
        sip_domains=_domains(found),
        simple_urls=tuple(sorted(set(found.simple_urls), key=lambda one: (one.component, one.url))),
        findings=tuple(naming.findings),
        ignored=tuple(sorted(found.ignored.items())),
    )


@dataclass
class _Naming:
    """The names of everything, by the document's ids."""

    found: Spelled
    findings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.names = {one.id: one.fqdn.strip().lower() or f"cluster {one.id}" for one in self.found.clusters}
        _require_single("cluster name", self.names.values())
        self.places = {key: (fqdn, "") for key, fqdn in self.names.items()}
        self.instances: dict[str, list[str]] = defaultdict(list)
        for one in self.found.instances:
            fqdn = self._cluster_of(one.cluster, f"The SQL instance {one.name or one.id}")
            self.places[one.id] = (fqdn, one.name.lower())
            self.instances[one.cluster].append(one.name.lower())

    def clusters(self) -> list[Cluster]:
        sites = {site.id for site in self.found.sites}
        made = []
        for one in self.found.clusters:
            fqdn = self.names[one.id]
            if not one.fqdn.strip():
                self.findings.append(f"The cluster {one.id} has no name.")
            if one.site not in sites:
                self.findings.append(f"{fqdn} stands at the site {one.site}, which the document does not hold.")
            machines = tuple(machine.strip().lower() or fqdn for machine in one.machines)
            instances = tuple(sorted(self.instances[one.id]))
            made.append(Cluster(fqdn, one.site, machines, instances))
        return made

    def services(self) -> list[Service]:
        keys = self._keys()
        return [self._service(one, keys) for one in self.found.services]

    def _service(self, one: SpelledService, keys: Mapping[str, str]) -> Service:
        key = keys[one.id]
        fqdn, instance = self._place_of(one, key)
        needs = []
        for usage, other in one.needs:
            if other not in keys:
                self.findings.append(f"{key} needs the service {other}, which the document does not hold.")
            needs.append(Dependency(keys.get(other, other), usage))
        if one.version and not one.version.isdecimal():
            self.findings.append(f"{key} has the version {one.version}, which is no number.")
        return Service(
            key=key,
            role=roles.spelled(one.role),
            cluster=fqdn,
            instance=instance,
            version=int(one.version) if one.version.isdecimal() else None,
            needs=tuple(sorted(needs, key=lambda need: (need.service, need.usage))),
            active=one.active,
            director=one.director,
        )

    def _keys(self) -> Mapping[str, str]:
        """A name for every service; where several would have the same, the document's order tells them apart."""
        seen: Counter[str] = Counter()
        keys = {}
        for one in self.found.services:
            fqdn, instance = self.places.get(one.on, (one.on or "nowhere", ""))
            name = f"{roles.spelled(one.role)}:{fqdn}" + (f"\\{instance}" if instance else "")
            seen[name] += 1
            keys[one.id] = name if seen[name] == 1 else f"{name} #{seen[name]}"
        return keys

    def _place_of(self, one: SpelledService, key: str) -> tuple[str, str]:
        if one.on in self.places:
            return self.places[one.on]
        where = f"on {one.on}, which the document does not hold" if one.on else "nowhere"
        self.findings.append(f"{key} is installed {where}.")
        return "", ""

    def _cluster_of(self, id: str, what: str) -> str:
        if id not in self.names:
            self.findings.append(f"{what} is on the cluster {id}, which the document does not hold.")
        return self.names.get(id, "")


def _domains(found: Spelled) -> tuple[str, ...]:
    """Every SIP domain once, the default one first."""
    names = [found.default_domain, *found.domains]
    return tuple(dict.fromkeys(name.strip().lower() for name in names if name.strip()))


def _require_single(what: str, ids: Iterable[str]) -> None:
    twice = [one for one, times in Counter(ids).items() if times > 1]
    if twice:
        raise InputError(f"it holds the {what} {twice[0]} twice.", REMEDY)
