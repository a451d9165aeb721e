"""Each command of the handbook runs, and ends as the page says; what cannot run here is at least spelled right."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
import typer
from handbook import READ, ROOT, RUN, Block, Line, blocks, commands, name_of, pages, spans
from typer.main import get_command
from typist import NOT_OURS, Operator

from lyncdr_helpers.cli.app import app
from lyncdr_helpers.runs.notebooks import notebooks_folder, phases

PAGES = pages()
COMMAND: Any = get_command(app)
BLOCKS = {name_of(page): list(blocks(page)) for page in PAGES}
ENDINGS = {
    ("README.md", "--because"): 5,
    ("README.md", "failback"): 5,
}
"""Exit codes that a page tells in other words, by a word of the command."""


def test_every_block_says_what_it_is() -> None:
    """A block without a language would be run by nobody, and nobody would know."""
    known = {RUN, *READ, "mermaid", "python", "diff"}
    assert {(page, one.language) for page, some in BLOCKS.items() for one in some if one.language not in known} == set()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", [page for page in BLOCKS if any(one.language == RUN for one in BLOCKS[page])])
def test_commands_end_as_the_page_says(page: str, operator: Operator) -> None:
    """In the order of the page. A command that an earlier page had, too, ran there, unless something happens first."""
    before = set(operator.ran)
    for block in (one for one in BLOCKS[page] if one.language == RUN):
        fresh = [line for line in block.lines if block.before or line.what not in before]
        if not fresh:
            continue
        for one in block.before:
            assert operator.type(Line(page, tuple(one.split()), 0)) == 0, operator.said
        for line in fresh:
            expected = next((code for (on, word), code in ENDINGS.items() if on == page and word in line.words), None)
            ended = operator.type(line)
            assert ended in (None, line.code if expected is None else expected), f"{line}\n{operator.said}"


@pytest.mark.parametrize("page", BLOCKS)
def test_commands_are_spelled_right(page: str) -> None:
    """Sub-commands, options, phases: also where a command stands in a sentence, or is for another system."""
    for line in commands([one for one in BLOCKS[page] if one.language in (RUN, *READ)]):
        if line.words[0] == "lyncdr":
            parse(line.words[1:], whole=True)
    for said in spans(ROOT / page):
        for one in product(*(word.split("|") for word in said.split()[1:])):
            parse(one, whole=False)


def test_targets_of_make_exist() -> None:
    """What a page has `make` do, the Makefile can."""
    known = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    said = {line.words[1] for some in BLOCKS.values() for line in commands(some) if line.words[0] == "make"}
    assert "make" in NOT_OURS
    assert said
    assert said <= known


@pytest.mark.parametrize(
    "wrong",
    [
        "run activate --params x.yml --mod live",
        "backups lst --params x.yml",
        "run activate --params x.yml --mode alive",
        "run acitvate --params x.yml",
        "run backup",
        "lab fail everything",
    ],
)
def test_a_wrong_command_is_found(wrong: str) -> None:
    """The parser of the command line is the judge."""
    with pytest.raises(Exception, match=r"[Nn]o such|[Mm]issing|[Ii]nvalid|not one of|no phase|lt's"):
        parse(wrong.split(), whole=True)


def test_a_promise_is_read_from_the_comment() -> None:
    """Prompts, continued lines, quotes and the exit code; other lines of a block are what the command says."""
    page = ROOT / "docs" / "x.md"
    block = Block(name_of(page), RUN, '$ lyncdr run backup \\\n    --run "a b"  # 4: not whole\nincomplete: 1\n', ())
    assert block.lines == [Line("docs/x.md", ("lyncdr", "run", "backup", "--run", "a b"), 4)]


def parse(words: Sequence[str], *, whole: bool) -> None:
    """Hold a command line against the product's own parser, and run nothing. Raises a UsageError.

    whole: nothing may be missing; otherwise it may stop anywhere, as commands do in sentences.
    """
    words = list(words)
    if not whole:
        words = words[: words.index("...")] if "..." in words else words
    command, context, rest = COMMAND, None, words
    while hasattr(command, "commands"):
        parent = context
        context = command.context_class(command, info_name="lyncdr", parent=parent)
        if not rest or rest[0].startswith("-"):
            assert not whole or rest in (["--help"], ["--version"]), f"no such command: {words}"
            return
        _, found, rest = command.resolve_command(context, list(rest))
        assert found is not None
        command = found
    if rest and command.name == "run" and context is not None and context.parent is None:
        known = phases(notebooks_folder())
        assert rest[0] in known or rest[0].startswith("-"), f"no phase {rest[0]}"
    if "--help" in rest or (not whole and not any(one.startswith("-") for one in rest)):
        return
    try:
        command.parse_args(command.context_class(command, info_name=command.name, parent=context), list(rest))
    except typer.BadParameter as error:
        if whole or type(error).__name__ != "MissingParameter":
            raise
