"""Is a set still what was stored? Its manifest by its signature, every file and every user by their digests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import sets, signed
from lyncdr_helpers.backups import summary as summaries
from lyncdr_helpers.backups.manifest import Manifest, Part, UserRecord
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.contacts.export import left_out, read_holdings
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.ports import Store


@dataclass(frozen=True)
class Verified:
    """What became of one set. users: how many were proven. faults: what is damaged, file by file and user by user.

    beside: files in its folder that are none of its parts; they harm nobody, and somebody put them there.
    """

    name: str
    state: str
    files: int
    users: int
    faults: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        return not self.faults


def verify(store: Store, manifest: Manifest, place: Path, keys: Keys) -> Verified:
    """Prove its signature, hash every file as the store holds it, and read every user again.

    place: an empty folder of the caller's. keys: whose signatures count.

    Raises OperationError when the store stops answering: that proves nothing, neither way.
    """
    faults = sets.faults(store, manifest, keys)
    here = set(store.files(manifest.name))
    proven = 0
    for pool in sorted({user.pool for user in manifest.users}):
        part = next((one for one in manifest.parts if (one.kind, one.pool) == ("contacts", pool)), None)
        if part is None:
            faults.append(f"no file holds the contacts of {pool}")
        elif part.file in here:
            found = list(_damaged_users(manifest, part, _fetched(store, manifest, part, place)))
            faults += found
            proven += max(0, len(_in_the_export(manifest, pool)) - len(found))
    if summaries.NAME in here and not _is_told(store, manifest):
        faults.append(f"{summaries.NAME} does not say what the manifest does")
    beside = here - {part.file for part in manifest.parts} - {manifests.NAME, signed.NAME, summaries.NAME}
    return Verified(manifest.name, manifest.state, len(manifest.parts), proven, tuple(faults), tuple(sorted(beside)))


def _is_told(store: Store, manifest: Manifest) -> bool:
    """Whether the summary says of the set what its manifest does."""
    try:
        told = summaries.parse(store.read(manifest.name, summaries.NAME), manifest.name)
    except InputError:
        return False
    return told == summaries.of(manifest, store.digest(manifest.name, manifests.NAME))


def _fetched(store: Store, manifest: Manifest, part: Part, place: Path) -> Path:
    here = place / part.file
    store.download(manifest.name, part.file, here)
    return here


def _in_the_export(manifest: Manifest, pool: str) -> dict[str, UserRecord]:
    """The users of the pool who have a record in its file; Exchange alone holds the others' contacts."""
    return {address: record for address, record in manifest.users_of(pool).items() if record.digest}


def _damaged_users(manifest: Manifest, part: Part, export: Path) -> Iterator[str]:
    """Each user whose record is not, or not any more, the one in the manifest; by name."""
    wanted = _in_the_export(manifest, part.pool)
    why = "is gone from it"
    try:
        for held in read_holdings(export, left_out):
            record = wanted.pop(held.user, None)
            if record is None:
                yield f"{part.file}, {held.user}: was not backed up"
            elif (held.digest, held.contacts, held.groups) != (record.digest, record.contacts, record.groups):
                yield f"{part.file}, {held.user}: is not the record that was backed up"
    except InputError as error:
        yield error.message.replace(str(export), part.file)
        why = "cannot be read"
    yield from (f"{part.file}, {address}: {why}" for address in sorted(wanted))
