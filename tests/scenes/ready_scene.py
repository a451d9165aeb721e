"""What 1_prepare says of a lab in which one thing is wrong, and ways to put it wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from dr_scene import Scene
from phase_scene import Ended, prepared, run, variant

from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.lab.directory import DirectoryServer, site_map
from lyncdr_helpers.lab.forest import DirectoryEntry
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.session import Session

Entries = Iterable[DirectoryEntry]
GROUP_CHAT_NEEDED = dict.fromkeys(["SQL Server for Group Chat", "Windows server for Group Chat"], "unknown")
"""What the requirements say where Group Chat must come back: no topology document holds it."""


def ask(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> Ended:
    """One run of 1_prepare, up to what would follow from it; `meddle` may change the session before it asks anybody."""
    session = prepare.begin(params)
    meddle(session)
    return run(session, partial(prepared, ending=False))


@contextmanager
def directory_of(scene: Scene, folder: Path, change: Callable[[Entries], Entries]) -> Iterator[Path]:
    """A second domain controller, of a forest in which `change` has put something else; the parameters that lead to it.

    The management host still works on the first one, so that what it says stays.
    """
    lab = scene.blueprint
    with claim_subnet(Blueprint(folder)) as claim:
        for name in ("certificates", "secrets"):
            shutil.copytree(lab.folder / name, claim.blueprint.folder / name)
        server = DirectoryServer(claim.blueprint)
        server.load(change([*seed.generate(lab).directory_entries(), *site_map.entries(lab)]))
        server.start()
        try:
            yield variant(scene, (f"ldaps://{lab.domain_controller}:", f"ldaps://{claim.blueprint.domain_controller}:"))
        finally:
            server.stop()


def remedy(found: Ended, name: str) -> str:
    """What a check says is to be done."""
    return next(line.facts["remedy"] for line in found.lines if line.kind == "check" and line.facts["name"] == name)
