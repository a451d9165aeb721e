"""Documents that are damaged, hostile, of another kind, or very large."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from deployments import DOMAIN, PoolPlan, SitePlan, builder, configuration, deployment, published
from hypothesis import given, settings
from hypothesis import strategies as st

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.topology import pools, reading
from lyncdr_helpers.topology.reading import parse, read_topology

MADE = deployment(
    SitePlan("Head office", (PoolPlan("pool-a"),), edge="pool-a", voice=True, branch=True, cms=True),
    SitePlan("Standby", (PoolPlan("pool-b", front_ends=2),)),
)
PUBLISHED, BUILDER = published(MADE), builder(MADE)


def spoiled(document: bytes, right: str, wrong: str, times: int = -1) -> bytes:
    """The document with something else in place of what is right; it fails where there is nothing to replace."""
    assert right.encode() in document
    return document.replace(right.encode(), wrong.encode(), times)


BOMB = b"""<!DOCTYPE Topology [<!ENTITY a "aaaaaaaaaa">%s]><Topology>&k;</Topology>""" % b"".join(
    b'<!ENTITY %c "%s">' % (letter, b"&%c;" % (letter - 1) * 10) for letter in b"bcdefghijk"
)

RTC = "<SqlInstanceId Name='rtc'><ClusterId SiteId='1' Number='1'/></SqlInstanceId>"

WRONG: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "is empty"),
    "white space": (b" \r\n ", "is empty"),
    "no XML": (b"Sites : {Head office}", "not a whole XML document"),
    "cut short": (PUBLISHED[: len(PUBLISHED) // 2], "not a whole XML document"),
    "another document": (b"<HomedResources/>", "Its root is HomedResources, not Topology or TopologyBuilder"),
    "an entity bomb": (BOMB, "not a whole XML document|document type declaration"),
    "an outside entity": (
        b'<!DOCTYPE Topology [<!ENTITY a SYSTEM "file:///etc/passwd">]><Topology>&a;</Topology>',
        "document type declaration",
    ),
    "a DTD": (b'<!DOCTYPE Topology SYSTEM "http://127.0.0.1:9/x.dtd"><Topology/>', "document type declaration"),
    "no cluster": (b"<Topology><Sites/><Clusters/></Topology>", "it holds no cluster"),
    "nothing drawn": (b"<TopologyBuilder/>", "line 1: TopologyBuilder holds no NewTopology"),
    "nested without end": (b"<Topology>" + b"<a>" * 5000, "not a whole XML document"),
    "a site twice": (spoiled(PUBLISHED, "CentralSite SiteId='2'", "CentralSite SiteId='1'"), "the site 1 twice"),
    "a site without id": (spoiled(PUBLISHED, "<CentralSite SiteId='2'>", "<CentralSite>"), "CentralSite has no SiteId"),
    "a cluster twice": (spoiled(PUBLISHED, "SiteId='2' Number='1'", "SiteId='1' Number='1'"), "the cluster 1:1 twice"),
    "a cluster without id": (
        spoiled(PUBLISHED, "<ClusterId SiteId='2' Number='1'/>", "", 1),
        r"line \d+: Cluster holds no ClusterId",
    ),
    "a name twice": (spoiled(PUBLISHED, "edge1.example", "pool-a.example"), "cluster name pool-a.example.test twice"),
    "a service twice": (
        spoiled(PUBLISHED, "'WebServices' Instance='1'/><Dep", "'Registrar' Instance='1'/><Dep", 1),
        "the service 1-Registrar-1 twice",
    ),
    "a service without role": (
        spoiled(PUBLISHED, " RoleName='CentralMgmt'", "", 1),
        r"line \d+: ServiceId has no RoleName",
    ),
    "a need without service": (
        spoiled(PUBLISHED, "<Dependency Usage='Default'>", "<Dependency/><Dependency Usage='Default'>", 1),
        r"line \d+: Dependency holds no ServiceId",
    ),
    "an instance twice": (
        spoiled(PUBLISHED, "</SqlInstance>", f"</SqlInstance><SqlInstance>{RTC}</SqlInstance>", 1),
        "the SQL instance 1:1.rtc twice",
    ),
    "drawn: a cluster twice": (spoiled(BUILDER, "UniqueId='cluster:1'", "UniqueId='cluster:0'", 1), "cluster:0 twice"),
    "drawn: no UniqueId": (spoiled(BUILDER, "UniqueId='service:0' ", "", 1), r"line \d+: Service has no UniqueId"),
    "drawn: a service twice": (
        spoiled(BUILDER, "UniqueId='service:1' ", "UniqueId='service:0' ", 1),
        "service:0 twice",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_document_that_is_wrong(name: str, tmp_path: Path) -> None:
    """One InputError that names the file, says what is wrong, and what to give instead; it comes soon."""
    content, said = WRONG[name]
    path = tmp_path / "topology.xml"
    path.write_bytes(content)
    began = time.perf_counter()
    with pytest.raises(InputError, match=said) as caught:
        read_topology(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy
    assert caught.value.message.isprintable()
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_file_that_cannot_be_read(kind: str, tmp_path: Path) -> None:
    """No file, or a folder in its place."""
    path = tmp_path / "absent.xml" if kind == "missing" else tmp_path
    with pytest.raises(InputError, match="cannot be read") as caught:
        read_topology(path)
    assert str(path) in caught.value.message


def test_a_file_larger_than_any_topology(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is parsed."""
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    path = tmp_path / "large.xml"
    path.write_bytes(b"<Topology>" + b" " * (1 << 20) + b"</Topology>")
    with pytest.raises(InputError, match="larger than 1 MB"):
        read_topology(path)


INSTALLED_ON = "<InstalledOn><ClusterId SiteId='1' Number='3'/></InstalledOn>"
DANGLING: dict[str, tuple[bytes, str]] = {
    "a need": (
        spoiled(PUBLISHED, "RoleName='UserStore' Instance='1'/></Dep", "RoleName='X' Instance='9'/></Dep"),
        "UserServices:pool-a.example.test needs the service 1-X-9, which the document does not hold.",
    ),
    "a cluster of a service": (
        spoiled(PUBLISHED, INSTALLED_ON, INSTALLED_ON.replace("1", "7").replace("3", "7")),
        "PstnGateway:7:7 is installed on 7:7, which the document does not hold.",
    ),
    "nowhere": (spoiled(PUBLISHED, INSTALLED_ON, ""), "PstnGateway:nowhere is installed nowhere."),
    "a site": (
        spoiled(PUBLISHED, "<CentralSite SiteId='2'>", "<CentralSite SiteId='22'>"),
        "pool-b.example.test stands at the site 2, which the document does not hold.",
    ),
    "a SQL instance": (
        spoiled(BUILDER, "InstalledOn='cluster:0:rtc'", "InstalledOn='cluster:0:other'"),
        "UserStore:cluster:0:other is installed on cluster:0:other, which the document does not hold.",
    ),
    "a SQL instance's cluster": (
        spoiled(PUBLISHED, f"<SqlInstance>{RTC}", f"<SqlInstance>{RTC.replace('1', '8')}"),
        "The SQL instance rtc is on the cluster 8:8, which the document does not hold.",
    ),
    "a version": (
        spoiled(PUBLISHED, "ServiceVersion='5'", "ServiceVersion='five'", 1),
        "UserStore:pool-a.example.test\\rtc has the version five, which is no number.",
    ),
    "a cluster without a name": (
        spoiled(PUBLISHED, ' Fqdn="gw1.example.test">', ">", 1),
        "The cluster 1:3 has no name.",
    ),
}


@pytest.mark.parametrize("name", DANGLING)
def test_what_leads_nowhere_is_a_finding(name: str) -> None:
    """The rest of the document is read, whatever a reference says, and every fact can still be asked for."""
    content, finding = DANGLING[name]
    found = parse(content, "x")
    assert finding in found.findings
    assert len(found.services) == len(MADE.services)
    for ask in (pools.pools, pools.edges, pools.mediation_servers, pools.central_management):
        ask(found)


def test_an_absent_reference_makes_no_standard_edition() -> None:
    """A pool whose user store is not in the document is of an edition that nobody knows."""
    pool = pools.pool(parse(DANGLING["a need"][0], "x"), f"pool-a.{DOMAIN}")
    assert pool
    assert (pool.edition, pool.user_store) == (pools.Edition.UNKNOWN, "")


# -- zips -----------------------------------------------------------------------------------------------------------


def zipped(folder: Path, content: bytes) -> Path:
    path = folder / "configuration.zip"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (configuration(), "holds no topology"),
        (configuration(PUBLISHED, PUBLISHED), "holds 2 topologies, and not one"),
        (configuration(b"<Topology>a setting of that name</Topology>"), "holds no topology"),
        (configuration(PUBLISHED)[:-40], "is not a whole zip"),
        (configuration(PUBLISHED, settings=b"<x>"), "settings.xml: It is not a whole XML document"),
        (configuration(PUBLISHED, settings=BOMB), "settings.xml: It"),
        (configuration(PUBLISHED, settings=b"<x>" + b"a" * (9 << 20) + b"</x>"), "a zip bomb"),
        (configuration(WRONG["a site twice"][0]), "the site 1 twice"),
        (configuration(WRONG["a service without role"][0]), "ServiceId has no RoleName"),
    ],
    ids=["none", "two", "only the name", "cut", "damaged entry", "bomb", "zip bomb", "wrong inside", "no role"],
)
def test_a_zip_that_is_wrong(content: bytes, said: str, tmp_path: Path) -> None:
    """One InputError that names the zip and says what to do."""
    path = zipped(tmp_path, content)
    with pytest.raises(InputError, match=said) as caught:
        read_topology(path)
    assert str(path) in caught.value.message
    assert caught.value.remedy


def test_a_zip_is_not_trusted_with_names(tmp_path: Path) -> None:
    """An entry that would be unpacked elsewhere is refused like in any other zip."""
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../t.xml", PUBLISHED)
    with pytest.raises(InputError, match="no name of a file in a folder"):
        read_topology(path)


def test_a_configuration_of_many_entries(tmp_path: Path) -> None:
    """What a configuration is made of is documented nowhere: hundreds of entries are fine."""
    path = tmp_path / "c.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(500):
            archive.writestr(f"{number}.xml", "<Setting/>")
        archive.writestr("topology.xml", PUBLISHED)
    assert pools.pools(read_topology(path))


# -- any damage -----------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    content=st.sampled_from([PUBLISHED, BUILDER]),
    place=st.floats(0, 1),
    length=st.integers(0, 60),
    instead=st.binary(max_size=8) | st.sampled_from([b"<", b"/>", b"'", b"&", b"<a/>", b" SiteId='1'"]),
)
def test_any_damage(content: bytes, place: float, length: int, instead: bytes) -> None:
    """Whatever is typed over any part, reading ends in a topology whose facts can be asked for, or in an InputError."""
    start = int(place * len(content))
    try:
        found = parse(content[:start] + instead + content[start + length :], "x")
    except InputError as error:
        assert error.message.startswith("x")
        return
    for ask in (pools.pools, pools.edges, pools.mediation_servers, pools.central_management):
        ask(found)


# -- size -----------------------------------------------------------------------------------------------------------


def test_two_hundred_pools_within_a_second(tmp_path: Path) -> None:
    """A document of 200 Enterprise pools, with the ports that a real one holds, and all facts of it."""
    plans = [
        SitePlan(f"Site {n}", tuple(PoolPlan(f"p{n}-{m}", front_ends=4) for m in range(20)), edge=f"p{n}-0", voice=True)
        for n in range(10)
    ]
    made = deployment(*plans, version=6)
    for name, content in (
        ("t.xml", published(made)),
        ("t.tbxml", builder(made)),
        ("t.zip", configuration(published(made))),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        began = time.perf_counter()
        found = read_topology(path)
        facts = pools.pools(found), pools.edges(found), pools.mediation_servers(found)
        seconds = time.perf_counter() - began
        print(f"{name}: {len(content) / 1e6:.1f} MB, {len(found.services)} services, {seconds:.2f} s")
        assert len(facts[0]) == 200
        assert seconds < 3, "a second, and room for a busy machine"
