"""Prepare: each thing that is wrong turns its own check, and no other; what cannot be asked is never green."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import (
    Ended,
    directory_changed,
    dr_server,
    dr_server_at,
    management_host,
    prepared,
    run,
    tree,
    variant,
    zone_changed,
)

from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.sets import list_sets
from lyncdr_helpers.lab import lifecycle, pki
from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets
from lyncdr_helpers.lab.forest import POOLS, RTC_SERVICE, TOPOLOGY_SETTING
from lyncdr_helpers.lab.people import APOSTROPHE
from lyncdr_helpers.lab.seed import generate
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.session import Session

SIP = "sip.lync.test"
POINTER = f"CN={{{TOPOLOGY_SETTING}}},CN=Topology Settings,{RTC_SERVICE}"
ASKED_OF_THE_HOST = ("Get-CsPool pool01.lync.test", "Get-CsPool drse01.lync.test", "CMS active master", "replicas")


@pytest.fixture(scope="module")
def ready(standing: Scene) -> Iterator[Ended]:
    """What prepare says of a deployment with nothing wrong; the module leaves it so."""
    yield ask(standing.params)
    assert set(ask(standing.params).rows.values()) == {"pass", "warn"}


def ask(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> Ended:
    session = prepare.begin(params)
    meddle(session)
    return run(session, prepared)


def test_a_deployment_that_is_ready(standing: Scene, ready: Ended) -> None:
    """With nothing wrong every check is green but one, which warns of the two test users on the standby pool."""
    assert (ready.code, ready.summary.outcome) == (0, "done")
    assert [name for name, verdict in ready.rows.items() if verdict != "pass"] == [f"users on {DR_POOL}"]
    assert len(ready.table("checks")) == len(ready.rows)
    assert ready.fact("users_to_move") == len(list(generate(standing.blueprint).homed("pool01.lync.test")))


def test_prepare_changes_nothing(standing: Scene) -> None:
    """Asking leaves the deployment, the pools' stores and the backup store as they were."""
    lab = standing.blueprint
    before = standing.state(), tree(lab.store), tree(lab.drive_c), standing.lists("pool01.lync.test")
    ask(standing.params)
    assert before == (standing.state(), tree(lab.store), tree(lab.drive_c), standing.lists("pool01.lync.test"))


# -- the Central Management Store, the pools, the directory ----------------------------------------------------------


def a_master(machine: str) -> Callable[[Call], None]:
    """Get-CsManagementStoreReplicationStatus of a deployment whose master is that machine."""

    def status(call: Call) -> None:
        if call.switch("CentralManagementStoreStatus"):
            call.output("Microsoft.Rtc.Management.Xds.CentralManagementStoreStatus", ActiveMasterFqdn=machine)
        else:
            call.output("Microsoft.Rtc.Management.Xds.ReplicationStatus", UpToDate=True, ReplicaFqdn=machine)

    return status


def test_the_directory_points_to_a_store_at_the_primary(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A pointer to the primary site is red, although the active master still says it is in DR."""
    status = {"Get-CsManagementStoreReplicationStatus": a_master(DR_POOL)}
    with (
        management_host(standing, tmp_path, status) as params,
        directory_changed(standing, POINTER, "msRTCSIP-BackEndServer", r"pool01.lync.test\rtc"),
    ):
        found = ask(params)
    assert found.changed(ready) == {"CMS home in the directory": "fail"}
    assert found.seen("CMS home in the directory") == r"pool01.lync.test\rtc"
    assert (found.code, found.summary.outcome) == (3, "check failed")
    assert "CMS home in the directory" in found.text
    assert "Move the Central Management Store" in found.text


@pytest.mark.parametrize("master", ["fe01.lync.test", "somebody.else.test"])
def test_the_active_master_is_not_in_dr(standing: Scene, ready: Ended, tmp_path: Path, master: str) -> None:
    """A master at the primary, or anywhere but in DR, is red, whatever the directory says."""
    with management_host(standing, tmp_path, {"Get-CsManagementStoreReplicationStatus": a_master(master)}) as params:
        found = ask(params)
    assert found.changed(ready) == {"CMS active master": "fail"}
    assert (found.code, found.seen("CMS active master")) == (3, master)


def test_nobody_is_master(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """An answer without an active master is red: the disaster seen in the field."""
    with management_host(standing, tmp_path, {"Get-CsManagementStoreReplicationStatus": lambda _: None}) as params:
        found = ask(params)
    assert found.changed(ready) == {"CMS active master": "fail", "replicas": "warn"}
    assert found.seen("CMS active master") == "nobody"


def test_a_pool_that_is_not_published(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A DR pool that the topology does not hold is red, with what the cmdlet said."""
    real = cmdlets(standing.blueprint)["Get-CsPool"]

    def get_pool(call: Call) -> None:
        if call.get("Identity") == DR_POOL:
            raise CmdletError(f'Cannot find "{DR_POOL}".', "NotFound", Category.ObjectNotFound, DR_POOL)
        real(call)

    with management_host(standing, tmp_path, {"Get-CsPool": get_pool}) as params:
        found = ask(params)
    assert found.changed(ready) == {f"Get-CsPool {DR_POOL}": "fail"}
    assert found.seen(f"Get-CsPool {DR_POOL}") == f'Cannot find "{DR_POOL}".'
    assert found.code == 3


def test_a_replica_that_is_behind(standing: Scene, ready: Ended) -> None:
    """A replica that does not report warns, with its name, and holds nothing back."""
    lifecycle.fail(standing.blueprint.folder, "primary")
    try:
        found = ask(standing.params)
    finally:
        lifecycle.heal(standing.blueprint.folder, "primary")
    assert found.changed(ready) == {"replicas": "warn"}
    assert found.seen("replicas") == "behind: fe01.lync.test, sba01.lync.test"
    assert (found.code, found.summary.outcome) == (0, "done")


def test_a_move_that_is_half_done(standing: Scene, ready: Ended) -> None:
    """A user whose TargetHomeServer is still set is named, and warns."""
    dn = next(one.dn for one in generate(standing.blueprint).people if one.address == APOSTROPHE)
    with directory_changed(standing, dn, "msRTCSIP-TargetHomeServer", POOLS[DR_POOL].service):
        found = ask(standing.params)
    assert found.changed(ready) == {"half-done moves": "warn"}
    assert found.seen("half-done moves") == APOSTROPHE


# -- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("ttl", "verdict"), [(3600, None), (3601, "fail"), (86400, "fail")])
def test_a_time_to_live_beyond_the_rto(standing: Scene, ready: Ended, ttl: int, verdict: str | None) -> None:
    """A record that clients may keep longer than the RTO (60 minutes here) is red; one that just fits is green."""
    with zone_changed(standing, SIP, "A", RecordSet(SIP, "A", ttl, (standing.blueprint.primary_server,))):
        found = ask(standing.params)
    assert found.changed(ready) == ({f"{SIP} A": verdict} if verdict else {})
    assert found.seen(f"{SIP} A") == f"TTL {ttl} s"
    assert found.code == (3 if verdict else 0)


def test_a_record_that_is_absent(standing: Scene, ready: Ended) -> None:
    """A record that is not there yet warns: the activation will create it."""
    with zone_changed(standing, SIP, "A", None):
        found = ask(standing.params)
    assert found.changed(ready) == {f"{SIP} A": "warn"}
    assert (found.code, found.seen(f"{SIP} A")) == (0, "no such record")


def test_a_nameserver_that_is_dead(standing: Scene, ready: Ended) -> None:
    """Records that nobody can be asked about are unknown, each by itself, and hold the verdict back."""

    def dead(session: Session) -> None:
        session.nameservers = {"ns": DnsNameserver("ns", f"{standing.blueprint.subnet}.99", 5300, timeout=0.05)}

    found = ask(standing.params, dead)
    records = {name for name in ready.rows if name.endswith((" A", " SRV"))}
    assert len(records) == 6
    assert found.changed(ready) == dict.fromkeys(records, "unknown")
    assert (found.code, found.summary.outcome) == (3, "check failed")


def test_a_resolver_that_is_dead(standing: Scene, ready: Ended) -> None:
    """A resolver that does not answer is unknown; the authoritative server's rows stay green."""

    def dead(session: Session) -> None:
        silent = DnsNameserver("office", f"{standing.blueprint.subnet}.99", 5300, recursive=True, timeout=0.05)
        session.resolvers = {"office": silent}

    found = ask(standing.params, dead)
    assert found.changed(ready) == {"resolver office": "unknown"}
    assert found.code == 3


# -- the DR pool -----------------------------------------------------------------------------------------------------

NAMES = [DR_POOL, *(f"{host}.lync.test" for host in pki.POOL_HOSTS)]


@pytest.mark.parametrize("lacking", [DR_POOL, SIP, "meet.lync.test", "admin.lync.test"])
def test_a_certificate_without_a_name(standing: Scene, ready: Ended, tmp_path: Path, lacking: str) -> None:
    """Each name that clients will use must be in the certificate; no record leads to admin, which may lack."""
    with dr_server(standing, tmp_path, [name for name in NAMES if name != lacking]) as params:
        found = ask(params)
    needed = lacking != "admin.lync.test"
    assert found.changed(ready) == ({"certificate names": "fail"} if needed else {})
    assert found.code == (3 if needed else 0)
    assert not needed or found.seen("certificate names") == f"lacks {lacking}"


@pytest.mark.parametrize(("days", "verdict"), [(31, None), (29, "warn"), (-1, "fail")])
def test_a_certificate_that_ends(standing: Scene, ready: Ended, tmp_path: Path, days: int, verdict: str | None) -> None:
    """A certificate warns when it ends within 30 days, and is red when it is over."""
    with dr_server(standing, tmp_path, NAMES, days=days) as params:
        found = ask(params)
    assert found.changed(ready) == ({"certificate dates": verdict} if verdict else {})
    assert found.code == (3 if verdict == "fail" else 0)


def test_a_certificate_that_nobody_vouches_for(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A chain that leads to no known CA is red."""
    with dr_server(standing, tmp_path, NAMES, trusted=False) as params:
        found = ask(params)
    assert found.changed(ready) == {"certificate trust": "fail"}
    assert found.code == 3


def test_a_registrar_that_is_silent(standing: Scene, ready: Ended) -> None:
    """Where nobody listens neither certificate nor registrar is known, and the certificate's rows do not stay green."""
    params = variant(standing, *dr_server_at(standing, f"{standing.blueprint.subnet}.99"))
    found = ask(params)
    assert found.changed(ready) == {
        f"{DR_POOL} certificate": "unknown",
        f"{DR_POOL} registrar": "unknown",
        **dict.fromkeys(["certificate names", "certificate dates", "certificate trust"], "gone"),
    }
    assert found.code == 3


# -- the backup store ------------------------------------------------------------------------------------------------

NEWEST = "newest complete set"


def test_a_store_that_is_missing(standing: Scene, ready: Ended) -> None:
    """A share that is not mounted is unknown and holds the verdict back; nothing is made in its place."""
    found = ask(variant(standing, ("store: dr-store", "store: nowhere")))
    assert found.changed(ready) == {NEWEST: "unknown"}
    assert found.code == 3
    assert not (standing.blueprint.folder / "nowhere").exists()


def test_no_set_yet(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """An empty store warns: the first backup is still to come."""
    found = ask(variant(standing, ("store: dr-store", f"store: {tmp_path}")))
    assert found.changed(ready) == {NEWEST: "warn"}
    assert (found.code, found.seen(NEWEST)) == (0, "none yet")


def test_a_set_that_is_too_old(standing: Scene, ready: Ended) -> None:
    """A newest set beyond the threshold warns with its age."""
    found = ask(variant(standing, ("export_age_hours: 26", "export_age_hours: 0.000001")))
    assert found.changed(ready) == {NEWEST: "warn"}
    assert "hours old" in found.seen(NEWEST)


@pytest.mark.parametrize("damage", ["flipped bit", "missing file"])
def test_a_set_that_is_damaged(standing: Scene, ready: Ended, tmp_path: Path, damage: str) -> None:
    """A fresh set that no longer is what was stored is red: an activation would refuse it."""
    shutil.copytree(standing.blueprint.store, tmp_path / "store")
    made = list_sets(open_path(tmp_path / "store"), "lab")[-1]
    contacts = tmp_path / "store" / made.name / made.part("contacts", "pool01.lync.test").file
    if damage == "missing file":
        contacts.unlink()
    else:
        content = bytearray(contacts.read_bytes())
        content[1000] ^= 1
        contacts.write_bytes(content)
    found = ask(variant(standing, ("store: dr-store", f"store: {tmp_path / 'store'}")))
    assert found.changed(ready) == {NEWEST: "fail"}
    assert found.code == 3
    assert "contacts/pool01.lync.test.xml" in found.seen(NEWEST)


def test_other_folders_on_the_share(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A folder that is no set, and a manifest that is none, are not taken for sets and hide none."""
    shutil.copytree(standing.blueprint.store, tmp_path / "store")
    (tmp_path / "store" / "zz lost and found").mkdir()
    (tmp_path / "store" / "zz broken").mkdir()
    (tmp_path / "store" / "zz broken" / "manifest.json").write_text("{")
    found = ask(variant(standing, ("store: dr-store", f"store: {tmp_path / 'store'}")))
    assert found.changed(ready) == {}
    assert found.code == 0


# -- whoever cannot be asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (":6360", ":6359", "No answer from the domain controller"),
        ("secrets/directory", "secrets/management", "password"),
    ],
    ids=["dead", "wrong password"],
)
def test_a_directory_that_cannot_be_asked(standing: Scene, ready: Ended, old: str, new: str, words: str) -> None:
    """Its rows are unknown with the reason, what it would have told is no row at all, and all else is still asked."""
    found = ask(variant(standing, (old, new)))
    told = ("pool object pool01.lync.test", f"pool object {DR_POOL}", "users to move", f"users on {DR_POOL}")
    assert found.changed(ready) == {
        "sign-in": "unknown",
        "CMS home in the directory": "unknown",
        **dict.fromkeys([*told, "half-done moves"], "gone"),
    }
    assert (found.code, found.summary.outcome) == (3, "check failed")
    assert words in found.seen("sign-in")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(":5986", ":5985", "refused"), ("secrets/management", "secrets/directory", "does not let")],
    ids=["dead", "wrong password"],
)
def test_a_management_host_that_cannot_be_asked(standing: Scene, ready: Ended, old: str, new: str, words: str) -> None:
    """Its four rows are unknown with the reason; what others answer stays as it was."""
    found = ask(variant(standing, (old, new)))
    assert found.changed(ready) == dict.fromkeys(ASKED_OF_THE_HOST, "unknown")
    assert found.code == 3
    assert words in found.seen("replicas")
