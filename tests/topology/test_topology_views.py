"""The picture of two sites and the tables beside it: nothing is lost, nothing overlaps, nothing can do harm."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest
from deployments import DOMAIN, Deployment, PoolPlan, SitePlan, builder, deployment, published
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from lyncdr_helpers.lab import topology as lab_topology
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.params.requirements import Requirements
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.gaps import Failover, gaps
from lyncdr_helpers.topology.reading import parse
from lyncdr_helpers.topology.requirements import components
from lyncdr_helpers.topology.todo import Situation, steps
from lyncdr_helpers.views import topology_tables
from lyncdr_helpers.views.topology_picture import draw
from lyncdr_helpers.views.topology_tiles import MOST_TILES, columns

LOST, STANDBY = f"pool01.{DOMAIN}", f"drse01.{DOMAIN}"


def two_sites(**more: object) -> Deployment:
    shared = {"voice": True, "archiving": True, "monitoring": True}
    first = PoolPlan("pool01", front_ends=3, pair="drse01")
    return deployment(
        SitePlan("Head office", (first, PoolPlan("pool02")), edge="pool01", branch=True, **shared),
        SitePlan("Standby", (PoolPlan("drse01", pair="pool01"),), edge="drse01", cms=True, **shared),
        version=6,
    )


def large(pools: int = 20) -> Deployment:
    """So many pools at the lost site, some of them backed up by the standby pool, and a third site."""
    many = tuple(
        PoolPlan(f"pool{n:02d}", front_ends=1 + n % 3, pair="drse01" if n < 9 else "") for n in range(1, pools + 1)
    )
    return deployment(
        SitePlan("Head office", many, edge="pool01", voice=True, branch=True),
        SitePlan(
            "Standby", (PoolPlan("drse01"), *(PoolPlan(f"dr{n:02d}") for n in range(2, 9))), edge="pool01", cms=True
        ),
        SitePlan("Asia", (PoolPlan("asia01"), PoolPlan("asia02")), edge="asia01"),
    )


def failover(made: Deployment, lost: str = LOST, standby: str = STANDBY) -> Failover:
    return Failover(parse(published(made), "x"), lost, standby)


def drawn(of: Failover) -> etree._Element:
    """The picture, read as strictly as XML is."""
    return etree.fromstring(draw(of)._repr_html_(), etree.XMLParser(huge_tree=True))


def texts(picture: etree._Element) -> list[str]:
    return [" ".join(one.itertext()) for one in picture.iter("text")]


def boxes(picture: etree._Element, kind: str) -> list[tuple[float, float, float, float]]:
    """(left, top, right, bottom) of the rectangles of a class."""
    found = [one for one in picture.iter("rect") if kind in one.get("class").split()]
    values = [[float(one.get(name)) for name in ("x", "y", "width", "height")] for one in found]
    return [(x, y, x + width, y + height) for x, y, width, height in values]


def ways(picture: etree._Element, kind: str) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """(begin, end) of the lines of a kind, without those of the legend and without heads."""
    found = []
    for one in picture.iter("path"):
        match = re.fullmatch(r"M (\S+) (\S+) H \S+ V (\S+) H (\S+)", one.get("d"))
        if one.get("class") == kind and match:
            x, y, end_y, end_x = map(float, match.groups())
            found.append(((x, y), (end_x, end_y)))
    return found


def tile_at(picture: etree._Element, point: tuple[float, float]) -> str:
    """The title of the tile that a line touches."""
    for group in picture.iter("g"):
        for one in group.iter("rect"):
            if "tile" in one.get("class").split():
                x, y, width, height = (float(one.get(name)) for name in ("x", "y", "width", "height"))
                if x - 14 <= point[0] <= x + width + 14 and y <= point[1] <= y + height:
                    return str(next(group.iter("text")).text)
    raise AssertionError(f"nothing stands at {point}")


def test_what_leads_where() -> None:
    """Users go from the lost pool to the standby pool; each Edge to its next hop; a pair is one line with two heads."""
    picture = drawn(failover(two_sites()))

    def ends(kind: str) -> set[tuple[str, str]]:
        return {(tile_at(picture, begin), tile_at(picture, end)) for begin, end in ways(picture, kind)}

    assert ends("dr") == {("pool01", "drse01")}
    assert ends("hop") == {("edge1", "pool01"), ("edge2", "drse01")}
    assert ends("backup") == {("drse01", "pool01"), ("sba1", "pool01")}
    assert len([one for one in picture.iter("path") if one.get("class") == "head backup"]) == 3 + 1, "with the legend's"
    assert not ends("store"), "the store of a Standard Edition server is on itself"


def test_the_store_of_the_cms_is_shown_where_it_is_elsewhere() -> None:
    """An Enterprise pool that manages the deployment keeps the store on its SQL Server."""
    made = deployment(
        SitePlan("Head office", (PoolPlan("pool01", enterprise=True),), cms=True), SitePlan("DR", (PoolPlan("drse01"),))
    )
    picture = drawn(failover(made))
    ((begin, end),) = ways(picture, "store")
    assert (tile_at(picture, begin), tile_at(picture, end)) == ("pool01", "sql-pool01")


def test_what_singles_a_pool_out() -> None:
    """The lost pool, the one that takes over, and who holds the CMS: by words, not by colour alone."""
    picture = drawn(failover(two_sites()))
    found = texts(picture)
    assert found.index("pool01") + 1 == found.index("is lost")
    assert {"takes over", "CMS", "Head office", "Standby"} <= set(found)
    assert "Enterprise Edition, Lync 2013" in found
    assert "pool01-fe1, pool01-fe2, pool01-fe3" in found
    assert "next hop: drse01" in found


def test_many_pools_are_gathered() -> None:
    """Twenty pools: those that matter stand alone, the rest by what they are, every name still in the picture."""
    of = failover(large())
    picture = drawn(of)
    whole = " ".join(picture.itertext())
    for cluster in of.topology.clusters:
        if of.topology.central_site(cluster.fqdn) in (of.lost_site, of.dr_site):
            assert cluster.fqdn in whole
    height = float(picture.find("svg").get("viewBox").split()[-1])
    assert height < 1000
    assert any(re.fullmatch(r"\d+ Standard Edition pools", text) for text in texts(picture))
    assert {"5 Enterprise Edition pools", "backed up by drse01"} <= set(texts(picture))
    assert "Asia: 2 pools, 1 Edge pool" in texts(picture)
    for column in columns(of):
        for tiles in column.tiers.values():
            assert len([tile for tile in tiles if len(tile.clusters) == 1 and not tile.badges]) <= MOST_TILES


def test_a_wrong_next_hop_crosses_the_picture() -> None:
    """The Edge of the DR site that hands on to the lost pool: the line leads to the other site."""
    picture = drawn(failover(large()))
    assert ("edge2", "pool01") in {
        (tile_at(picture, begin), tile_at(picture, end)) for begin, end in ways(picture, "hop")
    }


def test_a_pool_that_is_not_in_the_document() -> None:
    """An empty site in its place says so; no way leads there."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool01"),)))
    picture = drawn(failover(made))
    assert f"{STANDBY} is not in the document" in texts(picture)
    assert not ways(picture, "dr")
    both = texts(drawn(failover(made, lost=f"x.{DOMAIN}")))
    assert f"x.{DOMAIN} is not in the document" in both


def test_both_pools_at_one_site() -> None:
    """One site is drawn, and in it the way from pool to pool."""
    made = deployment(SitePlan("Head office", (PoolPlan("pool01"), PoolPlan("drse01"))))
    picture = drawn(failover(made))
    assert len(boxes(picture, "site-box")) == 1
    assert [(tile_at(picture, begin), tile_at(picture, end)) for begin, end in ways(picture, "dr")] == [
        ("pool01", "drse01")
    ]


def test_the_lab() -> None:
    """Both sites of the lab with the branch appliance, and the CMS in DR."""
    text = lab_topology.document(Blueprint(Path("x")), POOLS.values(), POOLS[DR_POOL])
    of = Failover(parse(text.encode(), "x"), PRIMARY_POOL, DR_POOL)
    found = texts(drawn(of))
    assert {"Head office", "Standby site", "pool01", "drse01", "sba01", "CMS", "users are moved"} <= set(found)
    _, primary, dr = repr(draw(of)).splitlines()
    assert "pool01 (is lost" in primary
    assert dr.startswith("Standby site: ")
    assert "drse01 (takes over, CMS" in dr


HOSTILE = '</svg><script>alert("x")</script>&<!--'


def test_names_can_do_no_harm() -> None:
    """A site, a pool and a role that are called like markup are shown as what they are."""
    topology = parse(published(two_sites()), "x")
    sites = tuple(replace(site, name=HOSTILE) for site in topology.sites)
    services = tuple(replace(one, role=HOSTILE) if one.role == "PstnGateway" else one for one in topology.services)
    picture = drawn(Failover(replace(topology, sites=sites, services=services), LOST, STANDBY))
    assert not list(picture.iter("script"))
    assert HOSTILE in " ".join(picture.itertext())


def test_the_picture_needs_nothing_beside_it() -> None:
    """No address, no script, no font file: it shows offline, and its ink is the page's own."""
    text = draw(failover(two_sites()))._repr_html_()
    assert not re.search(r"https?://|url\(|@import|<script|<image|href", text)
    assert "currentColor" in text


@st.composite
def deployments(draw: st.DrawFn) -> Deployment:
    flags = st.booleans()
    plans = []
    for name, first in (("Head office", "pool01"), ("Standby", "drse01"), ("Asia", "asia01")):
        rest = draw(st.integers(0, 9))
        pools = (PoolPlan(first, front_ends=draw(st.integers(1, 6))), *(PoolPlan(f"{first}-{n}") for n in range(rest)))
        wants = {key: draw(flags) for key in ("voice", "archiving", "monitoring", "branch", "cms")}
        edge = draw(st.sampled_from(["", "pool01", "drse01"]))
        plans.append(SitePlan(name, pools, edge=edge, **wants))
    paired = tuple(replace(one, pair="drse01") if draw(flags) else one for one in plans[0].pools)
    return deployment(replace(plans[0], pools=paired), *plans[1:])


@settings(max_examples=60, deadline=None)
@given(made=deployments())
def test_nothing_overlaps_or_leaves_the_picture(made: Deployment) -> None:
    """Tiles stand inside their site and beside each other; every line begins and ends at a tile."""
    picture = drawn(failover(made))
    _, _, width, height = map(float, picture.find("svg").get("viewBox").split())
    tiles, sites = boxes(picture, "tile"), boxes(picture, "site-box")
    for number, (left, top, right, bottom) in enumerate(tiles):
        assert any(a <= left and b <= top and right <= c and bottom <= d for a, b, c, d in sites)
        for other in tiles[number + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    assert all(left >= 0 and right <= width and bottom <= height for left, _, right, bottom in sites)
    for kind in ("dr", "hop", "backup", "store"):
        for begin, end in ways(picture, kind):
            assert tile_at(picture, begin) != tile_at(picture, end)
    for one in picture.iter("path"):
        for lane in re.findall(r"H (\S+) V", one.get("d")):
            assert not any(left < float(lane) < right for left, _, right, _ in tiles)


def test_two_hundred_pools_are_drawn_within_a_second() -> None:
    """However large the deployment, the picture stays one."""
    of = failover(large(200))
    began = time.perf_counter()
    picture = drawn(of)
    assert time.perf_counter() - began < 3, "a second, and room for a busy machine"
    assert float(picture.find("svg").get("viewBox").split()[-1]) < 1100


@pytest.mark.real("chromium")
def test_a_browser_shows_it(tmp_path: Path) -> None:
    """Chromium lays it out: the words are in the document that it has made of it."""
    page = tmp_path / "picture.html"
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8>{draw(failover(two_sites()))._repr_html_()}", encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    assert shown.count("<svg") == 1
    assert "users are moved" in shown


# -- tables ---------------------------------------------------------------------------------------------------------


def read(made: Deployment) -> Topology:
    return parse(builder(made), "x")


def test_the_gap_table() -> None:
    """A row per component in the order of building, with its verdict, its reason and its source."""
    of = Failover(read(deployment(SitePlan("Head office", (PoolPlan("pool01"),), cms=True))), LOST, STANDBY)
    found = gaps(of, components(Requirements(remote_access=True), "lync2010"))
    frame = topology_tables.gaps(found)
    assert list(frame.columns) == ["verdict", "component", "needed_for", "state", "seen", "why", "source", "remedy"]
    assert list(frame.verdict)[:2] == ["✗ FAIL", "✗ FAIL"]
    assert frame.set_index("component").loc["reverse proxy", "state"] == "not in the document"
    assert frame.set_index("component").loc["simple URLs", "verdict"] == "✓ pass"


def test_the_list_of_what_to_do() -> None:
    """Numbered steps, each with its commands line by line; without any, a sentence."""
    of = Failover(read(deployment(SitePlan("Head office", (PoolPlan("pool01"),), cms=True))), LOST, STANDBY)
    found = gaps(of, components(Requirements(), "lync2010"))
    frame = topology_tables.todo(steps(Situation(of, "lync2010", str), found))
    assert list(frame.columns) == ["step", "what", "where", "do", "needed_for"]
    assert list(frame.step) == list(range(1, len(frame) + 1))
    assert any("Move-CsManagementServer\nEnable-CsTopology\n" in text for text in frame.do)
    assert "Nothing is missing" in repr(topology_tables.todo([]))


def test_the_table_of_pools() -> None:
    """What stands where, and of which edition."""
    frame = topology_tables.deployed(read(two_sites())).set_index("pool")
    assert list(frame.loc[LOST, ["site", "kind", "edition", "generation"]]) == [
        "Head office",
        "front end",
        "enterprise",
        "lync2013",
    ]
    assert frame.loc[LOST, "backup"] == STANDBY


def test_the_table_of_findings() -> None:
    """What does not fit together, and what was not understood; otherwise a sentence."""
    assert "fits together" in repr(topology_tables.findings(read(two_sites())))
    odd = replace(read(two_sites()), findings=("A leads nowhere.",), ignored=(("Later", 2),))
    assert list(topology_tables.findings(odd).finding) == [
        "A leads nowhere.",
        "Unknown element, not read: Later, 2 times.",
    ]
