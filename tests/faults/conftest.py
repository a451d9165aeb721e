"""A lab whose primary can be lost, fresh for a test or standing for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene, make_scene

from lyncdr_helpers.lab import lifecycle


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = make_scene(tmp_path / "lab")
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """One lab for a whole module of tests that must change nothing in it."""
    made = make_scene(tmp_path_factory.mktemp("standing") / "lab")
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)
