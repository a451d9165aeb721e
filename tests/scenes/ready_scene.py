"""What 1_prepare says of a lab in which one thing is wrong, and ways to put it wrong."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from dr_scene import Scene
from phase_scene import Ended, run, variant

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


STEPS: Mapping[str, tuple[str, ...]] = {
    "topology": (),
    "directory": (),
    "requirements": ("topology", "directory"),
    "management": ("topology",),
    "dr_site": ("topology",),
    "preflight": (),
    "names": (),
    "standby": (),
    "store": (),
}
"""The steps of 1_prepare in their order, up to what would follow from them, and what each is told of those before."""


def ask(
    params: Path, meddle: Callable[[Session], None] = lambda _: None, steps: Collection[str] = STEPS.keys()
) -> Ended:
    """One run of 1_prepare; `meddle` may change the session before it asks anybody.

    steps: the others are left out, where a module's tests are about a few; a whole run asks two hundred questions.
    """
    session = prepare.begin(params)
    meddle(session)
    return run(session, partial(_asked, steps=steps))


def _asked(session: Session, steps: Collection[str]) -> None:
    found: dict[str, Any] = {}
    for name, told in STEPS.items():
        if name in steps:
            found[name] = getattr(prepare, name)(session, *(found[one] for one in told))
    prepare.finish(session, *found.values())


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
