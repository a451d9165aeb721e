"""The heads of journals, kept in the backup store at the DR site: whoever edits a run's folder does not reach them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass

from lyncdr_helpers import files
from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.ports import Store

FOLDER = "journal-heads"


@dataclass(frozen=True)
class Head:
    """What a journal and its folder's manifest were when they were sealed. lines: how many. manifest: its SHA-256."""

    deployment: str
    run: str
    lines: int
    head: str
    manifest: str
    at: str


def keep(store: Store, manifest: bytes, clock: Clock) -> None:
    """Leave the head that a manifest names in the store, by its own name: an earlier one is never written again."""
    about, sealed = json.loads(manifest), files.digest(manifest)
    run, digests = about["run"], about["journal"]["digests"]
    head = Head(about["deployment"], run, len(digests), digests[-1], sealed, stamp(clock.now()))
    store.note(f"{FOLDER}/{run}/{len(digests):06}-{sealed[:12]}.json", files.canonical(vars(head)) + b"\n")


def kept(store: Store, run: str) -> list[Head]:
    """The heads that the store has of a run, oldest first; one that cannot be read is none."""
    found = (one for one in _heads(store.notes(f"{FOLDER}/{run}").values()) if one.run == run)
    return sorted(found, key=lambda one: (one.lines, one.at))


def strangers(store: Store, deployment: str, here: Collection[str]) -> list[Head]:
    """The last head of each run of the deployment that the store knows of and nobody has here, oldest run first."""
    found = sorted(_heads(store.notes(FOLDER).values()), key=lambda one: (one.run, one.lines, one.at))
    ours = {one.run: one for one in found if one.deployment == deployment}
    return [one for run, one in ours.items() if run not in here]


def _heads(contents: Iterable[bytes]) -> Iterable[Head]:
    for content in contents:
        with suppress(ValueError, TypeError):
            yield Head(**json.loads(content))
