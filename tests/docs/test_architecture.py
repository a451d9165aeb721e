"""The page of the architecture says what the tests of the layers hold."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from handbook import DOCS, ROOT, blocks, rows, section

PAGE = DOCS / "architecture.md"


def test_the_layers_are_those_of_the_test() -> None:
    """Row by row, from the ground up, with every part of the package."""
    told = [tuple(re.findall(r"`([^`]+)`", row[1])) for row in rows(section(PAGE, "## Layers"))]
    assert told == list(held())


def test_the_drawing_goes_one_way() -> None:
    """Nothing leads back but what was read, to the act that asked; every arrow ends at what is drawn."""
    (drawing,) = [one.text for one in blocks(PAGE) if one.language == "mermaid"]
    names = set(re.findall(r"\b([A-Z])[\[({]", drawing))
    arrows = re.findall(r"^\s*([A-Z])\S*.*?--> ([A-Z])", drawing, re.MULTILINE)
    assert {end for arrow in arrows for end in arrow} == names
    assert set(circles(arrows)) == {"A", "O", "D", "W", "B"}


def held() -> Iterator[tuple[str, ...]]:
    """ROWS of tests/test_layers.py, read from its text: importing it walks the whole package."""
    tree = ast.parse((ROOT / "tests" / "test_layers.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "ROWS":
            yield from ast.literal_eval(node.value)


def circles(arrows: list[tuple[str, str]]) -> Iterator[str]:
    """Whatever can be reached from itself."""
    for name in {start for start, _ in arrows}:
        reached, fresh = set[str](), {name}
        while fresh:
            fresh = {end for start, end in arrows if start in fresh} - reached
            reached |= fresh
        if name in reached:
            yield name
