"""Homes: each kind of account that is not where it should be is named, with what moves it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, directory_changed, management_host
from ready_scene import Entries, directory_of

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import APPLICATION_CONTACTS, POOLS, RTC_SERVICE
from lyncdr_helpers.lab.people import APOSTROPHE, BRANCH_USER
from lyncdr_helpers.lab.seed import generate
from lyncdr_helpers.lab.winrm import Call

ask = partial(ready_scene.ask, steps=("topology", "directory", "requirements", "management"))

HOME, TARGET, OWNER = "msRTCSIP-PrimaryHomeServer", "msRTCSIP-TargetHomeServer", "msRTCSIP-OwnerUrn"
ATTENDANT = f"CN=Conferencing Attendant,{APPLICATION_CONTACTS}"
DIAL_IN, GROUPS = f"dial-in access numbers on {PRIMARY_POOL}", f"Response Group contacts on {PRIMARY_POOL}"
TEST_USERS, ON_DR = f"test users of {DR_POOL}", f"users on {DR_POOL}"


def dn(scene: Scene, address: str) -> str:
    return next(one.dn for one in generate(scene.blueprint).people if one.address == address)


def test_what_a_ready_deployment_leaves_behind(ready: Ended) -> None:
    """A branch user stays, and warns; each kind of endpoint is there by name, with what brings it along."""
    rows = {
        name: ready.seen(name) for name in ready.rows if name.endswith(f"on {PRIMARY_POOL}") and "users" not in name
    }
    assert rows == {
        DIAL_IN: "1: conferencing-attendant@lync.test; Move-CsApplicationEndpoint brings them along",
        GROUPS: "3: help-desk@lync.test, reception@lync.test, sales@lync.test; they come with the import",
        f"trusted application contacts on {PRIMARY_POOL}": (
            "1: paging@lync.test; Move-CsApplicationEndpoint brings them along"
        ),
        f"common area phones on {PRIMARY_POOL}": (
            "2: canteen-phone@lync.test, lobby-phone@lync.test; Move-CsCommonAreaPhone brings them along"
        ),
        f"analog devices on {PRIMARY_POOL}": "1: fax@lync.test; Move-CsAnalogDevice brings them along",
        f"contacts without an owner on {PRIMARY_POOL}": "1: voice-mail@lync.test; Move-CsExUmContact brings them along",
    }
    assert {ready.rows[name] for name in rows} == {"pass"}
    assert ready.rows["users of branch appliances"] == "warn"
    assert ready.seen("users of branch appliances") == f"1: {BRANCH_USER}"


def test_a_move_that_is_half_done(standing: Scene, ready: Ended) -> None:
    """A user whose TargetHomeServer is still set is named, and warns."""
    with directory_changed(standing, dn(standing, APOSTROPHE), TARGET, POOLS[DR_POOL].service):
        found = ask(standing.params)
    assert found.changed(ready) == {"half-done moves": "warn"}
    assert found.seen("half-done moves") == f"1: {APOSTROPHE}"


def test_a_home_that_no_pool_explains(standing: Scene, ready: Ended) -> None:
    """A user whose home is below no pool object is moved by nobody."""
    with directory_changed(standing, dn(standing, APOSTROPHE), HOME, RTC_SERVICE):
        found = ask(standing.params)
    assert found.changed(ready) == {"homes that no pool explains": "warn"}
    assert found.seen("homes that no pool explains") == f"1: {APOSTROPHE}"
    assert found.fact("users_to_move") == ready.fact("users_to_move") - 1


def test_a_cloud_user_with_a_home(standing: Scene, ready: Ended) -> None:
    """A cloud user who still has the home of earlier days warns; one without does not."""
    with directory_changed(standing, dn(standing, "cloud.user1@lync.test"), HOME, POOLS[PRIMARY_POOL].service):
        found = ask(standing.params)
    assert found.changed(ready) == {f"cloud users on {PRIMARY_POOL}": "warn"}
    assert found.fact("users_to_move") == ready.fact("users_to_move")


def test_a_production_user_on_the_dr_pool(standing: Scene, ready: Ended) -> None:
    """Whoever lives on the standby and is none of its test users is named."""
    with directory_changed(standing, dn(standing, APOSTROPHE), HOME, POOLS[DR_POOL].service):
        found = ask(standing.params)
    assert found.changed(ready) == {ON_DR: "warn"}
    assert found.seen(ON_DR) == f"1: {APOSTROPHE}"


def test_no_branch_users(standing: Scene, ready: Ended) -> None:
    """Without anybody on a branch appliance nothing is said of one."""
    with directory_changed(standing, dn(standing, BRANCH_USER), HOME, POOLS[PRIMARY_POOL].service):
        found = ask(standing.params)
    assert found.changed(ready) == {"users of branch appliances": "pass"}
    assert found.fact("users_to_move") == ready.fact("users_to_move") + 1


@pytest.mark.parametrize(
    ("owner", "kind", "command"),
    [
        ("urn:device:commonareaphone", "common area phones", "Move-CsCommonAreaPhone"),
        ("urn:device:AnalogDevice", "analog devices", "Move-CsAnalogDevice"),
        ("urn:application:somebodys.own", "trusted application contacts", "Move-CsApplicationEndpoint"),
        ("urn:something:else", "contacts without an owner", "Move-CsExUmContact"),
    ],
)
def test_contacts_of_each_kind(standing: Scene, ready: Ended, owner: str, kind: str, command: str) -> None:
    """Each kind of contact is told by its owner, with the cmdlet that moves it."""
    with directory_changed(standing, ATTENDANT, OWNER, owner):
        found = ask(standing.params)
    assert found.changed(ready) == {DIAL_IN: "gone"}
    seen = found.seen(f"{kind} on {PRIMARY_POOL}")
    assert "conferencing-attendant@lync.test" in seen
    assert seen.endswith(f"; {command} brings them along")


def no_test_users(call: Call) -> None:
    """A pool for which nobody has made any."""


def strangers(call: Call) -> None:
    call.output("HealthMonitoring", FirstTestUserSipUri="sip:a@lync.test", SecondTestUserSipUri="sip:b@lync.test")


@pytest.mark.parametrize(("answer", "seen"), [(no_test_users, "none"), (strangers, "2: a@lync.test, b@lync.test")])
def test_no_test_users(standing: Scene, ready: Ended, tmp_path: Path, answer, seen: str) -> None:
    """Without test users who are homed there nobody can verify; who is there counts as production then."""
    with management_host(standing, tmp_path, {"Get-CsHealthMonitoringConfiguration": answer}) as params:
        found = ask(params)
    assert found.changed(ready) == {TEST_USERS: "warn", ON_DR: "warn"}
    assert found.seen(TEST_USERS) == seen
    assert found.seen(ON_DR) == "2: monitor1@lync.test, monitor2@lync.test"


def test_a_pool_object_that_is_not_there(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A forest that does not know the DR pool is red, and names the pools that it knows."""

    def without_the_dr_pool(entries: Entries) -> Entries:
        pool = POOLS[DR_POOL]
        return [
            (dn, values)
            for dn, values in entries
            if not dn.endswith(pool.dn)
            and pool.service not in values.get(HOME, [])
            and pool.dn not in values.get("msRTCSIP-ConferenceDirectoryHomePool", [])
        ]

    with directory_of(standing, tmp_path, without_the_dr_pool) as params:
        found = ask(params)
    assert found.changed(ready) == {f"pool object {DR_POOL}": "fail", TEST_USERS: "warn"}
    assert found.seen(f"pool object {DR_POOL}") == "the directory knows pool01.lync.test, sba01.lync.test"
    assert found.code == 3


def test_nobody_to_move(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A lost pool without users warns: it may be the wrong one."""

    def without_users(entries: Entries) -> Entries:
        home = POOLS[PRIMARY_POOL].service
        return [one for one in entries if one[1]["objectClass"] != ["user"] or one[1].get(HOME) != [home]]

    with directory_of(standing, tmp_path, without_users) as params:
        found = ask(params)
    assert found.changed(ready) == {"users to move": "warn"}
    assert found.fact("users_to_move") == 0
