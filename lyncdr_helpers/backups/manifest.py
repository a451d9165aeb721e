"""The manifest of a backup set: what is in it, proven by digests, and whether every user can be restored from it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lyncdr_helpers.errors import InputError

NAME = "manifest.json"

State = Literal["COMPLETE", "INCOMPLETE", "FAILED"]
"""FAILED sets are never published: they lie aside in the store, and say why."""

Kind = Literal[
    "inventory",
    "contacts",
    "conference-directories",
    "conferences",
    "response-groups",
    "configuration",
    "lis",
    "topology",
    "dns",
    "group-chat-database",
    "group-chat-files",
]
Purpose = Literal["restore", "fail back"]
"""A set of a night feeds activations. One that is made before a fail back holds what each pool has, stale lists too."""

AlarmKind = Literal["clock", "users", "contacts", "no-contacts", "groups", "part", "size"]

VITAL: frozenset[Kind] = frozenset({"inventory", "contacts"})
"""Without these there is nothing to restore users from."""


class Part(BaseModel):
    """One file of the set. `pool`: whose data it is, empty for the deployment's. `size` in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    file: str
    pool: str
    size: int
    sha256: str


class Absence(BaseModel):
    """A part that the set does not hold, and why: it is switched off in the parameters, or making it failed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    pool: str
    why: Literal["off", "failed"]
    reason: str


class UserRecord(BaseModel):
    """One exported user: how many contacts and groups, and the digest of the whole record.

    contact_store: where the contacts live, `lync` or `exchange` (unified contact store), empty where nobody asked.
    rebuilt_at: when the user's record was last rebuilt from a copy at the DR site and found to be the same, or empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    pool: str
    contacts: int
    groups: int
    digest: str
    contact_store: Literal["", "lync", "exchange"] = ""
    rebuilt_at: str = ""


class GroupChatRecord(BaseModel):
    """What Group Chat's parts hold. rows: of each table that nobody wrote to while it was dumped, by `schema.table`.

    logins: who signs in as each user of the database. files: how many are in the repository.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Mapping[str, int] = {}
    logins: Mapping[str, str] = {}
    files: int = 0


class Difference(BaseModel):
    """One user by name, and why the set does not hold them as the directory does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    pool: str
    reason: str


class Alarm(BaseModel):
    """What looks wrong beside the nights before, for people to look at; the state of the set does not rest on it.

    pool: empty for the deployment. address: the user it is about, or empty. text: what is, what was, and in which set.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: AlarmKind
    pool: str
    address: str
    text: str

    def __str__(self) -> str:
        whose = self.address or self.pool
        return f"{whose}: {self.text}" if whose else self.text


class Manifest(BaseModel):
    """What one set holds.

    response_groups: workflows, queues and agent groups by pool. differences: users that make the set INCOMPLETE.
    absent: parts it does not hold, each with its reason. extra: records of users who are not homed on the pool,
    harmless. alarms: what looks wrong beside `compared_with`, the set of a night before; both are empty on the
    first night. purpose: one for a fail back never feeds an activation by itself, and no night is held against it.
    reason: why a FAILED set failed, else empty. params_digest: of the parameters it was made with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[2] = 2
    name: str
    deployment: str
    generation: str
    run: str
    made_at: str
    made_by: str
    version: str
    params_digest: str
    state: State
    reason: str = ""
    parts: tuple[Part, ...]
    absent: tuple[Absence, ...] = ()
    users: tuple[UserRecord, ...]
    response_groups: Mapping[str, tuple[str, ...]]
    group_chat: GroupChatRecord = GroupChatRecord()
    differences: tuple[Difference, ...]
    extra: tuple[Difference, ...]
    alarms: tuple[Alarm, ...] = ()
    compared_with: str = ""
    purpose: Purpose = "restore"

    @property
    def complete(self) -> bool:
        return self.state == "COMPLETE"

    def part(self, kind: str, pool: str = "") -> Part:
        """The set's one file of a kind. Raises InputError where it has none."""
        found = next((part for part in self.parts if (part.kind, part.pool) == (kind, pool)), None)
        if found is None:
            raise InputError(
                f"Set {self.name} holds no {kind} of {pool or self.deployment}.", "Choose another set: it lacks a part."
            )
        return found

    @property
    def failed_parts(self) -> tuple[Absence, ...]:
        """The parts that were wanted and could not be made."""
        return tuple(one for one in self.absent if one.why == "failed")

    def users_of(self, pool: str) -> dict[str, UserRecord]:
        """The exported users of a pool, by address."""
        return {user.address: user for user in self.users if user.pool == pool}

    @property
    def contacts(self) -> int:
        """How many contacts all its users have."""
        return sum(user.contacts for user in self.users)

    @property
    def size(self) -> int:
        """Of all its parts, in bytes."""
        return sum(part.size for part in self.parts)

    def contacts_of(self, pool: str) -> int:
        return sum(user.contacts for user in self.users if user.pool == pool)

    def spelled(self) -> dict[str, Any]:
        """As JSON values, for files.replace_json."""
        return self.model_dump(mode="json")


def parse(content: bytes, name: str) -> Manifest:
    """The manifest of the set of that name. Raises InputError when it is none."""
    try:
        return Manifest.model_validate(json.loads(content), strict=False)
    except (ValueError, ValidationError) as cause:
        raise InputError(
            f"The manifest of set {name} cannot be read: {type(cause).__name__}.",
            "The set is damaged; use another one.",
        ) from cause
