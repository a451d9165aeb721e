"""Files whole or absent, and a lock that names its holder and ends with its process."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lyncdr_helpers import files
from lyncdr_helpers.clock import SetClock, SystemClock
from lyncdr_helpers.errors import Locked

HOLD = """
import sys, time
from pathlib import Path
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.files import Lock
lock = Lock(Path(sys.argv[1]), SystemClock())
lock.take("run-1")
print("held", flush=True)
time.sleep(60)
"""


def holder(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_replace_leaves_the_old_file_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that fails in the middle leaves the old content and no litter."""
    path = tmp_path / "a.json"
    files.replace(path, b"old")

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync", full)
    with pytest.raises(OSError, match="No space"):
        files.replace(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.json"]


def test_a_lock_names_its_holder(tmp_path: Path) -> None:
    """The second process is told who holds the lock, where, since when, and for which run."""
    process = holder(tmp_path / "activate.lock")
    try:
        with pytest.raises(Locked) as refused:
            files.Lock(tmp_path / "activate.lock", SystemClock()).take("run-2")
        assert "run-1" in str(refused.value)
        assert f"process {process.pid}" in str(refused.value)
        assert files.whoami()["user"] in str(refused.value)
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is POSIX")
def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    """After kill -9 of the holder the lock is free: the operating system held it."""
    process = holder(tmp_path / "activate.lock")
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    lock = files.Lock(tmp_path / "activate.lock", SystemClock())
    lock.take("run-2")
    assert lock.holder()["run"] == "run-2"
    lock.free()


def test_whether_a_lock_is_held(tmp_path: Path) -> None:
    """Anybody may ask, also who has it; that neither takes nor frees it, and a killed holder's name means nothing."""
    path = tmp_path / "backup.lock"
    mine, other = files.Lock(path, SystemClock()), files.Lock(path, SystemClock())
    assert not mine.is_held()
    mine.take("r1")
    assert mine.is_held()
    assert other.is_held()
    mine.free()
    assert not other.is_held()
    path.with_suffix(".holder").write_text('{"run": "killed"}', encoding="utf-8")
    assert not other.is_held()
    mine.take("r2")
    assert mine.holder()["run"] == "r2"
    mine.free()


def test_a_process_may_take_its_own_lock_again(tmp_path: Path) -> None:
    """A re-run notebook cell is no second operator."""
    clock = SetClock(dt.datetime(2026, 3, 1, tzinfo=dt.UTC))
    first, second = files.Lock(tmp_path / "x.lock", clock), files.Lock(tmp_path / "x.lock", clock)
    first.take("run-1")
    second.take("run-1")
    second.free()
    assert first.holder() == {}


def test_canonical_has_one_spelling() -> None:
    """Key order and spaces do not change a digest; values do."""
    assert files.canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    assert files.digest(files.canonical({"a": 1})) != files.digest(files.canonical({"a": 2}))
