"""Response Groups that came under other names, because theirs were taken: which is which, found once and recorded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from lyncdr_helpers import journal, plan
from lyncdr_helpers.phases.activation_plan import RESPONSE_GROUP
from lyncdr_helpers.phases.response_groups import Held
from lyncdr_helpers.plan import Change
from lyncdr_helpers.runfolder import RunFolder

FACT = "response_groups_renamed"
"""In the journal of an activation: {as the backup calls it: as it is called at the DR pool}."""
KNOWN = "known"
"""What a change's detail has of what was there already under its name: identities."""


def come(changes: Iterable[Change], there: Iterable[Held]) -> dict[str, str]:
    """Whoever of those whose name was taken has come -> the name it came under. there: what the pool runs.

    What comes gets a longer name, and was not there before. Of two names of which one begins the other, the longer one
    looks first: each newcomer is one of them.
    """
    taken = [one for one in changes if KNOWN in one.detail]
    fresh = {one.identity: one.called for one in there if not one.for_another}
    for known in (one.detail[KNOWN].split() for one in taken):
        fresh = {identity: called for identity, called in fresh.items() if identity not in known}
    found: dict[str, str] = {}
    for one in sorted(taken, key=lambda change: (-len(change.target), change.target)):
        mine = sorted((called, identity) for identity, called in fresh.items() if called.startswith(one.target))
        if mine:
            found[one.target], identity = mine[0]
            del fresh[identity]
    return found


def of_runs(folders: Iterable[RunFolder]) -> dict[str, str]:
    """As the backup calls it -> as it is called at the DR pool, by the record of these activations, oldest first.

    Empty where none of them saw it come.
    """
    found: dict[str, str] = {}
    for folder in folders:
        found |= {name: called for name, called in _of_run(folder).items() if called or name not in found}
    return found


def _of_run(folder: RunFolder) -> dict[str, str]:
    if not folder.plan.exists():
        return {}
    made = plan.from_json(json.loads(folder.plan.read_text(encoding="utf-8")))
    wanted = [one.target for one in made.of_kind(RESPONSE_GROUP) if KNOWN in one.detail]
    told: dict[str, str] = {}
    for line in journal.read(folder.journal)[0] if wanted else ():
        if line.kind == "fact" and line.facts["name"] == FACT:
            told |= line.facts["value"]
    return {name: told.get(name, "") for name in wanted}


def there_as(name: str, renamed: Mapping[str, str]) -> str:
    """What a group of the backup is called at the DR pool; empty where it never came."""
    return renamed.get(name, name)
