"""What a picture of a topology shows: a tile per cluster, many of a kind gathered into one, in tiers per site."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from lyncdr_helpers.topology import pools, roles
from lyncdr_helpers.topology.document import Cluster, Site, Topology
from lyncdr_helpers.topology.gaps import Failover
from lyncdr_helpers.topology.pools import Edition, Kind, Pool

MOST_TILES = 4
"""In one tier of one site; what goes beyond is gathered, by what it is."""
MOST_NAMES = 12
PRODUCTS = {
    "lync2010": "Lync 2010",
    "lync2013": "Lync 2013",
    "sfb2015": "Skype for Business 2015",
    "sfb2019": "Skype for Business 2019",
}


class Tier(StrEnum):
    """The rows of a site, from the outside to the inside."""

    EDGE = "Edge"
    POOLS = "Pools"
    VOICE = "Voice"
    STORES = "Stores"
    OTHER = "Other servers"
    BRANCH = "Branch sites"


NOUNS = {
    Tier.EDGE: "Edge pools",
    Tier.VOICE: "voice servers and gateways",
    Tier.STORES: "back ends and stores",
    Tier.OTHER: "other servers",
    Tier.BRANCH: "branch appliances",
}


@dataclass(frozen=True)
class Tile:
    """One box. clusters: the names behind it. badges: words that single it out. lines: what stands below the title.

    noun and note: what it is and what is said of it; tiles that are alike in both may be gathered into one.
    """

    title: str
    tier: Tier
    clusters: tuple[str, ...]
    lines: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    noun: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """One site: its tiles by tier. absent: what is said where the document does not hold the pool that belongs here."""

    title: str
    tiers: dict[Tier, tuple[Tile, ...]] = field(default_factory=dict)
    absent: str = ""


def columns(failover: Failover) -> tuple[Column, ...]:
    """The site that may be lost and the site that takes over, in this order; only one where they are the same."""
    first = _column(failover, failover.lost_site, failover.lost)
    if failover.lost_site and failover.lost_site == failover.dr_site:
        return (first,)
    return (first, _column(failover, failover.dr_site, failover.standby))


def other_sites(failover: Failover) -> tuple[str, ...]:
    """One sentence per central site that is neither: `Asia: 4 pools, 1 Edge pool`."""
    topology = failover.topology
    here = Counter(topology.central_site(one.fqdn) for one in pools.pools(topology))
    edges = Counter(topology.central_site(one.fqdn) for one in pools.edges(topology))
    return tuple(
        f"{_called(site)}: {_counted(here[site], 'pool')}, {_counted(edges[site], 'Edge pool')}"
        for site in topology.sites
        if not site.parent and site not in (failover.lost_site, failover.dr_site)
    )


def _column(failover: Failover, site: Site | None, pool: str) -> Column:
    if not site:
        return Column("", absent=f"{pool} is not in the document")
    topology = failover.topology
    tiers: dict[Tier, list[Tile]] = {tier: [] for tier in Tier}
    for cluster in topology.clusters:
        if topology.central_site(cluster.fqdn) == site:
            tile = _tile(failover, cluster)
            tiers[tile.tier].append(tile)
    shown = {tier: tuple(_gathered(_ordered(tiles))) for tier, tiles in tiers.items() if tiles}
    return Column(_called(site), shown)


def _ordered(tiles: Iterable[Tile]) -> list[Tile]:
    """The lost pool first, then the standby pool, then what has another badge."""
    return sorted(
        tiles, key=lambda tile: (LOST not in tile.badges, STANDBY not in tile.badges, not tile.badges, tile.title)
    )


def _gathered(tiles: Sequence[Tile]) -> Iterator[Tile]:
    if len(tiles) <= MOST_TILES:
        yield from tiles
        return
    plain: dict[tuple[str, str], list[Tile]] = {}
    for tile in tiles:
        if tile.badges:
            yield tile
        else:
            plain.setdefault((tile.noun, tile.note), []).append(tile)
    for _, group in sorted(plain.items()):
        yield group[0] if len(group) == 1 else _group(group)


def _group(tiles: Sequence[Tile]) -> Tile:
    names = [tile.title for tile in tiles]
    left = len(names) - MOST_NAMES
    words = ", ".join(names[:MOST_NAMES]) + (f" and {left} more" if left > 0 else "")
    return replace(
        tiles[0],
        title=f"{len(tiles)} {tiles[0].noun}",
        clusters=tuple(one for tile in tiles for one in tile.clusters),
        lines=tuple(filter(None, (words, tiles[0].note))),
    )


# -- one tile -------------------------------------------------------------------------------------------------------

LOST, STANDBY, CMS = "is lost", "takes over", "CMS"


def _tile(failover: Failover, cluster: Cluster) -> Tile:
    pool = pools.pool(failover.topology, cluster.fqdn)
    tile = _pool(failover.topology, pool) if pool else _server(failover.topology, cluster)
    return replace(tile, badges=tuple(_badges(failover, cluster)))


def _badges(failover: Failover, cluster: Cluster) -> Iterator[str]:
    if cluster.fqdn == failover.lost:
        yield LOST
    if cluster.fqdn == failover.standby:
        yield STANDBY
    if any(one.active is not False for one in failover.topology.on(cluster.fqdn, roles.CENTRAL_MANAGEMENT)):
        yield CMS


def _pool(topology: Topology, pool: Pool) -> Tile:
    edition = {Edition.STANDARD: "Standard Edition", Edition.ENTERPRISE: "Enterprise Edition"}.get(pool.edition, "")
    kind = {Kind.DIRECTOR: "Director", Kind.BRANCH: "Branch appliance"}.get(pool.kind, edition or "Edition unknown")
    product = PRODUCTS.get(pool.generation or "", "")
    branch = pool.kind is Kind.BRANCH or topology.site(pool.site).parent
    also = [word for role, word in ALSO.items() if topology.on(pool.fqdn, role)]
    lines = [", ".join(filter(None, (kind, product))), *_machines(pool.fqdn, pool.machines)]
    if also:
        lines.append(f"also {', '.join(also)}")
    note = f"backed up by {', '.join(map(_short, pool.backups))}" if pool.backups else ""
    noun = NOUNS[Tier.BRANCH] if branch else {Kind.DIRECTOR: "directors"}.get(pool.kind, f"{kind} pools")
    tier = Tier.BRANCH if branch else Tier.POOLS
    return Tile(_short(pool.fqdn), tier, (pool.fqdn,), (*lines, *filter(None, (note,))), noun=noun, note=note)


ALSO = {roles.MEDIATION: "Mediation", roles.ARCHIVING_SERVER: "Archiving", roles.MONITORING_SERVER: "Monitoring"}
"""What a pool may carry beside what every pool carries."""

SPOKEN = {
    roles.EDGE: "Edge Server",
    roles.MEDIATION: "Mediation Server",
    roles.GATEWAY: "PSTN gateway",
    roles.USER_STORE: "user store",
    roles.FILE_STORE: "file store",
    roles.ARCHIVING_SERVER: "Archiving Server",
    roles.ARCHIVING_STORE: "archiving store",
    roles.MONITORING_SERVER: "Monitoring Server",
    roles.MONITORING_STORE: "monitoring store",
    roles.CENTRAL_MANAGEMENT_STORE: "CMS store",
    roles.APPLICATION_STORE: "application store",
}


def _server(topology: Topology, cluster: Cluster) -> Tile:
    held = tuple(dict.fromkeys(one.role for one in topology.on(cluster.fqdn)))
    tier = _tier(topology, cluster, held)
    lines = [
        ", ".join(SPOKEN.get(role, role) for role in held) or "no service",
        *_machines(cluster.fqdn, cluster.machines),
    ]
    if roles.EDGE in held:
        hops = next((one.next_hops for one in pools.edges(topology) if one.fqdn == cluster.fqdn), ())
        lines.append(f"next hop: {', '.join(map(_short, hops)) or 'none'}")
    return Tile(_short(cluster.fqdn), tier, (cluster.fqdn,), tuple(lines), noun=NOUNS[tier])


def _tier(topology: Topology, cluster: Cluster, held: Sequence[str]) -> Tier:
    if topology.site(cluster.site).parent:
        return Tier.BRANCH
    if roles.EDGE in held:
        return Tier.EDGE
    if {roles.MEDIATION, roles.GATEWAY} & set(held):
        return Tier.VOICE
    return Tier.STORES if any(role.endswith("Store") for role in held) else Tier.OTHER


def _machines(fqdn: str, machines: Sequence[str]) -> list[str]:
    """The machines, where they are not just the cluster itself."""
    if not machines or tuple(machines) == (fqdn,):
        return []
    names = [_short(machine) for machine in machines]
    return [", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")]


def _short(fqdn: str) -> str:
    """The host's own name; an address stays whole."""
    label = fqdn.partition(".")[0]
    return fqdn if label.isdigit() else label


def _called(site: Site) -> str:
    return site.name or f"site {site.id}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
