"""A plan: what would change, as data, frozen and digested, so that a person can approve exactly this and nothing else.

Deciding makes a plan from what was seen; applying needs the digest that was approved. A plan belongs to one run, so an
approval can be used once.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.errors import Refusal

SHORT = 12


@dataclass(frozen=True, order=True)
class Change:
    """One thing that changes. `kind`: move-user, import-contacts, dns-record and more; each plan names its own.

    target: the user's SIP address, the record's key, the pool. old, new: the values before and after, as text, empty
    when there is none. detail: what else the act needs (counts, file names), as text by name.
    """

    kind: str
    target: str
    old: str
    new: str
    detail: Mapping[str, str] = field(default_factory=dict, compare=False)

    def undone(self) -> Change:
        """The change that takes this one back."""
        return Change(self.kind, self.target, self.new, self.old, self.detail)


@dataclass(frozen=True)
class Plan:
    """What a run would do. `scope` says in words how far it reaches; `basis`: what it rests on."""

    run: str
    deployment: str
    scope: str
    basis: Mapping[str, str]
    changes: tuple[Change, ...]

    @classmethod
    def of(cls, run: str, deployment: str, scope: str, basis: Mapping[str, str], changes: Iterable[Change]) -> Plan:
        """The plan with its changes sorted, so that the same facts always give the same digest."""
        return cls(run, deployment, scope, dict(sorted(basis.items())), tuple(sorted(changes)))

    @property
    def digest(self) -> str:
        """SHA-256 over everything above."""
        return files.digest(files.canonical(asdict(self)))

    @property
    def short(self) -> str:
        """The first digits of the digest: what a person reads aloud and types."""
        return self.digest[:SHORT]

    def counts(self) -> dict[str, int]:
        """How many changes of each kind."""
        return dict(sorted(Counter(change.kind for change in self.changes).items()))

    def of_kind(self, kind: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if change.kind == kind)

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "digest": self.digest}


def from_json(value: Mapping[str, Any]) -> Plan:
    """The plan that `as_json` wrote. Raises Refusal when its digest no longer fits: somebody edited it."""
    plan = Plan(
        value["run"],
        value["deployment"],
        value["scope"],
        value["basis"],
        tuple(Change(**change) for change in value["changes"]),
    )
    if plan.digest != value.get("digest"):
        raise Refusal("The plan on disk was changed after it was made.", "Run the phase again: it makes a new plan.")
    return plan


def require_approval(plan: Plan, approved: str) -> None:
    """Refuse unless `approved` is this plan's digest, whole or its first 12 digits or more."""
    given = approved.strip().lower()
    if not given:
        raise Refusal(
            f"The plan waits for approval: {plan.scope}; digest {plan.short}.",
            "Read the plan. In a notebook: fill in the gate above this cell, select this cell, and choose Run > Run "
            f"Selected Cell and All Below. On the command line: the same command with --approve {plan.short}",
        )
    if len(given) < SHORT or not hmac.compare_digest(plan.digest[: len(given)], given):
        raise Refusal(
            f"The digest {given[:SHORT]} is not this plan's: the plan made from the present facts is {plan.short}.",
            f"Read the plan again, then run the same command with --approve {plan.short}",
        )


def undo(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """What undo.json holds: the reverse of the changes, last first."""
    return [asdict(change.undone()) for change in reversed(changes)]
