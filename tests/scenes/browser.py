"""One JupyterLab and one chromium, for tests that look at the notebooks as an operator does: with mouse and keys.

`opened` starts both; a `Desk` is one notebook open in the browser. Playwright keeps an event loop in this thread for as
long as it lives, so a fixture around `opened` ends with its package of tests.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from playwright.sync_api import sync_playwright

from lyncdr_helpers.cli import console
from lyncdr_helpers.runs.notebooks import notebooks_folder

TOKEN = "token-of-the-browser-tests"
LINES = "\n".join
QUIET = (
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-default-apps"),
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""Chromium as a program under test; it finds no host by name, so that nobody outside can be asked even by mistake."""

PATIENCE = 30.0
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
KEEP = "LYNCDR_KEEP_PICTURES"
"""Set to anything, what tests see becomes the docs' pictures: LYNCDR_KEEP_PICTURES=1 pytest tests/console."""


@dataclass
class Console:
    """A running JupyterLab, and the browser in front of it. asked: every address that a page asked for."""

    address: str
    root: Path
    page: Any
    asked: list[str] = field(default_factory=list)

    def open(self, name: str) -> Desk:
        """A fresh copy of the notebook of that name, in the browser."""
        shutil.copy(notebooks_folder() / f"{name}.ipynb", self.root / "notebooks")
        return self.reopen(name)

    def reopen(self, name: str) -> Desk:
        """The notebook as it stands, loaded anew, as after the browser was closed."""
        self.page.goto(f"{self.address}/lab/tree/notebooks/{name}.ipynb?token={TOKEN}&reset")
        desk = Desk(self.page)
        desk.page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        desk.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()
        return desk


@dataclass(frozen=True)
class Desk:
    """One notebook in the browser."""

    page: Any

    def cell(self, text: str) -> Any:
        """The code cell that holds this text."""
        return self.page.locator(".jp-CodeCell", has=self.page.locator(".jp-InputArea-editor", has_text=text)).first

    def said(self, text: str) -> str:
        """What the cell that holds this text has put out, be it in view or not."""
        return "\n".join(self.cell(text).locator(".jp-OutputArea-output").all_text_contents())

    def prompt(self, text: str) -> str:
        """`[3]:` where the cell has run, `[ ]:` where it has not since the notebook was opened, `[*]:` meanwhile."""
        return str(self.cell(text).locator(".jp-InputPrompt").text_content())

    def write(self, **parameters: object) -> None:
        """Type other values over those of the parameters cell; each line keeps its comment."""
        editor = self.cell("params_file: str").locator(".cm-content")
        lines = editor.locator(".cm-line").all_text_contents()
        for name, value in parameters.items():
            (place,) = (number for number, line in enumerate(lines) if line.startswith(f"{name}: "))
            declared, _, rest = lines[place].partition(" = ")
            lines[place] = f"{declared} = {value!r}  #{rest.partition('#')[2]}"
        editor.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(LINES(lines))

    def menu(self, menu: str, command: str) -> None:
        self.page.locator("li.lm-MenuBar-item", has_text=menu).first.click()
        self.page.locator(f"li[data-command='{command}']").click()

    def run_all(self) -> None:
        self.menu("Run", "runmenu:run-all")
        self.rest()

    def run_below(self, text: str) -> None:
        """Select the cell that holds this text, and run it with all below."""
        self.cell(text).locator(".jp-InputPrompt").click()
        self.menu("Run", "notebook:run-all-below")
        self.rest()

    def restart(self) -> None:
        """Restart the kernel: everything that was only in its memory is gone."""
        self.menu("Kernel", "kernelmenu:restart")
        self.page.locator(".jp-Dialog .jp-mod-accept").click()
        self.page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for()

    def keys(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def focused(self, what: str) -> Any:
        """The value of that property of whatever has the focus."""
        return self.page.evaluate(f"() => document.activeElement.{what}")

    def active(self) -> str:
        """The source of the selected cell."""
        return str(self.page.locator(".jp-Cell.jp-mod-active .cm-content").text_content())

    def rest(self, seconds: float = 60.0) -> None:
        """Wait until no cell runs or waits to run, and a refused one has come into view."""
        self.page.wait_for_timeout(200)  # a cell is shown as waiting a moment after it was asked to run
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')].some(one => one.textContent.includes('*'))",
            timeout=seconds * 1000,
        )
        self.page.wait_for_timeout(700)

    def picture(self, name: str, *, of: str = ".jp-NotebookPanel") -> None:
        """Keep what is on the page now among the docs' pictures, where somebody asked to have them made anew."""
        if os.environ.get(KEEP):
            self.page.mouse.move(0, 0)
            self.page.wait_for_timeout(300)
            self.page.locator(of).first.screenshot(path=PICTURES / f"{name}.png")


@contextmanager
def opened(root: Path, params: Path) -> Iterator[Console]:
    """JupyterLab as `lyncdr console --params` starts it, on copies of the notebooks below root; and a browser."""
    (root / "notebooks").mkdir(parents=True)
    port, nobody = _free_port(), _own_jupyter(root / "jupyter")
    with (
        patch.dict(os.environ, nobody),
        console.jupyterlab(root, port, TOKEN, params) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*QUIET])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE * 1000)
        made = Console(f"http://127.0.0.1:{port}", root, page)
        page.on("request", lambda request: made.asked.append(request.url))
        page.on("websocket", lambda one: made.asked.append(one.url))
        _wait_for(made.address, server)
        try:
            yield made
        finally:
            browser.close()


def _wait_for(address: str, server: Any) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert server.poll() is None, "JupyterLab has ended"
        try:
            urllib.request.urlopen(f"{address}/api", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("JupyterLab does not answer")


def _own_jupyter(folder: Path) -> Mapping[str, str]:
    """The folders of somebody who never used Jupyter."""
    names = ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR")
    return {f"JUPYTER_{name}": str(folder / name.lower()) for name in names} | {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "IPYTHONDIR": str(folder / "ipython"),
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
