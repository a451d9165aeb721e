"""The sets in a store: which there are, which may feed an activation, and whether one still is what it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import signed, stored
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.ports import Store


@dataclass(frozen=True)
class Chosen:
    """A set to restore from, proven whole. digest: SHA-256 of its manifest, which holds those of all its files."""

    manifest: Manifest
    digest: str


def read_manifest(store: Store, name: str) -> Manifest:
    """The manifest of one set."""
    return manifests.parse(store.read(name, manifests.NAME), name)


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


def faults(store: Store, manifest: Manifest, keys: Keys) -> list[str]:
    """Why the set may not be relied on: its signature, then what `damage` finds. Empty: it is what was stored."""
    content = store.read(manifest.name, manifests.NAME)
    if manifests.parse(content, manifest.name) != manifest:
        return [f"{manifests.NAME} was changed while it was read"]
    unsigned = signed.fault(signed.check(store, manifest.name, files.digest(content), keys), keys)
    return [*filter(None, [unsigned]), *damage(store, manifest)]


def choose(store: Store, deployment: str, keys: Keys, wanted: str = "") -> Chosen:
    """The set to restore from: the one named, which may be INCOMPLETE, else the newest COMPLETE one; proven whole.

    Raises Refusal when there is none, when it failed, is damaged, or bears no signature that the keys ask for.
    """
    manifest, digest = _read(store, deployment, wanted)
    name = manifest.name
    if manifest.state == "FAILED":
        raise _failed(name)
    if unsigned := signed.fault(signed.check(store, name, digest, keys), keys):
        raise Refusal(
            f"Nobody vouches for set {name}: {unsigned}.",
            "Name another set with --backup-set, or put the key that signed it, if you know it, into "
            "backup.trusted_keys. `lyncdr backups list` shows whose signature each set bears.",
        )
    if found := damage(store, manifest):
        raise Refusal(f"Set {name} is damaged: {'; '.join(found)}.", "Name another set with --backup-set.")
    return Chosen(manifest, digest)


def _read(store: Store, deployment: str, wanted: str) -> tuple[Manifest, str]:
    """(manifest, its digest) of the set to choose. Summaries say where to look first; the manifest decides.

    Raises Refusal when there is none, OperationError where a folder cannot be looked into: it may hold the newest set.
    """
    seen = [one for one in stored.glance(store, deployment) if one.published]
    for one in seen:
        if not one.made_at:
            store.files(one.name)
    sets = [one for one in seen if one.made_at and (wanted or one.purpose == "restore")]
    found = [one.name for one in sets if (one.name == wanted if wanted else one.restores)]
    for name in reversed(found):
        content = store.read(name, manifests.NAME)
        manifest = manifests.parse(content, name)
        if wanted or (manifest.complete and manifest.purpose == "restore"):
            return manifest, files.digest(content)
    if wanted in store.unpublished():
        raise _failed(wanted)
    if wanted:
        raise Refusal(f"There is no set {wanted} of {deployment} in the store.", "See: lyncdr backups list")
    incomplete = f": the newest set, {sets[-1].name}, is {sets[-1].state}" if sets else ""
    raise Refusal(
        f"No complete backup of {deployment} to restore from{incomplete}.",
        "Run `lyncdr run backup` while the pool still answers, or name a set with --backup-set.",
    )


def _failed(name: str) -> Refusal:
    return Refusal(
        f"Set {name} is FAILED: the night that made it was cut short, or could not prove it.",
        "A FAILED set never feeds an activation. Name another one with --backup-set.",
    )


def age_hours(manifest: Manifest, now: dt.datetime) -> float:
    """How old the set is, in hours."""
    return (now - parse_stamp(manifest.made_at)).total_seconds() / 3600
