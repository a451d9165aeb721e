"""More sets for a lab's store: copies of its backup that say something else, signed anew or not at all."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dr_scene import Scene

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import signed
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.runfolder import new_name
from lyncdr_helpers.signatures import SigningKey


def own_key(scene: Scene) -> SigningKey:
    """The key that the lab signs with."""
    reference = read_params(scene.params).params.backup.signing_key
    assert reference
    return SigningKey.kept_at(SecretReference.parse(reference, scene.params.parent))


def add_set(scene: Scene, key: SigningKey | None, **changes: Any) -> str:
    """Publish a copy of the lab's oldest set, newer than all others, with these changes to its manifest; its name."""
    store = scene.blueprint.store
    oldest = min(path.name for path in store.iterdir() if not path.name.startswith("."))
    made_at = dt.datetime.now(dt.UTC)
    name = new_name("backup", made_at)
    shutil.copytree(store / oldest, store / name)
    written = store / name / manifests.NAME
    said = json.loads(written.read_bytes()) | {"name": name, "made_at": stamp(made_at)} | changes
    files.replace_json(written, said)
    (store / name / signed.NAME).unlink()
    if key:
        content = written.read_bytes()
        files.replace(store / name / signed.NAME, signed.sign_manifest(key, content, name, said["made_by"], made_at))
    return name


def without_a_user(scene: Scene) -> dict[str, Any]:
    """What a manifest says whose first user could not be exported.

    Without Group Chat, whose dump says in itself which set it was made for.
    """
    store = scene.blueprint.store
    oldest = min(path.name for path in store.iterdir() if not path.name.startswith("."))
    said = json.loads((store / oldest / manifests.NAME).read_bytes())
    lost, *others = said["users"]
    missing = {"address": lost["address"], "pool": lost["pool"], "reason": "not exported"}
    parts = [part for part in said["parts"] if not part["kind"].startswith("group-chat")]
    return {"state": "INCOMPLETE", "users": others, "differences": [missing], "parts": parts}


@contextmanager
def added(scene: Scene, key: SigningKey | None, **changes: Any) -> Iterator[str]:
    """`add_set`, until the end of the block."""
    name = add_set(scene, key, **changes)
    try:
        yield name
    finally:
        shutil.rmtree(scene.blueprint.store / name, ignore_errors=True)
