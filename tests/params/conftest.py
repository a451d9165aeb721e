"""Reads one file of parameters after another."""

from __future__ import annotations

from pathlib import Path

import pytest
from params_sample import Read

from lyncdr_helpers.params.mistakes import Mistake, ParamsError
from lyncdr_helpers.params.reading import read_params


@pytest.fixture
def mistakes_of(tmp_path: Path) -> Read:
    """The mistakes that reading a file with this content reports."""

    def read(content: str | bytes) -> tuple[Mistake, ...]:
        path = tmp_path / "mine.yml"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        try:
            read_params(path)
        except ParamsError as error:
            return error.mistakes
        return ()

    return read
