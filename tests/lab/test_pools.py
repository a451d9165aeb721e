"""A pool's store: what is added stays, what is carried arrives whole, and several processes use it at once."""

from __future__ import annotations

import multiprocessing
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyncdr_helpers.contacts.lists import Contact, ContactList, Group
from lyncdr_helpers.lab import people, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.response_groups import ResponseGroup
from lyncdr_helpers.lab.seed import Deployment

OTHERS = Group(1, "~")
ANA = "ana@lync.test"
GROUP = ResponseGroup("guid", "Queue", "Help", PRIMARY_POOL, "", ("Agents",))


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return seed.generate(Blueprint(Path("lab"), users=30))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PoolStore]:
    with PoolStore(tmp_path / "pool.sqlite") as opened:
        yield opened


@pytest.fixture
def other(tmp_path: Path) -> Iterator[PoolStore]:
    with PoolStore(tmp_path / "other.sqlite") as opened:
        yield opened


def only(store: PoolStore, user: str = ANA) -> ContactList:
    (found,) = store.lists(user)
    return found


def test_filled(store: PoolStore, deployment: Deployment) -> None:
    """The first day's data is there, list by list, sorted by user."""
    store.fill(deployment, PRIMARY_POOL)
    assert list(store.lists()) == sorted(deployment.contact_lists(PRIMARY_POOL), key=lambda found: found.user)
    assert len(only(store, people.THOUSAND_CONTACTS).contacts) == 1000
    assert store.response_group_settings() == {"DefaultMusicOnHold": "pool01.lync.test.wma"}
    assert len(store.response_groups()) == 9


def test_nobody(store: PoolStore) -> None:
    """A user whom the pool does not keep has no list, and no meetings."""
    assert list(store.lists(ANA)) == []
    assert store.meetings(ANA) == []


def test_add_to_nothing(store: PoolStore) -> None:
    """The list of a user who is not there is kept as it is."""
    given = render(ANA, [OTHERS], [Contact("ben@x.test")], {200: ["ben@x.test"]}, "<New></New>")
    store.add(given)
    assert only(store) == given


def test_add_twice(store: PoolStore, deployment: Deployment) -> None:
    """Adding the same list again changes nothing, for every list of the deployment."""
    for _ in range(2):
        for found in deployment.lists:
            store.add(found)
    assert list(store.lists()) == sorted(deployment.lists, key=lambda found: found.user)


def test_add_takes_nothing_away(store: PoolStore) -> None:
    """What is there stays: contacts with their attributes, groups, members of containers, unknown elements."""
    present = Contact("ben@x.test", False, (1,), "Ben at home")
    store.add(render(ANA, [OTHERS], [present], {200: ["ben@x.test"]}, "<Old></Old>"))
    store.add(
        render(
            ANA,
            [OTHERS, Group(2, "Team")],
            [Contact("BEN@x.test", True, (2,), "Ben"), Contact("eva@x.test", True, (2,), "Eva")],
            {200: ["eva@x.test"], 32000: ["nuisance@x.test"]},
            "<New></New>",
        )
    )
    found = only(store)
    assert found.groups == (OTHERS, Group(2, "Team"))
    assert found.contacts == (
        Contact("ben@x.test", False, (1, 2), "Ben at home"),
        Contact("eva@x.test", True, (2,), "Eva"),
    )
    for kept in (b"<Old></Old>", b"<New></New>", b'Member="nuisance@x.test"', b'Member="ben@x.test"', b'"eva@x.test"'):
        assert found.element.count(kept) >= 1
    assert found.element.count(b"<Container ") == 2


def test_add_renumbers(store: PoolStore) -> None:
    """An added group whose number is taken gets a free one, and its contacts follow it."""
    store.add(render(ANA, [OTHERS, Group(2, "Family")], [Contact("mum@x.test", groups=(2,))]))
    store.add(render(ANA, [OTHERS, Group(2, "Team"), Group(3, "Family")], [Contact("ben@x.test", groups=(2, 3))]))
    found = only(store)
    assert found.groups == (OTHERS, Group(2, "Family"), Group(3, "Team"))
    assert found.contacts[1] == Contact("ben@x.test", groups=(3, 2))


def test_add_keeps_distribution_groups_apart(store: PoolStore) -> None:
    """A distribution group and a group of the same name are two groups."""
    store.add(render(ANA, [OTHERS, Group(2, "Team")], []))
    store.add(render(ANA, [OTHERS, Group(2, "Team", "team@x.test")], []))
    assert only(store).groups == (OTHERS, Group(2, "Team"), Group(3, "Team", "team@x.test"))


def test_carried(store: PoolStore, other: PoolStore, deployment: Deployment) -> None:
    """A carried user arrives whole, meetings too, in the place of what was there, and is gone where they came from."""
    store.fill(deployment, PRIMARY_POOL)
    user = next(meeting.organizer for meeting in deployment.meetings_of(PRIMARY_POOL))
    listed, meetings = only(store, user), store.meetings(user)
    other.add(render(user, [OTHERS], [Contact("stale@x.test")]))
    store.carry(user, other)
    assert (only(other, user), other.meetings(user)) == (listed, meetings)
    assert (list(store.lists(user)), store.meetings(user)) == ([], [])
    assert len(list(store.lists())) == 29


def test_carried_without_data(store: PoolStore, other: PoolStore) -> None:
    """A user of whom a pool keeps nothing has nothing at the other either, after being carried."""
    other.add(render(ANA, [OTHERS], []))
    store.carry(ANA, other)
    assert list(other.lists()) == []


def test_removed(store: PoolStore, deployment: Deployment) -> None:
    """Removing a user takes list and meetings, of that user alone."""
    store.fill(deployment, PRIMARY_POOL)
    user = next(meeting.organizer for meeting in deployment.meetings_of(PRIMARY_POOL))
    store.remove_user(user)
    assert (list(store.lists(user)), store.meetings(user)) == ([], [])
    assert len(list(store.lists())) == 29


def test_response_groups(store: PoolStore) -> None:
    """A group takes the place of the one with its number, a setting that of its name; removal takes what is named."""
    store.replace_response_groups([GROUP], {"Music": "a", "Other": "b"})
    renamed = ResponseGroup("guid", "Queue", "Help (2)", DR_POOL)
    store.replace_response_groups([renamed], {"Music": "c"})
    assert store.response_groups() == [renamed]
    assert store.response_group_settings() == {"Music": "c", "Other": "b"}
    store.remove_response_groups([renamed])
    assert store.response_groups() == []


def test_all_or_nothing(store: PoolStore, deployment: Deployment) -> None:
    """A write that fails half way leaves nothing behind, and the store goes on."""
    store.fill(deployment, DR_POOL)
    with pytest.raises(sqlite3.IntegrityError):
        store.fill(deployment, DR_POOL)
    broken = [GROUP, ResponseGroup(None, "Queue", None, PRIMARY_POOL)]  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.replace_response_groups(broken, {})
    assert store.response_groups() == []
    store.replace_response_groups([GROUP], {})
    assert store.response_groups() == [GROUP]


def _add_contacts(path: Path, name: str) -> None:
    with PoolStore(path) as store:
        for number in range(25):
            store.add(render(ANA, [OTHERS], [Contact(f"{name}{number}@x.test")]))


def test_processes_at_once(store: PoolStore, tmp_path: Path) -> None:
    """Three processes add to one user's list at the same time, and nothing of any of them is lost."""
    start = multiprocessing.get_context("spawn").Process
    workers = [start(target=_add_contacts, args=(tmp_path / "pool.sqlite", name)) for name in "abc"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert len(only(store).contacts) == 75


def test_speed(store: PoolStore) -> None:
    """2,000 users with 40 contacts each are put in within seconds of processor time."""
    deployment = seed.generate(Blueprint(Path("lab"), users=2000))
    began = time.process_time()
    store.fill(deployment, PRIMARY_POOL)
    assert time.process_time() - began < 3
