"""`lyncdr console`: JupyterLab on the notebooks."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from lyncdr_helpers.cli.output import note

OVERRIDES = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    # A gate's button must be answered in the order of the cells.
    "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
}


def console(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port on 127.0.0.1.")] = 8888,
    browser: Annotated[bool, typer.Option(help="Open a browser on this machine.")] = True,
) -> None:
    """Open the notebooks in JupyterLab.

    It listens on this machine only, behind a token, and its kernels are the interpreter that runs lyncdr.

    \b
    From another machine:
        ssh -L 8888:127.0.0.1:8888 management-host
        lyncdr console --no-browser
    """
    from lyncdr_helpers.runs.notebooks import notebooks_folder

    notebooks = notebooks_folder()
    token = secrets.token_urlsafe(24)
    with tempfile.TemporaryDirectory(prefix="lyncdr-") as place:
        _write_settings(Path(place))
        note(f"http://127.0.0.1:{port}/lab/tree/notebooks/0_start_here.ipynb?token={token}")
        command = [sys.executable, "-m", "jupyterlab", *arguments(notebooks.parent, port, browser)]
        # The token goes by environment: arguments are for everybody on the machine to read.
        secret = {"JUPYTER_TOKEN": token, "JUPYTER_CONFIG_PATH": place}
        server = subprocess.Popen(command, env={**os.environ, **secret}, start_new_session=True)
        try:
            code = server.wait()
        finally:
            server.terminate()
            server.wait()
    raise typer.Exit(code)


def arguments(root: Path, port: int, browser: bool) -> list[str]:
    """JupyterLab's arguments: loopback only, the checkout's files, and no kernel but this interpreter."""
    return [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--ServerApp.kernel_spec_manager_class=lyncdr_helpers.runs.kernel.OwnInterpreter",
        "--LabApp.default_url=/lab/tree/notebooks/0_start_here.ipynb",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        *([] if browser else ["--no-browser"]),
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    ]


def _write_settings(place: Path) -> None:
    folder = place / "labconfig"
    folder.mkdir()
    (folder / "default_setting_overrides.json").write_text(json.dumps(OVERRIDES), encoding="utf-8")
