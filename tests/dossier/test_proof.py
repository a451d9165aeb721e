"""A record that somebody tampered with does not hold, whatever it was that they changed."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from journal_scene import START
from sealed_runs import NAME, PLAN, carried_out, cell, notebook, sealed
from test_chain import texts_of

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.dossier import proof, sealing, timestamp, witness
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.signatures import SigningKey
from lyncdr_helpers.verifier.contents import Folder
from lyncdr_helpers.verifier.findings import is_whole
from lyncdr_helpers.verifier.proof import prove
from lyncdr_helpers.verifier.spoken import LETTERS, is_spoken, spoken

Tamper = Callable[[RunFolder], object]


def failed(checks: list[Check]) -> list[str]:
    return [f"{one.name}: {one.seen}" for one in checks if one.verdict is Verdict.FAIL]


def not_proven(checks: list[Check]) -> list[str]:
    return [f"{one.name}: {one.seen}" for one in checks if one.verdict is not Verdict.PASS]


def changed(folder: RunFolder, name: str, old: str, new: str) -> None:
    """Edit a file, and everything that has its digest within the folder's manifest stays."""
    path = folder.path / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def forge_manifest(folder: RunFolder, **changes: object) -> None:
    path = folder.path / "manifest.json"
    files.replace_json(path, {**json.loads(path.read_bytes()), **changes})


def reseal(folder: RunFolder) -> None:
    """What somebody does who knows how a seal is made, and cannot reach the DR site."""
    (folder.path / "manifest.json").unlink(missing_ok=True)
    assert len(list(sealing.seal(folder, SetClock(START), Keys(), lambda: open_path(folder.path / "nowhere")))) == 1


def cut(folder: RunFolder, lines: int) -> None:
    folder.journal.write_bytes(b"".join(texts_of(folder)[:-lines]))


def say(*texts: str, **about: object) -> Tamper:
    """A notebook that says something else, sealed as if it had always been so."""

    def tamper(folder: RunFolder) -> None:
        folder.notebook.write_bytes(notebook(cell("x", *texts), **about))
        reseal(folder)

    return tamper


def other_plan(folder: RunFolder) -> None:
    made = Plan(**{**vars(PLAN), "scope": "pool01 -> drse01, 9 users"})
    files.replace_json(folder.plan, made.as_json())
    reseal(folder)


def altered_table(folder: RunFolder) -> None:
    changed(folder, "tables/users.csv", "bo@", "bö@")
    reseal(folder)


TAMPERINGS: dict[str, tuple[Tamper, str]] = {
    "a line edited": (lambda one: changed(one, "journal.jsonl", '"sip A"', '"sip B"'), "journal: line 3: edited"),
    "the end cut off": (lambda one: cut(one, 2), "journal: lines 15 to 16: truncated"),
    "a file edited": (lambda one: changed(one, "tables/users.csv", "bo@", "bö@"), "tables/users.csv is not what was"),
    "a file edited, and sealed anew": (altered_table, "tables: tables/users.csv is not what the journal has"),
    "a file removed": (lambda one: (one.path / "tables/users.csv").unlink(), "files: tables/users.csv is gone"),
    "a file added": (lambda one: (one.path / "tables/z.csv").touch(), "files: tables/z.csv was added"),
    "a file renamed": (lambda one: one.notebook.rename(one.path / "n.ipynb"), "files: notebook.ipynb is gone"),
    "the plan edited": (lambda one: changed(one, "plan.json", "2 users", "9 users"), "plan: plan.json was changed"),
    "another plan": (other_plan, "plan: plan.json is not the plan that was approved"),
    "the plan removed": (lambda one: one.plan.unlink(), "plan: plan.json is gone"),
    "the manifest removed": (lambda one: (one.path / "manifest.json").unlink(), "manifest: there is none, though"),
    "the manifest damaged": (lambda one: (one.path / "manifest.json").write_text("[]"), "manifest: it cannot be read"),
    "another's manifest": (lambda one: forge_manifest(one, run="x"), "manifest: it is that of run x"),
    "the manifest's head": (
        lambda one: forge_manifest(one, journal={"head": "0" * 64, "digests": ["1" * 64]}),
        "manifest: its head is not the last",
    ),
    "the journal removed": (lambda one: one.journal.unlink(), "journal: there is none"),
    "lines added": (
        lambda one: Journal.open(one.journal, SetClock(START)).write("fact", name="x", value=1),
        "ending: lines were added after the run was sealed",
    ),
    "more done": (say("move users: 13 done"), "cell 1: it says that 13 were done of move users, and the journal 12"),
    "what was never done": (say("move endpoints: 7 done"), "7 were done of move endpoints, and the journal 0"),
    "more done, in the last word": (say("done: move users: 40 done; x: 1 done"), "40 were done of move users"),
    "another ending": (say("rehearsed: all"), "cell 1: it says that the run ended rehearsed, and the journal"),
    "another ending in its facts": (say(outcome="rehearsed"), "it says that the run ended rehearsed"),
    "another run's notebook": (say(run="20260301-other"), "it is the notebook of run 20260301-other"),
    "another approval": (say(f"Approved: x, digest {'0' * 12}."), "the plan 000000000000 was approved"),
    "another approver": (
        say("Approved by eve on h at 2026-03-01T02:00:00.000Z: x."),
        "cell 1: it says 'Approved by eve",
    ),
    "another digest": (say(f"the gate waits: digest {'0' * 12}"), "it shows the digest 000000000000"),
    "another check": (say("✓ pass  DNS  sip C  this"), "it shows a check that passed, 'DNS sip C this'"),
    "a notebook that is none": (lambda one: one.notebook.write_text("{}"), "notebook.ipynb, it cannot be read"),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(mine: RunFolder, name: str) -> None:
    """Each change makes the proof fail, and is named."""
    tamper, expected = TAMPERINGS[name]
    tamper(mine)
    found = failed(proof.check(mine))
    assert any(expected in one for one in found), found
    assert not proof.verified(mine)


def test_an_honest_record_holds(mine: RunFolder, store: Store) -> None:
    """All is proven: the journal, its manifest, every file, the plan, the tables, the notebook, the copy at the DR
    site."""
    checks = proof.check(mine, Keys(), store)
    assert not_proven(checks) == []
    assert [one.name for one in checks] == [
        *("journal", "manifest", "files", "plan", "tables", "notebook", "copy at the DR site")
    ]
    head = proof.head_of(mine)
    assert is_spoken(head)
    assert head in checks[0].seen
    assert head == spoken(json.loads(texts_of(mine)[-1])["digest"])


@pytest.mark.parametrize("name", ["an older manifest", "all of it forged"])
def test_the_dr_site_knows_better(mine: RunFolder, store: Store, tmp_path: Path, name: str) -> None:
    """Whoever makes journal and manifest anew, and so deceives the folder's own proof, does not reach the DR site."""
    if name == "all of it forged":
        shutil.rmtree(mine.path)
        mine = carried_out(tmp_path / "runs")
        reseal(mine)
    else:
        cut(mine, 1)
        reseal(mine)
        mine.notebook.unlink()
        (mine.path / "manifest.json").unlink()
    wrong = failed(proof.check(mine, Keys(), store))
    assert any("copy at the DR site" in one for one in wrong)
    if name == "all of it forged":
        assert failed(proof.check(mine)) == []
        assert any("line 16: its digest was another" in one for one in wrong)
    else:
        assert any("journal: line 16: truncated" in one for one in wrong), wrong


def test_a_manifest_that_was_made_anew(mine: RunFolder, store: Store) -> None:
    """Also where the journal is whole: what was sealed beside it is not."""
    mine.notebook.write_bytes(notebook(cell("x", "nothing was lost")))
    reseal(mine)
    assert failed(proof.check(mine)) == []
    assert failed(proof.check(mine, Keys(), store)) == [
        "copy at the DR site: the manifest was another when 16 lines were sealed"
    ]


def test_a_dr_site_without_a_copy(mine: RunFolder, tmp_path: Path) -> None:
    """No copy, and a store that is away, are said and held against nobody."""
    (tmp_path / "empty").mkdir()
    for place, said in (("empty", "there is none"), ("away", "is not there")):
        [copy] = not_proven(proof.check(mine, Keys(), open_path(tmp_path / place)))
        assert said in copy
    assert proof.verified(mine, Keys(), OperationError("The store is away."))
    another = b'{"deployment":"lab","run":"another run","journal":{"digests":["00"]}}'
    witness.keep(open_path(tmp_path / "empty"), another, SetClock(START))
    assert "there is none" in not_proven(proof.check(mine, Keys(), open_path(tmp_path / "empty")))[0]


def test_a_run_whose_folder_is_gone(mine: RunFolder, store: Store) -> None:
    """The DR site still knows of it; of another deployment's runs it tells nothing, nor of what cannot be read."""
    about = json.loads((mine.path / "manifest.json").read_bytes())
    for name, deployment in (("20260301-021409-activate-3f2a", about["deployment"]), ("of-others", "fabrikam")):
        witness.keep(store, json.dumps({**about, "run": name, "deployment": deployment}).encode(), SetClock(START))
    store.note("journal-heads/odd/1.json", b"no head")
    assert proof.missing(store, about["deployment"], [mine.run, "20260301-021409-activate-3f2a"]) == []
    [gone] = proof.missing(store, about["deployment"], [mine.run])
    assert (gone.name, gone.verdict) == ("20260301-021409-activate-3f2a", Verdict.UNKNOWN)
    assert "not here" in gone.seen
    assert "16 lines" in gone.seen


def test_cut_short(tmp_path: Path) -> None:
    """A run that was killed is called that, sealed or not; nobody claims that its end is proven."""
    (tmp_path / "store").mkdir()
    folder = carried_out(tmp_path / "runs")
    cut(folder, 2)
    folder.notebook.unlink()
    with folder.journal.open("ab") as file:
        file.write(b'{"n":15,"half')
    said = not_proven(proof.check(folder))
    assert any("was cut short; its end is not proven" in one for one in said)
    assert any("cut off by a crash" in one for one in said)
    assert proof.verified(folder)
    assert list(sealing.seal(folder, SetClock(START), Keys(), lambda: open_path(tmp_path / "store"))) == []
    assert any("cut short: its journal has no end" in one for one in not_proven(proof.check(folder)))
    cut(folder, 2)  # and what the crash had left
    assert any("line 14: truncated" in one for one in failed(proof.check(folder)))


@pytest.mark.parametrize("left", [b"", b'{"n":1,"half'])
def test_a_journal_without_a_line(mine: RunFolder, left: bytes) -> None:
    """Emptied, and its seal gone with it: nothing speaks against it, and nothing is proven. An auditor is told too."""
    assert proof.verified(mine)
    for path in mine.path.iterdir():
        if path.is_file():
            path.unlink()
    mine.journal.write_bytes(left)
    found = proof.check(mine)
    assert failed(found) == []
    assert any("journal: it has no line" in one for one in not_proven(found))
    assert not proof.verified(mine)
    assert not is_whole(prove(Folder(mine.path), mine.run))


def test_a_run_that_goes_on(mine: RunFolder, store: Store) -> None:
    """After its seal it may be taken up again, and is sealed again with all it has become."""
    journal = Journal.open(mine.journal, SetClock(START))
    journal.write("resume", who={"user": "meier"})
    assert any("1 lines after the sealed ones" in one for one in not_proven(proof.check(mine)))
    journal.write("end", outcome="done", exit_code=0)
    assert list(sealing.seal(mine, SetClock(START), Keys(), lambda: store)) == []
    assert failed(proof.check(mine, Keys(), store)) == []
    assert len(witness.kept(store, mine.run)) == 2


def test_somebody_approves_from_elsewhere(mine: RunFolder, store: Store) -> None:
    """An approval may follow the end that waited for it; sealed again, nothing is left to be noted."""
    who = {"user": "mueller", "host": "mgmt03", "pid": 9}
    Journal.open(mine.journal, SetClock(START)).write("approval", digest=PLAN.digest, name="mueller", by=who)
    assert failed(proof.check(mine, Keys(), store)) == []
    assert list(sealing.seal(mine, SetClock(START), Keys(), lambda: store)) == []
    assert not_proven(proof.check(mine, Keys(), store)) == []


def test_a_seal_covers_nothing_up(mine: RunFolder) -> None:
    """A folder whose journal was changed is not sealed again: neither a broken chain, nor another past."""
    changed(mine, "journal.jsonl", '"sip A"', '"sip B"')
    assert "line 3" in "".join(sealing.seal(mine, SetClock(START), Keys(), lambda: open_path(mine.path)))
    before = (mine.path / "manifest.json").read_bytes()
    shutil.rmtree(mine.path / "tables")
    mine.journal.unlink()
    Journal.open(mine.journal, SetClock(START)).write(
        "begin", phase="x", deployment="x", mode="live", who={"user": "eve", "host": "h"}
    )
    said = "".join(sealing.seal(mine, SetClock(START), Keys(), lambda: open_path(mine.path)))
    assert "does not begin with what was sealed before" in said
    assert (mine.path / "manifest.json").read_bytes() == before


# -- signature ---------------------------------------------------------------------------------------------------------
def test_a_signature_over_the_record(tmp_path: Path) -> None:
    """A trusted one is proven; a stranger's, a missing one and one over another manifest fail where keys are named."""
    (tmp_path / "store").mkdir()
    key, stranger = SigningKey.new(), SigningKey.new()
    mine = Keys(key, frozenset({key.public}))
    folder = sealed(tmp_path / "runs", tmp_path / "store", mine)
    assert not_proven(proof.check(folder, mine)) == []
    theirs = Keys(None, frozenset({stranger.public}))
    assert "unknown key" in failed(proof.check(folder, theirs))[0]
    assert failed(proof.check(folder, Keys())) == []
    forge_manifest(folder, version="9")
    assert "was changed after it was signed" in failed(proof.check(folder, mine))[0]
    (folder.path / "manifest.sig").unlink()
    assert failed(proof.check(folder, mine)) == ["signature: not signed"]
    assert failed(proof.check(folder, Keys())) == []


def test_a_key_that_cannot_be_had(tmp_path: Path) -> None:
    """The record is sealed all the same, and says that nobody signed it."""
    (tmp_path / "store").mkdir()
    lost = dataclasses.replace(Keys(), trouble=OperationError("The keyring is locked."))  # type: ignore[arg-type]
    folder = carried_out(tmp_path / "runs")
    said = list(sealing.seal(folder, SetClock(START), lost, lambda: open_path(tmp_path / "store")))
    assert said == [f"The record of {NAME} is sealed, and not signed: The keyring is locked."]
    assert "not signed" in failed(proof.check(folder, lost))[0]


# -- time stamp --------------------------------------------------------------------------------------------------------
def openssl(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


AUTHORITY = """
[tsa]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = tsa.pem
default_policy = 1.2.3.4
digests = sha256
signer_digest = sha256
"""


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is the authority, and reads what we ask")
def test_a_time_stamp(mine: RunFolder, tmp_path: Path) -> None:
    """openssl reads the request and answers it as an authority; the answer is shown, and not called proven."""
    sha256 = files.digest_file(mine.path / "manifest.json")
    said = openssl(mine.path, "ts", "-query", "-in", "head.tsq", "-text")
    assert "Hash Algorithm: sha256" in said
    assert "Certificate required: yes" in said
    assert sha256[:16] in "".join(said.split()).replace("-", "")
    place = tmp_path / "tsa"
    place.mkdir()
    (place / "tsa.cnf").write_text(AUTHORITY)
    (place / "serial").write_text("01")
    subject = ("-subj", "/CN=tsa", "-addext", "extendedKeyUsage=critical,timeStamping")
    made = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "tsa.key", "-out", "tsa.pem")
    openssl(place, "req", "-x509", *made, *subject)
    query, answer = str(mine.path / "head.tsq"), str(mine.path / "head.tsr")
    openssl(place, "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", query, "-out", answer)
    [stamp] = [one for one in proof.check(mine) if one.name == "time stamp"]
    assert stamp.verdict is Verdict.UNKNOWN
    assert "for this manifest; who signed it was not checked" in stamp.seen
    assert "it says 20" in stamp.seen
    command = stamp.remedy.replace("AUTHORITY.pem", str(place / "tsa.pem")).split()[1:]
    assert "Verification: OK" in openssl(mine.path, *command)
    assert proof.verified(mine)
    files.replace(mine.path / "head.tsr", Path(answer).read_bytes().replace(bytes.fromhex(sha256), bytes(32)))
    [stamp] = [one for one in proof.check(mine) if one.name == "time stamp"]
    assert stamp.seen == "it is about another manifest"


def test_each_request_is_another() -> None:
    """An answer to an old request is no answer to this one: each has a nonce, positive and of the same length."""
    asked = {timestamp.request("ab" * 32) for _ in range(50)}
    assert len(asked) == 50
    assert len({len(one) for one in asked}) == 1


# -- over the phone ----------------------------------------------------------------------------------------------------
def test_a_slip_over_the_phone_is_heard() -> None:
    """Each wrong letter and each exchange of two neighbours is found; spaces and small letters are no slip."""
    said = spoken(files.digest(b"x"))
    assert is_spoken(said.lower().replace("-", " "))
    letters = said.replace("-", "")
    for at, letter in enumerate(letters):
        assert not any(is_spoken(letters[:at] + one + letters[at + 1 :]) for one in LETTERS if one != letter)
        swapped = letters[:at] + letters[at + 1 : at + 2] + letter + letters[at + 2 :]
        assert swapped == letters or not is_spoken(swapped)
    assert not is_spoken("")
    assert not is_spoken(letters[:-1])
    assert not is_spoken("1" * 20)
