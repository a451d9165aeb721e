"""One lab for all faults that begin with a lost primary and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from rewind import Moment, beginning


@pytest.fixture(scope="package")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moment]:
    """The lab and what it was: whoever begins puts it back first."""
    yield from beginning(tmp_path_factory.mktemp("begun"))
