"""The contract of the backup store: published once, never overwritten, and "not there" is never "empty"."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lyncdr_helpers import files
from lyncdr_helpers.adapters.store import FolderStore
from lyncdr_helpers.errors import OperationError, Refusal, Unreachable
from lyncdr_helpers.ports import Store

PARTS = {"manifest.json": b"{}", "contacts/pool01.xml": "größer".encode("utf-16"), "settings/lis.zip": b"\0" * 4096}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "dr store"
    made.mkdir()
    return made


@pytest.fixture
def store(root: Path) -> Store:
    return FolderStore(str(root))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A set as a backup puts it together."""
    made = tmp_path / "work"
    for name, content in PARTS.items():
        files.replace(made / name, content)
    return made


def publish(store: Store, source: Path, name: str) -> None:
    store.upload(source, name)
    store.publish(name)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_was_stored_comes_back(store: Store, source: Path, tmp_path: Path) -> None:
    """Every file of a set is listed, has its digest, and comes back byte for byte, read or downloaded."""
    publish(store, source, "20260301-backup")
    assert store.sets() == ["20260301-backup"]
    assert store.files("20260301-backup") == sorted(PARTS)
    for name, content in PARTS.items():
        assert store.read(f"20260301-backup/{name}") == content
        assert store.digest("20260301-backup", name) == files.digest(content)
        store.download(f"20260301-backup/{name}", tmp_path / "here" / name)
    assert contents(tmp_path / "here") == PARTS


def test_sets_are_listed_in_order(store: Store, source: Path) -> None:
    """The names are sorted, whatever order they came in."""
    for name in ("b", "c", "a"):
        publish(store, source, name)
    assert store.sets() == ["a", "b", "c"]


def test_an_upload_is_not_a_set(store: Store, source: Path) -> None:
    """Before it is published nobody sees an upload: not in the list, and nothing can be read under its name."""
    store.upload(source, "tonight")
    assert store.sets() == []
    for ask in (
        lambda: store.files("tonight"),
        lambda: store.read("tonight/manifest.json"),
        lambda: store.digest("tonight", "manifest.json"),
    ):
        with pytest.raises(OperationError):
            ask()


def test_an_upload_is_hashed_where_it_lies(store: Store, root: Path, source: Path) -> None:
    """The digest of an upload is that of what the store holds, not of what was sent."""
    store.upload(source, "tonight")
    assert store.digest("tonight", "manifest.json", published=False) == files.digest(b"{}")
    next(root.rglob("manifest.json")).write_bytes(b"[]")
    assert store.digest("tonight", "manifest.json", published=False) == files.digest(b"[]")


def test_nothing_is_overwritten(store: Store, root: Path, source: Path) -> None:
    """A name is given once. A second set of that name is refused, and the first stays as it was."""
    publish(store, source, "tonight")
    before = contents(root / "tonight")
    (source / "manifest.json").write_bytes(b"another")
    store.upload(source, "tonight")
    with pytest.raises(Refusal, match="tonight"):
        store.publish("tonight")
    assert contents(root / "tonight") == before


def test_not_even_an_empty_folder_is_replaced(store: Store, root: Path, source: Path) -> None:
    """A folder of that name that somebody made by hand is in the way too, though POSIX would rename over it."""
    (root / "tonight").mkdir()
    store.upload(source, "tonight")
    with pytest.raises(Refusal):
        store.publish("tonight")
    assert list((root / "tonight").iterdir()) == []


def test_what_was_never_uploaded_cannot_be_published(store: Store) -> None:
    """There is nothing to give the name to."""
    with pytest.raises(OperationError):
        store.publish("tonight")
    assert store.sets() == []


def test_an_empty_store_is_empty(store: Store) -> None:
    """A store that answers and holds nothing is no error."""
    assert store.sets() == []


def test_files_beside_the_sets_are_no_sets(store: Store, root: Path) -> None:
    """What people leave on a share is not taken for a set."""
    (root / "README.txt").write_text("do not delete")
    (root / ".snapshot").mkdir()
    assert store.sets() == []


QUESTIONS = {
    "sets": lambda store, here: store.sets(),
    "files": lambda store, here: store.files("tonight"),
    "read": lambda store, here: store.read("tonight/manifest.json"),
    "download": lambda store, here: store.download("tonight/manifest.json", here / "manifest.json"),
    "digest": lambda store, here: store.digest("tonight", "manifest.json"),
    "upload": lambda store, here: store.upload(here / "work", "tonight"),
    "publish": lambda store, here: store.publish("tonight"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_store_that_is_not_there(tmp_path: Path, source: Path, question: str) -> None:
    """A share that is not mounted is Unreachable to every question, and no upload makes a folder in its place."""
    assert source.is_dir()
    with pytest.raises(Unreachable, match="not there"):
        QUESTIONS[question](FolderStore(str(tmp_path / "not mounted")), tmp_path)
    assert not (tmp_path / "not mounted").exists()


def test_a_store_that_goes_away(store: Store, root: Path, source: Path) -> None:
    """A share that is lost later is Unreachable from then on, and answers again when it is back."""
    publish(store, source, "tonight")
    root.rename(root.with_name("gone"))
    with pytest.raises(Unreachable):
        store.files("tonight")
    root.with_name("gone").rename(root)
    assert store.files("tonight") == sorted(PARTS)


def test_a_file_in_the_place_of_the_store(tmp_path: Path) -> None:
    """A store must be a folder."""
    (tmp_path / "store").write_text("")
    with pytest.raises(Unreachable):
        FolderStore(str(tmp_path / "store")).sets()


@pytest.mark.parametrize("question", ["files", "read", "download", "digest"])
def test_a_set_that_is_not_there(store: Store, tmp_path: Path, question: str) -> None:
    """A set that nobody published holds nothing to be listed: that is an error, and not an empty set."""
    with pytest.raises(OperationError) as caught:
        QUESTIONS[question](store, tmp_path)
    assert not isinstance(caught.value, Unreachable)


OUT = ["..", "../outside", "tonight/../../outside", "..\\outside", "tonight\\..\\..\\outside"]


@pytest.mark.parametrize("path", OUT)
def test_no_path_leads_out(store: Store, root: Path, source: Path, path: str) -> None:
    """A path with `..` in it is refused, spelled with either slash: a manifest that holds one is not trustworthy."""
    publish(store, source, "tonight")
    (root.parent / "outside").write_bytes(b"secret")
    for ask in (
        lambda: store.read(path),
        lambda: store.files(path),
        lambda: store.download(path, root.parent / "stolen"),
        lambda: store.digest("tonight", f"../{path}"),
        lambda: store.upload(source, path),
        lambda: store.publish(path),
    ):
        with pytest.raises(OperationError, match="leads out"):
            ask()
    assert {one.name for one in root.parent.iterdir()} == {root.name, source.name, "outside"}
    assert store.sets() == ["tonight"]


@pytest.mark.parametrize("tail", ["", "/", "\\", "//", "\\/"])
def test_a_root_may_end_in_a_slash(root: Path, source: Path, tail: str) -> None:
    r"""`\\server\share\` and `/srv/share/` are what people write; the name means the same without."""
    publish(FolderStore(f"{root}{tail}"), source, "tonight")
    assert FolderStore(str(root)).sets() == ["tonight"]
    assert FolderStore(f"{root}{tail}").files("tonight") == sorted(PARTS)


# -- a disk that does not take it ------------------------------------------------------------------------------------


@contextlib.contextmanager
def no_file_beyond(size: int) -> Iterator[None]:
    """A disk that is full after so many bytes of one file, as far as this process can tell."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk(store: Store, root: Path, source: Path) -> None:
    """A file that does not fit is an error; no set appears, and the sets that are there stay as they were."""
    publish(store, source, "yesterday")
    before = contents(root / "yesterday")
    with no_file_beyond(1024), pytest.raises(OperationError, match="could not be written"):
        store.upload(source, "tonight")
    assert store.sets() == ["yesterday"]
    assert contents(root / "yesterday") == before


def test_an_interrupted_upload_leaves_nothing_in_the_way(store: Store, root: Path, source: Path) -> None:
    """What a cut upload left is no set; the next upload of that name begins anew, without a trace of the first."""
    files.replace(source / "leftover.xml", b"from the first attempt")
    with no_file_beyond(1024), pytest.raises(OperationError):
        store.upload(source, "tonight")
    assert any(root.rglob("leftover.xml")), "the first attempt was to get so far"
    (source / "leftover.xml").unlink()
    publish(store, source, "tonight")
    assert store.sets() == ["tonight"]
    assert contents(root) == {f"tonight/{name}": content for name, content in PARTS.items()}


UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""Root without the right to pass over a file's mode, so that a test as root sees what everybody else sees."""

TRY = """
import sys
from pathlib import Path
from lyncdr_helpers.adapters.store import FolderStore
from lyncdr_helpers.errors import LyncdrError
root, question, source = sys.argv[1:]
store = FolderStore(root)
try:
    {"sets": lambda: store.sets(), "files": lambda: store.files("yesterday"),
     "read": lambda: store.read("yesterday/manifest.json"),
     "digest": lambda: store.digest("yesterday", "manifest.json"),
     "upload": lambda: store.upload(Path(source), "tonight"), "publish": lambda: store.publish("tonight"),
     }[question]()
except LyncdrError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
@pytest.mark.parametrize(
    ("question", "locked", "words"),
    [
        ("upload", ".", "written: Permission denied"),
        ("publish", ".", "written: Permission denied"),
        ("sets", ".", "listed: Permission denied"),
        ("files", "yesterday", "listed: Permission denied"),
        ("read", "yesterday/manifest.json", "read: Permission denied"),
        ("digest", "yesterday/manifest.json", "read: Permission denied"),
    ],
)
def test_a_store_that_refuses(store: Store, root: Path, source: Path, question: str, locked: str, words: str) -> None:
    """A store that may not be written to, or not be read, says so: OperationError with the system's reason."""
    publish(store, source, "yesterday")
    store.upload(source, "tonight" if question == "publish" else "another")
    place = root / locked
    mode = place.stat().st_mode
    place.chmod(0o500 if question in ("upload", "publish") else 0o300)
    command = [sys.executable, "-c", TRY, str(root), question, str(source)]
    try:
        said = subprocess.run(
            [*(UNPRIVILEGED if os.geteuid() == 0 else ()), *command], capture_output=True, text=True, check=True
        )
    finally:
        place.chmod(mode)
    assert said.stdout.startswith("OperationError "), said.stdout or "it did so"
    assert words in said.stdout
    assert store.sets() == ["yesterday"]
