"""What lies in a store, also what cannot be read or never became a set: what people are shown, and retention judges."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import summary as summaries
from lyncdr_helpers.backups.manifest import Manifest, Purpose, State
from lyncdr_helpers.backups.retention import Candidate
from lyncdr_helpers.backups.summary import Summary
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.errors import InputError, OperationError, Unreachable
from lyncdr_helpers.ports import Store

OURS = re.compile(r"(\d{8}-\d{6})-backup-[0-9a-f]{4}")
"""The names that backups give. A folder of such a name without a manifest lost it; any other is none of ours."""

CUT_SHORT = "It was cut short before it was published."

Dated = TypeVar("Dated", Manifest, Summary)


@dataclass(frozen=True)
class StoredSet:
    """One set. FAILED and UNFINISHED ones are not published: they never became a set that counts.

    made_at: of an UNFINISHED one the moment in its name, if it has one. differences, alarms, failed_parts: how many.
    size: of its parts, in bytes. manifest: its digest. reason: why it failed. trouble: why it cannot be read. Each of
    the three may be empty.
    """

    name: str
    state: State | Literal["UNREADABLE", "UNFINISHED"] = "UNREADABLE"
    made_at: dt.datetime | None = None
    users: int = 0
    contacts: int = 0
    size: int = 0
    differences: int = 0
    alarms: int = 0
    failed_parts: int = 0
    manifest: str = ""
    reason: str = ""
    trouble: str = ""
    published: bool = True
    purpose: Purpose = "restore"

    @property
    def restores(self) -> bool:
        """Whether an activation may choose it by itself: a COMPLETE set of a night."""
        return self.published and (self.state, self.purpose) == ("COMPLETE", "restore")

    @property
    def candidate(self) -> Candidate:
        """What retention looks at; a set for a fail back pushes no other one out."""
        return Candidate(self.name, self.made_at, self.restores, self.published)


def look(store: Store, deployment: str) -> list[StoredSet]:
    """Everything of the deployment, oldest first, then what has no date and whose deployment nobody knows.

    Each manifest is hashed as it lies there; its summary speaks for it where that names this digest.
    Raises Unreachable, and OperationError where the store cannot be listed.
    """
    return _all(store, deployment, prove=True)


def glance(store: Store, deployment: str) -> list[StoredSet]:
    """As `look`, taking each summary at its word: for pictures of many nights, on which nothing rests.

    A set without a summary is read whole.
    """
    return _all(store, deployment, prove=False)


def look_at(store: Store, one: StoredSet, deployment: str) -> StoredSet:
    """What `look` finds of a set that `glance` saw."""
    look = _published if one.published else _aside
    return look(store, one.name, deployment, prove=True) or one


def read(store: Store, name: str, *, published: bool = True) -> Manifest:
    """The manifest of one set. Raises InputError when it is none, or is not about the folder it lies in."""
    return _parsed(store.read(name, manifests.NAME, published=published), name)


def earlier(store: Store, deployment: str) -> tuple[Manifest, ...]:
    """What tonight is held against, oldest first: the newest COMPLETE set, and after it the newest one if that is not
    COMPLETE. Two manifests at most are read whole, of sets that have summaries. Empty on the first night.
    """
    found: list[Manifest] = []
    for name in sorted(store.sets(), reverse=True):  # names begin with their moment
        one = _published(store, name, deployment, prove=False)
        if one is None or one.trouble or one.purpose != "restore" or (found and one.state != "COMPLETE"):
            continue
        with suppress(InputError):
            found.append(read(store, name))
            if found[-1].complete:
                break
    return tuple(reversed(found))


# -- one folder --------------------------------------------------------------------------------------------------------
def _all(store: Store, deployment: str, *, prove: bool) -> list[StoredSet]:
    found = [_published(store, name, deployment, prove=prove) for name in store.sets()]
    found += [_aside(store, name, deployment, prove=prove) for name in store.unpublished()]
    return sorted(
        (one for one in found if one), key=lambda one: (one.made_at is None, one.made_at or dt.datetime.min, one.name)
    )


def _published(store: Store, name: str, deployment: str, *, prove: bool) -> StoredSet | None:
    try:
        there = store.files(name)
        if manifests.NAME not in there:
            return StoredSet(name, trouble=f"its {manifests.NAME} is gone") if OURS.fullmatch(name) else None
        found = _summary(store, name, there, published=True, prove=prove)
    except Unreachable:
        raise
    except (InputError, OperationError) as error:
        return StoredSet(name, trouble=error.message)
    return _stored(found) if found.deployment == deployment else None


def _aside(store: Store, name: str, deployment: str, *, prove: bool) -> StoredSet | None:
    """A folder that was never published, whatever its manifest says: it may have been cut short at the last moment."""
    unfinished = StoredSet(name, "UNFINISHED", _moment_of(name), reason=CUT_SHORT, published=False)
    try:
        there = store.files(name, published=False)
        if manifests.NAME not in there:
            return unfinished
        found = _summary(store, name, there, published=False, prove=prove)
    except Unreachable:
        raise
    except InputError:
        return replace(unfinished, manifest=store.digest(name, manifests.NAME, published=False))
    except OperationError as error:
        return replace(unfinished, trouble=error.message)
    if found.deployment != deployment:
        return None
    reason = found.reason if found.state == "FAILED" else CUT_SHORT
    return _stored(found.model_copy(update={"state": "FAILED", "reason": reason}), published=False)


def _summary(store: Store, name: str, there: Collection[str], *, published: bool, prove: bool) -> Summary:
    """What the set's summary says, where there is one to be taken at its word, else what its manifest does."""
    if summaries.NAME in there:
        with suppress(InputError):
            short = _dated(summaries.parse(store.read(name, summaries.NAME, published=published), name))
            if not prove or store.digest(name, manifests.NAME, published=published) == short.manifest:
                return short
    content = store.read(name, manifests.NAME, published=published)
    return summaries.of(_parsed(content, name), files.digest(content))


def _parsed(content: bytes, name: str) -> Manifest:
    found = manifests.parse(content, name)
    if found.name != name:
        raise InputError(
            f"The manifest in {name} is that of set {found.name}.",
            "Give the folder its own name back, or move it away.",
        )
    return _dated(found)


def _stored(found: Summary, *, published: bool = True) -> StoredSet:
    shown = found.model_dump(exclude={"format", "deployment", "made_at"})
    return StoredSet(**shown, made_at=parse_stamp(found.made_at), published=published)


# -- moments -----------------------------------------------------------------------------------------------------------
def _dated(found: Dated) -> Dated:
    try:
        if parse_stamp(found.made_at).tzinfo:
            return found
    except ValueError:
        pass
    raise InputError(f"The manifest of set {found.name} does not say when it was made.", "The set is damaged.")


def _moment_of(name: str) -> dt.datetime | None:
    """The moment in a name that a backup gave."""
    ours = OURS.fullmatch(name)
    try:
        return dt.datetime.strptime(ours[1], "%Y%m%d-%H%M%S").replace(tzinfo=dt.UTC) if ours else None
    except ValueError:
        return None
