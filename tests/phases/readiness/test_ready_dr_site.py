"""The DR site's ports are looked at from wherever the parameters say, and from nowhere else."""

from __future__ import annotations

import pytest
from dr_scene import Scene
from phase_scene import Ended, variant
from ready_scene import ask

from lyncdr_helpers.lab.blueprint import DR_POOL

NOWHERE = "probes: {from_here: false, from_management_host: false}"
CERTIFICATE = {"certificate names", "certificate dates", "certificate trust"}


def test_the_lab_is_looked_at_by_its_sip_port_alone(ready: Ended) -> None:
    """Where neither place must see all ports, the certificate that clients meet is judged all the same."""
    assert ready.rows.keys() >= CERTIFICATE
    assert not [name for name in ready.rows if " answer from " in name]
    assert not ready.folder.table("ports").exists()


def test_from_the_management_host(standing: Scene, ready: Ended) -> None:
    """What does not answer there warns: it is no machine of the DR site; everything else stays."""
    found = ask(variant(standing, (NOWHERE, "probes: {from_here: false}")))
    name = f"{DR_POOL} should answer from mgmt.lync.test"
    assert found.changed(ready) == {name: "warn"}
    rows = found.table("ports")
    assert {row["seen_from"] for row in rows} == {"mgmt.lync.test"}
    assert {row["port"]: row["door"] for row in rows}["5061"] == "open"


@pytest.mark.parametrize("both", [False, True])
def test_from_here(standing: Scene, ready: Ended, both: bool) -> None:
    """Ports that must answer and do not are red; certificates are those of every port that shows one."""
    there = "" if both else ", from_management_host: false"
    found = ask(variant(standing, (NOWHERE, f"probes: {{from_here: true{there}}}")))
    changed = found.changed(ready)
    assert changed[f"{DR_POOL} must answer from here"] == "fail"
    assert changed[f"{DR_POOL} should answer from here"] == "warn"
    assert {name for name, verdict in changed.items() if verdict == "gone"} == CERTIFICATE
    assert f"{DR_POOL} registrar" not in changed
    assert (f"{DR_POOL} should answer from mgmt.lync.test" in changed) == both
    assert found.code == 3
