"""A store at a path: what a mount that is gone, a full disk, a mode and the system's cache do to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_places import PARTS, PathPlace, publish, send

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.adapters.stores.disk import Disk
from lyncdr_helpers.adapters.stores.folders import FolderStore
from lyncdr_helpers.adapters.stores.patience import PAUSES, Patience
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import AccessDenied, OperationError, UnknownOutcome, Unreachable
from lyncdr_helpers.ports import Store


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "dr store"
    made.mkdir()
    return made


@pytest.fixture
def clock() -> SetClock:
    return SetClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))


@pytest.fixture
def store(root: Path, clock: SetClock) -> Store:
    return open_path(root, clock)


QUESTIONS: dict[str, Callable[[Store, Path], object]] = {
    "sets": lambda store, here: store.sets(),
    "unpublished": lambda store, here: store.unpublished(),
    "free": lambda store, here: store.free(),
    "files": lambda store, here: store.files("tonight"),
    "read": lambda store, here: store.read("tonight", "manifest.json"),
    "download": lambda store, here: store.download("tonight", "manifest.json", here / "manifest.json"),
    "digest": lambda store, here: store.digest("tonight", "manifest.json"),
    "send": lambda store, here: store.send(here / "work" / "manifest.json", "tomorrow", "manifest.json"),
    "publish": lambda store, here: store.publish("tonight"),
    "remove": lambda store, here: store.remove("tonight"),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_store_that_is_not_there(tmp_path: Path, source: Path, clock: SetClock, question: str) -> None:
    """A share that is not mounted is Unreachable to every question, at once, and nothing is made in its place."""
    assert source.is_dir()
    with pytest.raises(Unreachable, match="not there"):
        QUESTIONS[question](open_path(tmp_path / "not mounted", clock), tmp_path)
    assert not (tmp_path / "not mounted").exists()
    assert clock.monotonic() == 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_store_that_stays_away(store: Store, root: Path, source: Path, clock: SetClock, question: str) -> None:
    """A share that was there is waited for, a minute in all and not longer; nothing is made in its place."""
    publish(store, source, "tonight")
    root.rename(root.with_name("gone"))
    with pytest.raises(Unreachable):
        QUESTIONS[question](store, source.parent)
    assert clock.monotonic() == sum(PAUSES)
    assert not root.exists()


class Returning(SetClock):
    """The share is back after so many seconds."""

    def __init__(self, root: Path, after: float) -> None:
        super().__init__(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
        self._root, self._after = root, after

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if self.monotonic() >= self._after and not self._root.exists():
            self._root.with_name("gone").rename(self._root)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_store_that_comes_back(root: Path, source: Path, question: str) -> None:
    """A share that is away for ten seconds is missed by nobody."""
    clock = Returning(root, after=10)
    store = open_path(root, clock)
    if question == "publish":
        send(store, source, "tonight")
    else:
        publish(store, source, "tonight")
    root.rename(root.with_name("gone"))
    QUESTIONS[question](store, source.parent)
    assert 10 <= clock.monotonic() < 20


class Flaky(Disk):
    """A mounted share whose server goes away once, in the middle: before or after it did what it was asked."""

    def __init__(self, root: Path, *, acts: bool, for_good: bool = False) -> None:
        super().__init__(str(root))
        self._acts, self._for_good, self._gone = acts, for_good, False

    def is_there(self) -> bool:
        return super().is_there() and not (self._gone and self._for_good)

    def mv(self, path1: str, path2: str, **_: object) -> None:
        if self._gone:
            return super().mv(path1, path2)
        if self._acts:
            super().mv(path1, path2)
        self._gone = True
        raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN), path1)


@pytest.mark.parametrize("acts", [True, False])
def test_the_answer_to_publish_is_lost(root: Path, source: Path, clock: SetClock, acts: bool) -> None:
    """Whether the server renamed before it went away or not: asked again, the set is published, without an error."""
    store = FolderStore(Flaky(root, acts=acts), Patience(clock))
    publish(store, source, "tonight")
    assert store.sets() == ["tonight"]


@pytest.mark.parametrize("acts", [True, False])
def test_whether_it_was_published_is_unknown(root: Path, source: Path, clock: SetClock, acts: bool) -> None:
    """A share that stays away after it was asked to rename may have done it: that is what is said, not "nothing"."""
    store = FolderStore(Flaky(root, acts=acts, for_good=True), Patience(clock))
    with pytest.raises(UnknownOutcome, match="tonight"):
        publish(store, source, "tonight")


def test_a_file_in_the_place_of_the_store(tmp_path: Path) -> None:
    """A store must be a folder."""
    (tmp_path / "store").write_text("")
    with pytest.raises(Unreachable):
        open_path(tmp_path / "store").sets()


@pytest.mark.parametrize("tail", ["", "/", "\\", "//", "\\/"])
def test_a_root_may_end_in_a_slash(root: Path, source: Path, clock: SetClock, tail: str) -> None:
    r"""`\\server\share\` and `/srv/share/` are what people write; the name means the same without."""
    store = FolderStore(Disk(f"{root}{tail}"), Patience(clock))
    publish(store, source, "tonight")
    assert open_path(root).sets() == ["tonight"]
    assert store.files("tonight") == sorted(PARTS)


def test_not_even_an_empty_folder_is_replaced(store: Store, root: Path, source: Path) -> None:
    """A folder of that name that somebody made by hand is in the way too, though POSIX would rename over it."""
    send(store, source, "tonight")
    (root / "tonight").mkdir()
    with pytest.raises(Exception, match="holds a set tonight already"):
        store.publish("tonight")
    assert list((root / "tonight").iterdir()) == []


# -- a copy that was cut short -----------------------------------------------------------------------------------------
def test_a_copy_goes_on_where_it_was_cut(store: Store, root: Path, tmp_path: Path) -> None:
    """Of ten pieces, seven and a half were there: the seven are not written again."""
    content = os.urandom(10 * files.CHUNK)
    (tmp_path / "dump").write_bytes(content)
    target = root / ".incoming-tonight" / "dump"
    files.replace(target, content[: 7 * files.CHUNK + 500_000])
    before = _written()
    store.send(tmp_path / "dump", "tonight", "dump")
    assert 3 * files.CHUNK <= _written() - before < 3 * files.CHUNK + 100_000
    assert target.read_bytes() == content


def test_a_copy_begins_anew_where_it_differs(store: Store, root: Path, tmp_path: Path) -> None:
    """What was there is compared, all of it: after a flipped bit in the third of seven pieces, two are kept."""
    content = os.urandom(10 * files.CHUNK)
    (tmp_path / "dump").write_bytes(content)
    target = root / ".incoming-tonight" / "dump"
    files.replace(target, content[: 7 * files.CHUNK])
    PathPlace(root).flip(".incoming-tonight/dump")
    spoiled = bytearray(content[: 7 * files.CHUNK])
    spoiled[2 * files.CHUNK + 5] ^= 1
    target.write_bytes(spoiled)
    before = _written()
    store.send(tmp_path / "dump", "tonight", "dump")
    assert 8 * files.CHUNK <= _written() - before < 8 * files.CHUNK + 100_000
    assert target.read_bytes() == content


def _written() -> int:
    """Bytes that this process wrote, since it began."""
    return _counted("wchar")


def _counted(what: str) -> int:
    text = Path("/proc/self/io").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{what}:")))


# -- a disk that does not take it --------------------------------------------------------------------------------------
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
    """What does not fit is an error that says how much; no set appears, and those that are there stay as they were."""
    publish(store, source, "yesterday")
    before = PathPlace(root).contents()
    with (
        no_file_beyond(1024),
        pytest.raises(OperationError, match=r"tonight/settings/lis\.zip needs 4,096 more"),
    ):
        send(store, source, "tonight")
    assert store.sets() == ["yesterday"]
    assert {path: content for path, content in PathPlace(root).contents().items() if path in before} == before


def test_a_full_disk_is_known_beforehand(store: Store, root: Path, tmp_path: Path) -> None:
    """A file larger than what is free is not begun: a sparse one of a thousand terabytes takes no time to refuse."""
    with (tmp_path / "dump").open("wb") as dump:
        dump.truncate(1 << 43)
    with pytest.raises(OperationError, match=r"needs 8,796,093,022,208 more bytes, and [\d,]+ are free"):
        store.send(tmp_path / "dump", "tonight", "dump")
    assert PathPlace(root).contents() == {}


def test_a_disk_with_room_again(store: Store, root: Path, source: Path) -> None:
    """What the first attempt left is completed by the next, and the set is whole."""
    with no_file_beyond(1024), pytest.raises(OperationError):
        send(store, source, "tonight")
    assert (root / ".incoming-tonight" / "settings" / "lis.zip").stat().st_size == 1024
    publish(store, source, "tonight")
    assert PathPlace(root).contents() == {f"tonight/{name}": content for name, content in PARTS.items()}


def test_what_is_read_comes_from_the_disk(store: Store, root: Path, tmp_path: Path) -> None:
    """A digest is never of what this machine remembers of the file: each time, the disk is read, all of it."""
    kind = subprocess.run(["stat", "-fc", "%T", root], capture_output=True, text=True, check=True).stdout.strip()
    if kind == "tmpfs":
        pytest.skip("this machine's temporary files lie in memory: no disk is read at all")
    (tmp_path / "dump").write_bytes(os.urandom(8 * files.CHUNK))
    store.send(tmp_path / "dump", "tonight", "dump")
    for _ in range(2):
        before = _counted("read_bytes")
        store.digest("tonight", "dump", published=False)
        assert _counted("read_bytes") - before >= 8 * files.CHUNK


UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--")
"""Root without the right to pass over a file's mode, so that a test as root sees what everybody else sees."""

TRY = """
import sys
from pathlib import Path
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.errors import LyncdrError
root, question, source = sys.argv[1:]
store = open_path(Path(root))
try:
    {"sets": lambda: store.sets(), "files": lambda: store.files("yesterday"),
     "read": lambda: store.read("yesterday", "manifest.json"),
     "digest": lambda: store.digest("yesterday", "manifest.json"),
     "send": lambda: store.send(Path(source), "another", "manifest.json"), "publish": lambda: store.publish("tonight"),
     "remove": lambda: store.remove("yesterday"),
     }[question]()
except LyncdrError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
@pytest.mark.parametrize(
    ("question", "locked", "words"),
    [
        ("send", ".", "written: Permission denied"),
        ("publish", ".", "written: Permission denied"),
        ("remove", ".", "cleared of a set: Permission denied"),
        ("sets", ".", "listed: Permission denied"),
        ("files", "yesterday", "listed: Permission denied"),
        ("read", "yesterday/manifest.json", "read: Permission denied"),
        ("digest", "yesterday/manifest.json", "read: Permission denied"),
    ],
)
def test_a_store_that_refuses(store: Store, root: Path, source: Path, question: str, locked: str, words: str) -> None:
    """A store that may not be written to, or not be read, says so, and who is to be let in."""
    publish(store, source, "yesterday")
    send(store, source, "tonight")
    place = root / locked
    mode = place.stat().st_mode
    place.chmod(0o500 if question in ("send", "publish", "remove") else 0o300)
    command = [sys.executable, "-c", TRY, str(root), question, str(source / "manifest.json")]
    try:
        said = subprocess.run(
            [*(UNPRIVILEGED if os.geteuid() == 0 else ()), *command], capture_output=True, text=True, check=True
        ).stdout
    finally:
        place.chmod(mode)
    assert said.startswith(f"{AccessDenied.__name__} "), said or "it did so"
    assert words in said
    assert f"Let {files.whoami()['user']} read and write there." in said
    assert store.files("yesterday") == sorted(PARTS)
