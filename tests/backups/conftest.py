"""A deployment with a store of made-up sets, and the command line to run on it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from backup_store import Deployment, Said

from lyncdr_helpers import cli
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint

PARAMS = Path(__file__).parents[2] / "params" / "lab.yml"

Lyncdr = Callable[..., Said]


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Certificates and passwords for a deployment that nobody dials."""
    lab = Blueprint(tmp_path_factory.mktemp("secrets") / ".lab")
    pki.issue(lab)
    pki.make_secrets(lab)
    return lab.folder


@pytest.fixture
def deployment(tmp_path: Path, secrets: Path) -> Deployment:
    """Parameters that keep the two newest sets and one a month and name no key, and an empty store."""
    shutil.copytree(secrets, tmp_path / ".lab")
    params = tmp_path / "params" / "lab.yml"
    params.parent.mkdir()
    text = re.sub(r"  signing_key: .*\n", "", PARAMS.read_text(encoding="utf-8"))
    params.write_text(
        text.replace("{last: 7, daily: 14, weekly: 8, monthly: 12}", "{last: 2, daily: 0, weekly: 0, monthly: 2}"),
        encoding="utf-8",
    )
    (tmp_path / ".lab" / "dr-store").mkdir()
    return Deployment(params, tmp_path / ".lab" / "dr-store", tmp_path / ".lab" / "runs")


@pytest.fixture
def lyncdr(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Said]:
    """`lyncdr backups ...` on the deployment, in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["lyncdr", "backups", *arguments, "--params", str(deployment.params)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        shown = capsys.readouterr()
        return Said(int(ended.value.code or 0), shown.out, shown.err)

    return run
