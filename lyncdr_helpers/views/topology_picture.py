"""A picture of two sites: what stands where, who hands on to whom, and which way users go when one site is lost.

Plain SVG without any script. Its ink is the page's own, so that it shows on light and dark pages and prints.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap
from xml.etree.ElementTree import Element, tostring

from lyncdr_helpers.topology import pools
from lyncdr_helpers.topology.gaps import Failover
from lyncdr_helpers.views.markup import node
from lyncdr_helpers.views.topology_tiles import CMS, LOST, STANDBY, Column, Tier, Tile, columns, other_sites

WIDTH = 960
SITE = 390
LANES = 46
PAD = 14
TITLE = 34
TIER_TITLE = 22
TITLE_LINE = 24
LINE = 16
TILE_GAP = 10
LETTERS = 48
"""What fits into a line of a tile."""

CSS = """
.lyncdr-topology {max-width: 960px; width: 100%; height: auto; color: inherit;
  font: 12px "Segoe UI", system-ui, "DejaVu Sans", sans-serif;}
.lyncdr-topology text {fill: currentColor; stroke: none;}
.lyncdr-topology .name {font-size: 13.5px; font-weight: 700;}
.lyncdr-topology .site {font-size: 15px; font-weight: 700;}
.lyncdr-topology .soft {opacity: .72;}
.lyncdr-topology .tier {font-size: 10.5px; letter-spacing: .06em; opacity: .72;}
.lyncdr-topology .badge {font-size: 11px; font-weight: 700; text-anchor: middle;}
.lyncdr-topology .middle {text-anchor: middle;}
.lyncdr-topology rect.site-box {fill: currentColor; fill-opacity: .04; stroke: currentColor; stroke-opacity: .35;}
.lyncdr-topology rect.absent {stroke-dasharray: 5 5; fill: none;}
.lyncdr-topology rect.tile {fill: currentColor; fill-opacity: .05; stroke: currentColor; stroke-opacity: .5;}
.lyncdr-topology rect.many {stroke-dasharray: 4 3;}
.lyncdr-topology rect.pill {fill: none; stroke: currentColor; stroke-opacity: .6;}
.lyncdr-topology rect.lost {stroke: #c9453f; stroke-opacity: 1; stroke-width: 2;}
.lyncdr-topology rect.standby {stroke: #2f8f4e; stroke-opacity: 1; stroke-width: 2;}
.lyncdr-topology path {fill: none; stroke: currentColor; stroke-width: 1.4; stroke-linejoin: round;}
.lyncdr-topology path.head {fill: currentColor; stroke: none;}
.lyncdr-topology .backup {stroke-dasharray: 5 4;}
.lyncdr-topology .store {stroke-dasharray: 1.5 3.5; stroke-linecap: round;}
.lyncdr-topology path.dr {stroke: #c77414; stroke-width: 4;}
.lyncdr-topology path.head.dr {fill: #c77414;}
.lyncdr-topology path.head {stroke-dasharray: none;}
@media print {.lyncdr-topology * {-webkit-print-color-adjust: exact; print-color-adjust: exact;}}
"""

LABEL = 0.62
"""The part of the middle, from the left, that is left to words."""
MOVED = "users are moved"
LEGEND = (
    ("dr", MOVED),
    ("hop", "next hop of an Edge pool"),
    ("backup", "backup registrar"),
    ("store", "CMS store"),
)


@dataclass(frozen=True)
class Picture:
    """An SVG figure that notebooks show, and its words where there are no pictures; `element` goes into a report."""

    element: Element
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return tostring(self.element, encoding="unicode", method="html")


@dataclass(frozen=True)
class Placed:
    """A tile with its place; `outer` is the side of the lanes: -1 left, 1 right."""

    tile: Tile
    x: float
    y: float
    width: float
    height: float
    outer: int

    def side(self, direction: int) -> float:
        return self.x + self.width if direction > 0 else self.x


@dataclass(frozen=True)
class Arrow:
    """From one tile to another, or `both` ways. kind: a class of the style sheet, see LEGEND."""

    start: Placed
    end: Placed
    kind: str
    both: bool = False

    @property
    def crosses(self) -> bool:
        """Whether it leads from one site to the other."""
        return self.start.outer != self.end.outer


def draw(failover: Failover | None) -> Picture:
    """The site of the lost pool on the left, that of the standby pool on the right, and what matters between them.

    failover: None where no topology could be had, which is what is said then.
    """
    if failover is None:
        nothing = "The topology cannot be had, so there is nothing to draw."
        return Picture(node("p", nothing), nothing)
    sites = columns(failover)
    heights = _tier_heights(sites)
    placed = [one for place, column in enumerate(sites) for one in _place(column, place, heights)]
    arrows = _arrows(failover, placed)
    bottom = TITLE + sum(heights.values()) + PAD
    others = other_sites(failover)
    caption = f"{failover.lost} and {failover.standby}: where what stands, and which way users go."
    drawn = node(
        "svg",
        node("title", caption),
        node("style", CSS),
        *(_site(column, place, bottom) for place, column in enumerate(sites)),
        *_tier_titles(sites, heights),
        *map(_tile, placed),
        *_routed(arrows),
        *_legend(arrows, bottom + 26),
        *_others(others, bottom + 54),
        viewBox=f"0 0 {WIDTH} {bottom + 40 + (20 + LINE * len(others) if others else 0)}",
        role="img",
        class_="lyncdr-topology",
    )
    return Picture(node("figure", drawn, style="margin: 0"), "\n".join([caption, *map(_in_words, sites)]))


def _in_words(site: Column) -> str:
    """`Standby site: drse01 (takes over, CMS; Standard Edition, Lync 2010)`."""
    tiles = (tile for tier in Tier for tile in site.tiers.get(tier, ()))
    told = (f"{tile.title} ({'; '.join(filter(None, [', '.join(tile.badges), *tile.lines]))})" for tile in tiles)
    return f"{site.title}: {'; '.join(told) or site.absent}"


# -- places ---------------------------------------------------------------------------------------------------------


def _left(place: int) -> int:
    return 0 if place == 0 else WIDTH - SITE


def _tier_heights(sites: Sequence[Column]) -> dict[Tier, int]:
    """The tiers of both sites stand side by side, so each is as high as the higher one."""
    heights = {}
    for tier in Tier:
        tiles = [column.tiers.get(tier, ()) for column in sites]
        if any(tiles):
            heights[tier] = TIER_TITLE + max(sum(_height(one) + TILE_GAP for one in here) for here in tiles)
    return heights


def _height(tile: Tile) -> int:
    return TITLE_LINE + LINE * len(_lines(tile)) + 8


def _lines(tile: Tile) -> list[str]:
    """At most three lines of each fact."""
    return [line for fact in tile.lines for line in wrap(fact, LETTERS)[:3]]


def _place(column: Column, place: int, heights: dict[Tier, int]) -> Iterator[Placed]:
    outer = -1 if place == 0 else 1
    x = _left(place) + (LANES if outer < 0 else PAD)
    top = TITLE
    for tier, height in heights.items():
        y = top + TIER_TITLE
        for tile in column.tiers.get(tier, ()):
            yield Placed(tile, x, y, SITE - LANES - PAD, _height(tile), outer)
            y += _height(tile) + TILE_GAP
        top += height


# -- boxes ----------------------------------------------------------------------------------------------------------


def _site(column: Column, place: int, bottom: float) -> Element:
    x = _left(place)
    absent = " absent" if column.absent else ""
    return node(
        "g",
        node("rect", x=x + 0.5, y=0.5, width=SITE - 1, height=bottom - 1, rx=8, class_=f"site-box{absent}"),
        node("text", _fit(column.title, 40), x=x + PAD, y=23, class_="site"),
        node("text", column.absent, x=x + SITE / 2, y=TITLE + 40, class_="middle soft") if column.absent else None,
    )


def _tier_titles(sites: Sequence[Column], heights: dict[Tier, int]) -> Iterator[Element]:
    top = TITLE
    for tier, height in heights.items():
        for place, column in enumerate(sites):
            if column.tiers.get(tier):
                x = _left(place) + (LANES if place == 0 else PAD)
                yield node("text", tier.upper(), x=x, y=top + 15, class_="tier")
        top += height


def _tile(placed: Placed) -> Element:
    tile, x, y = placed.tile, placed.x, placed.y
    special = "lost" if LOST in tile.badges else "standby" if STANDBY in tile.badges else ""
    many = "many" if len(tile.clusters) > 1 else ""
    style = " ".join(filter(None, ("tile", special, many)))
    return node(
        "g",
        node("title", "\n".join((", ".join(tile.clusters), *tile.lines))),
        node("rect", x=x, y=y, width=placed.width, height=placed.height, rx=5, class_=style),
        node("text", _fit(tile.title, 24 if tile.badges else 40), x=x + 12, y=y + 19, class_="name"),
        *_pills(placed),
        *(
            node("text", line, x=x + 12, y=y + TITLE_LINE + 12 + LINE * number, class_="soft")
            for number, line in enumerate(_lines(tile))
        ),
    )


def _pills(placed: Placed) -> Iterator[Element]:
    """The badges, from the right."""
    right = placed.x + placed.width - 8
    for word in reversed(placed.tile.badges):
        width = 7 * len(word) + 14
        style = {LOST: " lost", STANDBY: " standby", CMS: ""}[word]
        yield node("rect", x=right - width, y=placed.y + 5, width=width, height=18, rx=9, class_=f"pill{style}")
        yield node("text", word, x=right - width / 2, y=placed.y + 18, class_="badge")
        right -= width + 6


def _fit(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


# -- arrows ---------------------------------------------------------------------------------------------------------


def _arrows(failover: Failover, placed: Sequence[Placed]) -> list[Arrow]:
    """What is drawn between tiles, each once; what ends in a site that is not drawn is left to the words."""
    by_name = {name: number for number, one in enumerate(placed) for name in one.tile.clusters}
    links: dict[tuple[int, int, str], bool] = {}
    for start, end, kind in _links(failover):
        ends = by_name.get(start), by_name.get(end)
        if ends[0] is None or ends[1] is None or ends[0] == ends[1]:
            continue
        if (ends[1], ends[0], kind) in links:
            links[ends[1], ends[0], kind] = True
        else:
            links.setdefault((ends[0], ends[1], kind), False)
    return [Arrow(placed[start], placed[end], kind, both) for (start, end, kind), both in links.items()]


def _links(failover: Failover) -> Iterator[tuple[str, str, str]]:
    yield failover.lost, failover.standby, "dr"
    for edge in pools.edges(failover.topology):
        for pool in edge.next_hops:
            yield edge.fqdn, pool, "hop"
    for one in pools.pools(failover.topology):
        for backup in one.backups:
            yield one.fqdn, backup, "backup"
    for server in pools.central_management(failover.topology):
        if server.active is not False:
            yield server.fqdn, server.store.partition("\\")[0], "store"


def _routed(arrows: Sequence[Arrow]) -> Iterator[Element]:
    """Within a site by a lane at its outer side, between sites through the middle; each has a lane to itself."""
    ports = _ports(arrows)
    crossing = [number for number, arrow in enumerate(arrows) if arrow.crosses]
    for number, arrow in enumerate(arrows):
        begin, finish = ports[number, "start"], ports[number, "end"]
        if arrow.crosses:
            share = (crossing.index(number) + 1) / (len(crossing) + 1)
            lane = SITE + (WIDTH - 2 * SITE) * (LABEL + (1 - LABEL) * share)
            yield from _path(arrow, -arrow.start.outer, -arrow.end.outer, lane, begin, finish)
        else:
            side = arrow.start.outer
            beside = [other for other, one in enumerate(arrows) if not one.crosses and one.start.outer == side]
            step = min(9.0, (LANES - 18) / len(beside))
            lane = arrow.start.side(side) + side * (14 + step * beside.index(number))
            yield from _path(arrow, side, side, lane, begin, finish)


def _ports(arrows: Sequence[Arrow]) -> dict[tuple[int, str], float]:
    """Where each arrow touches its tiles: the way of the users at the title, the others below it, one by one."""
    touching: dict[tuple[Placed, int], list[tuple[int, str]]] = {}
    ports: dict[tuple[int, str], float] = {}
    for number, arrow in enumerate(arrows):
        for end, one in (("start", arrow.start), ("end", arrow.end)):
            if arrow.kind == "dr" and arrow.crosses:
                ports[number, end] = one.y + 15
            else:
                touching.setdefault((one, one.outer * (-1 if arrow.crosses else 1)), []).append((number, end))
    for (one, _), ends in touching.items():
        step = min(11.0, (one.height - 34) / len(ends))
        ports.update({end: one.y + 30 + step * place for place, end in enumerate(ends)})
    return ports


def _path(arrow: Arrow, out: int, into: int, lane: float, begin: float, finish: float) -> Iterator[Element]:
    """Out of one side, along the lane, into the other side; a head points into the tile."""
    size = 9 if arrow.kind == "dr" else 6
    first, last = arrow.start.side(out) + out * 1.5, arrow.end.side(into) + into * 1.5
    begun = first + out * size if arrow.both else first
    yield node("path", d=f"M {begun:g} {begin:g} H {lane:g} V {finish:g} H {last + into * size:g}", class_=arrow.kind)
    yield node("path", d=_head(last, finish, into, size), class_=f"head {arrow.kind}")
    if arrow.both:
        yield node("path", d=_head(first, begin, out, size), class_=f"head {arrow.kind}")
    if arrow.kind == "dr" and begin == finish:
        yield node("text", MOVED, x=SITE + 10, y=begin - 9)


def _head(x: float, y: float, side: int, size: float) -> str:
    return f"M {x:g} {y:g} l {side * (size + 2):g} {-size * 0.7:g} v {size * 1.4:g} Z"


# -- below ----------------------------------------------------------------------------------------------------------


def _legend(arrows: Sequence[Arrow], y: float) -> Iterator[Element]:
    """The kinds of arrows that are in the picture."""
    x = 4.0
    for kind, words in LEGEND:
        if any(arrow.kind == kind for arrow in arrows):
            yield node("path", d=f"M {x:g} {y - 4:g} h 28", class_=kind)
            yield node("path", d=_head(x + 38, y - 4, -1, 6), class_=f"head {kind}")
            yield node("text", words, x=x + 46, y=y, class_="soft")
            x += 46 + 7 * len(words) + 26


def _others(sentences: Sequence[str], y: float) -> Iterator[Element]:
    if sentences:
        yield node("text", "OTHER SITES", x=4, y=y, class_="tier")
    for number, sentence in enumerate(sentences, 1):
        yield node("text", sentence, x=4, y=y + LINE * number + 2, class_="soft")
