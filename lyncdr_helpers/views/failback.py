"""Dataframes of a fail back: where it starts, and what three lists of everybody say; columns in each docstring."""

from __future__ import annotations

from collections import defaultdict

from lyncdr_helpers.contacts.merge import What
from lyncdr_helpers.phases.failback_exports import Start
from lyncdr_helpers.phases.failback_groups import Groups
from lyncdr_helpers.phases.failback_lists import Lists
from lyncdr_helpers.phases.failback_plan import Travellers
from lyncdr_helpers.phases.failback_proof import Proof
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.grid import Grid

BECOMES = {
    What.ADDED_IN_DR: "goes home",
    What.REMOVED_IN_DR: "stays removed",
    What.CHANGED_IN_DR: "goes home as in DR",
    What.ONLY_ON_PRIMARY: "is merged in",
    What.REMOVED_ON_PRIMARY: "stays, as in DR",
    What.CHANGED_ON_PRIMARY: "stays as in DR",
    What.CONFLICT: "! stays as in DR: look at it",
}
"""What becomes of a piece of a list, by what happened to it."""


def start(found: Start) -> Frame:
    """Columns: what, value. What the way home starts from."""
    before = found.before
    lists = "everybody" if before.restored is None else f"{len(before.restored):,}"
    rows = [
        ("activations since the last way home", ", ".join(before.runs) or "none on record"),
        ("users they moved", f"{len(before.moved):,}"),
        ("endpoints they moved", f"{len(before.endpoints):,}"),
        ("DNS records they changed", f"{len(before.records):,}"),
        ("contact lists they restored", lists),
        ("lists before the disaster", f"set {found.base.name}"),
    ]
    return Frame.of(rows, ["what", "value"])


def travellers(who: Travellers) -> Frame:
    """Columns: who, users, example."""
    staying = [user.address for user in who.staying]
    groups = {
        "go home": [user.address for user in who.users],
        "stay at the DR site: they did not come from the primary": staying,
        "are elsewhere now": list(who.strayed),
        "are home already": list(who.home),
    }
    return Frame.of(
        [(name, len(some), (some or [""])[0]) for name, some in groups.items()], ["who", "users", "example"]
    )


def summary(lists: Lists) -> Frame:
    """Columns: what, pieces, users, becomes. How much was added, removed and changed, and on which side."""
    pieces: dict[What, list[str]] = defaultdict(list)
    for one in lists.differences:
        pieces[one.what].append(one.user)
    rows = [(str(what), len(pieces[what]), len(set(pieces[what])), text) for what, text in BECOMES.items()]
    return Frame.of(rows, ["what", "pieces", "users", "becomes"])


def differences(lists: Lists) -> Grid:
    """Columns: user, what, kind, name, before, dr, primary, becomes. Conflicts first; filter it like any dataframe."""
    found = sorted(lists.differences, key=lambda one: (one.what is not What.CONFLICT, one))
    return Grid.of(
        [
            (one.user, str(one.what), one.kind, one.name, one.base, one.dr, one.primary, BECOMES[one.what])
            for one in found
        ],
        ["user", "what", "kind", "name", "before", "dr", "primary", "becomes"],
        rest="all are in tables/three-way.csv of the run",
        none="Everybody's list is the same before the disaster, at the DR site and on the primary.",
    )


def groups(found: Groups) -> Frame:
    """Columns: group, what, becomes. What needs a decision comes first."""
    rows = [(name, "deleted at the DR site, still on the primary", "! takes calls again") for name in found.deleted]
    rows += [(name, f"runs at the DR site for {owner}", "! stays as it is") for name, owner in found.foreign]
    rows += [(name, "of the DR pool, nobody knows since when", "! groups: home, or stay") for name in found.unknown]
    rows += [(name, "of the DR pool, since before the disaster", "stays") for name in found.own]
    rows += [(name, "brought by an activation", "goes home") for name in found.home]
    return Frame.of(rows, ["group", "what", "becomes"], none="The DR pool has no Response Groups.")


def losses(proof: Proof) -> Grid:
    """Columns: kind, owner, what, why. Empty when everything is home."""
    return Grid.of(
        [(one.kind, one.owner, one.what, one.why) for one in proof.losses],
        ["kind", "owner", "what", "why"],
        rest="all are in tables/lost.csv of the run",
        none="Everything of the plan is home." if proof.checks else "Nothing is proven: nobody was moved.",
    )
