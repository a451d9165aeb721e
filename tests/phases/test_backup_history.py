"""Nights of one lab, side by side: what is lost between two of them is told, everywhere it should be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from dr_scene import Scene
from night_scene import ask, manifest_of
from phase_scene import Ended, backed_up, run, variant

from lyncdr_helpers.adapters.stores import patience
from lyncdr_helpers.backups import summary
from lyncdr_helpers.backups.calendar import Mark
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, parse
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL
from lyncdr_helpers.lab.people import APOSTROPHE
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.phases import backup, history
from lyncdr_helpers.session import Session


@contextmanager
def without_contacts(scene: Scene, user: str) -> Iterator[int]:
    """The pool has an empty list of the user's, until the end; gives how many contacts they had."""
    empty = f'<HomedResource xmlns="{NAMESPACE}" UserAtHost="{user}"><Contacts/></HomedResource>'
    with PoolStore(scene.blueprint.pool_store(PRIMARY_POOL)) as pool:
        (whole,) = pool.lists(user)
        pool.put(parse(empty.encode()))
        try:
            yield len(whole.contacts)
        finally:
            pool.put(whole)


def beside_the_nights_before(found: Ended) -> list[tuple[str, str]]:
    """(name, verdict) of the checks on record."""
    checks = [line.facts for line in found.kinds("check")]
    return [(one["name"], one["verdict"]) for one in checks if one["area"] == "nights before"]


def test_a_user_who_lost_everything(standing: Scene) -> None:
    """The set is COMPLETE, and its manifest, its summary and its run say who has no contacts any more."""
    before = ask(standing.params)
    with without_contacts(standing, APOSTROPHE) as had:
        found = ask(standing.params)
    assert (before.code, found.code) == (0, 0)
    said = manifest_of(standing, found)
    text = f"has no contacts; had {had} in set {before.folder.run}"
    assert (said["state"], said["compared_with"]) == ("COMPLETE", before.folder.run)
    assert said["alarms"] == [{"kind": "no-contacts", "pool": PRIMARY_POOL, "address": APOSTROPHE, "text": text}]
    assert found.fact("alarms") == [f"{APOSTROPHE}: {text}"]
    assert beside_the_nights_before(found) == [(f"no-contacts of {APOSTROPHE}", "warn")]
    folder = standing.blueprint.store / found.folder.run
    assert summary.parse((folder / summary.NAME).read_bytes(), folder.name).alarms == 1


def test_a_night_like_the_one_before(standing: Scene) -> None:
    """No alarm, and the run says that somebody looked."""
    ask(standing.params)
    found = ask(standing.params)
    assert manifest_of(standing, found)["alarms"] == found.fact("alarms") == []
    assert beside_the_nights_before(found) == [("alarms", "pass")]


def test_a_part_that_is_switched_off(standing: Scene) -> None:
    """It is missed by name, with the key that switched it off."""
    ask(standing.params)
    found = ask(variant(standing, ("  work_folder: work\n", "  work_folder: work\n  parts: {lis: false}\n")))
    (alarm,) = manifest_of(standing, found)["alarms"]
    assert (alarm["kind"], "off: backup.parts.lis" in alarm["text"]) == ("part", True)


def test_the_nights_before_are_read_once(standing: Scene) -> None:
    """However often a night asks for them."""
    asked = []

    def counted(session: Session) -> None:
        real = session.store.read
        session.store.read = lambda name, file, **how: (asked.append((name, file)), real(name, file, **how))[1]  # type: ignore[method-assign]

    before = ask(standing.params)
    ask(standing.params, counted)
    assert asked.count((before.folder.run, "manifest.json")) == 1
    assert len([one for one in asked if one[1] == "manifest.json"]) == 1


def test_what_a_notebook_shows(standing: Scene) -> None:
    """While the run is still at work its set is on the calendar, with its alarms; so is what changed, by name."""
    ask(standing.params)
    session = backup.begin(standing.params)
    with without_contacts(standing, APOSTROPHE) as had:
        night = backup.take_inventory(session)
        backup.export_contacts(session, night)
    backup.export_settings(session, night)
    backup.copy_to_dr(session, night)
    backup.check_restore(session, night)
    made = backup.seal(session, night)
    past, changed = history.look_back(session), history.changed(night, made)
    backup.finish(session, made)
    (today,) = [day for day in past.days if day.backups]
    assert (today.mark, today.backups[-1].name, past.trouble) == (Mark.ALARMS, made.name, "")
    assert (past.growth[-1].users, past.growth[-2].contacts) == (len(made.users), made.contacts + had)
    assert [(one.address, one.what, one.by) for one in changed.users] == [(APOSTROPHE, "fewer", -had)]


def test_a_failed_night_is_on_the_calendar(standing: Scene) -> None:
    """With the reason that its manifest gives."""

    def cut_short(session: Session) -> None:
        night = backup.take_inventory(session)
        backup.export_contacts(session, night)
        session.store.remove(night.name, published=False)
        (night.folder / "contacts" / f"{PRIMARY_POOL}.xml").unlink()
        backup.copy_to_dr(session, night)

    found = run(backup.begin(standing.params), cut_short)
    assert found.code
    session = backup.begin(standing.params)
    past = history.look_back(session)
    session.close()
    (one,) = [one for day in past.days for one in day.backups if one.name == found.folder.run]
    assert one.mark is Mark.FAILED
    assert one.text


def test_a_store_that_goes_away_ends_no_night(standing: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures say that they could not look; the run is done all the same."""
    monkeypatch.setattr(patience, "PAUSES", (0.1,))
    session = backup.begin(standing.params)

    def pictured(session: Session) -> None:
        backed_up(session)
        store = standing.blueprint.store
        store.rename(store.with_name("away"))
        try:
            past = history.look_back(session)
        finally:
            store.with_name("away").rename(store)
        assert "is not there" in past.trouble
        assert past.days

    assert run(session, pictured).code == 0
