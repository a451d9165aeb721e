"""One lab for all of these tests: put back after each module, and after each test that changes it for good."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dr_scene import Scene
from rewind import Moment, remember
from scene_fixtures import scene_in


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """Both sites up, and one complete backup."""
    for scene in scene_in(tmp_path_factory.mktemp("standing")):
        yield remember(scene, tmp_path_factory.mktemp("kept"))


@pytest.fixture(scope="module")
def standing(begun: Moment) -> Iterator[Scene]:
    """The lab, for a module whose tests leave it as they found it."""
    yield begun.scene
    begun.rewind()


@pytest.fixture
def scene(begun: Moment) -> Iterator[Scene]:
    """The lab, for what changes it for good."""
    yield begun.scene
    begun.rewind()
