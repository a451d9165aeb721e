"""Which exports the way home compares, and the DR pool's once more before anybody leaves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lyncdr_helpers import files
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Checklist, judge
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.phases import exchange, failback_lists, restore_source
from lyncdr_helpers.phases.failback_lists import Export, Exports, Lists
from lyncdr_helpers.phases.failback_plan import MOVE
from lyncdr_helpers.phases.failed_over import FailedOver
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session

LISTS = "lists"
"""The folder in the run folder where the DR pool's lists are kept as they were before anybody left."""


@dataclass(frozen=True)
class Start:
    """Where the way home begins. before: what the activations did. base: the set that the DR pool's lists came from."""

    before: FailedOver
    base: Manifest


def lists(session: Session, start: Start, both: Manifest, users: Sequence[str]) -> Lists:
    """With the DR pool's lists as they were last seen before anybody left."""
    primary, dr = session.params.failed_pool.fqdn, session.params.target_pool.fqdn
    later = sorted((session.folder.path / LISTS).glob("*"))
    exports = Exports(
        _of_set(session, start.base, primary),
        (_of_set(session, both, dr), *map(failback_lists.read, later)),
        _of_set(session, both, primary),
        start.before.restored,
    )
    return failback_lists.compare(exports, users)


def keep_dr_lists(session: Session, made: Plan) -> None:
    """The DR pool's lists once more, as they are right before users leave it: people went on changing them."""
    there = read_inventory(session.directory, session.params.directory.base).movable(session.params.target_pool.fqdn)
    if {user.address for user in there}.isdisjoint(one.target for one in made.of_kind(MOVE)):
        return
    export = exchange.export_contacts(session, session.params.target_pool, "dr-last")
    folder = session.folder.path / LISTS
    folder.mkdir(exist_ok=True)
    files.replace(folder / f"{len(list(folder.iterdir())):04}{export.suffix}", export.read_bytes())


def arrived(session: Session, found: Lists, pilot: str) -> Checklist:
    """The pilot's list at home is the one that the DR pool had, whole; who has none in Lync has nothing to compare."""
    name, expected = f"list of {pilot}", "as at the DR site, and nothing that was removed there"
    if pilot not in found.digests:
        return Checklist([judge("pilot", name, True, seen="none at the DR pool", expected=expected)])
    now = exchange.export_contacts(session, session.params.failed_pool, "home-pilot")
    seen = "; ".join(failback_lists.arrived(now, found, pilot))
    remedy = "Look at the pilot's list on both pools: a plain move should have carried it."
    return Checklist([judge("pilot", name, not seen, seen=seen or "the same", expected=expected, remedy=remedy)])


def _of_set(session: Session, backup: Manifest, pool: str) -> Export:
    """What a set has of a pool's lists. Its manifest knows their digests: nobody parses them once more."""
    held = {one.address: (one.digest, one.contacts) for one in backup.users_of(pool).values() if one.digest}
    return Export(restore_source.fetch(session, backup, backup.part("contacts", pool)), held)
