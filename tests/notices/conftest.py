"""References to URLs, kept in files as an operator would keep them."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from lyncdr_helpers.credentials import SecretReference

Kept = Callable[[str], SecretReference]


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Keeps a URL in a file of its own; the reference to it."""
    numbers = count(1)

    def keep(url: str) -> SecretReference:
        name = f"url{next(numbers)}"
        (tmp_path / name).write_text(url + "\n", encoding="utf-8")
        return SecretReference.parse(f"file:{name}", tmp_path)

    return keep
