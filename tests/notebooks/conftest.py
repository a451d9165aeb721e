"""One stage for all tests of the notebooks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stage import Stage, blueprint, set_stage

from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.claim import claim_subnet


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    with claim_subnet(blueprint(folder)) as claim:
        made = set_stage(folder, claim)
    try:
        yield made
    finally:
        lifecycle.down(made.lab)
