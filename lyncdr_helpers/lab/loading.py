"""The lab's first day: the seeded deployment goes into each server's own store, before the server starts."""

from __future__ import annotations

from collections.abc import Callable

from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.blueprint import PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.seed import Deployment


def steps(blueprint: Blueprint) -> dict[str, Callable[[Deployment], None]]:
    """What to load for each lab process, by its role; what takes longest to load is last, while the others start."""
    every: dict[str, Callable[[Deployment], None]] = {"hosts": _hosts, "dns": _zone, "directory": _directory}
    if blueprint.dns == "samba":
        del every["dns"]
    return every


def _hosts(deployment: Deployment) -> None:
    """What the pools keep, Exchange, and Group Chat."""
    from lyncdr_helpers.lab.mailboxes import Mailboxes
    from lyncdr_helpers.lab.pools import PoolStore

    for pool in POOLS:
        with PoolStore(deployment.blueprint.pool_store(pool)) as store:
            store.fill(deployment, pool)
    with Mailboxes(deployment.blueprint.mailboxes) as mailboxes:
        mailboxes.fill(deployment)
    group_chat.fill(deployment.blueprint, list(deployment.homed(PRIMARY_POOL)))


def _zone(deployment: Deployment) -> None:
    blueprint = deployment.blueprint
    if blueprint.dns == "bind":
        from lyncdr_helpers.lab.bind import BindServer

        BindServer(blueprint).create(deployment.zone_records())
    else:
        from lyncdr_helpers.lab.dns import ZoneServer

        ZoneServer(blueprint).load(deployment.zone_records())


def _directory(deployment: Deployment) -> None:
    blueprint = deployment.blueprint
    if blueprint.directory == "samba":
        from lyncdr_helpers.lab.samba import SambaDomain

        SambaDomain(blueprint).create(deployment.directory_entries(), deployment.zone_records())
    else:
        from lyncdr_helpers.lab.directory import DirectoryServer

        DirectoryServer(blueprint).load(deployment.directory_entries())
