"""The pinned domain controller: another one, a read-only one, one that would be lost, one that lags."""

from __future__ import annotations

import datetime as dt
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, directory_changed
from ready_scene import Entries, directory_of, remedy

from lyncdr_helpers.clock import stamp
from lyncdr_helpers.directory.domain_controller import NEIGHBORS
from lyncdr_helpers.lab.blueprint import BASE_DN
from lyncdr_helpers.lab.directory import site_map
from lyncdr_helpers.lab.directory.site_map import HEAD_OFFICE, STANDBY
from lyncdr_helpers.phases.readiness.domain_controller import NAME, REPLICATION, SITE, WRITABLE

ask = partial(ready_scene.ask, steps=("directory",))

NEVER = "1601-01-01T00:00:00Z"
DOCUMENT = """\
<DS_REPL_NEIGHBOR>
\t<pszNamingContext>DC=lync,DC=test</pszNamingContext>
\t<pszSourceDsaDN>CN=NTDS Settings,CN=DC9,CN=Servers,{site}</pszSourceDsaDN>
\t<ftimeLastSyncSuccess>{success}</ftimeLastSyncSuccess>
\t<cNumConsecutiveSyncFailures>{failures}</cNumConsecutiveSyncFailures>
</DS_REPL_NEIGHBOR>
"""


def neighbor(*, hours: float = 0.5, failures: int = 0) -> str:
    """What a domain controller says of another one whose changes arrived so many hours ago."""
    success = stamp(dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours))[:19] + "Z"
    return DOCUMENT.format(site=HEAD_OFFICE, success=success, failures=failures)


def test_another_one_answers(standing: Scene, ready: Ended) -> None:
    """Whoever answers under that address must be the one that cmdlets are told to work on."""
    with directory_changed(standing, site_map.SERVER, "dNSHostName", "dc9.lync.test"):
        found = ask(standing.params)
    assert found.changed(ready) == {NAME: "fail"}
    assert (found.code, found.seen(NAME)) == (3, "dc9.lync.test")


def test_it_is_read_only(standing: Scene, ready: Ended) -> None:
    """Users cannot be moved on a read-only one."""
    with directory_changed(standing, site_map.SETTINGS, "msDS-isRODC", "TRUE"):
        found = ask(standing.params)
    assert found.changed(ready) == {WRITABLE: "fail"}
    assert (found.code, found.seen(WRITABLE)) == (3, "it is read-only")


def test_it_would_be_lost_with_the_pool(standing: Scene, ready: Ended) -> None:
    """Where Active Directory has it in the site of the lost pool, and the DR pool elsewhere, it is red."""
    lab = standing.blueprint
    with (
        directory_changed(standing, site_map.subnet(lab.primary_server), "siteObject", STANDBY),
        directory_changed(standing, site_map.subnet(lab.dr_server), "siteObject", HEAD_OFFICE),
    ):
        found = ask(standing.params)
    assert found.changed(ready) == {SITE: "fail"}
    assert (found.code, found.seen(SITE)) == (3, "Standby")


def test_it_is_in_a_third_site(standing: Scene, ready: Ended) -> None:
    """In a site that is neither pool's it warns: it may survive, and it may be far away."""
    with directory_changed(standing, site_map.subnet(standing.blueprint.dr_server), "siteObject", HEAD_OFFICE):
        found = ask(standing.params)
    assert found.changed(ready) == {SITE: "warn"}
    assert found.code == 0


def test_no_subnet_tells(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Where Active Directory has no map of the addresses, its site is unknown, and holds nothing back."""

    def without_subnets(entries: Entries) -> Entries:
        return [entry for entry in entries if entry[1]["objectClass"] != ["subnet"]]

    with directory_of(standing, tmp_path, without_subnets) as params:
        found = ask(params)
    assert found.changed(ready) == {SITE: "unknown"}
    assert (found.code, found.seen(SITE)) == (0, "Active Directory knows no subnet of drse01.lync.test")


def test_changes_have_arrived(standing: Scene, ready: Ended) -> None:
    """One that heard from the others within hours is green, and says from whom."""
    with directory_changed(standing, BASE_DN, NEIGHBORS, neighbor(hours=3.9)):
        found = ask(standing.params)
    assert found.changed(ready) == {}
    assert found.seen(REPLICATION).startswith("from DC9: ")


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (neighbor(hours=4.1), "from DC9: 20"),
        (neighbor(hours=0.1, failures=3), ", 3 failures since"),
        (DOCUMENT.format(site=HEAD_OFFICE, success=NEVER, failures=0), "from DC9: never"),
    ],
    ids=["late", "failing", "never"],
)
def test_changes_do_not_arrive(standing: Scene, ready: Ended, said: str, words: str) -> None:
    """What comes late, or fails, warns with the partner and the moment: the inventory may not be up to date."""
    with directory_changed(standing, BASE_DN, NEIGHBORS, said):
        found = ask(standing.params)
    assert found.changed(ready) == {REPLICATION: "warn"}
    assert words in found.seen(REPLICATION)
    assert found.code == 0


@pytest.mark.parametrize("said", ["no document", "<DS_REPL_NEIGHBOR/>", neighbor().replace("20", "x", 1)])
def test_it_tells_in_another_form(standing: Scene, ready: Ended, said: str) -> None:
    """What cannot be read is unknown, never green."""
    with directory_changed(standing, BASE_DN, NEIGHBORS, said):
        found = ask(standing.params)
    assert found.changed(ready) == {REPLICATION: "unknown"}
    assert "repadmin" in remedy(found, REPLICATION)


def test_it_tells_this_account_nothing(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Where there are others, and it does not say what it has heard of them, nobody knows."""
    second = f"CN=DC9,CN=Servers,{STANDBY}"
    others = [(second, {"objectClass": ["server"]}), (f"CN=NTDS Settings,{second}", {"objectClass": ["nTDSDSA"]})]
    with directory_of(standing, tmp_path, lambda entries: [*entries, *others]) as params:
        found = ask(params)
    assert found.changed(ready) == {REPLICATION: "unknown"}
    assert found.code == 0
    assert "monitor replication" in remedy(found, REPLICATION)
