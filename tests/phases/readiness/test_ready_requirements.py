"""Requirements: what the business needs and DR lacks, what only the lost pool does, and who would fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, management_host, variant
from ready_scene import remedy

from lyncdr_helpers.lab import topology
from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases.readiness.archiving import BLOCKED, QUEUE

ask = partial(ready_scene.ask, steps=("topology", "directory", "requirements"))

ARCHIVING, MONITORING = f"archiving of {DR_POOL}", f"monitoring of {DR_POOL}"
CARRIES, DATABASE = f"{DR_POOL} carries its users", f"database of {DR_POOL}"
NEEDS = "\nrequirements: {{{}}}\nretention:"


def document(scene: Scene) -> str:
    return topology.document(scene.blueprint, POOLS.values(), POOLS[DR_POOL])


def with_store(text: str, role: str, pool: int, stands_on: int) -> str:
    """The document in which that pool's registrar needs a store of that role, which stands on a pool's cluster."""
    site = {1: 1, 2: 2}[stands_on]
    key = f'<ServiceId SiteId="{site}" RoleName="{role}" Instance="{stands_on}" />'
    cluster = f'<ClusterId SiteId="{site}" Number="{stands_on}" />'
    service = (
        f'<Service RoleVersion="1" ServiceVersion="5">{key}<DependsOn></DependsOn><InstalledOn>'
        f'<SqlInstanceId Name="rtc">{cluster}</SqlInstanceId></InstalledOn></Service>'
    )
    registrar = f'<ServiceId SiteId="{pool}" RoleName="Registrar" Instance="{pool}" />\n<DependsOn>'
    assert registrar in text
    text = text.replace(registrar, f'{registrar}<Dependency Usage="Default">{key}</Dependency>')
    return text if service in text else text.replace("</Services>", f"{service}</Services>")


def told(scene: Scene, folder: Path, text: str) -> Ended:
    """What prepare says where that is the published topology."""
    with management_host(scene, folder, {"Get-CsTopology": lambda call: call.text(text)}) as params:
        return ask(params)


# -- what must work again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("needed", "missing"),
    [
        ("enterprise_voice: true", {"Mediation Server": "fail", "PSTN gateway": "fail"}),
        ("monitoring: true", {"Monitoring": "warn"}),
        ("archiving: {needed: true, must_be_up_to_sign_in: true}", {"Archiving": "fail", BLOCKED: "warn"}),
        ("archiving: {needed: true}", {"Archiving": "warn"}),
        ("exchange_um: true", {"Exchange UM": "unknown"}),
        ("conferencing: false", {"conferencing service": "gone"}),
    ],
)
def test_what_dr_lacks(standing: Scene, ready: Ended, needed: str, missing: dict[str, str]) -> None:
    """What must come back, and has nothing in DR to come back on, is red; what may follow warns."""
    found = ask(variant(standing, ("\nretention:", NEEDS.format(needed))))
    assert found.changed(ready) == missing
    assert found.code == (3 if "fail" in missing.values() else 0)


def test_what_is_to_be_done(standing: Scene) -> None:
    """The steps are kept in order, with the commands to run on site."""
    found = ask(variant(standing, ("\nretention:", NEEDS.format("monitoring: true"))))
    steps = found.table("todo")
    assert [row["step"] for row in steps][:2] == ["Draw what is missing", "Publish it"]
    assert "Enable-CsTopology" in "".join(row["do"] for row in steps)


# -- what the lost pool does -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "name"), [("ArchivingStore", ARCHIVING), ("MonitoringStore", MONITORING)])
def test_the_standby_does_not_do_it(standing: Scene, ready: Ended, tmp_path: Path, role: str, name: str) -> None:
    """Where the lost pool archives and the standby does not, it ends with the site, whether or not anybody asked."""
    found = told(standing, tmp_path, with_store(document(standing), role, 1, 1))
    assert found.changed(ready) == {name: "warn"}
    assert found.seen(name) == "none"
    assert found.code == 0


def test_the_standby_does_it_with_the_lost_site(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """An archive at the lost site is no archive of the standby; and what the standby needs of there is named."""
    text = with_store(with_store(document(standing), "ArchivingStore", 1, 1), "ArchivingStore", 2, 1)
    found = told(standing, tmp_path, text)
    assert found.changed(ready) == {ARCHIVING: "warn", QUEUE: "unknown", "independence of the lost site": "warn"}
    assert found.seen(ARCHIVING) == r"ArchivingDatabase:pool01.lync.test\rtc: not in DR"


def test_both_archive_by_themselves(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """With an archive of its own the standby is green, and somebody is told to look at the queue."""
    text = with_store(with_store(document(standing), "ArchivingStore", 1, 1), "ArchivingStore", 2, 2)
    found = told(standing, tmp_path, text)
    assert found.changed(ready) == {QUEUE: "unknown"}
    assert "Get-Counter" in remedy(found, QUEUE)
    assert found.code == 0


def archiving(**settings: object) -> Callable[[Call], None]:
    """Get-CsArchivingConfiguration of a deployment whose global settings are these."""
    return lambda call: call.output("ArchivingSettings", Identity="Global", EnableArchiving="ImOnly", **settings)


@pytest.mark.parametrize("must", [False, True])
@pytest.mark.parametrize("blocks", [False, True])
def test_messages_while_archiving_is_down(
    standing: Scene, ready: Ended, tmp_path: Path, must: bool, blocks: bool
) -> None:
    """Whether messages stop without an archive must be what the business answered; otherwise it warns, either way."""
    found = ready
    with management_host(
        standing, tmp_path, {"Get-CsArchivingConfiguration": archiving(BlockOnArchiveFailure=blocks)}
    ) as params:
        if must:
            needed = NEEDS.format("archiving: {needed: true, must_be_up_to_sign_in: true}")
            params.write_text(params.read_text(encoding="utf-8").replace("\nretention:", needed), encoding="utf-8")
        found = ask(params)
    expected = {"Archiving": "fail"} if must else {}
    assert found.changed(ready) == expected | ({BLOCKED: "warn"} if blocks != must else {})
    assert found.seen(BLOCKED) == ("they stop: Global" if blocks else "they go on")
    if blocks != must:
        assert f"-BlockOnArchiveFailure ${str(must).lower()}" in remedy(found, BLOCKED)


def nothing(call: Call) -> None:
    """No settings at all."""


def fails(call: Call) -> None:
    raise CmdletError("Access denied.")


@pytest.mark.parametrize("answer", [nothing, fails])
def test_nobody_says_how_archiving_is_configured(
    standing: Scene, ready: Ended, tmp_path: Path, answer: Callable[[Call], None]
) -> None:
    """What cannot be had is unknown, and holds nothing back."""
    with management_host(standing, tmp_path, {"Get-CsArchivingConfiguration": answer}) as params:
        found = ask(params)
    assert found.changed(ready) == {BLOCKED: "unknown"}
    assert found.code == 0


# -- capacity --------------------------------------------------------------------------------------------------------


def test_who_would_fit(ready: Ended) -> None:
    """The users that would arrive and those there, and an estimate of their database from the newest set."""
    assert ready.rows[CARRIES] == ready.rows[DATABASE] == "pass"
    assert ready.seen(CARRIES) == "40 would arrive, 2 are there: 42"
    assert "estimated for 42 users with" in ready.seen(DATABASE)


def test_a_pool_without_a_published_number(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """An edition for which no number is published is unknown, and holds nothing back."""
    here = '<SqlInstanceId Name="rtc"><ClusterId SiteId="2" Number="2" /></SqlInstanceId>'
    there = '<SqlInstanceId Name="other"><ClusterId SiteId="2" Number="2" /></SqlInstanceId>'
    found = told(standing, tmp_path, document(standing).replace(here, there))
    assert found.changed(ready) == {CARRIES: "unknown", DATABASE: "unknown"}
    assert found.code == 0
