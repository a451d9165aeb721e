"""`lyncdr backups prune`: it removes what was approved, and nothing that anybody may still need."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from backup_store import CONTACTS, Deployment, Said, digest_in, edit_manifest

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.phases.acts import loop
from lyncdr_helpers.session import open_session

Lyncdr = Callable[..., Said]


@pytest.fixture
def nights(deployment: Deployment) -> list[str]:
    """Six nights: the rules keep the two newest and, of the other months, the newest of one."""
    return [deployment.night(days) for days in (300, 299, 298, 200, 2, 1)]


def kept_of(nights: list[str], lyncdr: Lyncdr) -> list[str]:
    return [one["name"] for one in lyncdr("list", "--json").json["sets"] if one["kept"]]


def test_prune_wants_its_digest(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """Without a digest: the plan on stdout, exit 5 with the digest to give, and every set is where it was."""
    said = lyncdr("prune")
    assert said.code == 5
    assert "prune removes it" in said.out
    assert digest_in(said)
    assert deployment.names() == nights


def test_prune_removes_what_was_approved(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """With the digest exactly the sets of the plan go; the run is one run, and each intent has its result."""
    kept = kept_of(nights, lyncdr)
    said = lyncdr("prune", "--approve", digest_in(lyncdr("prune")))
    assert said.code == 0, said.err
    assert deployment.names() == kept
    assert 2 <= len(kept) < len(nights)
    assert deployment.leftovers() == []
    (run,) = deployment.runs()
    assert (run.phase, run.mode, run.outcome) == ("prune", "live", "done")
    kinds = [line.kind for line in deployment.lines(run.run)]
    assert kinds.count("intent") == kinds.count("result") == len(nights) - len(kept)
    assert "approval" in kinds
    assert (deployment.runs_folder / run.run / "report.html").is_file()


def test_prune_as_json(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """One JSON line each time: the whole digest when refused, and then what was done."""
    first = lyncdr("prune", "--json")
    assert (first.code, first.json["outcome"], first.json["exit_code"]) == (5, "refused", 5)
    second = lyncdr("prune", "--json", "--approve", first.json["plan"])
    assert (second.code, second.json["outcome"], second.json["run"]) == (0, "done", first.json["run"])


def test_nothing_to_prune(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Where every set is kept there is nothing to approve: done, exit 0."""
    names = [deployment.night(2), deployment.night(1)]
    assert lyncdr("prune").code == 0
    assert deployment.names() == names


@pytest.mark.parametrize("change", ["one more", "one less", "another policy", "edited", "a kept one edited"])
def test_a_stale_digest(deployment: Deployment, nights: list[str], lyncdr: Lyncdr, change: str) -> None:
    """When the sets or the rules are not those of the plan, its digest is refused with the new one; nothing goes."""
    digest = digest_in(lyncdr("prune"))
    match change:
        case "one more":
            deployment.night(0.5, complete=False)
        case "one less":
            shutil.rmtree(deployment.store / nights[0])
        case "another policy":
            text = deployment.params.read_text(encoding="utf-8")
            deployment.params.write_text(text.replace("last: 2", "last: 3"), encoding="utf-8")
        case "edited":
            edit_manifest(deployment, nights[0], made_by="somebody else")
        case "a kept one edited":
            edit_manifest(deployment, nights[-1], made_by="somebody else")
    before = deployment.names()
    said = lyncdr("prune", "--approve", digest)
    assert said.code == 5
    assert digest_in(said) != digest
    assert deployment.names() == before


@pytest.mark.parametrize("digest", ["nonsense", "0" * 12, "0" * 64])
def test_a_wrong_digest(deployment: Deployment, nights: list[str], lyncdr: Lyncdr, digest: str) -> None:
    """A digest that is no plan's is refused."""
    assert lyncdr("prune", "--approve", digest).code == 5
    assert deployment.names() == nights


def test_a_digest_opens_one_run_once(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """A digest that was used is refused, and so is half of one."""
    digest = digest_in(lyncdr("prune"))
    assert lyncdr("prune", "--approve", digest[:6]).code == 5
    assert lyncdr("prune", "--approve", digest).code == 0
    again = lyncdr("prune", "--approve", digest)
    assert again.code == 5
    assert "was used" in again.err


def test_nothing_goes_while_the_newest_is_damaged(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """When the set an activation would take is damaged, an older one may be all there is: refused, exit 5."""
    (deployment.store / nights[-1] / CONTACTS).write_bytes(b"rot")
    said = lyncdr("prune")
    assert said.code == 5
    assert "is damaged" in said.err
    assert "--approve" not in said.err
    assert deployment.names() == nights


def begin_activation(deployment: Deployment, name: str) -> str:
    """A live activation that has chosen its set; its run."""
    session = open_session("activate", deployment.params, mode="live", run="new", locked=False)
    session.fact("backup", name)
    session.folder.plan.write_text(json.dumps({"basis": {"backup": name}}), encoding="utf-8")
    session.close()
    return session.folder.run


def test_a_set_that_an_activation_rests_on(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """It stays, with the run's name, as long as the activation is not finished."""
    run = begin_activation(deployment, nights[0])
    row = next(row for row in lyncdr("list").out.splitlines() if nights[0] in row)
    assert f"keeps it: run {run} rests on it" in row
    lyncdr("prune", "--approve", digest_in(lyncdr("prune")))
    assert nights[0] in deployment.names()
    session = open_session("activate", deployment.params, mode="live", run=run, locked=False)
    session.end("done", 0)
    assert nights[0] not in kept_of(nights, lyncdr)


def test_an_activation_with_a_broken_journal(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """Where the journal cannot be trusted, the plan beside it says which set stays."""
    run = begin_activation(deployment, nights[0])
    journal = deployment.runs_folder / run / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"begin", b"began", 1))
    assert nights[0] in kept_of(nights, lyncdr)


def test_a_rehearsal_holds_nothing(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """Only a live activation keeps a set."""
    session = open_session("activate", deployment.params, mode="rehearse", run="new", locked=False)
    session.fact("backup", nights[0])
    session.close()
    assert nights[0] not in kept_of(nights, lyncdr)


def test_two_at_once(
    deployment: Deployment, nights: list[str], lyncdr: Lyncdr, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one prunes, another is locked out: exit 7, with the holder's name."""
    hold = "import sys; from lyncdr_helpers.phases import prune; s = prune.begin(sys.argv[1]); print(1); input()"
    command = [sys.executable, "-c", hold, str(deployment.params)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        first.stdout.readline()
        monkeypatch.setattr(files, "PATIENCE", 0.2)
        said = lyncdr("prune")
        first.kill()
    assert said.code == 7
    assert str(first.pid) in said.err


KILLED = """
import os, pathlib, shutil, signal, sys
from lyncdr_helpers import cli
moment, at = sys.argv.pop(1), int(sys.argv.pop(1))
place, name = {"before": (pathlib.Path, "rename"), "between": (shutil, "rmtree"), "halfway": (shutil, "rmtree")}[moment]
real, calls = getattr(place, name), 0
def dying(path, *rest):
    global calls
    calls += "-backup-" in str(path)
    if calls == at:
        if moment == "halfway":
            (pathlib.Path(path) / "manifest.json").unlink()
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, *rest)
setattr(place, name, dying)
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("moment", ["before", "between", "halfway"])
@pytest.mark.parametrize("again_with", ["the same command", "no digest"])
def test_killed_in_the_middle(
    deployment: Deployment,
    nights: list[str],
    lyncdr: Lyncdr,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
    again_with: str,
) -> None:
    """kill -9 before a set goes out of sight, after it, or with half of it deleted: never half a set in sight, and the
    next prune does what is left in the same run, down to the last file.
    """
    kept, digest = kept_of(nights, lyncdr), digest_in(lyncdr("prune"))
    command = ["backups", "prune", "--params", str(deployment.params), "--approve", digest]
    killed = subprocess.run([sys.executable, "-c", KILLED, moment, "2", *command], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    left = deployment.names()
    assert len(kept) < len(left) < len(nights)
    assert all((deployment.store / name / manifests.NAME).exists() for name in left)
    monkeypatch.setattr(loop, "STILL_SECONDS", 0)
    said = lyncdr("prune", *(("--approve", digest) if again_with == "the same command" else ()))
    assert said.code == 0, said.err
    assert deployment.names() == kept
    assert deployment.leftovers() == []
    (run,) = deployment.runs()
    assert run.outcome == "done"
    lines = deployment.lines(run.run)
    intents = {line.n for line in lines if line.kind == "intent"}
    assert intents == {line.facts["intent"] for line in lines if line.kind == "result"}


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_what_became_needed_after_a_crash(deployment: Deployment, nights: list[str], lyncdr: Lyncdr) -> None:
    """An approved removal that is left over is refused when an activation rests on the set by now; a new plan helps."""
    digest = digest_in(lyncdr("prune"))
    command = ["backups", "prune", "--params", str(deployment.params), "--approve", digest]
    subprocess.run([sys.executable, "-c", KILLED, "before", "1", *command], capture_output=True)
    assert deployment.names() == nights
    begin_activation(deployment, nights[1])
    said = lyncdr("prune", "--approve", digest)
    assert said.code == 5
    assert f"Set {nights[1]} was to be removed, and must stay by now" in said.err
    assert deployment.names() == nights
    anew = lyncdr("prune", "--run", "new")
    assert lyncdr("prune", "--approve", digest_in(anew)).code == 0
    assert nights[1] in deployment.names()
