"""A tar unpacked into a folder again: all of it, over nothing else, and never outside."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from lyncdr_helpers.backups import tree
from lyncdr_helpers.errors import OperationError


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """A tar of a folder with a file, an empty file, a name of another script, and an empty folder."""
    source = tmp_path / "source"
    for name, content in {"a.txt": b"one", "deep/empty": b"", "社員/写真.bin": bytes(range(256)) * 9}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
        os.utime(source / name, (1_700_000_000.25, 1_700_000_000.25))
    (source / "nothing").mkdir()
    tree.pack(source, tmp_path / "packed.tar")
    return tmp_path / "packed.tar"


def in_folder(folder: Path) -> dict[str, bytes | None]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


def test_there_and_back(packed: Path, tmp_path: Path) -> None:
    """What was packed is unpacked: names, contents, times, empty files and folders; then nothing is missing."""
    target = tmp_path / "made" / "on the way"
    assert sorted(tree.missing(packed, target)) == sorted(tree.listed(packed))
    tree.unpack(packed, target)
    assert in_folder(target) == in_folder(tmp_path / "source")
    assert (target / "a.txt").stat().st_mtime == 1_700_000_000.25
    assert tree.missing(packed, target) == []
    assert tree.listed(packed) == {"a.txt": 3, "deep/empty": 0, "社員/写真.bin": 2304}


def test_what_is_missing_is_named(packed: Path, tmp_path: Path) -> None:
    """A file that is gone, shorter, or of the same size and other contents is missing; others stay."""
    target = tmp_path / "target"
    tree.unpack(packed, target)
    (target / "ours").write_bytes(b"kept")
    (target / "a.txt").write_bytes(b"two")
    (target / "deep" / "empty").unlink()
    (target / "社員" / "写真.bin").write_bytes(b"short")
    assert sorted(tree.missing(packed, target)) == ["a.txt", "deep/empty", "社員/写真.bin"]
    tree.unpack(packed, target)
    assert tree.missing(packed, target) == []
    assert (target / "ours").read_bytes() == b"kept"


def member(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, "/etc/passwd"
    return made


@pytest.mark.parametrize(
    "evil",
    [
        member("../out"),
        member("a/../../out"),
        member("/out"),
        member("C:/out"),
        member("a\\..\\..\\out"),
        member("link", tarfile.SYMTYPE),
        member("hard", tarfile.LNKTYPE),
        member("pipe", tarfile.FIFOTYPE),
    ],
    ids=lambda one: one.name,
)
def test_what_leads_out(evil: tarfile.TarInfo, tmp_path: Path) -> None:
    """A name that leaves the folder, a link, a device: refused, and nothing is written outside."""
    with tarfile.open(tmp_path / "evil.tar", "w") as tar:
        tar.addfile(evil)
    (tmp_path / "target").mkdir()
    for read in (tree.listed, lambda path: tree.unpack(path, tmp_path / "target")):
        with pytest.raises(OperationError, match="leads out"):
            read(tmp_path / "evil.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evil.tar", "target"]
    assert list((tmp_path / "target").iterdir()) == []


@pytest.mark.parametrize("length", [100, 700])
def test_half_a_tar(packed: Path, tmp_path: Path, length: int) -> None:
    """A tar that is cut short is an error, not a smaller one."""
    packed.write_bytes(packed.read_bytes()[:length])
    with pytest.raises(OperationError):
        tree.unpack(packed, tmp_path / "target")
