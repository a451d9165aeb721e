"""Response Groups that are to come to a pool which has some already: what stands in their way, and what was decided.

Names are unique within a pool. Which of two groups of one name is which nobody can tell from outside: people can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers import journal, runfolder
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Checklist, some_of
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.phases.response_groups import Held, held_by
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

GATE = "response-group-conflicts"
ACT = "restore response groups"
OWN = "response_groups_of_dr"
"""In the journal: what the DR pool had of its own before anything came."""
PRESENT, RENAME, KEEP, REPLACE = CHOICES = ("present", "rename", "keep-settings", "replace-settings")
"""present: what is there is what would come, and counts as restored. rename: what comes gets another name.

keep-settings, replace-settings: whose settings of the application hold afterwards, the DR pool's or the lost one's.
"""


@dataclass(frozen=True)
class Incoming:
    """held: what is at the DR pool, of its own and of others. names: what is to come. choices: what was decided.

    brought: what an earlier activation brought there: the same, and in nobody's way.
    """

    held: tuple[Held, ...]
    names: tuple[str, ...]
    choices: frozenset[str]
    brought: frozenset[str] = frozenset()

    @property
    def conflicts(self) -> tuple[Held, ...]:
        """What is there under a name that is to come; what the DR pool runs for the lost one is taken over instead."""
        taken = set(self.names) - self.brought
        return tuple(one for one in self.held if one.called in taken and not one.for_another)

    @property
    def how(self) -> str:
        """The switches of the import, in words that a plan rests on."""
        replace = REPLACE in self.choices or not (KEEP in self.choices or self.held)
        parts = ["name conflicts resolved by other names"] if RENAME in self.choices and self.conflicts else []
        return ", ".join([*parts, "settings replaced" if replace else "settings kept"])

    @property
    def known(self) -> Mapping[str, str]:
        """Conflicting name -> the identities there, where what comes gets another name and is known by being new."""
        if RENAME not in self.choices:
            return {}
        kinds = {one.called: one.called.partition(" ")[0] for one in self.conflicts}
        return {
            name: " ".join(one.identity for one in self.held if one.called.startswith(f"{kind} "))
            for name, kind in kinds.items()
        }


def look(session: Session, backup: Manifest, decided: str) -> Incoming:
    """What is at the DR pool, against what the backup brings. Raises InputError for a choice that there is not.

    Whatever stands in the way closes a gate until somebody says what it is.
    """
    choices = frozenset(word.strip() for word in decided.split(",") if word.strip())
    if unknown := choices - set(CHOICES):
        raise InputError(f"There is no choice {', '.join(sorted(unknown))}.", f"Give some of: {', '.join(CHOICES)}.")
    names = tuple(backup.response_groups.get(session.params.failed_pool.fqdn, ()))
    found = Incoming(_held(session) if names else (), names, choices, _brought(session))
    session.fact(OWN, sorted({one.called for one in found.held if not one.for_another} - found.brought))
    rows = [{"group": one.called, "owner": one.owner, "identity": one.identity} for one in found.conflicts]
    session.keep("response-group-conflicts", rows)
    if rows and not choices & {PRESENT, RENAME}:
        named = some_of([one.called for one in found.conflicts])
        session.stop_at(
            GATE,
            Refusal(
                f"{len(rows)} Response Groups of the backup have a name that the DR pool has already: {named}.",
                "Look at them there. They are the same, from an earlier activation: --groups present. They are others, "
                "and those of the backup may come under other names: --groups rename.",
            ),
        )
    elif names:
        session.tell(f"Response Groups: {found.how}")
    return found


def _held(session: Session) -> tuple[Held, ...]:
    """Nothing, where the pool does not say: users do not wait for it, and the import refuses what it cannot do."""
    checks, pool = Checklist(), session.params.target_pool.fqdn
    held: tuple[Held, ...] = ()
    with checks.asking("response groups", f"Response Groups at {pool}", "known", soft=True):
        held = held_by(session, pool)
    session.record(*checks)
    return held


def _brought(session: Session) -> frozenset[str]:
    """The Response Groups that live activations of this deployment have brought, by their journals."""
    runs_folder = session.folder.path.parent
    wanted = ("activate", "live", session.params.deployment)
    done = set[str]()
    for one in runfolder.all_runs(runs_folder):
        if (one.phase, one.mode, one.deployment) == wanted and one.acted:
            lines, _ = journal.read(RunFolder(runs_folder / one.run).journal)
            results = (line.facts for line in lines if line.kind == "result" and line.facts["act"] == ACT)
            done |= {name for facts in results for name in facts.get("done", ())}
    return frozenset(done)


def switches(how: str) -> tuple[bool, bool]:
    """(resolve name conflicts, replace settings) of what a plan says."""
    return "other names" in how, "settings replaced" in how
