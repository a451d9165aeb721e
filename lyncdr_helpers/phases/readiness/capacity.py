"""Whether the standby carries those who would arrive: by published numbers, and by the contacts of the newest set."""

from __future__ import annotations

from dataclasses import replace

from lyncdr_helpers.backups import sets
from lyncdr_helpers.checks import Checklist, unknown
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology import capacity, pools
from lyncdr_helpers.topology.gaps import Failover

WITHIN = "what would arrive fits into it"


def check(session: Session, failover: Failover, inventory: Inventory) -> Checklist:
    """Two checks of the standby pool; none where the topology does not hold it."""
    checks, pool = Checklist(), pools.pool(failover.topology, failover.standby)
    if pool is None:
        return checks
    generation = session.params.generation
    arriving, there = (len(inventory.movable(fqdn)) for fqdn in (failover.lost, failover.standby))
    carried = capacity.users(pool, capacity.Load(arriving, there, 0), generation, carries=failover.lost in pool.backups)
    checks.add(replace(carried, name=f"{pool.fqdn} carries its users"))
    name = f"database of {pool.fqdn}"
    with checks.asking(capacity.AREA, name, WITHIN, soft=True):
        if found := sets.list_sets(session.store, session.params.deployment):
            checks.add(capacity.database(pool, capacity.Load(arriving, there, found[-1].contacts), generation))
        else:
            seen, remedy = "no set tells how many contacts there are", "Run: lyncdr run backup"
            checks.add(unknown(capacity.AREA, name, seen=seen, expected=WITHIN, remedy=remedy, soft=True))
    return checks
