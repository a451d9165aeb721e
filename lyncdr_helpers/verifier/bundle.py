"""A bundle of runs as it was handed over: its files, and each run, whole or redacted."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from lyncdr_helpers.verifier import chain
from lyncdr_helpers.verifier.chain import Line, Spelling
from lyncdr_helpers.verifier.contents import (
    JOURNAL,
    MANIFEST,
    SIGNATURE,
    Below,
    Files,
    content_of,
    document_of,
    sha256_of,
)
from lyncdr_helpers.verifier.findings import Finding
from lyncdr_helpers.verifier.proof import prove
from lyncdr_helpers.verifier.signature import signature_of
from lyncdr_helpers.verifier.spoken import spoken

BUNDLE = "bundle.json"
RUNS = "runs"
FULL = "full"
REDACTED = Spelling("redacted", "redacted_previous")
"""A redacted line keeps `digest` and `previous` as they were, and has a chain of its own over what it says now."""


def prove_bundle(files: Files) -> list[tuple[str, list[Finding]]]:
    """(run, what its record proves); the first one, of no run, is the bundle itself."""
    try:
        about = document_of(files, BUNDLE)
        runs = [(str(one["run"]), one) for one in about["runs"]]
        found = [("", list(_files(files, about)))]
        for run, facts in runs:
            inside = Below(files, f"{RUNS}/{run}")
            whole = about["level"] == FULL
            found.append((run, list(_whole(inside, run) if whole else _redacted(inside, facts))))
    except (ValueError, KeyError, TypeError, OSError) as fault:
        return [("", [Finding("bundle", "failed", f"{BUNDLE} cannot be read ({type(fault).__name__})")])]
    return found


def compare(files: Files, other: Files) -> Iterator[Finding]:
    """Whether two bundles are of the same runs, line by line; and file by file, where one of them is a full one."""
    mine, theirs = document_of(files, BUNDLE), document_of(other, BUNDLE)
    runs = {str(one["run"]) for one in theirs["runs"]}
    for one in mine["runs"]:
        run = str(one["run"])
        if run not in runs:
            yield Finding("comparison", "noted", f"run {run} is not in the other bundle")
        elif (here := _digests(files, mine, run)) == (there := _digests(other, theirs, run)):
            yield Finding("comparison", "proven", f"run {run}: {len(here):,} lines are the same in both")
        else:
            at = next((n for n, two in enumerate(zip(here, there, strict=False), 1) if two[0] != two[1]), 0)
            yield Finding("comparison", "failed", f"run {run}: its lines are others in the other bundle", at)
    for whole, redacted in ((mine, theirs), (theirs, mine)):
        if whole["level"] == FULL and redacted["level"] != FULL:
            yield _tied(whole, redacted)


def tie(salt: str, sha256: str) -> str:
    """What a redacted bundle says of a file in place of its digest: only the salt's holder can compare the two."""
    return hmac.new(bytes.fromhex(salt), sha256.encode(), "sha256").hexdigest()


def _tied(whole: Mapping[str, Any], redacted: Mapping[str, Any]) -> Finding:
    known = {tie(str(whole["salt"]), str(one["sha256"])) for one in whole["files"]}
    strange = [str(one["file"]) for one in redacted["files"] if one.get("tie") and one["tie"] not in known]
    if strange:
        return Finding("comparison", "failed", f"{', '.join(strange)}: made from a file that the full bundle has not")
    return Finding("comparison", "proven", "each redacted file was made from one in the full bundle")


def _digests(files: Files, about: Mapping[str, Any], run: str) -> list[str]:
    """Of the lines as they were written, in a full and in a redacted bundle alike."""
    content = content_of(files, f"{RUNS}/{run}/{JOURNAL}")
    if about["level"] == FULL:
        return [line.own for line in chain.read(content)[0]]
    return [str(line.body.get("digest")) for line in chain.read(content, REDACTED)[0]]


def _files(files: Files, about: Mapping[str, Any]) -> Iterator[Finding]:
    yield Finding("bundle", "proven", f"level {about['level']}, digest {spoken(sha256_of(files, BUNDLE))}")
    names = files.names()
    listed = {str(one["file"]): str(one["sha256"]) for one in about["files"] if "sha256" in one}
    wrong = [f"{name} is gone" for name in listed if name not in names]
    wrong += [f"{name} was added" for name in names if name not in listed and name != BUNDLE]
    wrong += [
        f"{name} is not what was handed over"
        for name, sha256 in listed.items()
        if name in names and sha256_of(files, name) != sha256
    ]
    yield from (Finding("bundle", "failed", one) for one in wrong)
    if not wrong:
        yield Finding("bundle", "proven", f"{len(listed):,} files are what was handed over")
    if left_out := sum("sha256" not in one for one in about["files"]):
        yield Finding("bundle", "noted", f"{left_out:,} files are left out at this level")


def _whole(files: Files, run: str) -> Iterator[Finding]:
    yield from prove(files, run)
    if {MANIFEST, SIGNATURE} <= set(files.names()):
        yield signature_of(files, run)


# -- a redacted run ----------------------------------------------------------------------------------------------------
def _redacted(files: Files, facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Its own chain, and the chain of the digests that the lines had before somebody made names unreadable."""
    if JOURNAL not in files.names():
        yield Finding("journal", "failed", "there is none")
        return
    lines, torn = chain.read(content_of(files, JOURNAL), REDACTED)
    faults = chain.check(lines, [str(one) for one in facts["redacted"]])
    yield from (Finding("journal", "failed", str(fault), fault.line) for fault in faults)
    if torn:
        yield Finding("journal", "failed", "its last line has no end", len(lines) + 1)
    head = lines[-1].body.get("digest") if lines else chain.FIRST
    if not faults and (broken := _broken(lines)):
        yield Finding("journal", "failed", f"line {broken}: the digest before it is another", broken)
    elif head != facts["head"]:
        yield Finding("journal", "failed", "its head is not the one that was handed over")
    elif not faults and not torn:
        said = f"{len(lines):,} redacted lines, each tied to the digest it had; head {spoken(str(head))}"
        yield Finding("journal", "proven", said)


def _broken(lines: Sequence[Line]) -> int:
    """The first line that does not join on to the one before, by the digests they had."""
    pairs = pairwise([{"digest": chain.FIRST}, *(line.body for line in lines)])
    return next((n for n, (one, two) in enumerate(pairs, 1) if two.get("previous") != one.get("digest")), 0)
