"""One lab for all of these tests, and one of each generation for a module: put back after whatever changes them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene, make_scene
from rewind import Moment, remember

from lyncdr_helpers.lab import lifecycle


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """Both sites up, and one complete backup."""
    yield from beginning(tmp_path_factory.mktemp("standing"))


@pytest.fixture(scope="module")
def begun_2013(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """The same in Lync 2013."""
    yield from beginning(tmp_path_factory.mktemp("2013"), users=30, generation="lync2013")


@pytest.fixture(scope="module")
def begun_2015(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """The same in Skype for Business Server 2015."""
    yield from beginning(tmp_path_factory.mktemp("2015"), users=30, generation="sfb2015")


@pytest.fixture(scope="module")
def begun_2019(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """The same in Skype for Business Server 2019."""
    yield from beginning(tmp_path_factory.mktemp("2019"), users=20, generation="sfb2019")


def beginning(folder: Path, **kind: Any) -> Iterator[Moment]:
    scene = make_scene(folder / "lab", **kind)
    try:
        yield remember(scene, folder / "kept")
    finally:
        lifecycle.down(scene.blueprint.folder)


@pytest.fixture(scope="module")
def standing(begun: Moment) -> Iterator[Scene]:
    """A lab, for a module whose tests leave it as they found it."""
    yield begun.scene
    begun.rewind()


@pytest.fixture
def scene(begun: Moment) -> Iterator[Scene]:
    """The same lab, for what changes it for good."""
    yield begun.scene
    begun.rewind()
