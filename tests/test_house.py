"""House rules that a machine can check: sizes, and what no tracked file may hold."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 400

FORBIDDEN = {
    "an address of a package index": r"pypi\.[a-z]|pythonhosted|npmjs|deb\.debian\.|archive\.ubuntu|index-url [^-\s]",
    "a path of one machine": r"(?<![\w.~:/-])/(work|root|opt|tmp|home/\w)\b",
    "a private key": r"BEGIN [A-Z ]*PRIVATE KEY",
    "a token": r"\b(gh[pousr]_\w{30,}|github_pat_\w{20,}|xox[abpr]-\w{10,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{20,}\.eyJ)",
    "a note to ourselves": r"\b(TODO|FIXME|XXX|HACK)\b",
}
"""What a reader of the repository must not find, as regular expressions."""

SECRET = re.compile(r"""(?i)\b(pass(word|wd)?|secret|token|api_?key)\b["']?\s*[:=]\s*["']([^"'{}\s]{6,})["']""")
REFERENCE = re.compile(r"(env|keyring|file):")
"""A literal beside such a word is a secret, unless it only says where the secret is kept."""


def tracked() -> list[Path]:
    """The text files that git keeps, without this one: it spells out what it forbids."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    paths = [ROOT / name for name in names.split("\0") if name]
    return [path for path in paths if path.is_file() and path != Path(__file__) and b"\0" not in path.read_bytes()]


def lines_with(pattern: re.Pattern[str], path: Path) -> list[str]:
    """`file:line` of every line that matches."""
    text = path.read_text(encoding="utf-8")
    name = path.relative_to(ROOT).as_posix()
    return [f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)]


def test_files_are_short() -> None:
    """One noun per file: none of the package is longer than 400 lines."""
    sizes = {
        path: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "lyncdr_helpers").rglob("*.py")
    }
    assert sizes
    assert not {str(path): size for path, size in sizes.items() if size > MOST_LINES}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    """Whoever clones the repository finds nothing that belongs to one machine or one person."""
    pattern = re.compile(FORBIDDEN[what])
    assert not [place for path in tracked() for place in lines_with(pattern, path)]


def test_no_secret_is_written_down() -> None:
    """No literal stands where a secret would, outside the tests and the lab, whose passwords are made up."""
    product = [path for path in tracked() if not {"tests", "lab"} & set(path.relative_to(ROOT).parts)]
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {match[1]}"
        for path in product
        for match in SECRET.finditer(path.read_text(encoding="utf-8"))
        if not REFERENCE.match(match[3])
    ]
    assert not found


def test_no_secret_is_typed_into_a_notebook() -> None:
    """Jupyter's Password widget keeps what is typed into it in the notebook's state: it is used nowhere."""
    pattern = re.compile(r"\bPassword\b\s*\(|widgets\.Password|import .*\bPassword\b")
    places = [*(ROOT / "lyncdr_helpers").rglob("*.py"), *(ROOT / "notebooks").glob("*.ipynb")]
    assert len(places) > 99
    assert not [place for path in places for place in lines_with(pattern, path)]
    assert pattern.search("box = widgets.Password(description='x')")


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ('password="hunter2hunter2"', True),
        ("secret: 'c2VjcmV0c2VjcmV0'", True),
        ('"password": "Tr0ub4dor&3"', True),
        ("password: 'keyring:lyncdr/directory'", False),
        ('password=""', False),
        ("password = read_secret(path)", False),
    ],
)
def test_the_search_for_secrets_finds_them(line: str, is_one: bool) -> None:
    """The pattern sees literals and lets references pass."""
    match = SECRET.search(line)
    assert bool(match and not REFERENCE.match(match[3])) is is_one


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("an address of a package index", "https://pypi.org/simple"),
        ("a path of one machine", 'open("/tmp/x")'),
        ("a private key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("a note to ourselves", "# TODO later"),
    ],
)
def test_the_search_for_what_is_forbidden_finds_it(what: str, line: str) -> None:
    """Each pattern can fail."""
    assert re.search(FORBIDDEN[what], line)
