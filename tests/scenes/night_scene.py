"""Nights of a standing lab: one is driven to its end, and what the store then holds is looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dr_scene import Scene
from phase_scene import Ended, backed_up, run

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.sets import Chosen, choose
from lyncdr_helpers.backups.signed import keys_of
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import backup
from lyncdr_helpers.ports import Store
from lyncdr_helpers.session import Session


def ask(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> Ended:
    """One night, after `meddle` has put something wrong."""
    session = backup.begin(params)
    meddle(session)
    return run(session, backed_up)


def store_of(scene: Scene) -> Store:
    return open_path(scene.blueprint.store)


def chosen(scene: Scene, wanted: str = "") -> Chosen:
    """The set that an activation would take."""
    return choose(store_of(scene), "lab", keys_of(read_params(scene.params)), wanted)


def manifest_of(scene: Scene, found: Ended) -> dict[str, Any]:
    """The manifest of the set that the night published."""
    return _read(scene.blueprint.store / found.folder.run)


def failed_manifest_of(scene: Scene, found: Ended) -> dict[str, Any]:
    """The manifest of the set that the night left aside."""
    (aside,) = scene.blueprint.store.glob(f".*{found.folder.run}")
    return _read(aside)


def nothing_published(scene: Scene, found: Ended, kept: dict[str, str]) -> None:
    """No set has the run's name, every set that can be seen was there before, and nothing is left on this machine."""
    assert store_of(scene).sets() == sorted({name.partition("/")[0] for name in kept if not name.startswith(".")})
    assert not (scene.blueprint.store / found.folder.run).exists()
    assert not (scene.blueprint.folder / "work" / found.folder.run).exists()
    assert not list((scene.blueprint.drive_c / "lyncdr").glob(f"{found.folder.run}*"))


def left_aside(scene: Scene, found: Ended, kept: dict[str, str], *why: str) -> dict[str, Any]:
    """Nothing published, and what lies aside says FAILED and why; its manifest."""
    nothing_published(scene, found, kept)
    said = failed_manifest_of(scene, found)
    assert (said["state"], said["name"]) == ("FAILED", found.folder.run)
    assert all(word in said["reason"] for word in why)
    return said


def _read(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return content
