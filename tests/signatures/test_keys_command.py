"""`lyncdr keys`: a key is made once, for its owner alone, and the terminal shows only what everybody may see."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from lyncdr_helpers.signatures import PublicKey, SigningKey


def keys(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lyncdr_helpers", "keys", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_new_key(tmp_path: Path) -> None:
    """The file holds the private key, for its owner alone; the terminal its public half, and never the private one."""
    said = keys(tmp_path, "new", "--out", "lyncdr.pem")
    assert said.returncode == 0, said
    text = (tmp_path / "lyncdr.pem").read_text()
    public = SigningKey.from_pem(text).public
    assert f"Public key:  {public}" in said.stdout
    assert f"Fingerprint: {public.fingerprint}" in said.stdout
    assert text.splitlines()[1] not in said.stdout + said.stderr
    if os.name == "posix":
        assert stat.S_IMODE((tmp_path / "lyncdr.pem").stat().st_mode) == 0o600


def test_what_belongs_into_the_parameters(tmp_path: Path) -> None:
    """The lines that are printed for the parameters are YAML, and name this key."""
    said = keys(tmp_path, "new", "--out", "lyncdr.pem")
    printed = YAML(typ="safe", pure=True).load(said.stdout.partition("In the parameters:\n")[2])["backup"]
    kept = tmp_path / "lyncdr.pem"
    assert printed["signing_key"] == f"file:{kept}"
    assert PublicKey.parse(printed["trusted_keys"][0]) == SigningKey.from_pem(kept.read_text()).public


def test_as_json(tmp_path: Path) -> None:
    """One JSON line each, and show says what new said."""
    made = json.loads(keys(tmp_path, "new", "--json").stdout)
    shown = json.loads(keys(tmp_path, "show", made.pop("file"), "--json").stdout)
    assert shown == made
    assert PublicKey.parse(made["public_key"]).fingerprint == made["fingerprint"]


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """A second `new` into the same file is bad input, and the first key stays."""
    keys(tmp_path, "new", "--out", "lyncdr.pem")
    before = (tmp_path / "lyncdr.pem").read_bytes()
    said = keys(tmp_path, "new", "--out", "lyncdr.pem")
    assert (said.returncode, said.stdout) == (2, "")
    assert "is not overwritten" in said.stderr
    assert (tmp_path / "lyncdr.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("new", "--out", "absent/lyncdr.pem"), "cannot be written"),
        (("new", "--out", "."), "is not overwritten"),
        (("show", "absent.pem"), "cannot be read"),
        (("show", "."), "cannot be read"),
        (("show", "image"), "no text"),
        (("show", "password"), "no private key in PEM"),
    ],
)
def test_what_cannot_be(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2 and two lines: what is wrong and what to do; nothing of the file is quoted."""
    (tmp_path / "image").write_bytes(b"\xff\xd8\xff\xe0")
    (tmp_path / "password").write_text("hunter2")
    said = keys(tmp_path, *arguments)
    assert (said.returncode, said.stdout) == (2, "")
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 2
    assert "hunter2" not in said.stderr


def test_help() -> None:
    """It says where to keep the key, and gives an example of each verb."""
    said = keys(Path.cwd(), "--help").stdout
    assert all(words in said for words in ("lyncdr keys new", "lyncdr keys show", "backup.signing_key", "keyring:"))
