"""The proof of one run's record: its journal, its manifest, its files, its plan, and what its notebook says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lyncdr_helpers.verifier import chain
from lyncdr_helpers.verifier.chain import Line
from lyncdr_helpers.verifier.claims import contradictions
from lyncdr_helpers.verifier.contents import BESIDE, JOURNAL, MANIFEST, Files, content_of, document_of, sha256_of
from lyncdr_helpers.verifier.findings import Finding
from lyncdr_helpers.verifier.spoken import spoken

NOTEBOOK = re.compile(r"[^/]*\.ipynb")
PLAN = "plan.json"
PLANNED = ("run", "deployment", "scope", "basis", "changes")
"""What the digest of a plan is made over."""

KEPT, END = "kept", "end"
APPROVAL = "approval"
GOES_ON = ("resume", APPROVAL)
"""What may follow an end: a run that waited for its approval goes on, or somebody approves it from elsewhere."""


@dataclass(frozen=True)
class Sealed:
    """What the manifest says. digest: of the manifest itself. lines: the digests of the journal's, in order."""

    digest: str
    lines: tuple[str, ...]
    files: Mapping[str, str]
    facts: Mapping[str, Any]


def prove(files: Files, run: str, heads: Mapping[int, str] | None = None) -> list[Finding]:
    """Everything that the files of a run's folder prove or fail to. heads: as `chain.check` takes them."""
    names = files.names()
    if JOURNAL not in names:
        return [Finding("journal", "failed", "there is none")]
    sealed, trouble = read_manifest(files, names)
    lines, torn = chain.read(content_of(files, JOURNAL))
    found = list(_journal(lines, torn, sealed, heads or {}))
    told = [line.body for line in lines if line.whole and isinstance(line.body.get("facts"), dict)]
    found += _ending(told, sealed, trouble, "journal.torn" in names)
    found += _named(told, sealed, run)
    found += _files(files, names, sealed) if sealed else []
    found += _plan(files, names, told)
    found += _tables(files, names, told)
    found += _notebooks(files, names, run, told, sealed)
    return found


def read_manifest(files: Files, names: Sequence[str]) -> tuple[Sealed | None, str]:
    """The manifest, or None and what is wrong with it; nothing is wrong where there is none."""
    if MANIFEST not in names:
        return None, ""
    try:
        content = document_of(files, MANIFEST)
        lines = tuple(str(one) for one in content["journal"]["digests"])
        listed = {str(one["file"]): str(one["sha256"]) for one in content["files"]}
        fits = content["journal"]["head"] == (lines[-1] if lines else chain.FIRST)
    except (ValueError, KeyError, TypeError) as fault:
        return None, f"it cannot be read ({type(fault).__name__})"
    if not fits:
        return None, "its head is not the last of its digests"
    return Sealed(sha256_of(files, MANIFEST), lines, listed, content), ""


# -- the journal -------------------------------------------------------------------------------------------------------
def _journal(lines: Sequence[Line], torn: bytes, sealed: Sealed | None, heads: Mapping[int, str]) -> Iterator[Finding]:
    faults = chain.check(lines, sealed.lines if sealed else (), heads)
    yield from (Finding("journal", "failed", str(fault), fault.line) for fault in faults)
    if torn and sealed and len(lines) < len(sealed.lines):
        yield Finding("journal", "failed", "its last line has no end", len(lines) + 1)
    elif torn:
        yield Finding("journal", "noted", "its last line was cut off by a crash: nobody had relied on it yet")
    if lines and not faults:
        said = f"{len(lines):,} lines, each with the digest of the one before; head {spoken(lines[-1].own)}"
        yield Finding("journal", "proven", said)
    elif not faults:
        yield Finding("journal", "unproven", "it has no line: nothing of the run is known, nor that there was nothing")


def _ending(told: Sequence[Mapping[str, Any]], sealed: Sealed | None, trouble: str, torn: bool) -> Iterator[Finding]:
    """Whether something vouches for the journal's end."""
    ended = bool(told) and told[-1].get("kind") == END
    if trouble:
        yield Finding("manifest", "failed", trouble)
    elif sealed is None and ended:
        yield Finding("manifest", "failed", "there is none, though the run came to an end and was sealed then")
    elif sealed is None:
        yield Finding("manifest", "noted", "there is none: the run is at work, or was cut short; its end is not proven")
    else:
        yield Finding("manifest", "proven", f"sealed at {sealed.facts.get('sealed_at')}")
        yield from _afterwards(told, sealed)
    if torn:
        yield Finding("journal", "noted", "a line that a crash cut off is kept beside it")


def _afterwards(told: Sequence[Mapping[str, Any]], sealed: Sealed) -> Iterator[Finding]:
    """What was written after the seal."""
    later = [line for line in told if line.get("n", 0) > len(sealed.lines)]
    if sealed.facts.get("cut_short"):
        yield Finding("ending", "noted", "the run was cut short: its journal has no end, and was sealed without one")
    if later and later[0].get("kind") not in GOES_ON:
        yield Finding("ending", "failed", "lines were added after the run was sealed", int(later[0]["n"]))
    elif later:
        said = f"{len(later):,} lines after the sealed ones: the run goes on, or was cut short; its end is not proven"
        yield Finding("ending", "noted", said)


def _named(told: Sequence[Mapping[str, Any]], sealed: Sealed | None, run: str) -> Iterator[Finding]:
    """A whole record in another run's folder proves something else."""
    first = told[0]["facts"] if told else {}
    for where, named in (("journal", first.get("run")), ("manifest", sealed.facts.get("run") if sealed else None)):
        if run and named and named != run:
            yield Finding(where, "failed", f"it is that of run {named}, not of {run}")


# -- the files ---------------------------------------------------------------------------------------------------------
def _files(files: Files, names: Sequence[str], sealed: Sealed) -> Iterator[Finding]:
    """Each file against its digest in the manifest. A notebook may be saved after the kernel's end: see _notebooks."""
    there = set(names)
    wrong = 0
    for name, sha256 in sealed.files.items():
        if name not in there:
            yield Finding("files", "failed", f"{name} is gone")
        elif sha256_of(files, name) != sha256:
            yield Finding("files", "failed", f"{name} is not what was sealed")
        else:
            continue
        wrong += 1
    added = there - {JOURNAL, *BESIDE, "journal.torn", *sealed.files}
    for name in sorted(added):
        late = NOTEBOOK.fullmatch(name)
        yield Finding("files", "noted" if late else "failed", f"{name} was added after the run was sealed")
        wrong += not late
    if not wrong:
        yield Finding("files", "proven", f"{len(sealed.files):,} files are what was sealed")


def _plan(files: Files, names: Sequence[str], told: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """plan.json has the digest of what it says, and that is on record; so is what was approved."""
    planned = [line["facts"].get("digest") for line in told if line["kind"] == "plan"]
    approved = [line for line in told if line["kind"] == APPROVAL]
    for line in approved:
        if line["facts"].get("digest") not in planned:
            yield Finding("plan", "failed", "what was approved was never planned", int(line["n"]))
    if not planned:
        return
    if PLAN not in names:
        yield Finding("plan", "failed", f"{PLAN} is gone")
        return
    try:
        kept = document_of(files, PLAN)
        own = chain.digest_of(chain.canonical({name: kept[name] for name in PLANNED}))
        fits = own == kept["digest"]
    except (ValueError, KeyError, TypeError) as fault:
        yield Finding("plan", "failed", f"{PLAN} cannot be read ({type(fault).__name__})")
        return
    wanted = approved[-1]["facts"].get("digest") if approved else planned[-1]
    if not fits:
        yield Finding("plan", "failed", f"{PLAN} was changed: its digest is not that of what it says")
    elif own != wanted:
        yield Finding("plan", "failed", f"{PLAN} is not the plan that was {'approved' if approved else 'made'}")
    else:
        yield Finding("plan", "proven", f"{own[:12]}, {'approved' if approved else 'as it was made'}")


def _tables(files: Files, names: Sequence[str], told: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """The files whose digests the journal itself has, from before its end."""
    kept = [line for line in told if line["kind"] == KEPT and isinstance(line["facts"].get("files"), dict)]
    if not kept:
        return
    wanted, line = kept[-1]["facts"]["files"], int(kept[-1]["n"])
    after = any(one["n"] > line and one["kind"] not in (END, APPROVAL) for one in told)
    wrong = [name for name, sha256 in wanted.items() if name not in names or sha256_of(files, name) != sha256]
    if after:
        yield Finding("tables", "noted", "the run went on after its files were put on record")
        return
    for name in wrong:
        yield Finding("tables", "failed", f"{name} is not what the journal has the digest of", line)
    if not wrong:
        yield Finding("tables", "proven", f"{len(wanted):,} files have the digests that the journal has")


# -- the notebook ------------------------------------------------------------------------------------------------------
def _notebooks(
    files: Files, names: Sequence[str], run: str, told: Sequence[Mapping[str, Any]], sealed: Sealed | None
) -> Iterator[Finding]:
    for name in names:
        if not NOTEBOOK.fullmatch(name):
            continue
        against = list(contradictions(content_of(files, name), run, told))
        yield from (Finding("notebook", "failed", f"{name}, {one}") for one in against)
        if not against:
            sure = "" if sealed and name in sealed.files else "; its digest is in no manifest"
            yield Finding("notebook", "proven", f"{name} says nothing that the journal does not{sure}")
