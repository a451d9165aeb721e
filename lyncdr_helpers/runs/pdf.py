"""A report on paper: printed to PDF by the browser that this machine has, which is nobody's browser meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.errors import InputError, OperationError

NAMES = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    *("microsoft-edge", "microsoft-edge-stable", "msedge"),
)
"""What they are called where they are on the PATH."""

FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
PROGRAMS = (
    "Google/Chrome/Application/chrome.exe",
    "Microsoft/Edge/Application/msedge.exe",
    "Chromium/Application/chrome.exe",
)
"""Where Windows has them, none of which is on the PATH: Edge is on every Windows since 2019 and 10."""

QUIET = (
    *("--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-pdf-header-footer"),
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
"""It shows one page of this machine's, and finds no host by name."""

NONE_FOUND = "No Chromium, Chrome or Edge was found on this machine."
REMEDY = "Install one, or name it with --browser PATH; or open the report in any browser and print it from there."
PATIENCE = 120.0
SAID = 300
PDF = b"%PDF-"


def find(environment: Mapping[str, str] = os.environ) -> Path:
    """The browser to print with. Raises InputError where there is none."""
    found = next(_all(environment), None)
    if found is None:
        raise InputError(NONE_FOUND, REMEDY)
    return found


def _all(environment: Mapping[str, str]) -> Iterator[Path]:
    for name in NAMES:
        if on_path := shutil.which(name, path=environment.get("PATH", "")):
            yield Path(on_path)
    for folder in filter(None, map(environment.get, FOLDERS)):
        yield from (path for program in PROGRAMS if (path := Path(folder) / program).is_file())


def print_page(page: Path, to: Path, browser: Path | None = None, patience: float = PATIENCE) -> None:
    """Print an HTML page of this machine's to a PDF file, which is whole or not there.

    Raises InputError for a page or a browser that is not there, OperationError when it does not print.
    """
    if not page.is_file():
        raise InputError(f"There is no page {page}.", "Write the report first: lyncdr runs report RUN")
    program = browser or find()
    with tempfile.TemporaryDirectory(prefix="lyncdr-", ignore_cleanup_errors=True) as place:
        made, said = Path(place) / "page.pdf", Path(place) / "said"
        command = [str(program), *QUIET, *_as_root(), f"--user-data-dir={Path(place) / 'profile'}"]
        _run([*command, f"--print-to-pdf={made}", page.resolve().as_uri()], said, patience)
        content = made.read_bytes() if made.exists() else b""
        if not content.startswith(PDF):
            raise OperationError(f"{program} printed nothing. {_last_words(said)}".strip(), REMEDY)
    files.replace(to, content)


def _run(command: list[str], said: Path, patience: float) -> None:
    """What it says goes into a file: a pipe would be held open by whatever it leaves behind."""
    try:
        with said.open("wb") as file:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file, timeout=patience, check=False)
    except subprocess.TimeoutExpired as cause:
        raise OperationError(f"{command[0]} did not print within {patience:g} s, and was ended.", REMEDY) from cause
    except OSError as cause:
        raise InputError(f"{command[0]} cannot be started: {cause.strerror}.", REMEDY) from cause


def _as_root() -> list[str]:
    """Its sandbox refuses root. What is shown is our own page, which has no script in it."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


def _last_words(said: Path) -> str:
    return " ".join(said.read_text(encoding="utf-8", errors="replace").split())[-SAID:]
