"""Every set in a store, also those that cannot be read: what people are shown, and what retention decides on."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups.manifest import Manifest, State
from lyncdr_helpers.backups.retention import Candidate
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError, OperationError, Unreachable
from lyncdr_helpers.ports import Store

OURS = re.compile(r"\d{8}-\d{6}-backup-[0-9a-f]{4}")
"""The names that backups give. A folder of such a name without a manifest lost it; any other is none of ours."""


@dataclass(frozen=True)
class StoredSet:
    """One set. trouble: why it cannot be read, or empty. manifest: its digest. size: of its parts, in bytes."""

    name: str
    state: State | Literal["UNREADABLE"] = "UNREADABLE"
    made_at: dt.datetime | None = None
    users: int = 0
    contacts: int = 0
    size: int = 0
    manifest: str = ""
    trouble: str = ""

    @property
    def candidate(self) -> Candidate:
        """What retention looks at."""
        return Candidate(self.name, self.made_at, self.state == "COMPLETE")


def look(store: Store, deployment: str) -> list[StoredSet]:
    """The deployment's sets, oldest first, then those that cannot be read, whose deployment nobody knows.

    Raises Unreachable, and OperationError where the store cannot be listed.
    """
    found = [one for name in store.sets() if (one := _look_at(store, name, deployment))]
    return sorted(found, key=lambda one: (one.made_at is None, one.made_at or dt.datetime.min, one.name))


def read(store: Store, name: str) -> Manifest:
    """The manifest of one set. Raises InputError when it is none, or is not about the folder it lies in."""
    return _parsed(store.read(name, manifests.NAME), name)


def _look_at(store: Store, name: str, deployment: str) -> StoredSet | None:
    try:
        if manifests.NAME not in store.files(name):
            return StoredSet(name, trouble=f"its {manifests.NAME} is gone") if OURS.fullmatch(name) else None
        content = store.read(name, manifests.NAME)
        found = _parsed(content, name)
    except Unreachable:
        raise
    except (InputError, OperationError) as error:
        return StoredSet(name, trouble=error.message)
    return _summary(found, files.digest(content)) if found.deployment == deployment else None


def _parsed(content: bytes, name: str) -> Manifest:
    found = manifests.parse(content, name)
    if found.name != name:
        raise InputError(
            f"The manifest in {name} is that of set {found.name}.",
            "Give the folder its own name back, or move it away.",
        )
    if _moment(found) is None:
        raise InputError(f"The manifest of set {name} does not say when it was made.", "The set is damaged.")
    return found


def _moment(found: Manifest) -> dt.datetime | None:
    try:
        moment = parse_stamp(found.made_at)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _summary(found: Manifest, digest: str) -> StoredSet:
    return StoredSet(
        name=found.name,
        state=found.state,
        made_at=_moment(found),
        users=len(found.users),
        contacts=sum(user.contacts for user in found.users),
        size=sum(part.size for part in found.parts),
        manifest=digest,
    )
