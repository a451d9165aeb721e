"""The proof of a run's record, as checks: what `lyncdr runs verify` shows."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from lyncdr_helpers import files, signatures
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.checks import Check, Severity, Verdict, judge, not_green, unknown
from lyncdr_helpers.dossier import timestamp, witness
from lyncdr_helpers.dossier.witness import Head
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.signatures import Standing
from lyncdr_helpers.verifier import chain
from lyncdr_helpers.verifier.contents import JOURNAL, MANIFEST, SIGNATURE, STAMP, Folder
from lyncdr_helpers.verifier.findings import Finding
from lyncdr_helpers.verifier.proof import prove
from lyncdr_helpers.verifier.spoken import spoken

AREA = "record"
REMEDY = "Keep the folder as it is, as evidence, and compare it with a backup of the machine."
VERDICTS = {
    "proven": Verdict.PASS,
    "failed": Verdict.FAIL,
    "unproven": Verdict.UNKNOWN,
    "noted": Verdict.WARN,
}
EXPECTED = {
    "journal": "every line as it was written",
    "manifest": "sealed when the run ended",
    "ending": "nothing after the seal",
    "files": "as they were sealed",
    "plan": "the plan that was made and approved",
    "tables": "the digests that the journal has",
    "notebook": "nothing that the journal does not say",
}


def check(folder: RunFolder | Path, keys: Keys | None = None, store: Store | LyncdrError | None = None) -> list[Check]:
    """What the record of a run proves, point by point; the journal first.

    keys: None: signatures are not looked at. store: where the copies of its head are, or why they cannot be asked for;
    None: they are not looked at.
    """
    path = folder.path if isinstance(folder, RunFolder) else folder
    heads, copies = _copies(path, store) if store else ([], [])
    witnessed = {one.lines: one.head for one in heads} if not (path / MANIFEST).exists() else {}
    found = prove(Folder(path), path.name, witnessed)
    return [*map(_as_check, found), *copies, *(_signature(path, keys) if keys else ()), *_stamp(path)]


def missing(store: Store, deployment: str, here: Collection[str]) -> list[Check]:
    """A check for each run whose head lies at the DR site, and whose folder is not here: nobody can prove it.

    It may lie on another machine, or somebody removed it: that is for people to say. Raises Unreachable and
    OperationError where the store cannot be asked.
    """
    return [
        unknown(
            AREA,
            one.run,
            seen=f"its folder is not here, and the DR site has its head of {one.at}, after {one.lines:,} lines",
            expected="the folder of every run that was sealed",
            remedy="Look for it on the machines that lyncdr runs on; else somebody removed it.",
            soft=True,
        )
        for one in witness.strangers(store, deployment, here)
    ]


def verified(folder: RunFolder | Path, keys: Keys | None = None, store: Store | LyncdrError | None = None) -> bool:
    """Whether nothing speaks against the record of a run."""
    return not not_green(check(folder, keys, store))


def head_of(folder: RunFolder | Path) -> str:
    """The journal's head as twenty letters, to be read over the phone; empty where the journal has no line."""
    path = folder.path if isinstance(folder, RunFolder) else folder
    journal = path / JOURNAL
    lines, _ = chain.read(journal.read_bytes() if journal.exists() else b"")
    return spoken(lines[-1].own) if lines and lines[-1].whole else ""


def _as_check(one: Finding) -> Check:
    verdict = VERDICTS[one.state]
    severity = Severity.SHOULD if one.state == "noted" else Severity.MUST
    remedy = REMEDY if one.state in ("failed", "unproven") else ""
    return Check(AREA, one.what, verdict, one.said, EXPECTED[one.what], remedy, severity)


# -- the copies at the DR site -----------------------------------------------------------------------------------------
def _copies(path: Path, store: Store | LyncdrError) -> tuple[list[Head], list[Check]]:
    name, expected = "copy at the DR site", "the head that was left there"
    try:
        if isinstance(store, LyncdrError):
            raise store
        heads = witness.kept(store, path.name)
    except LyncdrError as error:
        return [], [unknown(AREA, name, seen=error.message, expected=expected, remedy=error.remedy, soft=True)]
    if not heads:
        remedy = "The store was away when the run ended, or somebody removed the copy."
        return [], [unknown(AREA, name, seen="there is none", expected=expected, remedy=remedy, soft=True)]
    wrong = list(_differences(path, heads))
    said = f"{len(heads)} of them, the last of {heads[-1].at}, fit"
    return heads, [
        judge(AREA, name, not wrong, seen="; ".join(wrong) if wrong else said, expected=expected, remedy=REMEDY)
    ]


def _differences(path: Path, heads: Collection[Head]) -> Iterator[str]:
    try:
        content = (path / MANIFEST).read_bytes()
        digests = json.loads(content)["journal"]["digests"]
    except (OSError, ValueError, KeyError, TypeError):
        yield "there is a copy of the head, and no manifest that can be read"
        return
    for one in heads:
        if digests[one.lines - 1 : one.lines] != [one.head]:
            yield f"line {one.lines}: its digest was another at {one.at}"
    sealed = files.digest(content)
    last = max(one.lines for one in heads)
    if len(digests) == last and sealed not in {one.manifest for one in heads if one.lines == last}:
        yield f"the manifest was another when {last} lines were sealed"


# -- the signature and the time stamp ----------------------------------------------------------------------------------
def _signature(path: Path, keys: Keys) -> Iterator[Check]:
    name, expected = "signature", "by a trusted key"
    manifest, document = path / MANIFEST, path / SIGNATURE
    if not manifest.exists() or not (keys.wanted or document.exists()):
        return
    kept = document.read_bytes() if document.exists() else None
    proof = signatures.verify(kept, files.digest_file(manifest), keys.trusted, purpose="journal head", name=path.name)
    # Who trusts nobody cannot say whose a good signature is; a bad one is bad for everybody.
    soft = not keys.wanted and proof.standing is Standing.UNKNOWN_KEY
    good = proof.standing is Standing.TRUSTED
    yield judge(AREA, name, good, seen=str(proof), expected=expected, remedy=REMEDY, soft=soft)


def _stamp(path: Path) -> Iterator[Check]:
    """A time stamp is shown and never called proven: its authority's certificate is for people to decide on."""
    name, expected = "time stamp", "by an authority that you trust"
    answer = path / STAMP
    if not answer.exists() or not (path / MANIFEST).exists():
        return
    content = answer.read_bytes()
    if not timestamp.is_about(content, files.digest_file(path / MANIFEST)):
        yield judge(AREA, name, ok=False, seen="it is about another manifest", expected=expected, soft=True)
        return
    yield unknown(
        AREA,
        name,
        seen=f"it says {timestamp.said_time(content) or 'no time'}, for this manifest; who signed it was not checked",
        expected=expected,
        remedy=f"openssl ts -verify -data {MANIFEST} -in {STAMP} -CAfile AUTHORITY.pem",
        soft=True,
    )
