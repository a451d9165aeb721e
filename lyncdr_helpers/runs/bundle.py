"""A bundle: runs as one zip that somebody else can read and prove, at one of three levels of redaction."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lyncdr_helpers import __version__, files
from lyncdr_helpers import journal as journals
from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.dossier import portable
from lyncdr_helpers.dossier.names import Level, Names
from lyncdr_helpers.dossier.redaction import Redactor
from lyncdr_helpers.journal import FIRST, Line
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier import chain
from lyncdr_helpers.verifier.bundle import BUNDLE, FULL, RUNS, tie
from lyncdr_helpers.verifier.contents import JOURNAL, MANIFEST, Folder, content_of, sha256_of
from lyncdr_helpers.verifier.spoken import spoken
from lyncdr_helpers.views.report import write_report

DOCUMENTS = (MANIFEST, "plan.json", "undo.json", "checks.json")
APPROVALS = ("declaration", "approval", "gate", "waiver")
COLUMNS = ("run", "at", "what", "about", "reason", "by", "on")

README = """{title}

Level of redaction: {level}. {words}

  report.html     what happened, to be read in any browser, offline
  approvals.csv   who declared, approved and waived what
  runs/           each run: its journal line by line, its notebook, its plan, its tables, its manifest
  bundle.json     every file with its digest
  verify.py       proves all of it with Python 3.11 and nothing else: python3 verify.py

The head of each run is the same at every level. Ask its owner for it over the phone (lyncdr runs show RUN):

{heads}
"""
WORDS: Mapping[Level, str] = {
    "full": "Nothing is left out. It holds the salt of the other levels' pseudonyms: it is for those who may know.",
    "internal": "Contacts who are no users of this deployment have pseudonyms; users and machines have their names.",
    "external": "Users, contacts, accounts, machines and addresses have pseudonyms.",
}


@dataclass
class _Bundle:
    """What goes into the zip. entries: as `bundle.json` lists them."""

    contents: dict[str, bytes] = field(default_factory=dict)
    entries: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, content: bytes, **more: str) -> None:
        self.contents[name] = content
        self.entries.append({"file": name, "size": len(content), "sha256": files.digest(content), **more})

    def leave_out(self, name: str, tied: str) -> None:
        self.entries.append({"file": name, "left_out": True, "tie": tied})


def export(folders: Sequence[RunFolder], params: Mapping[str, Any], to: Path, level: Level, clock: Clock) -> str:
    """Write the zip; the digest of what it holds, as one reads it over the phone.

    params: the deployment's, as JSON values: they say what its machines are called. Raises InputError where a journal's
    chain is broken and the level is not `full`: what cannot be read cannot be redacted.
    """
    salt = _salt(folders)
    redactor = None if level == FULL else _redactor(folders, params, level, salt)
    made = _Bundle()
    if redactor:
        for folder in folders:
            _add_run(_Bundle(), folder, redactor, salt)
        redactor.ready()
    runs = [_add_run(made, folder, redactor, salt) for folder in folders]
    title = f"Record of {len(folders)} run{'s' if len(folders) > 1 else ''}"
    report, approvals = _report(folders, title), _approvals(folders)
    if redactor:
        report = redactor.page(report.decode()).encode()
        approvals = _table(redactor, approvals)
    made.add("report.html", report)
    made.add("approvals.csv", approvals)
    heads = "\n".join(f"  {one['run']}  {spoken(one['head'])}" for one in runs)
    made.add("README.txt", README.format(title=title, level=level, words=WORDS[level], heads=heads).encode())
    made.add("verify.py", portable.verifier().encode())
    about: dict[str, Any] = {
        "format": 1,
        "level": level,
        "version": __version__,
        "made_at": stamp(clock.now()),
        "runs": runs,
    }
    about |= {"files": made.entries} | ({} if redactor else {"salt": salt, "made_by": files.whoami()})
    content = (json.dumps(about, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    _write(to, {**made.contents, BUNDLE: content})
    return spoken(files.digest(content))


def _write(to: Path, contents: Mapping[str, bytes]) -> None:
    with files.replacing(to) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(contents.items()):
            archive.writestr(name, content)


def _salt(folders: Sequence[RunFolder]) -> str:
    """Chance that only the holder of the whole journals has, and always the same for the same runs: of each, the first
    line with its nonce.
    """
    firsts = sorted(folder.journal.read_bytes().partition(b"\n")[0] for folder in folders)
    return hashlib.sha256(b"lyncdr pseudonyms 1\n" + b"\n".join(firsts)).hexdigest()


def _redactor(folders: Sequence[RunFolder], params: Mapping[str, Any], level: Level, salt: str) -> Redactor:
    names, heads = Names(), set[str]()
    names.learn_params(params)
    for one in ("user", "host"):
        names.add_word(str(files.whoami()[one]))
    for folder in folders:
        lines, _ = journals.read(folder.journal)
        heads |= {line.digest for line in lines}
        for line in lines:
            names.learn_line(line)
        for table in sorted(folder.path.glob("tables/*.csv")):
            for row in csv.DictReader(io.StringIO(table.read_text(encoding="utf-8-sig"))):
                names.learn_row({str(name): str(cell) for name, cell in row.items()})
    return Redactor(level, salt, names, frozenset(heads))


# -- one run -----------------------------------------------------------------------------------------------------------
def _add_run(made: _Bundle, folder: RunFolder, redactor: Redactor | None, salt: str) -> dict[str, Any]:
    """Its files, and what `bundle.json` says of it."""
    there, prefix = Folder(folder.path), f"{RUNS}/{folder.run}"
    if redactor is None:
        for name in there.names():
            made.add(f"{prefix}/{name}", content_of(there, name))
        lines, _ = chain.read(folder.journal.read_bytes())
        return {"run": folder.run, "head": lines[-1].own if lines and lines[-1].whole else FIRST}
    spelled, redacted = _journal(journals.read(folder.journal)[0], redactor)
    for name in there.names():
        tied = tie(salt, sha256_of(there, name))
        shown = "/".join([prefix, *(redactor.text(part) for part in name.split("/")[:-1]), _file(redactor, name)])
        if name == JOURNAL:
            made.add(f"{prefix}/{JOURNAL}", spelled, tie=tied)
        elif (content := _redacted(redactor, name, content_of(there, name))) is not None:
            made.add(shown, content, tie=tied)
        else:
            made.leave_out(shown, tied)
    head = journals.read(folder.journal)[0][-1].digest
    return {"run": folder.run, "head": head, "redacted": redacted}


def _file(redactor: Redactor, name: str) -> str:
    stem, dot, ending = name.rpartition("/")[2].rpartition(".")
    return redactor.text(stem) + dot + ending


def _journal(lines: Sequence[Line], redactor: Redactor) -> tuple[bytes, list[str]]:
    """The redacted lines, and their digests: each keeps the digests it had, and is chained anew over what it says."""
    texts, digests = list[bytes](), [FIRST]
    for line in lines:
        body = {name: value for name, value in line.body().items() if name != "nonce"}
        body |= {"facts": redactor.value(line.facts), "digest": line.digest, "redacted_previous": digests[-1]}
        digests.append(files.digest(files.canonical(body)))
        texts.append(files.canonical({**body, "redacted": digests[-1]}) + b"\n")
    return b"".join(texts), digests[1:]


def _redacted(redactor: Redactor, name: str, content: bytes) -> bytes | None:
    """The file with pseudonyms, or None where nobody can say what is within it."""
    if name in DOCUMENTS:
        value = redactor.value(json.loads(content))
        return (json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()
    if name.endswith(".ipynb") and "/" not in name:
        return redactor.notebook(content)
    if name.endswith(".csv") and name.startswith("tables/"):
        return _table(redactor, content)
    return None


def _table(redactor: Redactor, content: bytes) -> bytes:
    text = io.StringIO()
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    csv.writer(text, lineterminator="\n").writerows([redactor.text(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


# -- of all runs -------------------------------------------------------------------------------------------------------
def _report(folders: Sequence[RunFolder], title: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="lyncdr-") as place:
        path = Path(place) / "report.html"
        write_report(folders, path, title)
        return path.read_bytes()


def _approvals(folders: Sequence[RunFolder]) -> bytes:
    """Who declared, approved and waived what, as a table."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for folder in folders for row in _approvals_of(folder))
    return text.getvalue().encode()


def _approvals_of(folder: RunFolder) -> Iterator[dict[str, str]]:
    lines, _ = chain.read(folder.journal.read_bytes())
    for line in (line.body for line in lines if line.whole):
        if line["kind"] in APPROVALS:
            facts, by = line["facts"], line["facts"].get("by", {})
            about = facts.get("gate") or facts.get("digest") or facts.get("pool") or ""
            reason = facts.get("reason") or facts.get("because") or facts.get("message") or ""
            who = {"by": str(facts.get("name") or by.get("user", "")), "on": str(by.get("host", ""))}
            yield {"run": folder.run, "at": line["at"], "what": line["kind"], "about": about, "reason": reason} | who
