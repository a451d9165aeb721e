"""The Central Management Store: whoever disagrees about its home, or has an old copy of it, is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, directory_changed, management_host, variant
from ready_scene import Entries, directory_of, remedy

from lyncdr_helpers.lab import lifecycle, topology
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import POOLS, RTC_SERVICE, TOPOLOGY_SETTING
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases.readiness.central_store import DIRECTORY, MASTERS, REPLICAS, STATUS, TOPOLOGY
from lyncdr_helpers.phases.readiness.published import WHOLE

ask = partial(ready_scene.ask, steps=("topology", "directory", "requirements", "management"))

POINTER = f"CN={{{TOPOLOGY_SETTING}}},CN=Topology Settings,{RTC_SERVICE}"
REPLICATION = "Get-CsManagementStoreReplicationStatus"
REQUIRED = "Central Management Store"
"""What the topology must have in DR, among all else."""
SECOND_DR_POOL = """\
      - fqdn: drse02.lync.test
        edition: standard
        servers: [{fqdn: drse02.lync.test, address: 127.53.250.1}]

failover:"""


def masters(*machines: str) -> Callable[[Call], None]:
    """The replication status of a deployment whose masters those machines are."""

    def status(call: Call) -> None:
        if not call.switch("CentralManagementStoreStatus"):
            call.output("Microsoft.Rtc.Management.Xds.ReplicationStatus", UpToDate=True, ReplicaFqdn=DR_POOL)
            return
        for machine in machines:
            call.output("Microsoft.Rtc.Management.Xds.CentralManagementStoreStatus", ActiveMasterFqdn=machine)

    return status


def published(scene: Scene, cms: str = DR_POOL, also: str = "") -> Callable[[Call], None]:
    """Get-CsTopology of a deployment whose store is on a pool, and perhaps on a second one as well."""

    def document(pool: str) -> str:
        return topology.document(scene.blueprint, POOLS.values(), POOLS[pool])

    text = document(cms)
    if also:
        services = re.findall(r"<Service .*?</Service>", document(also), re.DOTALL)
        text = text.replace("</Services>", "".join(one for one in services if "CentralMgmt" in one) + "</Services>")
    return lambda call: call.text(text)


def without_pointer(entries: Entries) -> Entries:
    return [entry for entry in entries if entry[0] != POINTER]


def with_two_pointers(entries: Entries) -> Entries:
    kind = {"objectClass": ["msRTCSIP-GlobalTopologySetting"]}
    second = {**kind, "msRTCSIP-BackEndServer": [f"{PRIMARY_POOL}\\rtc"]}
    return [*entries, (f"CN=second,CN=Topology Settings,{RTC_SERVICE}", second)]


def test_the_directory_points_to_the_primary(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A pointer to the primary site is red, although the other two say that the store is in DR; both are named."""
    cmdlets = {REPLICATION: masters(DR_POOL), "Get-CsTopology": published(standing)}
    with (
        management_host(standing, tmp_path, cmdlets) as params,
        directory_changed(standing, POINTER, "msRTCSIP-BackEndServer", r"pool01.lync.test\rtc"),
    ):
        found = ask(params)
    assert found.changed(ready) == {DIRECTORY: "fail", MASTERS: "fail"}
    assert found.seen(DIRECTORY) == r"pool01.lync.test\rtc"
    assert found.seen(MASTERS) == (
        "2 masters: drse01.lync.test (the topology, the replication status); pool01.lync.test (the directory)"
    )
    assert (found.code, found.summary.outcome) == (3, "check failed")
    assert DIRECTORY in found.text
    assert "Move the Central Management Store" in found.text


def test_the_directory_points_nowhere(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A forest without a pointer has no master."""
    with directory_of(standing, tmp_path, without_pointer) as params:
        found = ask(params)
    assert found.changed(ready) == {DIRECTORY: "fail", MASTERS: "fail"}
    assert (found.seen(DIRECTORY), found.seen(MASTERS)[:31]) == ("nobody", "no master, says the directory; ")


def test_the_directory_points_to_two(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Two pointers are two masters, although one of them is right."""
    with directory_of(standing, tmp_path, with_two_pointers) as params:
        found = ask(params)
    assert found.changed(ready) == {DIRECTORY: "fail", MASTERS: "fail"}
    assert found.seen(DIRECTORY) == r"drse01.lync.test\rtc and pool01.lync.test\rtc"
    assert found.seen(MASTERS).startswith("2 masters: ")


def test_the_topology_has_it_at_the_primary(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A document whose store is at the primary is red."""
    with management_host(standing, tmp_path, {"Get-CsTopology": published(standing, PRIMARY_POOL)}) as params:
        found = ask(params)
    assert found.changed(ready) == {TOPOLOGY: "fail", MASTERS: "fail", REQUIRED: "fail"}
    assert found.seen(TOPOLOGY) == PRIMARY_POOL


def test_the_topology_has_two_active_ones(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Two active servers in the document are two masters."""
    with management_host(standing, tmp_path, {"Get-CsTopology": published(standing, DR_POOL, PRIMARY_POOL)}) as params:
        found = ask(params)
    assert found.changed(ready) == {TOPOLOGY: "fail", MASTERS: "fail", REQUIRED: "fail"}
    assert found.seen(TOPOLOGY) == "drse01.lync.test and pool01.lync.test"
    assert "two masters" in remedy(found, TOPOLOGY)


@pytest.mark.parametrize("master", ["fe01.lync.test", "somebody.else.test"])
def test_the_active_master_is_not_in_dr(standing: Scene, ready: Ended, tmp_path: Path, master: str) -> None:
    """A master at the primary, or anywhere but in DR, is red, whatever the others say."""
    with management_host(standing, tmp_path, {REPLICATION: masters(master)}) as params:
        found = ask(params)
    assert found.changed(ready) == {STATUS: "fail", MASTERS: "fail"}
    assert (found.code, found.seen(STATUS)) == (3, master)


def test_there_are_two_active_masters(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Two machines that both report as master are named."""
    with management_host(standing, tmp_path, {REPLICATION: masters(DR_POOL, "FE01.lync.test")}) as params:
        found = ask(params)
    assert found.changed(ready) == {STATUS: "fail", MASTERS: "fail"}
    assert found.seen(STATUS) == "drse01.lync.test and fe01.lync.test"


@pytest.mark.parametrize("answer", [masters(), masters("")], ids=["no object", "no name"])
def test_nobody_is_master(standing: Scene, ready: Ended, tmp_path: Path, answer: Callable[[Call], None]) -> None:
    """An answer without an active master is red: the disaster seen in the field."""
    with management_host(standing, tmp_path, {REPLICATION: answer}) as params:
        found = ask(params)
    assert found.changed(ready) == {STATUS: "fail", MASTERS: "fail"}
    assert found.seen(STATUS) == "nobody"
    assert found.seen(MASTERS) == (
        "no master, says the replication status; drse01.lync.test (the directory, the topology)"
    )


def test_all_are_in_dr_and_disagree(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Two pools of the DR site that both are taken for the home are two masters: nothing else would show it."""
    with management_host(standing, tmp_path, {REPLICATION: masters("drse02.lync.test")}):
        params = variant(
            standing,
            (f"https://{standing.blueprint.management_host}:", f"https://{standing.blueprint.subnet}.30:"),
            ("\nfailover:", SECOND_DR_POOL),
        )
        found = ask(params)
    assert found.changed(ready) == {MASTERS: "fail"}


def test_the_status_cannot_be_had(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A cmdlet that fails is red with its words; that the others agree is then not known."""

    def broken(call: Call) -> None:
        if call.switch("CentralManagementStoreStatus"):
            raise CmdletError("Cannot open database.", "SqlConnectionException")
        masters(DR_POOL)(call)

    with management_host(standing, tmp_path, {REPLICATION: broken}) as params:
        found = ask(params)
    assert found.changed(ready) == {STATUS: "fail", MASTERS: "unknown"}
    assert found.seen(STATUS) == "Cannot open database."
    assert found.code == 3


@pytest.mark.parametrize("text", ["", "<Topology", "<html></html>"])
def test_the_topology_cannot_be_read(standing: Scene, ready: Ended, tmp_path: Path, text: str) -> None:
    """What is no document is unknown, and the other two still agree."""
    with management_host(standing, tmp_path, {"Get-CsTopology": lambda call: call.text(text)}) as params:
        found = ask(params)
    told = {row["name"] for row in ready.table("checks") if row["area"] in ("requirements", "archiving", "capacity")}
    unknown = dict.fromkeys(["published topology", TOPOLOGY], "unknown")
    assert found.changed(ready) == {**unknown, **dict.fromkeys(told | {WHOLE}, "gone")}
    assert found.seen(MASTERS) == "drse01.lync.test (the directory, the replication status)"


def test_a_topology_without_the_dr_pool(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A document that does not hold a pool of the parameters is red."""
    pools = [POOLS[PRIMARY_POOL]]
    text = topology.document(standing.blueprint, pools, POOLS[PRIMARY_POOL])
    with management_host(standing, tmp_path, {"Get-CsTopology": lambda call: call.text(text)}) as params:
        found = ask(params)
    red = {name: verdict for name, verdict in found.changed(ready).items() if verdict == "fail"}
    of_the_site = {row["name"] for row in found.table("checks") if row["area"] == "requirements"}
    assert red.keys() - of_the_site == {"published topology", TOPOLOGY, MASTERS}
    assert found.seen("published topology") == "it does not hold drse01.lync.test"


def test_a_replica_that_is_stale(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A copy that is too old warns, with its server and when that last reported; it holds nothing back."""

    def status(call: Call) -> None:
        if call.switch("CentralManagementStoreStatus"):
            masters(DR_POOL)(call)
            return
        for machine, fresh in ((DR_POOL, True), ("fe01.lync.test", False)):
            call.output(
                "Microsoft.Rtc.Management.Xds.ReplicationStatus",
                UpToDate=fresh,
                ReplicaFqdn=machine,
                LastStatusReport="2026-02-03T04:05:06Z",
            )

    with management_host(standing, tmp_path, {REPLICATION: status}) as params:
        found = ask(params)
    assert found.changed(ready) == {REPLICAS: "warn"}
    assert found.seen(REPLICAS) == "stale: fe01.lync.test since 2026-02-03T04:05:06Z"
    assert (found.code, found.summary.outcome) == (0, "done")


def test_replicas_of_a_lost_site(standing: Scene, ready: Ended) -> None:
    """The lab plays it: the replicas of a site that is away are stale since it went."""
    lifecycle.fail(standing.blueprint.folder, "primary")
    try:
        found = ask(standing.params)
    finally:
        lifecycle.heal(standing.blueprint.folder, "primary")
    assert found.changed(ready)[REPLICAS] == "warn"
    assert re.fullmatch(r"stale: fe01\.lync\.test since \S+Z, sba01\.lync\.test since \S+Z", found.seen(REPLICAS))
    assert found.code == 0


def test_a_pool_that_is_not_published(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A DR pool that Get-CsPool does not know is red, with what it said."""

    def get_pool(call: Call) -> None:
        if call.get("Identity") == DR_POOL:
            raise CmdletError(f'Cannot find "{DR_POOL}".', "NotFound")
        call.output("Microsoft.Rtc.Management.Xds.DisplayPool", Identity=call.get("Identity"))

    with management_host(standing, tmp_path, {"Get-CsPool": get_pool}) as params:
        found = ask(params)
    assert found.changed(ready) == {f"Get-CsPool {DR_POOL}": "fail"}
    assert found.seen(f"Get-CsPool {DR_POOL}") == f'Cannot find "{DR_POOL}".'
    assert found.code == 3
