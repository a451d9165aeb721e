"""Shared by the benchmarks: the option --full, exports of a size, and a table that is shown in any case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
from exports import write_export
from measure import Show


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/benchmarks --full` adds what takes minutes and gigabytes."""
    parser.addoption("--full", action="store_true", help="also the benchmarks that take minutes and gigabytes")


@pytest.fixture
def full(request: pytest.FixtureRequest) -> None:
    """Skip where --full was not given. The option is known only where this folder is an argument of pytest."""
    if not request.config.getoption("--full", default=False):
        pytest.skip("takes minutes and gigabytes: pytest tests/benchmarks --full")


@pytest.fixture(scope="session")
def export_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Path]]:
    """An export of so many users, among so many people; every file goes with the session, as they are large."""
    folder = tmp_path_factory.mktemp("exports")

    @cache
    def export(users: int, people: int = 0) -> Path:
        path = folder / f"{users}-{people}.xml"
        write_export(path, users, people)
        return path

    yield export
    for path in folder.iterdir():
        path.unlink()


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Show:
    """Print a table with a title; its first row has the names of the columns."""

    def write(title: str, rows: Sequence[Sequence[object]]) -> None:
        texts = [[str(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
        with capsys.disabled():
            print(f"\n\n{title}")
            for first, *others in texts:
                numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
                print("  ".join(["", first.ljust(widths[0]), *numbers]))

    return write
