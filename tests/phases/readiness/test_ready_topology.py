"""The topology: asked for, or read from a file of any shape; and what a document shows that has everything in DR."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from deployments import DOMAIN, Deployment, PoolPlan, SitePlan, builder, configuration, deployment, published
from dr_scene import Scene
from phase_scene import Ended, management_host, variant
from ready_scene import ask

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.lab import topology as lab_topology
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.management_store import SETTINGS
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.phases.readiness.published import FILE, NAME, WHOLE
from lyncdr_helpers.phases.readiness.requirements import Requirements
from lyncdr_helpers.topology import roles
from lyncdr_helpers.views import topology_picture

EVERYTHING = (
    "{enterprise_voice: true, archiving: {needed: true}, monitoring: true, remote_access: true, federation: true}"
)
OUTSIDE = {"simple URLs", "reverse proxy"}
"""What a published topology never holds."""


def from_file(scene: Scene, path: Path, *changes: tuple[str, str]) -> Path:
    """The parameters, with that file as their topology."""
    return variant(scene, ("\ndirectory:", f"\ntopology_file: '{path}'\ndirectory:"), *changes)


def lab_document(scene: Scene) -> bytes:
    return lab_topology.document(scene.blueprint, POOLS.values(), POOLS[DR_POOL]).encode()


def lab_configuration(scene: Scene) -> dict[str, bytes]:
    value = lab_document(scene).decode()
    return {"Topology.xml": SETTINGS.format(name="Topology", value=value).encode(), "readme.bin": b"\x00\x01"}


def two_sites(version: int = 5, *more: SitePlan) -> Deployment:
    """The lab's two pools with everything at both sites; the store in DR."""
    primary = SitePlan("Head office", (PoolPlan("pool01"),), "pool01", voice=True, archiving=True, monitoring=True)
    dr = SitePlan(
        "Standby site", (PoolPlan("drse01"),), "drse01", voice=True, archiving=True, monitoring=True, cms=True
    )
    return deployment(primary, dr, *more, version=version)


def in_the_labs_domain(document: bytes) -> bytes:
    return document.replace(DOMAIN.encode(), b"lync.test")


# -- where it comes from ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", ["Get-CsTopology", ".tbxml", "Export-CsConfiguration"])
def test_a_file_instead_of_the_management_host(standing: Scene, ready: Ended, tmp_path: Path, shape: str) -> None:
    """A file of each shape is as good as the management host; where it holds the simple URLs, they are known too."""
    path, known = tmp_path / "contoso.topology", {}
    if shape == "Get-CsTopology":
        path.write_bytes(lab_document(standing))
    elif shape == ".tbxml":
        path.write_bytes(in_the_labs_domain(builder(two_sites())))
        known = {"simple URLs": "pass", "archiving queue": "unknown"}
    else:
        with zipfile.ZipFile(path, "w") as package:
            for name, content in lab_configuration(standing).items():
                package.writestr(name, content)
    found = ask(from_file(standing, path))
    assert found.changed(ready) == {NAME: "gone", FILE: "pass", **known}
    assert found.seen(FILE).startswith("contoso.topology of 20")
    assert found.code == 0


def test_a_file_while_the_management_host_is_away(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """What follows from the topology is told all the same; only what the host alone knows is unknown."""
    path = tmp_path / "contoso.xml"
    path.write_bytes(lab_document(standing))
    found = ask(from_file(standing, path, (":5986", ":5985")))
    changed = found.changed(ready)
    told = {row["name"] for row in ready.table("checks") if row["area"] in ("requirements", "capacity", "topology")}
    assert {name: changed[name] for name in told & changed.keys()} == {NAME: "gone"}
    assert found.code == 3


@pytest.mark.parametrize(
    ("content", "verdict", "words"),
    [
        (None, "unknown", "cannot be read"),
        (b"", "unknown", "is empty"),
        (b"<Topology><Clusters>", "unknown", "not a whole XML document"),
        (b"PK\x03\x04 cut short", "unknown", "contoso.xml"),
    ],
)
def test_a_file_that_cannot_be_used(
    standing: Scene, ready: Ended, tmp_path: Path, content: bytes | None, verdict: str, words: str
) -> None:
    """It is named with what is wrong with it; nobody asks instead, and what follows from it is no row at all."""
    path = tmp_path / "contoso.xml"
    if content is not None:
        path.write_bytes(content)
    found = ask(from_file(standing, path))
    rows = ready.table("checks")
    told = {row["name"] for row in rows if row["area"] in ("requirements", "archiving", "capacity")}
    assert found.changed(ready) == {
        NAME: "gone",
        FILE: verdict,
        WHOLE: "gone",
        "CMS home in the topology": "unknown",
        **dict.fromkeys(told, "gone"),
    }
    assert words in found.seen(FILE)
    assert found.code == 3


def test_references_that_lead_nowhere(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """What a document refers to and does not hold is named, and holds nothing back."""
    text = lab_document(standing).decode()
    away = '<Dependency Usage="Default"><ServiceId SiteId="9" RoleName="HoloServices" Instance="1" /></Dependency>'
    registrar = '<ServiceId SiteId="1" RoleName="Registrar" Instance="1" />\n<DependsOn>'
    assert registrar in text
    with management_host(
        standing, tmp_path, {"Get-CsTopology": lambda call: call.text(text.replace(registrar, registrar + away, 1))}
    ) as params:
        found = ask(params)
    assert found.changed(ready) == {WHOLE: "warn"}
    assert found.seen(WHOLE) == (
        f"Registrar:{PRIMARY_POOL} needs the service 9-HoloServices-1, which the document does not hold."
    )
    assert found.code == 0


# -- what it shows ---------------------------------------------------------------------------------------------------


def judged(scene: Scene, path: Path, needs: str = EVERYTHING) -> Requirements:
    """What the phase makes of a document, where the business needs all that."""
    params = from_file(scene, path, ("\nretention:", f"\nrequirements: {needs}\nretention:"))
    session = prepare.begin(params)
    try:
        return prepare.requirements(session, prepare.topology(session), prepare.directory(session))
    finally:
        session.close()


def verdicts(found: Requirements) -> dict[str, Verdict]:
    return {one.name: one.verdict for one in found}


def edge_hands_on_to_the_lost_pool(made: Deployment) -> None:
    edge = next(one for one in made.services if (one.role, one.site) == (roles.EDGE, 2))
    edge.needs = [("Default", next(one for one in made.services if (one.role, one.site) == (roles.REGISTRAR, 1)))]


def no_gateway(made: Deployment) -> None:
    made.services = [one for one in made.services if (one.role, one.site) != (roles.GATEWAY, 2)]


def two_masters(made: Deployment) -> None:
    made.service(roles.CENTRAL_MANAGEMENT, f"pool01.{DOMAIN}", inside='CentralMgmtService IsActive="true"')


@pytest.mark.parametrize("version", [5, 6, 7, 8])
def test_everything_stands_in_dr(standing: Scene, tmp_path: Path, version: int) -> None:
    """Of every generation: Edge with the DR pool as its next hop, voice, archiving and monitoring are green."""
    path = tmp_path / "contoso.xml"
    path.write_bytes(in_the_labs_domain(published(two_sites(version))))
    found = judged(standing, path)
    others = {name for name, verdict in verdicts(found).items() if verdict is not Verdict.PASS}
    assert others == {*OUTSIDE, "archiving queue"} | ({"Archiving", "Monitoring"} if version > 5 else set())


@pytest.mark.parametrize(
    ("spoil", "row"),
    [
        (edge_hands_on_to_the_lost_pool, "next hop of the Edge Server"),
        (no_gateway, "PSTN gateway"),
        (two_masters, "Central Management Store"),
    ],
)
def test_one_thing_is_wrong(standing: Scene, tmp_path: Path, spoil: Callable[[Deployment], None], row: str) -> None:
    """Exactly its row is red, and there is a step for it with a command to run."""
    path, made = tmp_path / "contoso.xml", two_sites()
    path.write_bytes(in_the_labs_domain(published(made)))
    before = judged(standing, path)
    spoil(made)
    path.write_bytes(in_the_labs_domain(published(made)))
    found = judged(standing, path)
    old, new = verdicts(before), verdicts(found)
    assert {name: verdict for name, verdict in new.items() if old.get(name) != verdict} == {row: Verdict.FAIL}
    assert len(found.steps) > len(before.steps)


def test_two_hundred_pools(standing: Scene, tmp_path: Path) -> None:
    """A deployment of 200 pools beside the two: read, judged and drawn within seconds."""
    others = [SitePlan(f"Site {n}", tuple(PoolPlan(f"p{n}-{m}", front_ends=4) for m in range(20))) for n in range(10)]
    path = tmp_path / "contoso.zip"
    path.write_bytes(configuration(in_the_labs_domain(published(two_sites(5, *others)))))
    began = time.monotonic()
    found = judged(standing, path)
    assert found.failover
    topology_picture.draw(found.failover)
    assert time.monotonic() - began < 10
    assert {name for name, verdict in verdicts(found).items() if verdict is Verdict.FAIL} == set()
