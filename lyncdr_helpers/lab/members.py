"""The processes of a lab. Each carries its lab's folder in its environment, and so do the processes it starts.

So a process id that was given to somebody else in the meantime is never mistaken for ours.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from operator import itemgetter
from pathlib import Path

import psutil

from lyncdr_helpers.errors import LyncdrError

LAB = "LYNCDR_LAB"
ROLE = "LYNCDR_LAB_ROLE"

END_SECONDS = 8.0
"""How long each way of asking gets before the next, harder one."""

POLL_SECONDS = 0.05


def start(folder: Path, role: str, owner_pid: int | None) -> subprocess.Popen[bytes]:
    """Start one lab process on its own: no terminal, its output in logs/<role>.log."""
    # -P: a file beside the user, named like one of our libraries, is not imported in its place.
    command = [sys.executable, "-P", "-m", "lyncdr_helpers.lab.process", role, "--folder", str(folder)]
    command += ["--owner", str(owner_pid)] if owner_pid else []
    log_file(folder, role).parent.mkdir(parents=True, exist_ok=True)
    with log_file(folder, role).open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, LAB: str(folder.resolve()), ROLE: role, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
            creationflags=_detached(),
        )
    # Somebody has to take note of its end, or it stays as a zombie for as long as this process lives.
    threading.Thread(target=process.wait, daemon=True).start()
    return process


def _detached() -> int:
    if sys.platform == "win32":
        return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP
    return 0


def log_file(folder: Path, role: str) -> Path:
    return folder / "logs" / f"{role}.log"


def members(folder: Path) -> list[psutil.Process]:
    """The lab's living processes, oldest first."""
    return [process for _, process, _ in sorted(_of(folder), key=itemgetter(0))]


def main_process(folder: Path, role: str) -> psutil.Process | None:
    """The lab process with that role, or None when it is dead; what it started has its role too, and is younger."""
    found = [(since, process) for since, process, its in _of(folder) if its == role]
    return min(found, key=itemgetter(0))[1] if found else None


def _of(folder: Path) -> Iterator[tuple[float, psutil.Process, str]]:
    """(born, process, role) of everything that belongs to the lab and that this user may see."""
    ours = str(folder.resolve())
    for process in psutil.process_iter():
        try:
            marks = process.environ()
            if marks.get(LAB) == ours:
                yield process.create_time(), process, marks.get(ROLE, "")
        except psutil.Error:
            continue  # ended meanwhile, or somebody else's


def stop_file(folder: Path) -> Path:
    """Where it appears, the lab's processes end."""
    return folder / "stop"


def end(folder: Path) -> None:
    """Ask the lab's processes to end, then make them; returns when none is left."""
    stop_file(folder).touch()
    harder: tuple[Callable[[psutil.Process], None], ...] = (psutil.Process.terminate, psutil.Process.kill)
    for act in harder:
        if _gone(folder):
            return
        for process in members(folder):
            with suppress(psutil.NoSuchProcess):
                act(process)
    if not _gone(folder):
        left = ", ".join(str(process.pid) for process in members(folder))
        raise LyncdrError(f"Lab processes do not end: {left}.", "End them by hand, then run: lyncdr lab down")


def _gone(folder: Path) -> bool:
    until = time.monotonic() + END_SECONDS
    while members(folder):
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
    return True
