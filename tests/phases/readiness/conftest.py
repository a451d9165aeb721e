"""What 1_prepare says of the standing lab when nothing is wrong with it; each module's tests leave it so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from dr_scene import Scene
from phase_scene import Ended
from ready_scene import ask


@pytest.fixture(scope="module")
def ready(standing: Scene) -> Iterator[Ended]:
    before = ask(standing.params)
    yield before
    assert ask(standing.params).rows == before.rows
