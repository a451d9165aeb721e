"""The worked examples work: their code is taken out of the page and run, and so are their tests."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from handbook import DOCS, ROOT, Block, blocks, rows, section

PAGE = DOCS / "extending.md"
CODE = {one.text.partition("\n")[0].removeprefix("# "): one for one in blocks(PAGE) if one.language == "python"}
"""The file that each block would be -> the block."""
NEWEST = "sfb2019"


@pytest.fixture(scope="module")
def examples() -> Iterator[dict[str, ModuleType]]:
    """Every block as the module that it would be, those of the product first; gone afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        yield {path: module_of(path, block, patch) for path, block in CODE.items()}


def module_of(path: str, block: Block, patch: pytest.MonkeyPatch) -> ModuleType:
    name = path.removesuffix(".py").replace("/", ".")
    module = ModuleType(name, path)
    patch.setitem(sys.modules, name, module)
    exec(compile(block.text, path, "exec"), vars(module))
    around, _, own = name.rpartition(".")
    if around.startswith("lyncdr_helpers"):
        patch.setattr(importlib.import_module(around), own, module, raising=False)
    return module


@pytest.mark.parametrize("path", [path for path in CODE if path.startswith("tests/")])
def test_an_example_passes_its_tests(path: str, examples: dict[str, ModuleType], tmp_path: Path) -> None:
    """As pytest would run them; each has the docstring that is its claim."""
    found = [test for name, test in vars(examples[path]).items() if name.startswith("test_")]
    assert len(found) > 1
    for number, test in enumerate(found):
        assert test.__doc__
        takes = inspect.signature(test).parameters
        test(**({"tmp_path": tmp_path / str(number)} if "tmp_path" in takes else {}))


@pytest.mark.parametrize("path", CODE)
def test_an_example_is_not_there_yet(path: str) -> None:
    """Its place is free, and its folder is there."""
    assert not (ROOT / path).exists()
    assert (ROOT / path).parent.is_dir()


def test_an_example_keeps_the_house_rules() -> None:
    """What is shown is as wide as code may be, and says what it is."""
    for path, block in CODE.items():
        assert max(map(len, block.text.splitlines())) <= 120, path
        assert '"""' in block.text.splitlines()[1], path


def test_every_place_that_knows_generations_is_listed() -> None:
    """The files of the product and of the lab in which the newest one is spelled, and Microsoft's help."""
    package = ROOT / "lyncdr_helpers"
    known = {path for path in package.rglob("*.py") if NEWEST in path.read_text(encoding="utf-8")}
    told = [row[0].strip("`") for row in rows(section(PAGE, "## A generation"))]
    assert sorted(told) == sorted(
        path.relative_to(ROOT).as_posix() for path in {*known, package / "shell" / "cmdlets.json"}
    )
