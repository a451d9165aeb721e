"""The seeded deployment: what every lab has, and that the same seed gives the same."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from lyncdr_helpers.contacts import dbimpexp
from lyncdr_helpers.lab import people, seed
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.seed import Deployment

BLUEPRINT = Blueprint(Path("lab"), subnet="127.53.51")


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return seed.generate(BLUEPRINT)


def test_same_seed(deployment: Deployment) -> None:
    """The same blueprint gives the same deployment; another seed or another number of users does not."""
    assert seed.generate(BLUEPRINT) == deployment
    assert seed.generate(replace(BLUEPRINT, seed=2)).people != deployment.people


def test_who_is_where(deployment: Deployment) -> None:
    """The primary pool has exactly the users that were asked for; some live elsewhere, some nowhere."""
    homes = Counter((person.pool, person.kind) for person in deployment.people)
    assert homes == {
        (PRIMARY_POOL, "user"): 250,
        (PRIMARY_POOL, "application"): len(people.APPLICATIONS),
        (DR_POOL, "user"): 2,
        (BRANCH_POOL, "user"): 1,
        ("", "user"): 8,
    }


def test_addresses_and_names_are_unique(deployment: Deployment) -> None:
    """No two objects share an address or a DN, however many users there are."""
    for one in (deployment, seed.generate(replace(BLUEPRINT, users=3000))):
        addresses = [person.address for person in one.people if person.address]
        assert len(set(addresses)) == len(addresses)
        dns = [dn.lower() for dn, _ in one.directory_entries()]
        assert len(set(dns)) == len(dns)


def test_specials(deployment: Deployment) -> None:
    """The oddities that a real pool holds are there, each under its name."""
    lists = {found.user: found for found in deployment.lists}
    who = {person.address: person for person in deployment.people}
    assert len(lists[people.NO_CONTACTS].contacts) == 0
    assert len(lists[people.THOUSAND_CONTACTS].contacts) == 1000
    assert not who[people.DISABLED].enabled
    assert not who[people.NON_ASCII].display_name.isascii()
    assert "\\," in who[people.COMMA].dn
    assert {people.APOSTROPHE, people.BRANCH_USER, *people.TEST_USERS} <= set(lists)
    assert any(group.external_uri for found in deployment.lists for group in found.groups)
    assert any(b'ContainerNumber="32000"' in found.element for found in deployment.lists)
    assert any(b'ContainerNumber="200"' in found.element for found in deployment.lists)
    assert any(b"<PromptedSubscribers>" in found.element for found in deployment.lists)
    assert {group.kind for group in deployment.response_groups} == {"AgentGroup", "Queue", "Workflow"}
    assert deployment.meetings


def test_lists(deployment: Deployment) -> None:
    """Every element is canonical and says what the list says; nobody is a contact of themself; about 40 each."""
    for found in deployment.lists:
        assert dbimpexp.parse(found.element) == found
        buddies = [contact.buddy for contact in found.contacts]
        assert found.user not in buddies
        assert len(set(buddies)) == len(buddies)
    mean = sum(len(found.contacts) for found in deployment.lists) / len(deployment.lists)
    assert 30 < mean < 55


def test_each_pool_has_its_own(deployment: Deployment) -> None:
    """A pool keeps the lists and meetings of those who are homed there, and the Response Groups it owns."""
    for pool in (PRIMARY_POOL, DR_POOL, BRANCH_POOL):
        homed = set(deployment.homed(pool))
        assert {found.user for found in deployment.contact_lists(pool)} == homed
        assert {meeting.organizer for meeting in deployment.meetings_of(pool)} <= homed
    assert not list(deployment.response_groups_of(DR_POOL))
    assert len(list(deployment.response_groups_of(PRIMARY_POOL))) == 9


def test_directory_entries(deployment: Deployment) -> None:
    """Parents come before their children, and every home and tag is that of a pool that is there."""
    seen: set[str] = set()
    for dn, _ in deployment.directory_entries():
        parent = dn.replace("\\,", "").partition(",")[2]
        assert parent in seen or dn == "DC=lync,DC=test"
        seen.add(dn)
    users = [attributes for _, attributes in deployment.directory_entries() if "user" in attributes["objectClass"]]
    homes = {home for attributes in users for home in attributes.get("msRTCSIP-PrimaryHomeServer", [])}
    assert len(homes) == 3
    assert homes <= seen


def test_cloud_users(deployment: Deployment) -> None:
    """A cloud user names a hosting provider and has no home."""
    cloud = [
        attributes
        for _, attributes in deployment.directory_entries()
        if attributes.get("msRTCSIP-DeploymentLocator") not in (None, ["SRV:"])
    ]
    assert len(cloud) == 5
    assert not any("msRTCSIP-PrimaryHomeServer" in attributes for attributes in cloud)


def test_zone(deployment: Deployment) -> None:
    """On the first day every name that clients use leads to the primary pool, with a time to live fit for DR."""
    records = {record.key: record for record in deployment.zone_records()}
    for name in ("sip", "sipinternal", "lyncdiscoverinternal", "meet", "dialin", "admin", "pool01", "fe01"):
        assert records[f"{name}.lync.test A"].values == ("127.53.51.11",)
    assert records["_sipinternaltls._tcp.lync.test SRV"].values == ("0 0 5061 pool01.lync.test.",)
    assert records["drse01.lync.test A"].values == ("127.53.51.21",)
    assert {record.ttl for record in records.values()} == {60}


@pytest.mark.parametrize("users", [0, 1, 6, 7])
def test_small_labs(users: int) -> None:
    """A lab may have fewer users than there are specials."""
    assert len(list(seed.generate(replace(BLUEPRINT, users=users)).homed(PRIMARY_POOL))) == users


def test_speed() -> None:
    """2,000 users are made within seconds of processor time."""
    began = time.process_time()
    seed.generate(replace(BLUEPRINT, users=2000))
    assert time.process_time() - began < 2
