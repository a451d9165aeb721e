"""What became of each user: the value before, the value after, and whether it is there. From the plan and the journal.

Whoever needs a word with somebody finds them by the filter; whom nothing good happened to comes first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lyncdr_helpers.journal import Line
from lyncdr_helpers.phases import activation_plan, failback, failback_plan
from lyncdr_helpers.phases.acts import contacts, merges, moves
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session
from lyncdr_helpers.views.grid import Grid
from lyncdr_helpers.views.tables import spoken

FAILED, UNKNOWN, NOT_YET, WITHHELD = "✗ FAILED", "? nobody knows yet", "· not tried yet", "! withheld"
ALREADY, DONE = "✓ was so already", "✓ done"
ORDER = (FAILED, UNKNOWN, NOT_YET, WITHHELD, ALREADY, DONE)


def users(session: Session, made: Plan) -> Grid:
    """Columns: user, before, after (pools), became, why. Everybody whom the plan moves."""
    return _shown(session, made, (activation_plan.MOVE, failback_plan.MOVE), (moves.ACT, failback.PILOT))


def lists(session: Session, made: Plan) -> Grid:
    """Columns: user, before, after (contacts), became, why. Everybody whose list the plan brings back."""
    return _shown(session, made, (activation_plan.CONTACTS, failback_plan.MERGE), (contacts.ACT, merges.ACT))


def _shown(session: Session, made: Plan, kinds: Sequence[str], acts: Collection[str]) -> Grid:
    found = states(session.journal.lines, acts)
    changes = [change for kind in dict.fromkeys(kinds) for change in made.of_kind(kind)]
    untried = sum(change.target not in found for change in changes)
    looked = dict[str, int]()
    for line in session.journal.of_kind("found"):
        looked.setdefault(line.facts["act"], line.facts["count"])  # what was so before anything was tried
    otherwise = (ALREADY if untried <= sum(looked.get(act, 0) for act in acts) else NOT_YET), ""
    rows = [(one.target, *spoken(one), *found.get(one.target, otherwise)) for one in changes]
    return Grid.of(
        sorted(rows, key=lambda row: (ORDER.index(row[3]), row[0])),
        ["user", "before", "after", "became", "why"],
        rest="all are in plan.json and journal.jsonl of the run",
        none="The plan has none.",
    )


def states(lines: Sequence[Line], acts: Collection[str]) -> Mapping[str, tuple[str, str]]:
    """Target -> (what became of it, why), of every target that was ever tried; the last word counts."""
    found: dict[str, tuple[str, str]] = {}
    tried: dict[int, Sequence[str]] = {}
    for line in lines:
        if line.facts.get("act") not in acts:
            continue
        if line.kind == "intent":
            tried[line.n] = line.facts["targets"]
            found |= dict.fromkeys(line.facts["targets"], (UNKNOWN, "it was sent, and no answer is on record"))
        elif line.kind == "result":
            if line.facts.get("withheld"):
                found |= dict.fromkeys(tried.get(line.facts["intent"], ()), (WITHHELD, ""))
            found |= dict.fromkeys(line.facts.get("done", ()), (DONE, ""))
            found |= {target: (FAILED, why) for target, why in line.facts.get("failed", {}).items()}
    return found
