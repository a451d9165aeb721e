"""A lab for a whole module of tests, each of which leaves it as it found it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "faults"))  # dr_scene, which both folders' tests stand on

from dr_scene import Scene, make_scene

from lyncdr_helpers.lab import lifecycle


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Both sites up, and one complete backup."""
    made = make_scene(tmp_path_factory.mktemp("standing") / "lab")
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)
