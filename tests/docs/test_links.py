"""What the handbook points to is there."""

from __future__ import annotations

import re

import pytest
from handbook import DOCS, LINK, PICTURE, ROOT, anchors, blocks, name_of, pages, prose

PAGES = {name_of(page): page for page in pages()}
FILE = re.compile(r"`((?:lyncdr_helpers|tests|docs|notebooks|params|locks)/[\w./*-]+)`")
OWN = {"params/contoso.yml", "params/mine.yml", "params/away.yml"}
"""Files that readers make."""
EXAMPLES = {one.text.partition("\n")[0][2:] for one in blocks(DOCS / "extending.md") if one.language == "python"}
"""Files that a worked example has the reader make."""


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Each page, each heading of a page, and each picture."""
    page = PAGES[name]
    for target, anchor in LINK.findall(prose(page)):
        if "://" not in target:
            there = (page.parent / target).resolve()
            assert there.exists(), f"{name} links {target}"
            assert not anchor or anchor[1:] in anchors(there), f"{name} links {target}{anchor}"
    for target in PICTURE.findall(prose(page)):
        assert (page.parent / target).exists(), f"{name} shows {target}"


@pytest.mark.parametrize("name", PAGES)
def test_files_that_are_named_exist(name: str) -> None:
    """A file by its path from the repository's root."""
    named = {path for path in FILE.findall(prose(PAGES[name])) if path not in OWN | EXAMPLES}
    assert {path for path in named if not any(ROOT.glob(path.rstrip("/")))} == set()


def test_every_page_is_in_the_index() -> None:
    """Nobody has to know the folder."""
    linked = {target for target, _ in LINK.findall(prose(DOCS / "README.md"))}
    assert {path.name for path in DOCS.glob("*.md")} - {"README.md"} <= linked
