"""A bundle: whole, it proves what the product proves; redacted, it is tied to the whole one and names nobody."""

from __future__ import annotations

import base64
import csv
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from journal_scene import START
from sealed_runs import NAME, carried_out, notebook
from test_chain import TAMPERINGS as LINES
from test_chain import texts_of
from test_proof import TAMPERINGS, failed

from lyncdr_helpers import files
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.dossier import portable, proof
from lyncdr_helpers.dossier.names import Level, Names
from lyncdr_helpers.dossier.redaction import Redactor
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs import bundle
from lyncdr_helpers.verifier import main
from lyncdr_helpers.verifier.bundle import prove_bundle
from lyncdr_helpers.verifier.contents import files_at

LEVELS: tuple[Level, ...] = ("full", "internal", "external")
PARAMS: dict[str, Any] = {
    "sip_domains": ["example.org"],
    "pool": {"fqdn": "pool01.corp.example.org", "address": "192.0.2.11"},
    "directory": {"user": "EXAMPLE\\svc-recovery"},
    "store": "\\\\drfs01.corp.example.org\\lyncdr",
}
USER, CONTACT = "ana.lindqvist@example.org", "ole.thorvaldsen@partner.example.net"
SECRETS = {
    "who carried it out": "karlheinz",
    "the machine": "mgmt-alpha",
    "a user": USER,
    "a user's name": "Lindqvist",
    "a contact": CONTACT,
    "a contact's name": "Thorvaldsen",
    "a pool": "pool01.corp.example.org",
    "a server's short name": "drfs01",
    "an account": "svc-recovery",
    "an address": "192.0.2.11",
    "an address of six": "2001:db8::11",
    "the second who approved": "mireille",
    "a machine of two letters": "q7",
    "a phone": "+49-30-5551234",
}
INTERNAL = ("a contact", "a contact's name", "a phone")
"""What is unreadable within the house, too."""


def exported(folders: list[RunFolder], to: Path, level: Level) -> Path:
    bundle.export(folders, PARAMS, to, level, SetClock(START))
    return to


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run in which everybody stands in every place there is: facts, names of facts, tables, the notebook, files."""
    who = {"user": "karlheinz", "host": "mgmt-alpha"}
    told = (
        "Ana Lindqvist (EXAMPLE\\svc-recovery) called 192.0.2.11 and 2001:db8::11, \\\\drfs01\\lyncdr; Lindqvist, Ana."
    )
    facts = {
        "act": "move users",
        "targets": [f"sip:{USER}"],
        "done": [USER],
        "failed": {USER.upper(): f"no answer of Pool01.corp.example.org; {USER.replace('@', '%40')}"},
        "intent": 0,
    }
    place = tmp_path_factory.mktemp("planted")
    folder = carried_out(
        place,
        ("intent", facts, 0.0),
        ("result", facts, 0.0),
        ("approval", {"digest": "ab" * 32, "name": "mireille", "by": who}, 0.0),
        (
            "waiver",
            {"gate": "g", "reason": told, "by": {"user": "karlheinz", "host": "mgmt-alpha.corp.example.org"}},
            0.0,
        ),
        ("resume", {"who": {"user": "karlheinz", "host": "q7", "pid": 1}}, 0.0),
        ("fact", {"name": "note", "value": f"on q7: Ole Thorvaldsen <{CONTACT}>, tel:+49-30-5551234"}, 0.0),
    )
    rows = [{"user": USER, "contact": CONTACT, "name": "Thorvaldsen, Ole", "host": "pool01.corp.example.org"}]
    files.replace_csv(folder.table("pool01.corp.example.org"), rows)
    text = f"{told} {json.dumps(rows)} karlheinz mireille on mgmt-alpha: {', '.join(SECRETS.values())}"
    picture = {"image/png": base64.b64encode(text.encode()).decode(), "text/html": f"<b title='{text}'>{text}</b>"}
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "name": "stdout", "text": text},
        {"output_type": "display_data", "data": {**picture, "text/plain": [text]}, "metadata": {}},
        {"output_type": "error", "ename": "Refusal", "evalue": text, "traceback": [text]},
    ]
    cell = {
        "cell_type": "code",
        "source": [f"# {text}"],
        "metadata": {"x": text},
        "outputs": outputs,
        "execution_count": 1,
    }
    document = json.loads(notebook(cell, {**cell, "cell_type": "markdown"}))
    document["metadata"]["papermill"] = {"parameters": {"params_file": text}}
    files.replace_json(folder.notebook, document)
    files.replace(folder.path / "restore" / "pool01.corp.example.org.xml", text.encode("utf-16"))
    files.replace(folder.path / "evidence" / "x.png", text.encode())
    files.replace(folder.path / "notices.jsonl", text.encode())
    return folder


@pytest.fixture(scope="module")
def bundles(planted: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The run at each level."""
    place = tmp_path_factory.mktemp("bundles")
    return {level: exported([planted], place / f"{level}.zip", level) for level in LEVELS}


def verify(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The verifier as a stranger runs it: with Python, and nothing that is installed."""
    command = [sys.executable, "-I", "-S", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def spellings(text: str) -> list[bytes]:
    """As somebody might find it in bytes."""
    found = [text, text.casefold(), text.upper(), text.replace("@", "%40"), text.replace("@", "&#64;")]
    plain = [one.encode(code) for one in found for code in ("utf-8", "utf-16-le", "utf-16-be")]
    coded = [base64.b64encode(b"xyz"[:shift] + text.encode())[4 * (shift > 0) : -4] for shift in range(3)]
    return plain + [one for one in coded if len(one) > 6] + [text.encode().hex().encode()]


# -- at a stranger's ---------------------------------------------------------------------------------------------------
def test_a_stranger_proves_a_bundle(model: RunFolder, tmp_path: Path) -> None:
    """Packed and unpacked, with plain Python: exit 0, and the head that its owner reads over the phone."""
    found = exported([model], tmp_path / "full.zip", "full")
    with zipfile.ZipFile(found) as archive:
        archive.extractall(tmp_path / "unpacked" / "within")
        names = archive.namelist()
    assert {"verify.py", "bundle.json", "report.html", "approvals.csv", "README.txt"} <= set(names)
    inside = {f"runs/{NAME}/{name}" for name in ("journal.jsonl", "notebook.ipynb", "plan.json", "manifest.json")}
    assert inside <= set(names)
    script = tmp_path / "unpacked" / "within" / "verify.py"
    for arguments in ([script], [script, found], [script, tmp_path / "unpacked"]):
        said = verify(*arguments, cwd=tmp_path)
        assert (said.returncode, said.stderr) == (0, "")
        assert proof.head_of(model) in said.stdout
    assert not list(script.parent.rglob("*.pyc"))
    assert verify(script, "nowhere.zip", cwd=tmp_path).returncode == 2
    assert verify(script, found, found, cwd=tmp_path).returncode == 2
    assert "--with" in verify(script, "--help", cwd=tmp_path).stdout
    (script.parent / "runs" / NAME / "journal.jsonl").write_bytes(b"".join(texts_of(model)[:-1]))
    said = verify(script, cwd=tmp_path)
    assert said.returncode == 3
    assert "journal: line 16: truncated" in said.stdout


def test_the_verifier_is_the_products_own() -> None:
    """What a bundle carries is what the product itself runs; and it imports nothing but the standard library."""
    text = portable.verifier()
    made: dict[str, Any] = {"__name__": "verifier"}
    exec(compile(text, "verify.py", "exec"), made)
    for name, source in made["SOURCES"].items():
        path = Path(main.__file__).parent / f"{name.rpartition('.')[2]}.py"
        assert source == path.read_text(encoding="utf-8")
        imported = {
            line.split()[1].partition(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))
        }
        assert imported - {"lyncdr_helpers", "__future__"} <= sys.stdlib_module_names


@pytest.mark.parametrize("name", [*TAMPERINGS, *(f"journal: {one}" for one in LINES)])
def test_verifier_and_product_agree(
    mine: RunFolder, tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was tampered with before it was handed over: the same faults, word by word."""
    if name in TAMPERINGS:
        TAMPERINGS[name][0](mine)
    else:
        tamper, _ = LINES[name.removeprefix("journal: ")]
        mine.journal.write_bytes(b"".join(tamper(texts_of(mine))))
    expected = failed(proof.check(mine))
    assert expected
    if not mine.journal.exists():
        return
    found = exported([mine], tmp_path / "full.zip", "full")
    assert main.main([str(found)], tmp_path) == 3
    said = capsys.readouterr().out.splitlines()
    assert [line.removeprefix("  failed    ") for line in said if line.startswith("  failed")] == expected


def test_no_terminal_is_ordered_about(model: RunFolder, tmp_path: Path) -> None:
    """What somebody put into a record to fool whoever proves it is shown as what it is, on any terminal."""
    found = exported([model], tmp_path / "x.zip", "full")
    with zipfile.ZipFile(found, "a") as archive:
        archive.writestr("x\x1b[2Kall is well \u2713", b"")
        archive.extract("verify.py", tmp_path)
    command = [sys.executable, "-S", str(tmp_path / "verify.py"), str(found)]  # -I would not hear of the encoding
    said = subprocess.run(command, capture_output=True, env={"PYTHONIOENCODING": "cp1252"}, timeout=60, check=False)
    assert said.returncode == 3, said.stderr
    assert b"x\\x1b[2Kall is well \\u2713 was added" in said.stdout
    assert b"\x1b" not in said.stdout


def test_what_changes_on_the_way(bundles: dict[str, Path], tmp_path: Path) -> None:
    """A file that is edited, removed or added after it was handed over is named, at every level."""
    for level, path in bundles.items():
        for act in ("edit", "remove", "add"):
            place = tmp_path / f"{level} {act}"
            with zipfile.ZipFile(path) as archive:
                archive.extractall(place)
            table = next((place / "runs" / NAME / "tables").iterdir())
            if act == "edit":
                table.write_text("x")
            elif act == "remove":
                table.unlink()
            else:
                table.with_name("more.csv").touch()
            with files_at(place) as found:
                [(_, first), *_] = prove_bundle(found)
            words = {"edit": "is not what was handed over", "remove": "is gone", "add": "was added"}
            assert [one.said.endswith(words[act]) for one in first if one.state == "failed"] == [True]
    (tmp_path / "add" / "bundle.json").parent.mkdir()
    (tmp_path / "add" / "bundle.json").write_text("[]")
    assert main.main([str(tmp_path / "add")], tmp_path) == 3


# -- levels ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("level", ["internal", "external"])
def test_nobody_is_named(bundles: dict[str, Path], level: str) -> None:
    """Not in any file, not in any spelling; neither are its names in the names of files."""
    hidden = SECRETS if level == "external" else {name: SECRETS[name] for name in INTERNAL}
    with zipfile.ZipFile(bundles[level]) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    contents["names"] = "\n".join(contents).encode()
    for what, secret in hidden.items():
        if what == "a machine of two letters":  # in a digest, it is nobody's name
            assert not any(b'"q7"' in one or b"on q7" in one for one in contents.values())
            continue
        for spelled in spellings(secret):
            where = [name for name, content in contents.items() if spelled in content or spelled in content.lower()]
            assert not where, (what, spelled, where)


def test_the_house_knows_its_users(bundles: dict[str, Path]) -> None:
    """Within the house, users, machines and those who acted keep their names; in full, everything is there."""
    inside = zipfile.ZipFile(bundles["internal"]).read(f"runs/{NAME}/journal.jsonl").decode()
    for name in ("who carried it out", "the machine", "a user", "an address", "the second who approved"):
        assert SECRETS[name] in inside
    whole = zipfile.ZipFile(bundles["full"])
    assert f"runs/{NAME}/restore/pool01.corp.example.org.xml" in whole.namelist()
    rows = list(csv.DictReader(whole.read("approvals.csv").decode().splitlines()))
    assert [row["by"] for row in rows] == ["", "meier", "mireille", "karlheinz"]


@pytest.mark.parametrize("level", ["internal", "external"])
def test_a_redacted_bundle_is_tied_to_the_full_one(
    bundles: dict[str, Path], planted: RunFolder, level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its chain holds, its head is the same, and each of its lines and files belongs to one of the full bundle."""
    assert main.main([str(bundles[level]), "--with", str(bundles["full"])], Path()) == 0
    said = capsys.readouterr().out
    assert f"redacted lines, each tied to the digest it had; head {proof.head_of(planted)}" in said
    assert "each redacted file was made from one in the full bundle" in said
    assert "lines are the same in both" in said
    assert main.main([str(bundles["internal"]), "--with", str(bundles["external"])], Path()) == 0


def test_another_runs_bundle(bundles: dict[str, Path], mine: RunFolder, tmp_path: Path) -> None:
    """A full bundle of another run of the same name is not what a redacted one was made from."""
    other = exported([mine], tmp_path / "other.zip", "full")
    assert main.main([str(bundles["external"]), "--with", str(other)], tmp_path) == 3


@pytest.mark.parametrize("name", LINES)
def test_a_redacted_journal_is_proven_like_any(bundles: dict[str, Path], tmp_path: Path, name: str) -> None:
    """Each change of a line is named, as in a whole one."""
    with zipfile.ZipFile(bundles["external"]) as archive:
        archive.extractall(tmp_path)
    path = tmp_path / "runs" / NAME / "journal.jsonl"
    tamper, expected = LINES[name]
    path.write_bytes(b"".join(tamper(path.read_bytes().splitlines(keepends=True))))
    with files_at(tmp_path) as found:
        [_, (_, points)] = prove_bundle(found)
    assert [one.line for one in points if one.state == "failed"] == [line for _, line, _ in expected]


@pytest.mark.parametrize(
    ("place", "said"), [(5, "line 6: the digest before it is another"), (-1, "its head is not the one")]
)
def test_other_digests_in_a_redacted_journal(bundles: dict[str, Path], tmp_path: Path, place: int, said: str) -> None:
    """Whoever chains redacted lines anew, and the bundle with them, still cannot change what they are tied to."""
    with zipfile.ZipFile(bundles["external"]) as archive:
        archive.extractall(tmp_path)
    path = tmp_path / "runs" / NAME / "journal.jsonl"
    lines = [json.loads(text) for text in path.read_bytes().splitlines()]
    lines[place - (place > 0)]["digest"] = "0" * 64
    previous = "0" * 64
    for line in lines:
        line["redacted_previous"] = previous
        rest = {name: value for name, value in line.items() if name != "redacted"}
        previous = line["redacted"] = files.digest(files.canonical(rest))
    path.write_bytes(b"".join(files.canonical(line) + b"\n" for line in lines))
    about = json.loads((tmp_path / "bundle.json").read_bytes())
    about["runs"][0]["redacted"] = [line["redacted"] for line in lines]
    [entry] = [one for one in about["files"] if one["file"].endswith("journal.jsonl")]
    entry["sha256"] = files.digest_file(path)
    files.replace_json(tmp_path / "bundle.json", about)
    with files_at(tmp_path) as found:
        [(_, whole), (_, points)] = prove_bundle(found)
    assert not [one for one in whole if one.state == "failed"]
    assert [one.said.startswith(said) for one in points] == [True]


def test_what_is_broken_is_not_redacted(mine: RunFolder, tmp_path: Path) -> None:
    """A journal whose chain is broken can be handed over in full alone, for what stands in it is anybody's guess."""
    mine.journal.write_bytes(b"".join(LINES["one edited"][0](texts_of(mine))))
    with pytest.raises(InputError, match="line 5"):
        exported([mine], tmp_path / "x.zip", "external")
    assert not (tmp_path / "x.zip").exists()


def test_pseudonyms_are_the_same_everywhere(bundles: dict[str, Path]) -> None:
    """One person is one pseudonym at both levels, in journal and table, however it was spelled."""
    found = {}
    for level in ("internal", "external"):
        archive = zipfile.ZipFile(bundles[level])
        [table] = [name for name in archive.namelist() if "/tables/" in name and "users" not in name]
        [row] = csv.DictReader(archive.read(table).decode().splitlines())
        assert row["contact"] in archive.read(f"runs/{NAME}/journal.jsonl").decode()
        found[level] = row["contact"]
    assert found["internal"] == found["external"] != CONTACT
    assert found["internal"].startswith("person-")


def test_digests_give_nothing_away(planted: RunFolder, bundles: dict[str, Path]) -> None:
    """Whoever guesses a line, name and all, cannot check the guess: its nonce is not handed over; nor has any file of a
    redacted bundle the digest of the whole one."""
    external = zipfile.ZipFile(bundles["external"])
    everything = b"".join(external.read(name) for name in external.namelist())
    for text in texts_of(planted):
        assert json.loads(text)["nonce"].encode() not in everything
    for path in planted.path.rglob("*.*"):
        if path.is_file():
            assert files.digest_file(path).encode() not in everything
    assert b"salt" not in external.read("bundle.json")


def test_words_that_are_nobody(tmp_path: Path) -> None:
    """What only looks like a name stays: times, versions of files, services, sentences."""
    names = Names()
    names.learn_params(PARAMS)
    redactor = Redactor("external", "00" * 32, names)
    text = "02:14:09 sip meet 40 of 40, plan.json, contacts; tables/users.csv, 3.5 s, Will the pool be back? a:b"
    redactor.ready()
    assert redactor.text(text) == text
    assert redactor.value({"user": "x", "host": 1, "a": [None, True]}) == {"user": "x", "host": 1, "a": [None, True]}
    page = '<html><style>.user{}</style><p title="a &amp; b">1 &lt; 2</p><script>x</script></html>'
    assert redactor.page(page) == page.replace("<script>x</script>", "")


def test_what_nobody_told_of() -> None:
    """A server that only a path names, and a name too short to be looked for by itself, are found all the same."""
    redactor = Redactor("external", "00" * 32, Names())
    redactor.text("bo.li@example.org")
    redactor.ready()
    said = redactor.text("Bo Li, Li Bo and Li, Bo wrote to \\\\strange99\\share")
    assert not any(name in said for name in ("Bo", "Li", "strange99"))


def test_report_is_redacted_and_opens(bundles: dict[str, Path]) -> None:
    """The report of a redacted bundle is a whole page that says the same of other names."""
    page = zipfile.ZipFile(bundles["external"]).read("report.html").decode()
    assert page.startswith("<!DOCTYPE html>")
    assert "move users" in page
    assert "person-" in page
    assert "src=" not in page.replace("srcset=", "")
