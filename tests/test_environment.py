"""One environment, described four times: pyproject.toml, the locks, environment.yml and what is installed."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
BASE: list[str] = PROJECT["project"]["dependencies"]
LOCKS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "locks").glob("*.txt")}
PINNED = ("bootstrap", "drill", "s3server", "test")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.MULTILINE)


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package in a lock: one, or one per system."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall(LOCKS[lock]):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def named(requirements: list[str]) -> dict[str, str]:
    """{canonical name: version range} of requirements, in one spelling."""
    parsed = [Requirement(text) for text in requirements]
    return {canonicalize_name(one.name): str(one.specifier) for one in parsed}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index(lock: str) -> None:
    """Where packages come from is each machine's own choice; the hashes say that they are the right ones."""
    assert "://" not in LOCKS[lock]
    assert not re.search(r"^\s*(-i|-f|--(index|extra-index|find-links|trusted)\S*)\b", LOCKS[lock], re.MULTILINE)


@pytest.mark.parametrize("lock", PINNED)
def test_every_package_is_pinned_with_a_hash(lock: str) -> None:
    """Each entry has one version and at least one SHA-256."""
    entries = re.split(r"^(?=[A-Za-z0-9])", LOCKS[lock], flags=re.MULTILINE)
    entries = [entry for entry in entries if not entry.startswith((" ", "#")) and entry.strip()]
    assert len(entries) >= 8
    for entry in entries:
        assert PIN.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("smaller", ["bootstrap", "drill"])
def test_locks_agree(smaller: str) -> None:
    """What is drilled with is what is tested: the same package has the same version everywhere."""
    tested = pins("test")
    shared = pins(smaller).keys() & tested.keys()
    assert shared
    assert {name: pins(smaller)[name] for name in shared} == {name: tested[name] for name in shared}
    assert smaller == "bootstrap" or pins(smaller).keys() <= tested.keys()


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("drill", BASE + EXTRAS["lab"]),
        ("test", [*BASE, *(text for extra in EXTRAS.values() for text in extra)]),
        ("s3server", (ROOT / "locks" / "s3server.in").read_text(encoding="utf-8").splitlines()),
        ("bootstrap", [*PROJECT["dependency-groups"]["bootstrap"], *PROJECT["build-system"]["requires"]]),
    ],
)
def test_a_lock_holds_what_the_project_asks_for(lock: str, requirements: list[str]) -> None:
    """Every dependency of pyproject.toml is there, at a version that it allows."""
    locked = pins(lock)
    for text in requirements:
        wanted = Requirement(text)
        versions = locked.get(canonicalize_name(wanted.name))
        assert versions, f"{wanted.name} is not in locks/{lock}.txt: run make lock"
        assert all(wanted.specifier.contains(version) for version in versions), f"{text}: run make lock"


def test_what_needs_kerberos_headers_is_needed_for_nothing_else() -> None:
    """The packages left out on a machine without the headers are in the test lock and not in the drill's."""
    left_out = set(LOCKS["needs-kerberos-headers"].split())
    assert left_out <= pins("test").keys()
    assert not left_out & pins("drill").keys()


def test_environment_yml_describes_the_same_environment() -> None:
    """conda's file asks for the same packages, in the same ranges, as the project with its lab and its tests."""
    described = YAML(typ="safe", pure=True).load(ROOT / "environment.yml")["dependencies"]
    (by_pip,) = (one["pip"] for one in described if isinstance(one, dict))
    assert "--editable ." in by_pip
    written = [one for one in (*described, *by_pip) if isinstance(one, str) and one not in ("pip", "--editable .")]
    assert named(written) == {
        **named(BASE + EXTRAS["lab"] + EXTRAS["dev"]),
        "python": PROJECT["project"]["requires-python"],
    }


def test_uv_run_brings_the_lab() -> None:
    """`uv run lyncdr drill` installs the group dev: this package with its lab."""
    assert PROJECT["dependency-groups"]["dev"] == ["lyncdr-helpers[lab]"]


def test_every_target_of_make_is_explained() -> None:
    """`make` alone shows each target with a word on what it does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert set(phony.split()) == set(re.findall(r"^([a-z]+):.*  ## \S", makefile, re.MULTILINE))


@pytest.mark.skipif(os.name == "nt", reason="the scripts are for Debian and Ubuntu")
def test_without_root_nothing_is_installed(tmp_path: Path) -> None:
    """A user who is not root gets one line about the real servers, and the work goes on."""
    user = tmp_path / "id"
    user.write_text("#!/bin/sh\necho 1000\n", encoding="utf-8")
    installer = tmp_path / "apt-get"
    installer.write_text("#!/bin/sh\nexit 9\n", encoding="utf-8")
    for program in (user, installer):
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [ROOT / ".ci" / "packages.sh"], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0
    assert re.fullmatch(r"real servers: .+\n", done.stderr)
