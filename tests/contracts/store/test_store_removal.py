"""The contract of the backup store, its last duty: a set goes out of sight whole, and then for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from store_places import BucketPlace, PathPlace, Place, publish, send

from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.ports import Store


@pytest.fixture
def filled(store: Store, source: Path) -> Store:
    """Two sets are published; a third is begun."""
    for name in ("monday", "tuesday"):
        publish(store, source, name)
    send(store, source, "wednesday")
    return store


def of(place: Place, name: str) -> list[str]:
    """What is left of a set, in whatever state."""
    return [path for path in place.contents() if name in path]


def test_a_removed_set_is_gone(filled: Store, place: Place) -> None:
    """Nothing of it is left, and its neighbour is as it was."""
    filled.remove("monday")
    assert (filled.sets(), filled.unpublished()) == (["tuesday"], ["wednesday"])
    assert not of(place, "monday")
    assert filled.read("tuesday", "manifest.json") == b"{}"


def test_what_was_begun_is_removed_too(filled: Store, place: Place) -> None:
    """A set that was never published goes the same way, when it is named as such."""
    filled.remove("wednesday", published=False)
    assert (filled.sets(), filled.unpublished()) == (["monday", "tuesday"], [])
    assert not of(place, "wednesday")


def test_removing_may_be_repeated(filled: Store) -> None:
    """A set that is gone already, or never was, is no error."""
    for name in ("monday", "monday", "sunday"):
        filled.remove(name)
    filled.remove("sunday", published=False)
    assert filled.sets() == ["tuesday"]


def test_one_is_not_taken_for_the_other(filled: Store) -> None:
    """A published set is not removed as an unpublished one, nor the other way round."""
    filled.remove("monday", published=False)
    filled.remove("wednesday")
    assert (filled.sets(), filled.unpublished()) == (["monday", "tuesday"], ["wednesday"])


def test_a_name_may_come_back(filled: Store, place: Place, source: Path) -> None:
    """After its removal the name can be given again."""
    filled.remove("monday")
    (source / "manifest.json").write_bytes(b"[]")
    publish(filled, source, "monday")
    assert filled.read("monday", "manifest.json") == b"[]"


class Killed(BaseException):
    """The process ends here."""


def test_never_half_a_set(filled: Store, place: Place, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short in the middle of deleting, the set is out of sight; repeated, the rest of it goes too."""
    _die_in_the_middle_of_deleting(place, monkeypatch)
    with pytest.raises(Killed):
        filled.remove("monday")
    monkeypatch.undo()
    store = place.open()
    assert (store.sets(), store.unpublished()) == (["tuesday"], ["wednesday"])
    for published in (True, False):
        with pytest.raises(OperationError):
            store.files("monday", published=published)
    assert of(place, "monday")
    store.remove("monday")
    assert not of(place, "monday")


def test_what_a_removal_left_is_not_in_the_way(
    filled: Store, place: Place, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer set takes the name of one whose removal was cut short, holds nothing of it, and can be removed too."""
    _die_in_the_middle_of_deleting(place, monkeypatch)
    with pytest.raises(Killed):
        filled.remove("monday")
    monkeypatch.undo()
    (source / "settings" / "lis.zip").unlink()
    publish(filled, source, "monday")
    assert filled.files("monday") == ["contacts/pool01.xml", "manifest.json"]
    filled.remove("monday")
    assert not of(place, "monday")


def _die_in_the_middle_of_deleting(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next to delete something deletes one file of it, and is gone."""

    def dying(*_: object, **__: object) -> None:
        if isinstance(place, PathPlace):
            next(place.folder.glob(".removed-*/manifest.json")).unlink()
        else:
            assert isinstance(place, BucketPlace)
            place.bucket.delete("monday/manifest.json")
        raise Killed

    deleting = {
        "PathPlace": "disk.Disk.rm",
        "SharePlace": "share.Share.rm",
        "BucketPlace": "objects.ObjectStore._sweep",
    }
    monkeypatch.setattr(f"lyncdr_helpers.adapters.stores.{deleting[type(place).__name__]}", dying)


NO_SETS = ["", ".", "..", "../outside", "..\\outside", ".incoming-monday", ".published", "monday/contacts", "/"]


def test_only_a_set_can_be_removed(filled: Store, place: Place) -> None:
    """Not the store itself, nothing outside, and no part of a set."""
    before = place.contents()
    for name in NO_SETS:
        for published in (True, False):
            with pytest.raises(OperationError):
                filled.remove(name, published=published)
    assert place.contents() == before


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    """It is not said that a set is gone when its store could not be looked at."""
    with pytest.raises(Unreachable):
        PathPlace(tmp_path / "not mounted").open().remove("monday")
