"""`lyncdr backups`: what it shows, what it proves, what it removes, and what it never does."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest
from backup_store import CONTACTS, POOL, Deployment, Said

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.phases.acts import loop
from lyncdr_helpers.session import open_session

Lyncdr = Callable[..., Said]


def digest_in(said: Said) -> str:
    """The digest that a refused prune says to give."""
    found = re.search(r"--approve ([0-9a-f]{12})", said.err)
    assert found, said
    return found[1]


def edit_manifest(deployment: Deployment, folder: str, **changes: object) -> None:
    path = deployment.store / folder / manifests.NAME
    files.replace_json(path, json.loads(path.read_bytes()) | changes)


# -- list and show -----------------------------------------------------------------------------------------------------
def test_list_says_what_keeps_each_set(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A line a set, oldest first: state, age, users, contacts, size, and the rule that keeps it, or that none does."""
    names = [deployment.night(400), deployment.night(200), deployment.night(199.5, complete=False), deployment.night(1)]
    said = lyncdr("list")
    assert (said.code, said.err) == (0, "")
    rows = said.out.splitlines()[1:]
    assert [row.split()[0] for row in rows] == names
    assert "prune removes it: none of the rules keeps it" in rows[0]
    assert "keeps it: one of the 2 newest" in rows[1]
    assert "keeps it: the last COMPLETE set" in rows[3]
    assert "INCOMPLETE" in rows[2]
    assert re.search(r"COMPLETE +24 h +3 +6 +\d+ B|COMPLETE +24 h +3 +6 +\d kB", rows[3])


def test_list_as_json(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """One JSON line with the same, in numbers."""
    name = deployment.night(1)
    (found,) = lyncdr("list", "--json").json["sets"]
    assert (found["name"], found["users"], found["contacts"], found["kept"]) == (name, 3, 6, True)
    assert 23.9 < found["age_hours"] < 24.1


def test_an_empty_store(lyncdr: Lyncdr) -> None:
    """No set is no error to a list; to verify it is: nothing was proven."""
    assert "holds no set of lab" in lyncdr("list").out
    assert lyncdr("list", "--json").json == {"sets": []}
    assert lyncdr("verify").code == 2


def test_other_folders_are_left_out(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Another deployment's sets, and what people keep on the share, are none of this deployment's sets."""
    ours = deployment.night(1)
    deployment.night(2, deployment="other")
    (deployment.store / "photos").mkdir()
    assert [one["name"] for one in lyncdr("list", "--json").json["sets"]] == [ours]


def lost(deployment: Deployment, name: str) -> None:
    (deployment.store / name / manifests.NAME).unlink()


def cut(deployment: Deployment, name: str) -> None:
    path = deployment.store / name / manifests.NAME
    path.write_bytes(path.read_bytes()[:-20])


def renamed(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, name="20260101-000000-backup-ffff")


def undated(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, made_at="yesterday")


def without_zone(deployment: Deployment, name: str) -> None:
    edit_manifest(deployment, name, made_at="2026-01-01T00:00:00")


@pytest.mark.parametrize("damage", [lost, cut, renamed, undated, without_zone])
def test_a_set_that_cannot_be_read(
    deployment: Deployment, lyncdr: Lyncdr, damage: Callable[[Deployment, str], None]
) -> None:
    """It is listed as such, kept by prune, shown with exit 3, and damaged to verify: never silently absent."""
    broken = deployment.night(300)
    for days in (150, 100, 2, 1):
        deployment.night(days)
    damage(deployment, broken)
    row = lyncdr("list", "--json").json["sets"][-1]
    assert (row["name"], row["state"], row["kept"]) == (broken, "UNREADABLE", True)
    assert "UNREADABLE" in lyncdr("list").out
    assert lyncdr("show", broken).code == 3
    proven = lyncdr("verify", "--all", "--json")
    assert proven.code == 3
    assert proven.json["damaged"] == [broken]
    lyncdr("prune", "--approve", digest_in(lyncdr("prune")))
    assert broken in deployment.names()


def test_show(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Who made it and when, each file with its size and digest, and each user whom it cannot bring back, by name."""
    name = deployment.night(1, complete=False)
    shown = lyncdr("show", name).out
    assert f"{POOL}: 3 users, 6 contacts" in shown
    assert "svc-lyncdr@mgmt02" in shown
    assert files.digest_file(deployment.store / name / CONTACTS) in shown
    assert "ana@lync.test: not exported; disabled" in shown
    assert lyncdr("show", name, "--json").json["state"] == "INCOMPLETE"


# -- verify ------------------------------------------------------------------------------------------------------------
def test_whole_sets(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Without a name the newest COMPLETE set is proven; with one that set; with --all every set."""
    names = [deployment.night(3), deployment.night(2), deployment.night(1, complete=False)]
    for arguments, proven in (((), names[1:2]), ((names[0],), names[:1]), (("--all",), names)):
        said = lyncdr("verify", *arguments, "--json")
        assert (said.code, said.json["outcome"], said.json["damaged"]) == (0, "done", [])
        assert [one["name"] for one in said.json["sets"]] == proven
        assert all(one["users"] == 3 for one in said.json["sets"])


def test_a_flipped_bit(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """One bit of one user's record: exit 3, with the file and that user's name, and the others are proven."""
    name = deployment.night(1)
    path = deployment.store / name / CONTACTS
    content = bytearray(path.read_bytes())
    place = content.index("user1@lync.test".encode("utf-16-le"))
    at = content.index("buddy0".encode("utf-16-le"), place)
    content[at] ^= 1
    path.write_bytes(content)
    said = lyncdr("verify")
    assert said.code == 3
    assert f"{CONTACTS} is not what was stored" in said.out
    assert f"{CONTACTS}, user1@lync.test: is not the record that was backed up" in said.out
    assert "user0@lync.test" not in said.out
    assert name in said.err


def test_a_truncated_export(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Every user whose record is lost with the end of the file is named."""
    name = deployment.night(1)
    path = deployment.store / name / CONTACTS
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    (one,) = lyncdr("verify", "--json").json["sets"]
    assert f"{CONTACTS}, user2@lync.test: cannot be read" in one["faults"]
    assert not one["whole"]


def test_a_file_that_is_gone(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A missing file is damage, and no user of it is proven."""
    name = deployment.night(1)
    (deployment.store / name / CONTACTS).unlink()
    said = lyncdr("verify", "--json")
    assert said.code == 3
    assert said.json["sets"][0]["faults"] == [f"{CONTACTS} is gone"]
    assert said.json["sets"][0]["users"] == 0


@pytest.mark.parametrize(("key", "value"), [("digest", "0" * 64), ("contacts", 9), ("address", "eve@lync.test")])
def test_a_manifest_that_says_otherwise(deployment: Deployment, lyncdr: Lyncdr, key: str, value: object) -> None:
    """The file is what was stored, yet a user is not what the manifest says: that is damage too, by name."""
    name = deployment.night(1)
    users = json.loads((deployment.store / name / manifests.NAME).read_bytes())["users"]
    edit_manifest(deployment, name, users=[users[0] | {key: value}, *users[1:]])
    said = lyncdr("verify")
    assert said.code == 3
    assert "user0@lync.test" in said.out


def test_users_without_a_file(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Users whose pool has no contacts in the set are not taken for proven."""
    edit_manifest(deployment, deployment.night(1), parts=[])
    said = lyncdr("verify", "--json")
    assert said.code == 3
    assert said.json["sets"][0]["faults"] == [f"no file holds the contacts of {POOL}"]


def test_what_lies_beside(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A file that somebody put into a set's folder is told, and harms nobody."""
    name = deployment.night(1)
    (deployment.store / name / "Thumbs.db").write_text("")
    said = lyncdr("verify")
    assert said.code == 0
    assert "Thumbs.db" in said.out


# -- prune -------------------------------------------------------------------------------------------------------------
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


# -- bad input ---------------------------------------------------------------------------------------------------------
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


@pytest.mark.parametrize("arguments", [("list",), ("show", "x"), ("verify",), ("prune",)])
def test_parameters_that_do_not_fit(deployment: Deployment, lyncdr: Lyncdr, arguments: tuple[str, ...]) -> None:
    """A policy that keeps nothing is a mistake in the parameters, with its line, to each of them."""
    text = deployment.params.read_text(encoding="utf-8")
    deployment.params.write_text(text.replace("{last: 2,", "{last: 0,"), encoding="utf-8")
    said = lyncdr(*arguments)
    assert said.code == 2
    assert "retention.last" in said.err


@pytest.mark.parametrize("verb", ["", "list", "show", "verify", "prune"])
def test_help(verb: str) -> None:
    """Each verb explains itself, and the group shows an example of each."""
    command = [sys.executable, "-m", "lyncdr_helpers", "backups", *filter(None, [verb]), "--help"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "Usage: lyncdr backups" in said
    assert verb or all(f"lyncdr backups {one}" in said for one in ("list", "show", "verify", "prune"))
