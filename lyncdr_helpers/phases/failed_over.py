"""What the activations since the last fail back did, from their plans and journals: what a way home starts from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lyncdr_helpers import journal, plan, runfolder
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.phases import activation_plan, incoming_groups, renamed_groups
from lyncdr_helpers.phases.acts import contacts
from lyncdr_helpers.plan import Change
from lyncdr_helpers.runfolder import BROKEN, RunFolder, RunSummary
from lyncdr_helpers.session import Session


@dataclass(frozen=True)
class FailedOver:
    """runs: the live activations that acted, oldest first; empty where nobody knows of any.

    began: when the first of them began. unfinished: the newest one, where it never came to its end. backup: the set
    they restored from. moved, endpoints, directories, edges, groups, records: their changes, by target; of a record
    that was changed twice the first. restored: whose contact list came to the DR pool, None where nobody knows.
    came_as: Response Groups that came under other names, and which. own_groups: those that the DR pool had before.
    """

    runs: tuple[str, ...] = ()
    began: str = ""
    unfinished: str = ""
    backup: str = ""
    moved: Mapping[str, Change] = field(default_factory=dict)
    endpoints: Mapping[str, Change] = field(default_factory=dict)
    directories: Mapping[str, Change] = field(default_factory=dict)
    edges: Mapping[str, Change] = field(default_factory=dict)
    groups: Mapping[str, Change] = field(default_factory=dict)
    records: Mapping[str, Change] = field(default_factory=dict)
    restored: frozenset[str] | None = None
    came_as: Mapping[str, str] = field(default_factory=dict)
    own_groups: frozenset[str] = frozenset()


def read(session: Session) -> FailedOver:
    """Every live activation since the last finished fail back. Raises Refusal where the record of one is broken."""
    runs_folder = session.folder.path.parent
    runs = since_the_last_way_home(readable(runs_folder), session.params.deployment)
    if not runs:
        return FailedOver()
    folders = [RunFolder(runs_folder / one.run) for one in runs]
    changes = [change for folder in folders for change in _changes(folder)]
    return FailedOver(
        runs=tuple(one.run for one in runs),
        began=min((one.began for one in runs), key=parse_stamp),
        unfinished="" if runs[-1].finished else runs[-1].run,
        backup=json.loads(folders[-1].plan.read_text(encoding="utf-8"))["basis"]["backup"],
        moved=_first(changes, activation_plan.MOVE),
        endpoints=_first(changes, activation_plan.ENDPOINT),
        directories=_first(changes, activation_plan.CONFERENCES),
        edges=_first(changes, activation_plan.EDGE),
        groups=_first(changes, activation_plan.RESPONSE_GROUP),
        records=_first(changes, activation_plan.RECORD),
        restored=frozenset(_first(changes, activation_plan.CONTACTS)) - _not_restored(folders),
        came_as=renamed_groups.of_runs(folders),
        own_groups=frozenset(_own_groups(folders)),
    )


def since_the_last_way_home(runs: Iterable[RunSummary], deployment: str) -> list[RunSummary]:
    """The live activations that acted and from which nobody has come home yet. runs: oldest first."""
    found: list[RunSummary] = []
    for run in runs:
        if (run.mode, run.deployment) != ("live", deployment):
            continue
        if run.phase == "failback" and run.finished:
            found = []
        if run.phase == "activate" and run.acted:
            found.append(run)
    return found


def readable(runs_folder: Path) -> Iterator[RunSummary]:
    """Every run, oldest first. Raises Refusal for a broken activation: it may be the one that matters."""
    for run in runfolder.all_runs(runs_folder):
        if run.outcome == BROKEN and "-activate-" in run.run:
            raise Refusal(
                f"The journal of {run.run} is broken: {run.error}",
                "Nobody can say what that activation did. Move its folder away once you know that it does not matter.",
            )
        yield run


def _changes(folder: RunFolder) -> tuple[Change, ...]:
    return plan.from_json(json.loads(folder.plan.read_text(encoding="utf-8"))).changes


def _first(changes: list[Change], kind: str) -> dict[str, Change]:
    return {one.target: one for one in reversed(changes) if one.kind == kind}


def _own_groups(folders: list[RunFolder]) -> Iterator[str]:
    for folder in folders:
        for line in journal.read(folder.journal)[0]:
            if line.kind == "fact" and line.facts["name"] == incoming_groups.OWN:
                yield from line.facts["value"]


def _not_restored(folders: list[RunFolder]) -> set[str]:
    """Whose import failed, and never succeeded later."""
    failed = set[str]()
    for folder in folders:
        for line in journal.read(folder.journal)[0]:
            if line.kind == "result" and line.facts["act"] == contacts.ACT:
                failed |= set(line.facts.get("failed", ()))
                failed -= set(line.facts.get("done", ()))
    return failed
