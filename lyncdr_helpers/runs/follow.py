"""Following a journal while another process writes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from lyncdr_helpers.journal import Line

EVERY_SECONDS = 0.1


class Follower:
    """Calls `on_line`, from a thread of its own, with each line added to a journal while the `with` block runs."""

    def __init__(self, path: Path, on_line: Callable[[Line], None]) -> None:
        self._path = path
        self._on_line = on_line
        self._read = _whole_bytes(path)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"follow {path.name}", daemon=True)

    def __enter__(self) -> Follower:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(EVERY_SECONDS):
            self._pass_on()
        self._pass_on()

    def _pass_on(self) -> None:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole, newline, _ = file.read().rpartition(b"\n")
        self._read += len(whole) + len(newline)
        for text in whole.splitlines():
            kept = json.loads(text)
            self._on_line(
                Line(kept["n"], kept["at"], kept["kind"], kept["facts"], kept["previous"], kept.get("nonce", ""))
            )


def _whole_bytes(path: Path) -> int:
    """How much of the file is whole lines: what a crash cut off at its end will be set aside."""
    return path.read_bytes().rfind(b"\n") + 1 if path.exists() else 0
