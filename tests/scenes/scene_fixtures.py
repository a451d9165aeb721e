"""Labs for tests: one stands for a whole module, whose tests leave it as they found it; the other is for one test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene, make_scene
from phase_scene import tree
from rewind import Moment, beginning

from lyncdr_helpers.lab import lifecycle


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Both sites up, and one complete backup."""
    yield from scene_in(tmp_path_factory.mktemp("standing"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """The same, for what changes it for good."""
    yield from scene_in(tmp_path)


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """A lab whose primary is lost and nothing else, and what it was: whoever begins puts it back first."""
    yield from beginning(tmp_path_factory.mktemp("begun"))


def scene_in(folder: Path) -> Iterator[Scene]:
    """A lab in that folder, for a fixture to hand on."""
    made = make_scene(folder / "lab")
    try:
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)


@pytest.fixture
def kept(standing: Scene) -> Iterator[dict[str, str]]:
    """Every file in the standing lab's store before the test; whatever happens in it, they stay as they were."""
    before = tree(standing.blueprint.store)
    yield before
    after = tree(standing.blueprint.store)
    assert {name: after.get(name) for name in before} == before
