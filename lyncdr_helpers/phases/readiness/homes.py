"""Who is homed where: who would be moved, who is in the way, and what a forced move leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, Checklist, count_of, judge
from lyncdr_helpers.directory.inventory import Inventory, read_inventory
from lyncdr_helpers.directory.users import Kind, bare_address
from lyncdr_helpers.phases import endpoints
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets

AREA = "directory"


@dataclass
class Homes(Checklist):
    """The checks, and what they were made of; None where the directory cannot be asked."""

    inventory: Inventory | None = None


def check(session: Session) -> Homes:
    """Everything that the inventory shows, of the pool that is lost and of the pool that takes over."""
    checks = Homes()
    with checks.asking(AREA, "sign-in", "the service account may read"):
        checks.inventory = inventory = read_inventory(session.directory, session.params.directory.base)
        checks.add(judge(AREA, "sign-in", True, seen=session.params.directory.url, expected="it may read"))
        checks.add(*_pool_objects(session, inventory), _to_move(session, inventory))
        checks.add(*_standby(session, inventory), *_odd_homes(inventory), *_left_behind(session, inventory))
    return checks


def _pool_objects(session: Session, inventory: Inventory) -> Iterable[Check]:
    known = set(inventory.pools.values())
    seen = f"the directory knows {', '.join(sorted(known)) or 'no pool'}"
    for pool in (session.params.failed_pool.fqdn, session.params.target_pool.fqdn):
        there = pool in known
        yield judge(AREA, f"pool object {pool}", there, seen="there" if there else seen, expected="there")


def _to_move(session: Session, inventory: Inventory) -> Check:
    homed = len(inventory.movable(session.params.failed_pool.fqdn))
    session.fact("users_to_move", homed)
    return judge(AREA, "users to move", homed > 0, seen=f"{homed:,}", expected="at least one", soft=True)


def _standby(session: Session, inventory: Inventory) -> Checklist:
    """The pool that takes over: its two test users are there, and nobody else is."""
    checks, pool = Checklist(), session.params.target_pool.fqdn
    name, expected = f"test users of {pool}", "two, homed there: verification signs in as them"
    homed = {user.address for user in inventory.movable(pool)}
    testers: set[str] = set()
    with checks.asking(AREA, name, expected, soft=True):
        reply = session.shell.invoke(cmdlets.get_health_monitoring(pool))
        said = (row.get(f"{which}TestUserSipUri") for row in reply.output for which in ("First", "Second"))
        testers = {bare_address(str(address)) for address in said if address}
        seen = reply.faults[0].message if reply.faults else count_of(sorted(testers))
        remedy = f"Make two users on {pool}, and tell it: New-CsHealthMonitoringConfiguration."
        there = len(testers) == 2 and testers <= homed
        checks.add(judge(AREA, name, there, seen=seen, expected=expected, remedy=remedy, soft=True))
    remedy = "Move them to another pool: the capacity of the standby is meant for those of the lost one."
    checks.add(_nobody(f"users on {pool}", sorted(homed - testers), "no production users", remedy))
    return checks


def _odd_homes(inventory: Inventory) -> Iterable[Check]:
    half_moved = [user.address for user in inventory.half_moved()]
    remedy = "Finish or undo these moves: TargetHomeServer is still set."
    yield _nobody("half-done moves", half_moved, "none", remedy)
    known = {*inventory.pools.values(), ""}
    lost = [user.address for user in inventory.users if user.home not in known]
    remedy = "Give them a home that exists: nobody moves whoever is on a pool that the directory does not know."
    yield _nobody("homes that no pool explains", lost, "none", remedy)


def _left_behind(session: Session, inventory: Inventory) -> Iterable[Check]:
    """What is homed on the lost pool, or hangs on it, and what becomes of it in an activation."""
    pool = session.params.failed_pool.fqdn
    homed = inventory.homed_on(pool)
    cloud = [user.address for user in homed if user.kind is Kind.CLOUD]
    remedy = "They are in the cloud and are not moved; take the home of earlier days from them."
    yield _nobody(f"cloud users on {pool}", cloud, "none", remedy)
    branch = [user.address for user in inventory.users if user.kind is Kind.BRANCH]
    remedy = "They sign in to their appliance; if it depends on the lost pool, move them by hand: Move-CsUser."
    yield _nobody("users of branch appliances", branch, "none: a forced move leaves them", remedy)
    for endpoint, some in endpoints.by_kind(homed).items():
        name, addresses = f"{endpoint.name} on {pool}", [user.address for user in some]
        how = "they come with the import" if endpoint.imported else f"{endpoint.cmdlet} brings them along"
        yield judge(AREA, name, True, seen=f"{count_of(addresses)}; {how}", expected="none is left behind", soft=True)


def _nobody(name: str, addresses: list[str], expected: str, remedy: str) -> Check:
    return judge(AREA, name, not addresses, seen=count_of(addresses), expected=expected, remedy=remedy, soft=True)
