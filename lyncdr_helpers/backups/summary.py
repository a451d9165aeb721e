"""The summary of a set: a few hundred bytes beside a manifest that names every user and may have tens of megabytes.

Lists and pictures of many nights read summaries. What rests on a set (an activation, a verification) reads its
manifest: a summary names the digest of the manifest it was made of, and counts for no more than that.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lyncdr_helpers.backups.manifest import Manifest, Purpose, State
from lyncdr_helpers.errors import InputError

NAME = "summary.json"


class Summary(BaseModel):
    """What a list of sets shows of one.

    users, contacts, differences, alarms: how many. size: of its parts, in bytes. failed_parts: how many were wanted and
    could not be made. manifest: the SHA-256 of the manifest that this is the summary of.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    name: str
    deployment: str
    made_at: str
    state: State
    reason: str
    users: int
    contacts: int
    size: int
    differences: int
    alarms: int
    failed_parts: int
    manifest: str
    purpose: Purpose = "restore"


def of(manifest: Manifest, digest: str) -> Summary:
    """The summary of a manifest with that digest."""
    return Summary(
        name=manifest.name,
        deployment=manifest.deployment,
        made_at=manifest.made_at,
        state=manifest.state,
        reason=manifest.reason,
        users=len(manifest.users),
        contacts=manifest.contacts,
        size=manifest.size,
        differences=len(manifest.differences),
        alarms=len(manifest.alarms),
        failed_parts=len(manifest.failed_parts),
        manifest=digest,
        purpose=manifest.purpose,
    )


def parse(content: bytes, name: str) -> Summary:
    """The summary of the set of that name. Raises InputError when it is none."""
    try:
        found = Summary.model_validate(json.loads(content), strict=False)
    except (ValueError, ValidationError) as cause:
        raise InputError(f"The summary of set {name} cannot be read: {type(cause).__name__}.", "") from cause
    if found.name != name:
        raise InputError(f"The summary in {name} is that of set {found.name}.", "")
    return found
