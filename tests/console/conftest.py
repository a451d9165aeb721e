"""One lab, one JupyterLab and one browser for all tests of this folder, which tell one night from its beginning.

The lab's primary lives until a test loses it; what a test leaves behind is what the next one finds.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser import Console, opened
from dr_scene import Scene, make_scene

from lyncdr_helpers.lab import lifecycle

USERS = 24


@pytest.fixture(scope="package")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Both sites up, and one complete backup."""
    made = make_scene(tmp_path_factory.mktemp("night") / "lab", users=USERS)
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)


@pytest.fixture(scope="package")
def console(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """JupyterLab as `lyncdr console --params` opens it on that lab, and chromium in front of it."""
    with opened(tmp_path_factory.mktemp("console"), scene.params) as made:
        yield made
