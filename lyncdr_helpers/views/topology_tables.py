"""The topology and what follows from it as tables: columns as each docstring says."""

from __future__ import annotations

from collections.abc import Iterable

from lyncdr_helpers.topology import pools
from lyncdr_helpers.topology.document import Topology
from lyncdr_helpers.topology.gaps import Gap
from lyncdr_helpers.topology.todo import Step
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.tables import MARKS


def gaps(found: Iterable[Gap]) -> Frame:
    """Columns: verdict, component, needed_for, state, seen, why, source, remedy. In the order in which DR is built."""
    return Frame.of(
        [
            (
                MARKS[gap.verdict],
                str(gap.component.part),
                ", ".join(gap.component.needed_for),
                str(gap.state),
                gap.seen,
                gap.component.why,
                gap.component.source,
                gap.remedy,
            )
            for gap in found
        ],
        ["verdict", "component", "needed_for", "state", "seen", "why", "source", "remedy"],
    )


def todo(steps: Iterable[Step]) -> Frame:
    """Columns: step, what, where, do (one line per command or sentence), needed_for."""
    return Frame.of(
        [
            (number, step.title, step.where, "\n".join(step.lines), ", ".join(step.needed_for))
            for number, step in enumerate(steps, 1)
        ],
        ["step", "what", "where", "do", "needed_for"],
        none="Nothing is missing, and nothing is left to look at.",
    )


def deployed(topology: Topology | None) -> Frame:
    """Columns: pool, site, kind, edition, generation, machines, user_store, edge, backup. None: it cannot be had."""
    if topology is None:
        return Frame.of([], ["pool"], none="The topology cannot be had.")
    return Frame.of(
        [
            (
                one.fqdn,
                topology.site(one.site).name,
                str(one.kind),
                str(one.edition),
                one.generation or "unknown",
                ", ".join(one.machines),
                one.user_store,
                ", ".join(one.edges),
                ", ".join(one.backups),
            )
            for one in pools.pools(topology)
        ],
        ["pool", "site", "kind", "edition", "generation", "machines", "user_store", "edge", "backup"],
        none="The document holds no pool.",
    )


def findings(topology: Topology) -> Frame:
    """Columns: finding. What does not fit together in the document, and what in it nobody here knows."""
    unknown = [f"Unknown role, kept by name: {role}." for role in topology.unknown_roles]
    ignored = [f"Unknown element, not read: {name}, {count} times." for name, count in topology.ignored]
    return Frame.of(
        [(sentence,) for sentence in (*topology.findings, *unknown, *ignored)],
        ["finding"],
        none="Everything in the document fits together.",
    )
