"""The heads of journals, kept in the backup store at the DR site: whoever edits a run's folder does not reach them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from lyncdr_helpers import files
from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.ports import Store

FOLDER = "journal-heads"


@dataclass(frozen=True)
class Head:
    """What a journal and its folder's manifest were when they were sealed. lines: how many. manifest: its SHA-256."""

    run: str
    lines: int
    head: str
    manifest: str
    at: str


def keep(store: Store, run: str, digests: list[str], manifest: bytes, clock: Clock) -> None:
    """Leave the head in the store, under a name of its own: an earlier one is never written again."""
    sealed = files.digest(manifest)
    head = Head(run, len(digests), digests[-1], sealed, stamp(clock.now()))
    store.note(f"{FOLDER}/{run}/{len(digests):06}-{sealed[:12]}.json", files.canonical(vars(head)) + b"\n")


def kept(store: Store, run: str) -> list[Head]:
    """The heads that the store has of a run, oldest first; one that cannot be read is none."""
    return sorted(_heads(run, store.notes(f"{FOLDER}/{run}").values()), key=lambda one: (one.lines, one.at))


def _heads(run: str, contents: Iterable[bytes]) -> Iterable[Head]:
    for content in contents:
        try:
            found = Head(**json.loads(content))
        except (ValueError, TypeError):
            continue
        if found.run == run:
            yield found
