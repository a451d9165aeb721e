"""`lyncdr backups`: mistakes on the command line, in the parameters and at the store; and what --help tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from backup_store import Deployment, Said

Lyncdr = Callable[..., Said]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("show",), 2, "NAME"),
        (("show", "20200101-000000-backup-0000"), 2, "There is no set 20200101-000000-backup-0000 of lab"),
        (("show", "../../secrets"), 2, "There is no set"),
        (("verify", ".incoming-tonight"), 2, "There is no set"),
        (("verify", "tonight", "--all"), 2, "two questions"),
        (("prune", "--run", "20200101-000000-prune-0000"), 2, "There is no run"),
        (("prune", "--run", "../../etc"), 2, "There is no run"),
        (("prune", "--keep", "3"), 2, "No such option"),
        (("list", "tonight"), 2, "unexpected extra argument"),
    ],
)
def test_bad_input(deployment: Deployment, lyncdr: Lyncdr, arguments: tuple[str, ...], code: int, said: str) -> None:
    """A mistake on the command line: its exit code, said plainly on stderr, nothing on stdout, and no set touched."""
    name = deployment.night(1)
    found = lyncdr(*arguments)
    assert (found.code, found.out) == (code, "")
    assert said in found.err
    assert deployment.names() == [name]


@pytest.mark.parametrize("arguments", [("list",), ("show", "x"), ("verify",), ("prune",)])
def test_a_store_that_is_not_there(deployment: Deployment, lyncdr: Lyncdr, arguments: tuple[str, ...]) -> None:
    """A share that is not mounted is an error to each of them, and never an empty list."""
    deployment.store.rename(deployment.store.with_name("gone"))
    said = lyncdr(*arguments, "--json")
    assert said.code == 1
    assert "is not there" in said.err
    assert said.json["outcome"] == "failed"


@pytest.mark.parametrize("arguments", [("list",), ("calendar",), ("show", "x"), ("verify",), ("prune",)])
def test_parameters_that_do_not_fit(deployment: Deployment, lyncdr: Lyncdr, arguments: tuple[str, ...]) -> None:
    """A policy that keeps nothing is a mistake in the parameters, with its line, to each of them."""
    text = deployment.params.read_text(encoding="utf-8")
    deployment.params.write_text(text.replace("{last: 2,", "{last: 0,"), encoding="utf-8")
    said = lyncdr(*arguments)
    assert said.code == 2
    assert "retention.last" in said.err


@pytest.mark.parametrize("verb", ["", "list", "calendar", "show", "verify", "prune"])
def test_help(verb: str) -> None:
    """Each verb explains itself, and the group shows an example of each."""
    command = [sys.executable, "-m", "lyncdr_helpers", "backups", *filter(None, [verb]), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Usage: lyncdr backups" in said
    assert verb or all(f"lyncdr backups {one}" in said for one in ("list", "calendar", "show", "verify", "prune"))
