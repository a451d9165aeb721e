"""2_backup: can every user's data be restored at the DR site tonight? Writes a backup set and nothing else."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from lyncdr_helpers import __version__, files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups.completeness import Completeness, compare
from lyncdr_helpers.backups.manifest import Manifest, Part, UserRecord
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.contacts.inventory import holdings
from lyncdr_helpers.directory.inventory import Inventory, read_inventory
from lyncdr_helpers.errors import Incomplete, OperationError
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import exchange, response_groups
from lyncdr_helpers.ports import Command
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets


@dataclass
class Night:
    """One backup in the making. `folder`: where the set is put together; nothing of it is visible in the store yet."""

    folder: Path
    inventory: Inventory
    parts: list[Part] = field(default_factory=list)
    records: list[UserRecord] = field(default_factory=list)
    response_groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    completeness: list[Completeness] = field(default_factory=list)

    def take(self, kind: str, source: Path, name: str, pool: str = "") -> None:
        """Move a file into the set."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(source, target)
        self.parts.append(
            Part.model_validate(
                {
                    "kind": kind,
                    "file": name,
                    "pool": pool,
                    "size": target.stat().st_size,
                    "sha256": files.digest_file(target),
                }
            )
        )


def begin(params_file: str | Path, run: str = "") -> Session:
    """Begin a backup. A backup is never continued: each is a set of its own."""
    return open_session("backup", params_file, run=run or "new")


def take_inventory(session: Session) -> Night:
    """Who is homed where, from the pinned domain controller; kept in the set as inventory/users.csv."""
    with session.step("inventory"):
        folder = session.loaded.locate(session.params.backup.work_folder) / session.folder.run
        shutil.rmtree(folder, ignore_errors=True)
        night = Night(folder, read_inventory(session.directory, session.params.directory.base))
        listed = night.folder / "inventory.csv"
        files.replace_csv(listed, _rows(night.inventory))
        night.take("inventory", listed, "inventory/users.csv")
        homed = {pool.fqdn: len(night.inventory.movable(pool.fqdn)) for pool in session.params.sites.primary.pools}
        for pool, count in homed.items():
            session.fact(f"users homed on {pool}", count)
        if not any(homed.values()):
            raise OperationError(
                f"Nobody is homed on {', '.join(homed)}: a backup of nobody would be complete, and worth nothing.",
                "After a failover, back up the pool that has the users now: name it under sites.primary.",
            )
        return night


def export_contacts(session: Session, night: Night) -> tuple[UserRecord, ...]:
    """Every contact list of every primary pool, exported by dbimpexp, parsed, and held against the directory."""
    with session.step("contact export"):
        for pool in session.params.sites.primary.pools:
            export = exchange.export_contacts(session, pool, f"{pool.fqdn}.xml")
            records = _records(pool, export)
            night.records += records.values()
            night.completeness.append(compare(pool.fqdn, night.inventory.movable(pool.fqdn), records))
            night.take("contacts", export, f"contacts/{pool.fqdn}.xml", pool.fqdn)
            session.fact(f"contacts on {pool.fqdn}", sum(record.contacts for record in records.values()))
        return tuple(night.records)


def export_settings(session: Session, night: Night) -> tuple[Part, ...]:
    """Response Groups of every primary pool, the Central Management Store, and the location database."""
    with session.step("settings export"):
        for pool in session.params.sites.primary.pools:
            night.response_groups[pool.fqdn] = response_groups.of_pool(session, pool.fqdn)
            there, _ = exchange.fresh(session, f"{pool.fqdn}-rgs.zip")
            _take(session, night, "response-groups", cmdlets.export_response_groups(pool.fqdn, there), there, pool.fqdn)
        there, _ = exchange.fresh(session, "configuration.zip")
        _take(session, night, "configuration", cmdlets.export_configuration(there), there)
        there, _ = exchange.fresh(session, "lis.zip")
        _take(session, night, "lis", cmdlets.export_lis(there), there)
        return tuple(night.parts)


def seal(session: Session, night: Night) -> Manifest:
    """The manifest: what the set holds and whether it is complete."""
    with session.step("manifest"):
        missing = [one for pool in night.completeness for one in pool.missing]
        made = Manifest(
            name=session.folder.run,
            deployment=session.params.deployment,
            run=session.folder.run,
            made_at=stamp(session.clock.now()),
            made_by="{user}@{host}".format(**files.whoami()),
            version=__version__,
            params_digest=session.loaded.digest,
            state="INCOMPLETE" if missing else "COMPLETE",
            parts=tuple(night.parts),
            users=tuple(sorted(night.records, key=lambda record: (record.pool, record.address))),
            response_groups=night.response_groups,
            differences=tuple(missing),
            extra=tuple(one for pool in night.completeness for one in pool.extra),
        )
        files.replace_json(night.folder / manifests.NAME, made.spelled())
        return made


def send_to_dr(session: Session, night: Night, made: Manifest) -> str:
    """The set copied to the store at the DR site, re-hashed there, and only then given its name."""
    with session.step("copy to DR"):
        session.store.upload(night.folder, made.name)
        wanted = {part.file: part.sha256 for part in made.parts}
        wanted[manifests.NAME] = files.digest_file(night.folder / manifests.NAME)
        spoiled = [
            file for file, sha256 in wanted.items() if session.store.digest(made.name, file, published=False) != sha256
        ]
        if spoiled:
            raise OperationError(
                f"The copy at the DR site differs from what was sent: {', '.join(spoiled)}.",
                "The set was not published. Check the store's disk, then run the backup again.",
            )
        session.store.publish(made.name)
        shutil.rmtree(night.folder)
        return made.name


def finish(session: Session, made: Manifest) -> str:
    """The last word: done only when the set is COMPLETE. Raises Incomplete with the users it cannot bring back."""
    exchange.tidy(session)
    session.fact("set", made.name)
    session.fact("state", made.state)
    session.fact("differences", len(made.differences))
    with session.step("verdict"):
        if not made.complete:
            named = "; ".join(f"{one.address}: {one.reason}" for one in made.differences[:5])
            raise Incomplete(
                f"Set {made.name} is stored but INCOMPLETE: {len(made.differences)} users are not in it. {named}.",
                "Mend what it names and run the backup again; an incomplete set is never chosen for an activation.",
            )
    session.end("done", 0, set=made.name)
    return f"Set {made.name} is COMPLETE: {len(made.users):,} users can be restored from the copy at the DR site."


def _take(session: Session, night: Night, kind: str, command: Command, there: str, pool: str = "") -> None:
    name = there.replace("\\", "/").rpartition("/")[2].removeprefix(f"{session.folder.run}-")
    night.take(kind, exchange.export_by(session, name, command), f"settings/{name}", pool)


def _records(pool: Pool, export: Path) -> dict[str, UserRecord]:
    return {
        held.user: UserRecord(
            address=held.user, pool=pool.fqdn, contacts=held.contacts, groups=held.groups, digest=held.digest
        )
        for held in holdings(exchange.read(export))
    }


def _rows(inventory: Inventory) -> list[dict[str, object]]:
    return [
        {"address": user.address, "kind": str(user.kind), "enabled": user.enabled, "home": user.home, "dn": user.dn}
        for user in inventory.users
    ]
