"""The plan of an activation: what was seen -> what would change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.directory.users import User
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases import endpoints
from lyncdr_helpers.phases.contacts_way import CONSEQUENCES, Way
from lyncdr_helpers.phases.incoming_groups import Incoming
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.ports import RecordSet

MOVE = "move-user"
ENDPOINT = "move-endpoint"
EDGE = "edge-next-hop"
CONFERENCES = "move-conference-directory"
CONTACTS = "import-contacts"
RESPONSE_GROUP = "import-response-group"
RECORD = cutover.KIND
GROUPS, WAY = "Response Groups", "contact lists"
"""What the plan's basis calls how they are imported."""


def make(
    run: str,
    params: Params,
    params_digest: str,
    backup: Manifest,
    inventory: Inventory,
    directories: Mapping[int, str],
    records: Mapping[str, RecordSet | None],
    group_chat: Iterable[Change] = (),
    edges: Mapping[str, str] | None = None,
    groups: Incoming | None = None,
    way: Way = "update",
) -> Plan:
    """Every user of the failed pool is moved, gets their contacts back, and finds the pool under its usual names.

    inventory: who is homed where now. directories: the home of each conference directory, by its number. records: what
    each record to cut over is now, by key. group_chat: what bringing it back changes. edges: the next hop of
    each Edge at the DR site, by its name. groups: what was decided
    of Response Groups whose names are taken. way: how contact lists come back from 2013 on.
    """
    failed, target = params.failed_pool.fqdn, params.target_pool.fqdn
    homed = inventory.movable(failed)
    changes = [
        *_moves(homed, failed, target),
        *_endpoints(inventory.homed_on(failed), failed, target),
        *(Change(CONFERENCES, str(number), failed, target) for number, home in directories.items() if home == failed),
        *_contacts(backup, failed),
        *_response_groups(backup.response_groups.get(failed, ()), failed, target, groups.known if groups else {}),
        *group_chat,
        *(Change(EDGE, edge, hop, target) for edge, hop in (edges or {}).items() if hop != target),
        *map(cutover.to_plan, cutover.plan_cutover(params.dns.records, records)),
    ]
    basis = {"backup": backup.name, "params": params_digest}
    if params.generation != "lync2010":
        basis[WAY] = CONSEQUENCES[way]
    if groups and groups.names:
        basis[GROUPS] = groups.how
    scope = f"{failed} -> {target}, {len(homed):,} users"
    return Plan.of(run, params.deployment, scope, basis, changes)


def without_export(homed: Iterable[User], backup: Manifest, pool: str) -> list[str]:
    """The users who would be moved although the backup cannot give them their contacts back."""
    return sorted({user.address for user in homed} - backup.users_of(pool).keys())


def _moves(homed: Iterable[User], failed: str, target: str) -> Iterable[Change]:
    return (Change(MOVE, user.address, failed, target, {"dn": user.dn}) for user in homed)


def _endpoints(homed: Iterable[User], failed: str, target: str) -> Iterable[Change]:
    """What is homed there and is no user. detail: its DN, and what it is, by the name of its kind."""
    for endpoint, some in endpoints.by_kind(homed).items():
        for one in some:
            yield Change(ENDPOINT, one.address, failed, target, {"dn": one.dn, "what": endpoint.name})


def _contacts(backup: Manifest, pool: str) -> Iterable[Change]:
    """Everybody in the export, also who is on the target pool already; an empty list is back when looked at.

    Whose contacts Exchange alone holds is not in the export: there is nothing to bring back.
    """
    return (
        Change(CONTACTS, user.address, "", user.digest, {"contacts": str(user.contacts)})
        for user in backup.users_of(pool).values()
        if user.digest
    )


def _response_groups(names: Iterable[str], failed: str, target: str, known: Mapping[str, str]) -> Iterable[Change]:
    """known: what is there already under a name that is taken. What comes is told by not being among it."""
    for name in names:
        taken = {"known": known[name]} if name in known else {}
        yield Change(RESPONSE_GROUP, name, "", target, {"from": failed, **taken})
