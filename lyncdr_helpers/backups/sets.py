"""The sets in a store: which there are, which may feed an activation, and whether one still is what it was."""

from __future__ import annotations

import datetime as dt

from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.ports import Store


def read_manifest(store: Store, name: str) -> Manifest:
    """The manifest of one set."""
    return manifests.parse(store.read(f"{name}/{manifests.NAME}"), name)


def list_sets(store: Store, deployment: str) -> list[Manifest]:
    """The sets of a deployment, oldest first. A folder without a manifest, or with one that does not parse, is no set.

    Raises OperationError where a folder cannot be looked into: it may hold the newest set.
    """
    found = []
    for name in store.sets():
        if manifests.NAME not in store.files(name):
            continue  # shares hold other folders too
        try:
            found.append(read_manifest(store, name))
        except InputError:
            continue
    return sorted((one for one in found if one.deployment == deployment), key=lambda one: one.made_at)


def damage(store: Store, manifest: Manifest) -> list[str]:
    """What no longer fits the manifest, file by file, by digests computed from the store. Empty: the set is whole."""
    here = set(store.files(manifest.name))
    faults = [f"{part.file} is gone" for part in manifest.parts if part.file not in here]
    present = [part for part in manifest.parts if part.file in here]
    return faults + [
        f"{part.file} is not what was stored"
        for part in present
        if store.digest(manifest.name, part.file) != part.sha256
    ]


def choose(store: Store, deployment: str, wanted: str = "") -> Manifest:
    """The set to restore from: the one named, else the newest complete one; proven whole.

    Raises Refusal when there is none, or the one named is incomplete or damaged.
    """
    sets = [one for one in list_sets(store, deployment) if not wanted or one.name == wanted]
    complete = [one for one in sets if one.complete]
    if not complete:
        found = f"set {wanted} is not complete" if sets else f"there is no set {wanted}".rstrip()
        raise Refusal(
            f"No complete backup of {deployment} to restore from: {found}.",
            "Run `lyncdr run backup` while the pool still answers, or name another set with --backup-set.",
        )
    chosen = complete[-1]
    if faults := damage(store, chosen):
        raise Refusal(f"Set {chosen.name} is damaged: {'; '.join(faults)}.", "Name another set with --backup-set.")
    return chosen


def age_hours(manifest: Manifest, now: dt.datetime) -> float:
    """How old the set is, in hours."""
    return (now - parse_stamp(manifest.made_at)).total_seconds() / 3600
