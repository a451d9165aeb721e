"""The inventory over each server: who moves, who stays, and what the read-back says."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest
from directory_lab import Lab

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.directory.inventory import Inventory, read_cms_pointers, read_homes, read_inventory
from lyncdr_helpers.directory.users import Kind, User
from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import BASE_DN, BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import CMS_STORE, POOLS, RTC_SERVICE

SOMEBODY = f"CN=u00020,OU=Lync,{BASE_DN}"
TARGET = "msRTCSIP-TargetHomeServer"


@pytest.fixture
def inventory(directory: LdapDirectory) -> Inventory:
    return read_inventory(directory, BASE_DN)


@pytest.fixture
def administrator(lab: Lab) -> Iterator[ldap3.Connection]:
    connection = lab.administrator()
    yield connection
    connection.unbind()


def one(inventory: Inventory, address: str) -> User:
    (found,) = (user for user in inventory.users if user.address == address)
    return found


def test_everybody_with_an_address_is_in_it_sorted(lab: Lab, inventory: Inventory) -> None:
    """Users and application contacts, each once, in the order of their addresses; the others are not."""
    expected = sorted(one.address for one in lab.deployment.people if one.address)
    assert [user.address for user in inventory.users] == expected


def test_movable_are_the_pools_own_users_and_nobody_else(lab: Lab, inventory: Inventory) -> None:
    """Disabled ones too; no application contacts, cloud or branch users."""
    assert [user.address for user in inventory.movable(PRIMARY_POOL)] == sorted(lab.deployment.homed(PRIMARY_POOL))
    assert people.DISABLED in {user.address for user in inventory.movable(PRIMARY_POOL.upper())}
    assert not inventory.movable(BRANCH_POOL)
    assert not inventory.movable("unknown.lync.test")


def test_counts_tell_the_kinds_apart(inventory: Inventory) -> None:
    """Each home with its users, contacts, cloud and branch users."""
    assert inventory.counts() == {
        ("", Kind.CLOUD): 5,
        (DR_POOL, Kind.USER): 2,
        (PRIMARY_POOL, Kind.APPLICATION): len(people.APPLICATIONS),
        (PRIMARY_POOL, Kind.USER): 1100,
        (BRANCH_POOL, Kind.BRANCH): 1,
    }


def test_a_users_facts_come_from_the_directory(inventory: Inventory) -> None:
    """Name, logon, state, flags and home of one user, in full."""
    user = one(inventory, people.APOSTROPHE)
    assert user == User(
        address="o'brien@lync.test",
        display_name="Siobhán O'Brien",
        dn=user.dn,
        logon="o'brien@lync.test",
        home=PRIMARY_POOL,
        enabled=True,
        kind=Kind.USER,
        option_flags=257,
    )
    assert not user.voice
    assert not one(inventory, people.DISABLED).enabled


def test_voice_is_the_bit_of_the_option_flags(lab: Lab, inventory: Inventory) -> None:
    """385 has voice and a line, 257 neither."""
    voices = {one.address for one in lab.deployment.people if one.address and one.option_flags == 385}
    assert voices
    assert {user.address for user in inventory.users if user.voice} == voices
    assert all(user.line.startswith("tel:+") for user in inventory.users if user.voice)


def test_pools_are_named_by_their_host_name(inventory: Inventory) -> None:
    """DN of the pool object -> FQDN."""
    assert dict(inventory.pools) == {pool.dn: pool.fqdn for pool in POOLS.values()}


def test_a_move_that_is_half_done_shows(administrator: ldap3.Connection, directory: LdapDirectory) -> None:
    """Who has a target home is moving to that pool."""
    assert administrator.modify(SOMEBODY, {TARGET: [(ldap3.MODIFY_REPLACE, [POOLS[DR_POOL].service])]})
    try:
        (moving,) = read_inventory(directory, BASE_DN).half_moved()
    finally:
        administrator.modify(SOMEBODY, {TARGET: [(ldap3.MODIFY_DELETE, [])]})
    assert (moving.dn, moving.home, moving.moving_to) == (SOMEBODY, PRIMARY_POOL, DR_POOL)


def test_homes_of_many_are_read_back_by_dn(inventory: Inventory, directory: LdapDirectory) -> None:
    """Each DN as it was given, commas, quotes and the configuration partition included; who is gone is absent."""
    dns = [user.dn for user in inventory.users]
    homes = read_homes(directory, BASE_DN, [*dns, f"CN=gone,OU=Lync,{BASE_DN}"])
    assert homes == {user.dn: user.home for user in inventory.users}
    assert read_homes(directory, BASE_DN, []) == {}
    upper = dns[0].upper()
    assert read_homes(directory, BASE_DN, [upper]) == {upper: inventory.users[0].home}


def test_the_cms_is_found_by_class(directory: LdapDirectory) -> None:
    """The pointer's own name is a GUID."""
    assert read_cms_pointers(directory, BASE_DN) == (CMS_STORE,)


def test_two_cms_pointers_are_both_told(administrator: ldap3.Connection, directory: LdapDirectory) -> None:
    """Nobody guesses which of two stores is the right one."""
    second = f"CN=second,CN=Topology Settings,{RTC_SERVICE}"
    kind, store = "msRTCSIP-GlobalTopologySetting", "pool01.lync.test\\rtc"
    assert administrator.add(second, [kind], {"msRTCSIP-BackEndServer": store}), administrator.result
    try:
        assert read_cms_pointers(directory, BASE_DN) == (CMS_STORE, store)
    finally:
        administrator.delete(second)
