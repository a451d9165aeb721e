"""The handbook as what it holds: pages, fenced blocks, the commands in them, and links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN, READ = "console", ("powershell", "text")
"""The language of a block whose commands run here, in order; and of one whose commands cannot, and are parsed alone."""

CONTINUED = re.compile(r"[ ]*[\\`]\n\s*")
EXIT_CODE = re.compile(r"\s#\s*(\d+):")
BEFORE = re.compile(r"<!-- before: ([^>]+) -->\s*\Z")
SPAN = re.compile(r"`(lyncdr [^`]+)`")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)#\s]+)(#[^)\s]+)?\)")
PICTURE = re.compile(r"!\[[^\]]*\]\(([^)\s]+)\)")
REASONS = ("--because", "--waive", "--did", "--skip", "--evidence")


@dataclass(frozen=True)
class Line:
    """One command line of a page. code: the exit code that the page promises: `# 5: stops at the gate`."""

    page: str
    words: tuple[str, ...]
    code: int

    @property
    def what(self) -> tuple[str, ...]:
        """The command without the words of its reasons and in no order: two pages may write it otherwise."""
        earlier = ("", *self.words[:-1])
        return tuple(
            sorted(
                word.partition("=")[0] if before in REASONS else word
                for before, word in zip(earlier, self.words, strict=True)
            )
        )


@dataclass(frozen=True)
class Block:
    """A fenced block. before: what has to happen in the lab first, by a comment that no reader sees."""

    page: str
    language: str
    text: str
    before: tuple[str, ...]

    @property
    def lines(self) -> list[Line]:
        """Its commands; of a `console` block what follows a prompt, of another one every line that begins so."""
        joined = CONTINUED.sub(" ", self.text).splitlines()
        prompted = [one.strip()[2:] for one in joined if one.strip().startswith(("$ ", "> "))]
        said = prompted if self.language == RUN else [*prompted, *(one.strip() for one in joined)]
        return [_line(self.page, one, self.language) for one in said if self.language == RUN or _is_ours(one)]


def pages() -> list[Path]:
    """Every page, those first that tell what comes first."""
    first = [DOCS / name for name in ("night.md", "situations.md")]
    return [*first, *(path for path in sorted(DOCS.glob("*.md")) if path not in first), ROOT / "README.md"]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """Its fenced blocks, in order."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r"^ *```(\S*)[^\n]*\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        said = BEFORE.search(text[: found.start()])
        before = tuple(one.strip() for one in said[1].split(";")) if said else ()
        yield Block(name_of(page), found[1], found[2], before)


def spans(page: Path) -> list[str]:
    """The commands that stand in its sentences."""
    return SPAN.findall(prose(page))


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def section(page: Path, heading: str) -> str:
    """What stands below a heading, up to the next of its rank or above."""
    level = heading.partition(" ")[0]
    text = page.read_text(encoding="utf-8")
    _, _, rest = text.partition(f"\n{heading}\n")
    assert rest, f"{page} has no section {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, without heads and rulers."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if all(set(cell) <= set("-: ") for cell in cells):
            found.pop()
        else:
            found.append(cells)
    return found


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to its headings."""
    heads = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in heads}


def _is_ours(text: str) -> bool:
    return text.startswith("lyncdr ")


def _line(page: str, text: str, language: str) -> Line:
    promised = EXIT_CODE.search(text)
    return Line(page, _words(text, language), int(promised[1]) if promised else 0)


def _words(text: str, language: str) -> tuple[str, ...]:
    """As a shell reads them; in PowerShell, and at a Windows prompt, a backslash is a backslash."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters = True, "#"
    if language != RUN:
        lexer.escape = ""
    return tuple(lexer)


def commands(blocks: Sequence[Block]) -> list[Line]:
    """Every command of these blocks."""
    return [line for block in blocks for line in block.lines]
