"""No password and no key of the deployment appears in anything a run leaves behind or prints."""

from __future__ import annotations

import base64
from pathlib import Path
from urllib.parse import quote

import pytest
from dr_scene import Scene

pytestmark = pytest.mark.timeout(300)

NAMES = ("directory", "management", "tsig", "administrator")

LIVE = ("activate", "--mode", "live")


def spellings(secret: str) -> set[bytes]:
    """The secret as a careless program would write it: plain, in UTF-16, quoted, in base64."""
    plain = secret.encode()
    return {plain, secret.encode("utf-16-le"), quote(secret, safe="").encode(), base64.b64encode(plain)}


def leaks(folder: Path, secrets: dict[str, str]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 9, "there must be something to search"
    return [
        f"{name} in {path.relative_to(folder)}"
        for path in files
        for name, secret in secrets.items()
        if any(spelling in path.read_bytes() for spelling in spellings(secret))
    ]


def test_no_secret_in_what_runs_leave_behind(scene: Scene) -> None:
    """After prepare, backup, activation and verification, and after failures with every kind of credential, no file of
    the runs and of the backup store, and nothing on stdout or stderr, holds a secret in any common spelling.
    """
    secrets = {name: scene.blueprint.secret(name).read_text(encoding="utf-8").strip() for name in NAMES}
    secrets["signing"] = scene.blueprint.secret("signing").read_text(encoding="utf-8").splitlines()[1]
    printed = [scene.run("prepare"), scene.run("backup")]
    scene.lose_primary()
    refused = scene.run(*LIVE, "--because", "the site is gone")
    printed += [refused, scene.run(*LIVE, "--approve", str(refused[1]["plan"]))]
    printed += [scene.run("verify")]
    assert [code for code, _, _ in printed] == [0, 0, 5, 0, 0]
    for name in ("directory", "management", "tsig"):
        scene.blueprint.secret(name).write_text(base64.b64encode(b"Another-lab-only-2").decode(), encoding="utf-8")
    printed += [scene.run("prepare"), scene.run(*LIVE, "--because", "gone", "--run", "new")]
    assert [code for code, _, _ in printed[-2:]] == [3, 1]
    secrets["wrong"] = base64.b64encode(b"Another-lab-only-2").decode()
    assert leaks(scene.blueprint.folder / "runs", secrets) == []
    assert leaks(scene.blueprint.store, secrets) == []
    assert not list((scene.blueprint.drive_c / "lyncdr").iterdir()), "contact lists stayed in the exchange folder"
    spoken = "".join(f"{said}{errors}" for _, said, errors in printed)
    assert not [name for name, secret in secrets.items() if secret in spoken]


def test_the_search_finds_what_it_looks_for(tmp_path: Path) -> None:
    """A planted secret is found in each spelling, so that finding none means something."""
    for number in range(16):
        (tmp_path / f"{number}.txt").write_text("nothing")
    for number, spelling in enumerate(sorted(spellings("Lab-only-1-é/x"))):
        (tmp_path / f"{number}.txt").write_bytes(b"before " + spelling + b" after")
    assert len(leaks(tmp_path, {"planted": "Lab-only-1-é/x"})) == 4
