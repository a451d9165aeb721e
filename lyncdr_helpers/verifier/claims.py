"""What an executed notebook says, held against the journal: a notebook can be edited, and so is never the truth."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAME = ("done", "rehearsed")
TALLY = re.compile(r"^'?(?:done: |rehearsed: )?(?P<act>[A-Za-z][^:;\n]*): (?P<done>[\d,]+) done\b", re.MULTILINE)
VERDICT = re.compile(r"^'?(?P<outcome>done|rehearsed): ", re.MULTILINE)
APPROVED = re.compile(r"^'?Approved\b.*", re.MULTILINE)
GIVEN_AT = re.compile(r"\bat (?P<at>\d{4}-\d\d-\d\dT\S+Z)")
DIGEST = re.compile(r"\bdigest (?P<digest>[0-9a-f]{12,64})\b")
CHECK = re.compile(r"^✓ pass +(?P<rest>\S.*)$", re.MULTILINE)


def contradictions(notebook: bytes, run: str, lines: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the notebook says and the journal does not, cell by cell. lines: `{"at", "kind", "facts"}` in order.

    Looked at: whose notebook it is, how it says that the run ended, plans and approvals, what was done and how much of
    it, and checks that passed. What else stands in it is text for people, and its digest in the manifest's keeping.
    """
    try:
        document = json.loads(notebook)
        cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
        about = document["metadata"].get("lyncdr", {})
        given = document["metadata"].get("papermill", {}).get("parameters", {})
        said = [(number, text) for number, cell in enumerate(cells, start=1) for text in _outputs(cell)]
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        yield f"it cannot be read as a notebook ({type(fault).__name__})"
        return
    told = _Told(lines)
    yield from _identity(about, given, run, told)
    for number, text in said:
        for claim in _claims(text, told):
            yield f"cell {number}: {claim}"


class _Told:
    """What the journal tells."""

    def __init__(self, lines: Sequence[Mapping[str, Any]]) -> None:
        self.outcomes = {str(line["facts"].get("outcome")) for line in lines if line["kind"] == "end"}
        self.modes = {str(line["facts"].get("mode")) for line in lines if line["kind"] == "begin"}
        self.plans = {str(line["facts"].get("digest")) for line in lines if line["kind"] == "plan"}
        self.digests = set(re.findall(r"[0-9a-f]{64}", json.dumps([line["facts"] for line in lines])))
        approvals = [line for line in lines if line["kind"] == "approval"]
        self.approved = {str(line["facts"].get("digest")) for line in approvals}
        self.approvers = {str(line["at"]): _approver(line["facts"]) for line in approvals}
        self.passed = {_check_row(line["facts"]) for line in lines if _has_passed(line)}
        self._steps = [*_steps(lines)]

    def done(self, act: str) -> float:
        """How much at most was done of an act, with what was counted together with it in its steps."""
        steps = [step for step in self._steps if act in step.acts or act == step.name]
        return math.inf if any(step.by_hand for step in steps) else sum(step.acts.total() for step in steps)


@dataclass
class _Step:
    """What was done in one step, by act. by_hand: whether a person did something, which is counted nowhere else."""

    name: str
    acts: Counter[str] = field(default_factory=Counter)
    by_hand: bool = False


def _steps(lines: Sequence[Mapping[str, Any]]) -> Iterator[_Step]:
    step = _Step("")
    for line in lines:
        facts = line["facts"]
        if line["kind"] == "step" and facts.get("state") == "started":
            yield step
            step = _Step(str(facts.get("name")))
        elif line["kind"] == "result":
            step.acts[str(facts.get("act"))] += len(facts.get("done", ()))
        elif line["kind"] == "guided" and facts.get("state") == "done":
            step.by_hand = True
    yield step


def _has_passed(line: Mapping[str, Any]) -> bool:
    return bool(line["kind"] == "check" and line["facts"].get("verdict") == "pass")


def _approver(facts: Mapping[str, Any]) -> str:
    return str(facts.get("name") or dict(facts.get("by") or {}).get("user"))


def _check_row(facts: Mapping[str, Any]) -> str:
    return " ".join(f"{facts.get('area')} {facts.get('name')}".split())


def _outputs(cell: Mapping[str, Any]) -> Iterator[str]:
    for output in cell.get("outputs", []):
        found = output.get("text") or output.get("data", {}).get("text/plain") or ""
        yield found if isinstance(found, str) else "".join(found)


def _identity(about: Mapping[str, Any], given: Mapping[str, Any], run: str, told: _Told) -> Iterator[str]:
    for named in {str(one) for one in (about.get("run"), given.get("run")) if one and one != "new"} - {run}:
        yield f"it is the notebook of run {named}"
    ended = about.get("outcome")
    if ended in SAME and ended not in told.outcomes:
        yield f"it says that the run ended {ended}, and the journal does not"
    mode = given.get("mode")
    if mode and told.modes and mode not in told.modes:
        yield f"it says that the mode was {mode}, and the journal {', '.join(sorted(told.modes))}"


def _claims(text: str, told: _Told) -> Iterator[str]:
    """What one output says that the journal does not."""
    for pattern, doubt in _CLAIMS:
        yield from filter(None, (doubt(found, told) for found in pattern.finditer(text)))


# -- one claim each: what is wrong with it, or nothing ----------------------------------------------------------------
def _outcome(found: re.Match[str], told: _Told) -> str:
    said = found["outcome"]
    return "" if said in told.outcomes else f"it says that the run ended {said}, and the journal does not"


def _tally(found: re.Match[str], told: _Told) -> str:
    done, known = int(found["done"].replace(",", "")), told.done(found["act"])
    return f"it says that {done:,} were done of {found['act']}, and the journal {known:,}" if done > known else ""


def _approved(found: re.Match[str], told: _Told) -> str:
    """`Approved by meier on mgmt02 at 2026-...Z: pool01 -> drse01, digest 0123456789ab.`"""
    digest, moments = DIGEST.search(found[0]), [one["at"] for one in GIVEN_AT.finditer(found[0])]
    if digest and not _begins(digest["digest"], told.approved):
        return f"it says that the plan {digest['digest'][:12]} was approved, and the journal does not"
    wrong = [at for at in moments if told.approvers.get(at, "?") not in found[0]]
    wrong += [] if told.approved else [found[0]]
    return f"it says {found[0].strip(chr(39))[:80]!r}, and the journal does not" if wrong else ""


def _shown(found: re.Match[str], told: _Told) -> str:
    said = found["digest"]
    return "" if _begins(said, told.digests) else f"it shows the digest {said[:12]}, and the journal does not"


def _passed(found: re.Match[str], told: _Told) -> str:
    row = " ".join(found["rest"].split())
    known = any(row == one or row.startswith(f"{one} ") for one in told.passed)
    return "" if known else f"it shows a check that passed, {row[:60]!r}, and the journal does not"


_CLAIMS = (
    (VERDICT, _outcome),
    (TALLY, _tally),
    (APPROVED, _approved),
    (DIGEST, _shown),
    (CHECK, _passed),
)


def _begins(short: str, whole: Iterable[str]) -> bool:
    return any(one.startswith(short) for one in whole)
