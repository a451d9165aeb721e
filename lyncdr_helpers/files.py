"""Files that are whole or absent: atomic replace, synced append, digests, and a lock that names its holder."""

from __future__ import annotations

import csv
import getpass
import hashlib
import io
import json
import os
import platform
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import filelock

from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.errors import Locked

CHUNK = 1 << 20
PATIENCE = 5.0
"""How long to wait for a lock, in seconds: a kernel whose runner was killed takes a moment to follow it."""


def replace(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a reader, or a crash, sees the old file or the new one and nothing between."""
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """As `replace`, for content that comes in pieces; an error within the block leaves the old file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            sync(file)
        Path(aside).replace(path)
    except BaseException:
        Path(aside).unlink(missing_ok=True)
        raise


def replace_json(path: Path, value: Any) -> None:
    """`replace` with indented JSON."""
    replace(path, (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode())


def replace_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """`replace` with a table: the columns are the keys of the first row."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    replace(path, text.getvalue().encode("utf-8"))


def sync(file: BinaryIO) -> None:
    """Flush, and wait until the disk has it."""
    file.flush()
    os.fsync(file.fileno())


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a value (sorted keys, no spaces, UTF-8), so that its digest means something."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(content: bytes) -> str:
    """SHA-256, as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_file(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            total.update(piece)
    return total.hexdigest()


def whoami() -> dict[str, Any]:
    """The person, machine and process at work: `{"user", "host", "pid"}`."""
    return {"user": getpass.getuser(), "host": platform.node(), "pid": os.getpid()}


class Lock:
    """A lock for one kind of work on one deployment. It names its holder, and ends with its holder's process.

    The operating system holds it, so a killed owner cannot leave it behind; `<path>.holder` says who has it, since
    when and for which run. Taking it twice in one process is allowed. Raises Locked, with the holder's name.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = filelock.FileLock(path, poll_interval=0.1, is_singleton=True)

    @property
    def _holder_path(self) -> Path:
        return self._path.with_suffix(".holder")

    def holder(self) -> Mapping[str, Any]:
        """Who held it last: `{"user", "host", "pid", "since", "run"}`, or empty."""
        try:
            found: Mapping[str, Any] = json.loads(self._holder_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def is_held(self) -> bool:
        """Whether a process has it now, be it this one; also where nobody may ask. The asking takes it for a moment."""
        if not self._holder_path.exists():
            return False
        try:
            with filelock.FileLock(self._path, timeout=0, is_singleton=False):
                return False
        except (filelock.Timeout, PermissionError):
            return True

    def take(self, run: str) -> None:
        """Take it for the run, or raise Locked."""
        try:
            self._lock.acquire(timeout=PATIENCE)
        except filelock.Timeout as cause:
            held = self.holder()
            raise Locked(
                f"Run {held.get('run', '?')} of {held.get('user', '?')} on {held.get('host', '?')} "
                f"(process {held.get('pid', '?')}) holds the lock {self._path.name} since {held.get('since', '?')}.",
                "Wait until it ends, or ask that person; the lock goes with the process.",
            ) from cause
        replace_json(self._holder_path, {**whoami(), "since": stamp(self._clock.now()), "run": run})

    def free(self) -> None:
        """Give it back; harmless when not held."""
        if self._lock.is_locked:
            self._holder_path.unlink(missing_ok=True)
            self._lock.release(force=True)

    def __enter__(self) -> Lock:
        return self

    def __exit__(self, *error: object) -> None:
        self.free()
