"""No password and no key of the deployment appears in anything a run leaves behind or prints."""

from __future__ import annotations

import base64
import html
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest
from dr_scene import Scene
from typer.testing import CliRunner

from lyncdr_helpers.cli.app import app

pytestmark = pytest.mark.timeout(600)

NAMES = ("directory", "management", "tsig", "administrator")

LIVE = ("activate", "--mode", "live")


def spellings(secret: str) -> set[bytes]:
    """The secret as a careless program would write it: plain, in UTF-16, quoted, in HTML, in base64 of any of these,
    and in base64 behind a user's name, as a client signs in.
    """
    plain, wide = secret.encode(), secret.encode("utf-16-le")
    told = {plain, wide, secret.encode("utf-16-be"), quote(secret, safe="").encode(), html.escape(secret).encode()}
    packed = {base64.b64encode(one).rstrip(b"=") for one in told}
    behind = {base64.b64encode(b"x" * place + one)[4:-4] for place in (1, 2) for one in (plain, wide)}
    return told | packed | behind


def leaks(folder: Path, secrets: dict[str, str], least: int = 10) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= least, "there must be something to search"
    return [
        f"{name} in {path.relative_to(folder)}"
        for path in files
        for name, secret in secrets.items()
        if any(spelling in path.read_bytes() for spelling in spellings(secret))
    ]


def handed_over(scene: Scene, runs: list[str], place: Path) -> Path:
    """What an auditor is given: the whole bundle of these runs, unpacked."""
    command = ["runs", "export", *runs, "--to", str(place / "bundle.zip"), "--params", str(scene.params)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    with zipfile.ZipFile(place / "bundle.zip") as bundle:
        bundle.extractall(place / "unpacked")
    return place / "unpacked"


def test_no_secret_in_what_runs_leave_behind(scene: Scene, tmp_path: Path) -> None:
    """After prepare, backup, activation, verification and an audit, and after failures with every kind of credential,
    no file of the runs, of the backup store, of a bundle for an auditor and of the lab's logs, and nothing on stdout or
    stderr, holds a secret in any common spelling.
    """
    secrets = {name: scene.blueprint.secret(name).read_text(encoding="utf-8").strip() for name in NAMES}
    secrets["signing"] = scene.blueprint.secret("signing").read_text(encoding="utf-8").splitlines()[1]
    printed = [scene.run("prepare"), scene.run("backup")]
    scene.lose_primary()
    refused = scene.run(*LIVE, "--because", "the site is gone")
    printed += [refused, scene.run(*LIVE, "--approve", str(refused[1]["plan"]))]
    printed += [scene.run("verify"), scene.run("audit")]
    assert [code for code, _, _ in printed] == [0, 0, 5, 0, 0, 0]
    assert {said["redacted"] for _, said, _ in printed} == {0}, "nothing was there to be taken out"
    for name in ("directory", "management", "tsig"):
        scene.blueprint.secret(name).write_text(base64.b64encode(b"Another-lab-only-2").decode(), encoding="utf-8")
    printed += [scene.run("prepare"), scene.run(*LIVE, "--because", "gone", "--run", "new")]
    assert [code for code, _, _ in printed[-2:]] == [3, 1]
    secrets["wrong"] = base64.b64encode(b"Another-lab-only-2").decode()
    assert leaks(scene.blueprint.folder / "runs", secrets) == []
    assert leaks(scene.blueprint.store, secrets) == []
    assert leaks(handed_over(scene, [one.run for one in scene.runs()], tmp_path), secrets) == []
    assert leaks(scene.blueprint.folder / "logs", secrets, least=1) == []
    assert not list((scene.blueprint.drive_c / "lyncdr").iterdir()), "contact lists stayed in the exchange folder"
    spoken = "".join(f"{said}{errors}" for _, said, errors in printed)
    assert not [name for name, secret in secrets.items() if secret in spoken]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A planted secret is found in each spelling, so that finding none means something."""
    for number in range(16):
        (tmp_path / f"{number}.txt").write_text("nothing")
    written = [one.encode(code) for one in ("é/x&Lab-only-1",) for code in ("utf-8", "utf-16-le", "utf-16-be")]
    written += [base64.b64encode(one) for one in (*written, b"me:" + written[0], b"you:" + written[1])]
    written += [b"%C3%A9%2Fx%26Lab-only-1", "é/x&amp;Lab-only-1".encode()]
    for number, spelling in enumerate(written):
        (tmp_path / f"{number}.txt").write_bytes(b"before " + spelling + b" after")
    assert len(leaks(tmp_path, {"planted": "é/x&Lab-only-1"})) == len(written) == 10
