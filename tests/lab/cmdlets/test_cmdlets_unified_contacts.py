"""Debug-CsUnifiedContactStore, and the few users of the lab whose contacts are in Exchange."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lyncdr_helpers.contacts.lists import Contact, Group
from lyncdr_helpers.lab import people, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes

DEBUG = "Debug-CsUnifiedContactStore"


@pytest.fixture
def later(lab):
    return replace(lab, blueprint=replace(lab.blueprint, generation="lync2013"))


@pytest.fixture
def mailboxes(later):
    with Mailboxes(later.blueprint.mailboxes) as found:
        yield found


def test_one_user(later, mailboxes):
    """The mode of one user, with or without sip:."""
    user, other = later.users()[:2]
    mailboxes.take(render(user, [Group(1, "~")], [Contact("a@b.test")]))
    assert later.call(DEBUG, Identity=f"sip:{user}").rows == [{"SipUri": user, "UcsMode": "Migrated"}]
    assert later.call(DEBUG, Identity=other).rows == [{"SipUri": other, "UcsMode": "Disabled"}]
    mailboxes.set_mode(other, "Ready To Migrate")
    assert later.call(DEBUG, Identity=other).rows == [{"SipUri": other, "UcsMode": "Ready To Migrate"}]


def test_a_pool(later, mailboxes):
    """One row per Front End, with the number of its users in each mode."""
    first, second, third = later.users()[:3]
    mailboxes.take(render(first, [], []))
    mailboxes.set_mode(second, "Migrating")
    mailboxes.set_mode(third, "Ready To Migrate")
    assert later.call(DEBUG, PoolFqdn=PRIMARY_POOL).rows == [
        {
            "FrontEnd": "fe01.lync.test",
            "UcsDisabledCount": 37,
            "UcsAllowedCount": 1,
            "UcsMigratingCount": 1,
            "UcsMigratedCount": 1,
            "FailedUserData": None,
        }
    ]
    (row,) = later.call(DEBUG, PoolFqdn=DR_POOL).rows
    assert (row["UcsDisabledCount"], row["UcsMigratedCount"]) == (2, 0)


def test_back_again(later, mailboxes):
    """A mailbox gives back the list it took."""
    given = render(later.users()[0], [Group(1, "~")], [Contact("a@b.test")])
    mailboxes.take(given)
    assert mailboxes.give_back(given.user) == given
    assert mailboxes.modes([given.user]) == {given.user: "Disabled"}


def test_a_lost_pool_cannot_be_asked(later):
    """Neither for its counts nor for one of its users; the other pool can."""
    later.fail("primary")
    assert PRIMARY_POOL in later.call(DEBUG, PoolFqdn=PRIMARY_POOL).ended.message
    assert PRIMARY_POOL in later.call(DEBUG, Identity=later.users()[0]).ended.message
    assert later.call(DEBUG, Identity=later.users(DR_POOL)[0]).ended is None


@pytest.mark.parametrize(
    ("feed", "parameters"),
    [
        ((), {}),
        ((), {"Identity": "a@b.test", "PoolFqdn": PRIMARY_POOL}),
        ((people.APOSTROPHE,), {}),
        ((), {"Identity": "nobody@lync.test"}),
        ((), {"Identity": people.BRANCH_USER, "ContactDataExportFileName": r"C:\lyncdr\x.xml"}),
    ],
)
def test_bad_calls(later, feed, parameters):
    """One user or one pool, by name: no pipeline input, and nothing that the lab does not act on."""
    assert later.call(DEBUG, feed=feed, **parameters).ended is not None


def test_2010_knows_no_such_store(lab):
    """To Lync 2010 it is no cmdlet."""
    assert "is not recognized" in lab.call(DEBUG, PoolFqdn=PRIMARY_POOL).ended.message


# -- the seeded few ----------------------------------------------------------------------------------------------------


def test_who_is_in_exchange():
    """From 2013 on a few ordinary users of the primary pool, always the same; in 2010 nobody. But for meeting rooms,
    which 2010 does not know, all else is equal.
    """
    blueprint = Blueprint(Path("lab"), users=40, generation="lync2013")
    deployment = seed.generate(blueprint)
    assert len(deployment.in_exchange) == 2
    assert deployment.in_exchange <= set(deployment.homed(PRIMARY_POOL))
    assert not deployment.in_exchange & {address for address, _, _ in people.SPECIALS}
    assert seed.generate(replace(blueprint, generation="sfb2019")).in_exchange == deployment.in_exchange
    before = seed.generate(replace(blueprint, generation="lync2010"))
    assert before.in_exchange == frozenset()
    assert (*before.people, *people.rooms()) == deployment.people
    assert before.lists == deployment.lists
    assert {found.user for found in deployment.lists_in_exchange()} == deployment.in_exchange
    kept = {found.user for found in deployment.contact_lists(PRIMARY_POOL)}
    assert kept == set(deployment.homed(PRIMARY_POOL)) - deployment.in_exchange


@pytest.mark.parametrize("users", [0, 6, 7, 8])
def test_small_labs(users):
    """A lab with hardly anybody has fewer."""
    found = seed.generate(Blueprint(Path("lab"), users=users, generation="sfb2015"))
    assert len(found.in_exchange) <= max(0, users - len(people.SPECIALS))


@pytest.mark.parametrize(
    ("generation", "version"), [("lync2010", "5"), ("lync2013", "6"), ("sfb2015", "7"), ("sfb2019", "8")]
)
def test_the_pools_are_of_their_generation(generation, version):
    """msRTCSIP-PoolVersion follows the generation."""
    entries = seed.generate(Blueprint(Path("lab"), users=1, generation=generation)).directory_entries()
    assert {one for _, facts in entries for one in facts.get("msRTCSIP-PoolVersion", [])} == {version}
