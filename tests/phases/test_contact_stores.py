"""Where contacts live, then and now: who is held back, and that a set proves nothing it does not hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene
from night_scene import chosen, store_of
from rewind import Moment

from lyncdr_helpers.backups.manifest import UserRecord
from lyncdr_helpers.backups.signed import keys_of
from lyncdr_helpers.backups.verification import verify as verify_set
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import contact_stores, verify
from lyncdr_helpers.phases.contact_stores import Place

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def later(begun_2019: Moment) -> Iterator[Scene]:
    """A lab of Skype for Business Server 2019 with one complete backup; every test leaves it as it found it."""
    yield begun_2019.scene
    begun_2019.rewind()


def compared(scene: Scene, then: Place, now: str) -> tuple[contact_stores.Comparison, str]:
    """One user whose contacts were there and are now here; who it is."""
    user = sorted(set(seed.generate(scene.blueprint).homed(PRIMARY_POOL)) - seed.generate(scene.blueprint).in_exchange)[
        0
    ]
    recorded = UserRecord(address=user, pool=PRIMARY_POOL, contacts=1, groups=1, digest="x", contact_store=then)
    session = verify.begin(scene.params)
    with Mailboxes(scene.blueprint.mailboxes) as mailboxes:
        if now == "Migrated":
            mailboxes.take(render(user, [], []))
        elif now != "Disabled":
            mailboxes.set_mode(user, now)  # type: ignore[arg-type]
        try:
            return contact_stores.compare(session, PRIMARY_POOL, {user: recorded}), user
        finally:
            mailboxes.give_up(user)
            session.close()


@pytest.mark.parametrize(
    ("then", "now", "held"),
    [
        ("lync", "Disabled", False),
        ("lync", "Ready To Migrate", False),
        ("lync", "Migrated", True),
        ("exchange", "Migrated", False),
        ("exchange", "Disabled", True),
        ("exchange", "Ready To Migrate", True),
        ("", "Disabled", False),
        ("", "Migrated", True),
    ],
)
def test_who_is_held_back(later: Scene, then: Place, now: str, held: bool) -> None:
    """Whoever's contacts are elsewhere than they were, or in Exchange and nobody knows since when."""
    found, user = compared(later, then, now)
    assert (found.held.keys() == {user}) == held
    assert found.unknown == 0
    assert [str(check.verdict) for check in found.checks()] == (["fail"] if held else ["pass"])


@pytest.mark.parametrize("then", ["lync", "exchange", ""])
def test_on_the_way(later: Scene, then: Place) -> None:
    """Of somebody who is being migrated nobody can say: not held back, and never shown as green."""
    found, _ = compared(later, then, "Migrating")
    assert (dict(found.held), found.unknown) == ({}, 1)
    assert [str(check.verdict) for check in found.checks()] == ["unknown"]


def test_a_set_is_verified(later: Scene, tmp_path: Path) -> None:
    """`backups verify` reads the zip again, and counts nobody as proven whose contacts only Exchange has."""
    keys = keys_of(read_params(later.params))
    manifest = chosen(later).manifest
    found = verify_set(store_of(later), manifest, tmp_path, keys)
    assert (found.faults, found.users) == ((), 20 - len(seed.generate(later.blueprint).in_exchange))


def test_a_spoiled_zip_is_seen(later: Scene, tmp_path: Path) -> None:
    """A zip that is not what was stored is a fault, and so is every user in it who cannot be read."""
    keys = keys_of(read_params(later.params))
    manifest = chosen(later).manifest
    part = later.blueprint.store / manifest.name / manifest.part("contacts", PRIMARY_POOL).file
    whole = part.read_bytes()
    part.write_bytes(whole[: len(whole) // 2])
    try:
        found = verify_set(store_of(later), manifest, tmp_path, keys)
    finally:
        part.write_bytes(whole)
    assert found.users == 0
    assert any("not a whole zip" in fault for fault in found.faults)
    away = seed.generate(later.blueprint).in_exchange
    assert sum("cannot be read" in fault for fault in found.faults) == 20 - len(away)
    assert not any(user in fault for fault in found.faults for user in away)
