"""2_backup: can every user's data be restored at the DR site tonight? Writes a backup set and nothing else."""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence, Set
from pathlib import Path

import pandas as pd

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import rotation, sets, signed
from lyncdr_helpers.backups.completeness import compare
from lyncdr_helpers.backups.manifest import Manifest, Part, Purpose, UserRecord
from lyncdr_helpers.checks import some_of
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.contacts.export import importable, left_out, read_lists, write_import
from lyncdr_helpers.contacts.lists import Broken
from lyncdr_helpers.directory.inventory import Inventory, read_inventory
from lyncdr_helpers.errors import Incomplete, InputError, OperationError
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import contact_stores, exchange, night, settings, work_folder
from lyncdr_helpers.phases.night import Night
from lyncdr_helpers.phases.pace import BYTES, Work
from lyncdr_helpers.session import Session, open_session

SPARE = 1.05
"""A store needs a little more room than the files in it."""

TOLD = 500
"""After how many lists of an export it is told how far it is."""


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin a backup. A backup is never continued: each is a set of its own."""
    return open_session("backup", params_file, run=run or "new")


def take_inventory(session: Session) -> Night:
    """Who is homed where, from the pinned domain controller; kept in the set as a table, parquet and CSV.

    The store and the signing key come first: a night whose set has nowhere to go, or cannot be signed, is told so
    before anything is exported.
    """
    with session.step("inventory"):
        session.keys.to_sign()
        for run in night.sweep(session):
            session.tell(f"The night {run} was cut short; what it left on this machine is gone.")
        return _begun(session, session.params.sites.primary.pools, "restore")


def take_both(session: Session) -> Manifest:
    """Both pools of a failover in one set, before anybody goes home: what each has now, lists and settings.

    The same engine as of a night: published whole and proven, or not at all. Once published, it is this run's.
    """
    if session.folder.run in session.store.sets():
        return sets.read_manifest(session.store, session.folder.run)
    with session.step("inventory"):
        session.keys.to_sign()
        found = _begun(session, (session.params.failed_pool, session.params.target_pool), "fail back")
    export_contacts(session, found)
    export_settings(session, found)
    copy_to_dr(session, found)
    check_restore(session, found)
    return seal(session, found)


def export_contacts(session: Session, found: Night) -> tuple[UserRecord, ...]:
    """Every contact list of every primary pool, exported, parsed, and held against the directory."""
    with found.step("contact export"):
        pools, broken = found.pools, dict[str, str]()
        for pool in pools:
            export = exchange.export_contacts(session, pool, pool.fqdn)
            homed = found.inventory.movable(pool.fqdn)
            read = _records(session, pool, len(homed), export, broken.__setitem__)
            found.records += contact_stores.record(session, pool.fqdn, homed, read)
            found.take("contacts", export, f"contacts/{pool.fqdn}{export.suffix}", pool.fqdn)
        after = read_inventory(session.directory, session.params.directory.base)
        for pool in pools:
            records = {record.address: record for record in found.records if record.pool == pool.fqdn}
            found.completeness.append(compare(pool.fqdn, records, found.inventory.movable(pool.fqdn), after, broken))
            session.fact(f"contacts on {pool.fqdn}", sum(record.contacts for record in records.values()))
        return tuple(found.records)


def export_settings(session: Session, found: Night) -> tuple[Part, ...]:
    """What the deployment is made of beside its users. A part that cannot be had is missed by name."""
    with found.step("settings export"):
        for source in settings.sources(session, found):
            found.gather(source)
        return tuple(found.parts)


def copy_to_dr(session: Session, found: Night) -> int:
    """Every part copied to the store at the DR site and hashed again where it lies; how many bytes."""
    with found.step("copy to DR"):
        free = session.store.free()
        if free is not None and free < found.size * SPARE:
            raise OperationError(
                f"The set needs {found.size * SPARE / 1e6:,.1f} MB and the backup store has {free / 1e6:,.1f} MB left.",
                "Make room: `lyncdr backups prune` shows what may go.",
            )
        began = session.clock.monotonic()
        for done, part in enumerate(found.parts, start=1):
            session.store.send(found.folder / part.file, found.name, part.file)
            sent = sum(one.size for one in found.parts[:done])
            work = Work("copy to DR", found.size, done=sent, seconds=session.clock.monotonic() - began, unit=BYTES)
            session.pace(work.act, work.text)
        _require_same(session, found, {part.file: part.sha256 for part in found.parts})
        return found.size


def check_restore(session: Session, found: Night) -> int:
    """Import files rebuilt from the copy at the DR site and read again, user by user; for how many.

    Some users by chance each night, and over a period everybody (backup.restore_check). Raises OperationError with the
    users whose record does not come through: then the copy is no backup of them.
    """
    with found.step("restore check"):
        known = rotation.last_rebuilt([user for one in found.earlier for user in one.users])
        for one in found.earlier:
            _tell_newest(session, one)
        now, rule = session.clock.now(), session.params.backup.restore_check
        chosen = rotation.tonight([one for one in found.records if one.digest], known, rule, now, random.SystemRandom())
        for part in found.parts:
            if part.kind == "contacts":
                _rebuild(session, found, part, {address for pool, address in chosen if pool == part.pool})
        rebuilt = known | dict.fromkeys(chosen, stamp(now))
        found.records = [
            one.model_copy(update={"rebuilt_at": rebuilt.get(rotation.key_of(one), "")}) for one in found.records
        ]
        session.fact("users rebuilt from the copy", len(chosen))
        return len(chosen)


def seal(session: Session, found: Night) -> Manifest:
    """The manifest, signed and written last: what the set holds, and whether that is all. With it the set appears."""
    with found.step("manifest"):
        found.compare()
        made = found.manifest(found.state)
        names = night.describe(made, found.folder)
        if key := session.keys.to_sign():
            content, now = (found.folder / manifests.NAME).read_bytes(), session.clock.now()
            signature = signed.sign_manifest(key, content, made.name, made.made_by, now)
            files.replace(found.folder / signed.NAME, signature)
            names.append(signed.NAME)
        for name in names:
            session.store.send(found.folder / name, found.name, name)
        _require_same(session, found, {name: files.digest_file(found.folder / name) for name in names})
        session.store.publish(made.name)
        found.clear()
        return made


def finish(session: Session, made: Manifest) -> str:
    """The last word: done only when the set is COMPLETE. Raises Incomplete with what it cannot bring back."""
    session.fact("set", made.name)
    session.fact("state", made.state)
    session.fact("differences", len(made.differences))
    session.fact("failed parts", len(made.failed_parts))
    session.fact("size", made.size)
    _tell_newest(session, made)
    with session.step("verdict"):
        if not made.complete:
            raise Incomplete(
                f"Set {made.name} is stored but INCOMPLETE: {len(made.differences)} users and {len(made.failed_parts)} "
                f"parts are not in it. {lacking(made)}.",
                "Mend what it names and run the backup again; an incomplete set is never chosen by itself.",
            )
    session.end("done", 0, set=made.name)
    here = sum(bool(user.digest) for user in made.users)
    elsewhere = len(made.users) - here
    kept = f" Exchange keeps the contacts of {elsewhere:,} others." if elsewhere else ""
    return f"Set {made.name} is COMPLETE: {here:,} users can be restored from the copy at the DR site.{kept}"


def _begun(session: Session, pools: Sequence[Pool], purpose: Purpose) -> Night:
    found = night.begin(session, read_inventory(session.directory, session.params.directory.base), pools, purpose)
    with found.guarded("inventory"):
        _take_inventory(found)
        homed = {pool.fqdn: len(found.inventory.movable(pool.fqdn)) for pool in pools}
        for pool, count in homed.items():
            session.fact(f"users homed on {pool}", count)
        if not any(homed.values()):
            raise OperationError(
                f"Nobody is homed on {', '.join(homed)}: a backup of nobody would be complete, and worth nothing.",
                "After a failover, back up the pool that has the users now: name it under sites.primary.",
            )
    return found


def _tell_newest(session: Session, manifest: Manifest) -> None:
    if manifest.complete:
        session.fact("newest COMPLETE set made at", manifest.made_at)


def _rebuild(session: Session, found: Night, part: Part, users: Set[str]) -> None:
    """Raise OperationError unless the users' lists, taken from the store, make an import file that says the same."""
    copy, rebuilt = found.folder / "proof" / part.file, found.folder / "proof" / f"import{Path(part.file).suffix}"
    session.store.download(found.name, part.file, copy, published=False)
    digests = {one.address: one.digest for one in found.records if one.pool == part.pool}
    try:
        lists = [one for one in read_lists(copy, left_out) if one.user in users]
        write_import(rebuilt, copy, [one.user for one in lists])
        again = {one.user: one.digest for one in read_lists(rebuilt)}
    except InputError as cause:
        raise OperationError(
            f"No import file can be made from the copy of {part.file} at the DR site: {cause.message}",
            "The set was not published. Check the store's disk, then run the backup again.",
        ) from cause
    finally:
        shutil.rmtree(copy.parent, ignore_errors=True)
    expected = {one.user: importable(copy, one).digest for one in lists if one.digest == digests[one.user]}
    if spoiled := sorted(user for user in users if not expected.get(user) or again.get(user) != expected[user]):
        raise OperationError(
            f"{len(spoiled)} users cannot be restored from the copy of {part.file} at the DR site: {some_of(spoiled)}.",
            "The set was not published. Check the store's disk, then run the backup again.",
        )


def lacking(made: Manifest) -> str:
    """What an incomplete set lacks: the first of the users, and every part."""
    users = [f"{one.address}: {one.reason}" for one in made.differences]
    parts = [f"{one.kind} of {one.pool or made.deployment}: {one.reason}" for one in made.failed_parts]
    return "; ".join([*([some_of(users, "; ")] if users else []), *parts])


def _require_same(session: Session, found: Night, wanted: Mapping[str, str]) -> None:
    """Raise OperationError where what lies in the store is not what was sent."""
    spoiled = [
        file for file, sha256 in wanted.items() if session.store.digest(found.name, file, published=False) != sha256
    ]
    if spoiled:
        raise OperationError(
            f"The copy at the DR site differs from what was sent: {', '.join(spoiled)}.",
            "The set was not published. Check the store's disk, then run the backup again.",
        )


def _take_inventory(found: Night) -> None:
    rows = pd.DataFrame(_rows(found.inventory))
    for suffix, write in (("csv", rows.to_csv), ("parquet", rows.to_parquet)):
        with work_folder.making(found.session, f"users.{suffix}") as path:
            write(path, index=False)
        found.take("inventory", path, f"inventory/users.{suffix}")


def _records(session: Session, pool: Pool, homed: int, export: Path, broken: Broken) -> list[UserRecord]:
    made, began = list[UserRecord](), session.clock.monotonic()
    for one in exchange.read_rows(export, broken):
        made.append(
            UserRecord(address=one.user, pool=pool.fqdn, contacts=one.contacts, groups=one.groups, digest=one.digest)
        )
        if len(made) % TOLD == 0 or len(made) == homed:
            spent = session.clock.monotonic() - began
            work = Work(f"read the export of {pool.fqdn}", homed, done=len(made), seconds=spent)
            session.pace(work.act, work.text)
    return made


def _rows(inventory: Inventory) -> list[dict[str, object]]:
    return [
        {"address": user.address, "kind": str(user.kind), "enabled": user.enabled, "home": user.home, "dn": user.dn}
        for user in inventory.users
    ]
