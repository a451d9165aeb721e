"""`lyncdr console`: JupyterLab on the notebooks."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from lyncdr_helpers.cli.output import note

OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A gate's button must be answered in the order of the cells.
    "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
}

FIRST = "notebooks/0_start_here.ipynb"


def console(
    params: Annotated[
        Path | None, typer.Option("--params", help="The deployment that the notebooks are about; empty: the lab.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser on this machine.")] = True,
) -> None:
    """Open the notebooks in JupyterLab.

    It listens on this machine only, behind a token, and its kernels are the interpreter that runs lyncdr. It asks
    nobody outside: no news, no updates, no extensions.

    With --params, a notebook whose params_file is empty is about that deployment; the notebooks stay as they are.

    \b
    From another machine:
        ssh -L 8888:127.0.0.1:8888 management-host
        lyncdr console --params params/contoso.yml --no-browser
    """
    from lyncdr_helpers.runs.notebooks import notebooks_folder

    if params:
        _check(params)
    token = secrets.token_urlsafe(24)
    note(f"http://127.0.0.1:{port}/lab/tree/{FIRST}?token={token}")
    with jupyterlab(notebooks_folder().parent, port, token, params, browser=browser) as server:
        code = server.wait()
    raise typer.Exit(code)


@contextmanager
def jupyterlab(
    root: Path, port: int, token: str, params: Path | None = None, *, browser: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """JupyterLab on the notebooks below that folder, about that deployment; it ends with the block.

    Nothing of an earlier one is open in it: what counts of an earlier night stands in the journals.
    """
    from lyncdr_helpers.session import PARAMS

    with tempfile.TemporaryDirectory(prefix="lyncdr-", ignore_cleanup_errors=True) as place:
        _write_settings(Path(place))
        # The token goes by environment: arguments are for everybody on the machine to read.
        own = {"JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": place, "JUPYTERLAB_WORKSPACES_DIR": place}
        about = {PARAMS: str(params.resolve())} if params else {}
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *_arguments(root, port, browser)],
            env={**os.environ, **own, **about},
            start_new_session=True,
        )
        try:
            yield server
        finally:
            server.terminate()
            server.wait()


def _check(params: Path) -> None:
    """Raises InputError for parameters that no notebook could work with: better now than in each of them."""
    from lyncdr_helpers.params.reading import read_params

    read_params(params)


def _arguments(root: Path, port: int, browser: bool) -> list[str]:
    """Loopback only, the checkout's files, no kernel but this interpreter, and nobody outside is asked."""
    return [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.kernel_spec_manager_class=lyncdr_helpers.runs.kernel.OwnInterpreter",
        f"--LabApp.default_url=/lab/tree/{FIRST}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def _write_settings(place: Path) -> None:
    folder = place / "labconfig"
    folder.mkdir()
    (folder / "default_setting_overrides.json").write_text(json.dumps(OVERRIDES), encoding="utf-8")
