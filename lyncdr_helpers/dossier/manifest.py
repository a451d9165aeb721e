"""The manifest of a run's folder: every file with its digest, every line of the journal, and how the run ended."""

from __future__ import annotations

import json
from typing import Any

from lyncdr_helpers import __version__, files, runfolder
from lyncdr_helpers import journal as journals
from lyncdr_helpers.clock import Clock, stamp
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import FIRST, Line
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier.contents import BESIDE, JOURNAL, MANIFEST, Folder

TORN = "journal.torn"


def make(folder: RunFolder, clock: Clock) -> bytes:
    """The manifest's bytes, from what lies in the folder now.

    `{"format", "run", "phase", "deployment", "mode", "outcome", "exit_code", "cut_short", "version", "params_digest",
    "sealed_at", "sealed_by", "journal": {"head", "digests"}, "files": [{"file", "size", "sha256"}]}`. cut_short: the
    journal has no end. digests: of each line, so that whoever changes one can be told which.

    Raises InputError when the journal's chain is broken or empty, Refusal when it no longer begins with what was sealed
    before: a seal never covers up a change.
    """
    lines, _ = journals.read(folder.journal)
    summary = runfolder.summarise(folder)
    if summary is None:
        raise InputError(f"No run began in {folder.run}.", "Begin one: lyncdr run --help")
    digests = [line.digest for line in lines]
    _require_continued(folder, digests)
    began = _latest(lines)
    content: dict[str, Any] = {
        "format": 1,
        "run": folder.run,
        "phase": summary.phase,
        "deployment": summary.deployment,
        "mode": summary.mode,
        "outcome": summary.outcome,
        "exit_code": summary.exit_code,
        "cut_short": summary.outcome == runfolder.UNFINISHED,
        "version": began.get("version", __version__),
        "params_digest": began.get("params_digest", ""),
        "sealed_at": stamp(clock.now()),
        "sealed_by": files.whoami(),
        "journal": {"head": digests[-1] if digests else FIRST, "digests": digests},
        "files": [_entry(folder, name) for name in held(folder)],
    }
    return (json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def held(folder: RunFolder) -> list[str]:
    """The files of the folder, but for the journal and what vouches for the manifest."""
    return [name for name in Folder(folder.path).names() if name not in (JOURNAL, TORN, *BESIDE)]


def _entry(folder: RunFolder, name: str) -> dict[str, Any]:
    path = folder.path / name
    return {"file": name, "size": path.stat().st_size, "sha256": files.digest_file(path)}


def _latest(lines: list[Line]) -> dict[str, Any]:
    """What the latest execution said of itself, over what the first one did."""
    began = [line.facts for line in lines if line.kind in ("begin", "resume")]
    return {name: value for facts in began for name, value in facts.items()}


def _require_continued(folder: RunFolder, digests: list[str]) -> None:
    path = folder.path / MANIFEST
    if not path.exists():
        return
    try:
        before = json.loads(path.read_bytes())["journal"]["digests"]
    except (ValueError, KeyError, TypeError) as cause:
        raise Refusal(f"{path} was damaged.", "Keep the folder as evidence: lyncdr runs verify") from cause
    if digests[: len(before)] != before:
        raise Refusal(
            f"The journal of {folder.run} does not begin with what was sealed before.",
            "Keep the folder as evidence, and see what was changed: lyncdr runs verify",
        )
