"""What 1_prepare says of the standing lab when nothing is wrong with it; each module's tests leave it so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dr_scene import Scene
from phase_scene import Ended


@pytest.fixture(scope="module")
def ready(request: pytest.FixtureRequest, standing: Scene) -> Iterator[Ended]:
    """By the steps that the module asks for."""
    before = request.module.ask(standing.params)
    yield before
    assert request.module.ask(standing.params).rows == before.rows
