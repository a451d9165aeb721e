"""Labs for tests: one that stands for a whole module, whose tests leave it as they found it, and one for a test alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene, make_scene

from lyncdr_helpers.lab import lifecycle


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Both sites up, and one complete backup."""
    yield from _scene(tmp_path_factory.mktemp("standing"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The same, for what changes it for good."""
    yield from _scene(tmp_path)


def _scene(folder: Path) -> Iterator[Scene]:
    made = make_scene(folder / "lab")
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)
