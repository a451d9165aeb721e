"""The contract of the backup store, wherever it is: published once, never overwritten; "not there" is never "empty"."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from store_places import PARTS, Place, publish, send

from lyncdr_helpers import files
from lyncdr_helpers.errors import LyncdrError, OperationError, Refusal, Unreachable
from lyncdr_helpers.ports import Store


def test_what_was_stored_comes_back(store: Store, source: Path, tmp_path: Path) -> None:
    """Every file of a set is listed, has its digest, and comes back byte for byte, read or downloaded."""
    publish(store, source, "20260301-backup")
    assert store.sets() == ["20260301-backup"]
    assert store.files("20260301-backup") == sorted(PARTS)
    for name, content in PARTS.items():
        assert store.read("20260301-backup", name) == content
        assert store.digest("20260301-backup", name) == files.digest(content)
        store.download("20260301-backup", name, tmp_path / "here" / name)
        assert (tmp_path / "here" / name).read_bytes() == content
    assert sorted(path.name for path in (tmp_path / "here").rglob("*") if path.is_file()) == sorted(
        Path(name).name for name in PARTS
    )


@pytest.mark.parametrize("size", [0, 1, files.CHUNK, files.CHUNK + 1, 20 * files.CHUNK + 7])
def test_files_of_every_size(store: Store, tmp_path: Path, size: int) -> None:
    """Nothing, one byte, one piece, one more, and more than S3 takes in one part."""
    content = bytes(number % 251 for number in range(997)) * (size // 997 + 1)
    (tmp_path / "part").write_bytes(content[:size])
    store.send(tmp_path / "part", "tonight", "part")
    assert store.digest("tonight", "part", published=False) == files.digest(content[:size])
    assert store.read("tonight", "part", published=False) == content[:size]


def test_names_of_people(store: Store, tmp_path: Path) -> None:
    """Whatever Windows lets a file be called comes back under that name."""
    wanted = ["größe & co/[1] 50% of #7; 'x'.xml", "größe & co/ünïcødé.txt", "a+b=c,d~e!.$$$", "日本/{x}^@.bin"]
    (tmp_path / "part").write_bytes(b"x")
    for file in wanted:
        store.send(tmp_path / "part", "über nacht", file)
    store.publish("über nacht")
    assert store.sets() == ["über nacht"]
    assert store.files("über nacht") == sorted(wanted)
    assert [store.read("über nacht", file) for file in wanted] == [b"x"] * len(wanted)


def test_notes_stand_beside_the_sets(store: Store, source: Path) -> None:
    """A note comes back, the last one under its name; it is part of no set. Before the first there are none."""
    assert store.notes("heads/run 1") == {}
    store.note("heads/run 1/2.json", b"an earlier one, and longer")
    store.note("heads/run 1/2.json", b"two")
    store.note("heads/run 1/10.json", b"")
    store.note("heads/run 10/1.json", b"another's")
    assert store.notes("heads/run 1") == {"heads/run 1/10.json": b"", "heads/run 1/2.json": b"two"}
    publish(store, source, "tonight")
    assert (store.sets(), store.unpublished()) == (["tonight"], [])
    with pytest.raises(OperationError, match="leads out"):
        store.note("../x", b"")


def test_sets_are_listed_in_order(store: Store, source: Path) -> None:
    """The names are sorted, whatever order they came in."""
    for name in ("b", "c", "a"):
        publish(store, source, name)
    assert store.sets() == ["a", "b", "c"]


def test_more_than_a_page(store: Store, place: Place) -> None:
    """1,100 files of a set: none is lost at the end of a page of the server's answer, and all are removed."""
    place.fill("tonight/#", 1100)
    assert store.files("tonight", published=False) == [f"{number:04}" for number in range(1100)]
    store.publish("tonight")
    assert store.files("tonight") == [f"{number:04}" for number in range(1100)]
    store.remove("tonight")
    assert (store.sets(), store.unpublished(), place.contents()) == ([], [], {})


def test_more_sets_than_a_page(store: Store, place: Place) -> None:
    """1,010 sets that were begun are all listed."""
    place.fill("#/x", 1010)
    assert store.unpublished() == [f"{number:04}" for number in range(1010)]


def test_what_is_begun_is_not_a_set(store: Store, source: Path) -> None:
    """Before it is published nobody sees it among the sets, and nothing can be read under its name."""
    send(store, source, "tonight")
    assert (store.sets(), store.unpublished()) == ([], ["tonight"])
    for ask in (
        lambda: store.files("tonight"),
        lambda: store.read("tonight", "manifest.json"),
        lambda: store.digest("tonight", "manifest.json"),
    ):
        with pytest.raises(OperationError):
            ask()
    assert store.files("tonight", published=False) == sorted(PARTS)
    assert store.read("tonight", "manifest.json", published=False) == b"{}"


def test_what_is_published_is_begun_no_more(store: Store, source: Path, tmp_path: Path) -> None:
    """A folder is one or the other: published, it cannot be asked for as unpublished."""
    publish(store, source, "tonight")
    assert (store.sets(), store.unpublished()) == (["tonight"], [])
    for ask in (
        lambda: store.files("tonight", published=False),
        lambda: store.read("tonight", "manifest.json", published=False),
        lambda: store.download("tonight", "manifest.json", tmp_path / "here", published=False),
        lambda: store.digest("tonight", "manifest.json", published=False),
    ):
        with pytest.raises(OperationError):
            ask()
    assert not (tmp_path / "here").exists()


def test_a_flipped_bit_is_seen(store: Store, place: Place, source: Path) -> None:
    """The digest is of what the place holds now, not of what was sent: every time it is asked for."""
    publish(store, source, "tonight")
    wanted = files.digest(PARTS["settings/lis.zip"])
    assert store.digest("tonight", "settings/lis.zip") == wanted
    (path,) = (path for path in place.contents() if path.endswith("lis.zip"))
    place.flip(path)
    assert store.digest("tonight", "settings/lis.zip") != wanted
    place.flip(path)
    assert store.digest("tonight", "settings/lis.zip") == wanted


def test_a_flipped_bit_is_sent_anew(store: Store, place: Place, source: Path) -> None:
    """A copy that is there already, whole but wrong, is put right by the next attempt."""
    send(store, source, "tonight")
    (path,) = (path for path in place.contents() if path.endswith("lis.zip"))
    place.flip(path)
    send(store, source, "tonight")
    assert store.read("tonight", "settings/lis.zip", published=False) == PARTS["settings/lis.zip"]


@pytest.mark.parametrize("left", [b"", b"other", b"\0" * 9999, b"\0" * 4096 + b"more", b"\0" * 100])
def test_what_an_earlier_attempt_left_is_replaced(store: Store, source: Path, left: bytes) -> None:
    """Shorter, longer, or of another content: what is there in the end is the file that was sent last."""
    earlier = source.with_name("earlier")
    earlier.write_bytes(left)
    store.send(earlier, "tonight", "settings/lis.zip")
    store.send(source / "settings" / "lis.zip", "tonight", "settings/lis.zip")
    assert store.read("tonight", "settings/lis.zip", published=False) == PARTS["settings/lis.zip"]


def test_nothing_is_overwritten(store: Store, place: Place, source: Path) -> None:
    """A name is given once. To send to it, or to publish it, again is refused, and the set stays as it was."""
    publish(store, source, "tonight")
    before = place.contents()
    (source / "manifest.json").write_bytes(b"another")
    with pytest.raises(Refusal, match="tonight"):
        store.send(source / "manifest.json", "tonight", "manifest.json")
    with pytest.raises(Refusal, match="tonight"):
        store.publish("tonight")
    assert place.contents() == before


def test_two_who_publish_at_once(place: Place, source: Path) -> None:
    """Of several that give the same name in the same moment, one does; the others are told that it is taken."""
    send(place.open(), source, "tonight")
    said: list[str] = []
    ready = threading.Barrier(4)

    def one(store: Store) -> None:
        store.sets()
        ready.wait()
        try:
            store.publish("tonight")
        except LyncdrError as error:
            said.append(type(error).__name__)
        else:
            said.append("done")

    threads = [threading.Thread(target=one, args=(place.open(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["Refusal", "Refusal", "Refusal", "done"]
    assert place.open().files("tonight") == sorted(PARTS)


def test_what_was_never_sent_cannot_be_published(store: Store) -> None:
    """There is nothing to give the name to."""
    with pytest.raises(OperationError):
        store.publish("tonight")
    assert store.sets() == []


def test_an_empty_store_is_empty(store: Store) -> None:
    """A store that answers and holds nothing is no error."""
    assert (store.sets(), store.unpublished()) == ([], [])


def test_files_beside_the_sets_are_no_sets(store: Store, place: Place) -> None:
    """What people leave in the place is taken neither for a set nor for one that was begun."""
    place.put("README.txt", b"do not delete")
    place.put(".snapshot/x", b"")
    assert (store.sets(), store.unpublished()) == ([], [])


@pytest.mark.parametrize("question", ["files", "read", "download", "digest"])
@pytest.mark.parametrize("published", [True, False])
def test_a_set_that_is_not_there(store: Store, tmp_path: Path, question: str, published: bool) -> None:
    """A set that nobody sent holds nothing to be listed: that is an error, and not an empty set."""
    questions = {
        "files": lambda: store.files("tonight", published=published),
        "read": lambda: store.read("tonight", "manifest.json", published=published),
        "download": lambda: store.download("tonight", "manifest.json", tmp_path / "here", published=published),
        "digest": lambda: store.digest("tonight", "manifest.json", published=published),
    }
    with pytest.raises(OperationError) as caught:
        questions[question]()
    assert not isinstance(caught.value, Unreachable)
    assert not list(tmp_path.glob("*here*")), "nothing half is left here"


@pytest.mark.parametrize("question", ["read", "digest"])
def test_a_file_that_is_not_there(store: Store, source: Path, question: str) -> None:
    """The error names the file."""
    publish(store, source, "tonight")
    with pytest.raises(OperationError, match=r"lis\.xml"):
        getattr(store, question)("tonight", "settings/lis.xml")


def test_a_file_that_is_not_here(store: Store, tmp_path: Path) -> None:
    """Where this machine has no such file, it is not the store that is blamed."""
    with pytest.raises(OperationError, match=r"This machine cannot read .*nothing: No such file"):
        store.send(tmp_path / "nothing", "tonight", "nothing")


def test_a_download_that_this_machine_cannot_take(store: Store, source: Path, tmp_path: Path) -> None:
    """Nor is it where this machine has no place for what comes."""
    publish(store, source, "tonight")
    (tmp_path / "here").write_bytes(b"a file, no folder")
    with pytest.raises(OperationError, match="This machine cannot write"):
        store.download("tonight", "manifest.json", tmp_path / "here" / "manifest.json")


def test_free_space(store: Store, place: Place) -> None:
    """A number of bytes, where the place can tell."""
    found = store.free()
    assert found is None if type(place).__name__ == "BucketPlace" else found and found > 1 << 20
