"""A folder as one tar: everything in it, nothing that moved, and words for what cannot be."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import socket
import subprocess
import tarfile
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyncdr_helpers.backups.tree import Packed, pack
from lyncdr_helpers.errors import OperationError

BIG = 150_000_000
"""A file of so many bytes, all of them a hole, takes long enough to read that something can happen meanwhile."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "repository"
    made.mkdir()
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "files.tar"
    (tmp_path / "files.tar").unlink(missing_ok=True)  # some are large, and pytest would keep them


def contents(archive: Path) -> dict[str, bytes | None]:
    """Name -> content, None for a folder."""
    with tarfile.open(archive) as tar:
        return {
            member.name: found.read() if (found := tar.extractfile(member)) else None for member in tar.getmembers()
        }


def test_files_and_folders(folder: Path, archive: Path) -> None:
    """Every file and folder is there by its relative name, the empty ones too, and the count is theirs."""
    (folder / "a b").mkdir()
    (folder / "empty folder").mkdir()
    (folder / "a b" / "Köln 写真.txt").write_bytes(b"x" * 5000)
    (folder / "zero").touch()
    assert pack(folder, archive) == Packed(2, 5000)
    assert contents(archive) == {
        "a b": None,
        "a b/Köln 写真.txt": b"x" * 5000,
        "empty folder": None,
        "zero": b"",
    }


def test_another_tar_reads_it(folder: Path, tmp_path: Path, archive: Path) -> None:
    """The tar of this machine unpacks it: names, contents and times to the fraction of a second."""
    path = folder / ("long " * 30) / "Speiseplan Köln.txt"
    path.parent.mkdir()
    path.write_bytes(b"Kuchen")
    os.utime(path, (1767600000.25, 1767600000.25))
    pack(folder, archive)
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", tmp_path / "out"], check=True)
    unpacked = tmp_path / "out" / path.relative_to(folder)
    assert unpacked.read_bytes() == b"Kuchen"
    assert unpacked.stat().st_mtime == 1767600000.25


def test_the_same_twice(folder: Path, tmp_path: Path) -> None:
    """The same folder gives the same archive, byte for byte, whoever packs it."""
    for name in ("b", "a"):
        (folder / name).write_bytes(name.encode())
    for name in ("one.tar", "two.tar"):
        pack(folder, tmp_path / name)
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


names = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..") and len(name.encode()) < 200
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=st.dictionaries(names, st.binary(max_size=1200), max_size=6))
def test_any_names(tmp_path: Path, archive: Path, tree: dict[str, bytes]) -> None:
    """Whatever the files are called, they come back by that name."""
    folder = tmp_path / str(time.monotonic_ns())
    folder.mkdir()
    for name, content in tree.items():
        (folder / name).write_bytes(content)
    pack(folder, archive)
    assert contents(archive) == tree


# -- people at work ---------------------------------------------------------------------------------------------------


@contextmanager
def meanwhile(archive: Path, act: Callable[[], object]) -> Iterator[None]:
    """Act as soon as a good part of the archive is written."""

    def wait() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until and not (archive.exists() and archive.stat().st_size > BIG // 20):
            time.sleep(0.001)
        act()

    person = threading.Thread(target=wait)
    person.start()
    try:
        yield
    finally:
        person.join()


def hole(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(BIG)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def touch_inside(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"else")


def put_another_there(path: Path) -> None:
    other = path.with_name("other")
    hole(other)
    before = path.stat()
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (grow, "changed"),
        (touch_inside, "changed"),
        (put_another_there, "changed"),
        (lambda path: os.truncate(path, 1000), "became shorter"),
        (Path.unlink, "vanished"),
    ],
    ids=["grows", "is overwritten", "is replaced", "is cut", "is removed"],
)
def test_a_file_at_work(folder: Path, archive: Path, act: Callable[[Path], object], said: str) -> None:
    """A file that does not stand still while it is read is named, and no archive is believed to hold it."""
    path = folder / "big"
    hole(path)
    with meanwhile(archive, lambda: act(path)), pytest.raises(OperationError) as caught:
        pack(folder, archive)
    assert caught.value.message == f"{path} {said} while it was read."


def test_a_file_that_goes_before_its_turn(folder: Path, archive: Path) -> None:
    """A file that was listed and is gone when its turn comes is named, too."""
    hole(folder / "a")
    (folder / "b").touch()
    with (
        meanwhile(archive, (folder / "b").unlink),
        pytest.raises(OperationError, match="b vanished while"),
    ):
        pack(folder, archive)


def test_a_new_file_elsewhere(folder: Path, archive: Path) -> None:
    """A file that comes after its folder was listed harms nobody: it is tomorrow's."""
    hole(folder / "a")
    with meanwhile(archive, (folder / "b").touch):
        assert pack(folder, archive).files == 1


# -- what cannot be ---------------------------------------------------------------------------------------------------


def test_links(folder: Path, tmp_path: Path, archive: Path) -> None:
    """A link could lead anywhere: it is neither followed nor dropped in silence."""
    (folder / "link").symlink_to(tmp_path)
    with pytest.raises(OperationError, match="link is neither a file nor a folder"):
        pack(folder, archive)


def test_a_socket(folder: Path, archive: Path) -> None:
    """Nor is anything else that has no content."""
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as listening:
        listening.bind(str(folder / "s"))
        with pytest.raises(OperationError, match="s is neither a file nor a folder"):
            pack(folder, archive)


def test_no_folder(tmp_path: Path, archive: Path) -> None:
    """A folder that is not there is no empty one."""
    with pytest.raises(OperationError, match="none vanished"):
        pack(tmp_path / "none", archive)


def test_the_disk_is_full(folder: Path, archive: Path) -> None:
    """A disk that takes no more ends it with the system's error."""
    (folder / "a").write_bytes(b"x" * 100_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            pack(folder, archive)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_memory(folder: Path, archive: Path) -> None:
    """A file is read in pieces: packing one of 150 MB takes less than 2 MB of memory."""
    hole(folder / "big")
    tracemalloc.start()
    try:
        pack(folder, archive)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
