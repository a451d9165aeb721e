"""The pinned domain controller: is it the one that was meant, may it be written to, would it survive, is it in step?"""

from __future__ import annotations

import datetime as dt

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.directory import domain_controller
from lyncdr_helpers.directory.domain_controller import DomainController, Neighbor
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.session import Session

AREA = "directory"
NAME, WRITABLE = "domain controller", "domain controller writable"
SITE, REPLICATION = "domain controller site", "domain controller replication"

LAG = dt.timedelta(hours=4)
"""Between AD sites changes come every three hours, unless somebody has set it otherwise."""


def check(session: Session) -> Checklist:
    """Four checks of whoever answers at directory.url."""
    checks = Checklist()
    wanted = session.params.directory.domain_controller
    with checks.asking(AREA, NAME, wanted):
        found = domain_controller.read_domain_controller(session.directory)
        checks.add(_name(found, wanted), _writable(found), _site(session, found))
        checks.add(*_replication(session))
    return checks


def _name(found: DomainController, wanted: str) -> Check:
    remedy = "Give directory.domain_controller its own name: cmdlets are told to work on that one, and not on this."
    return judge(AREA, NAME, found.name == wanted, seen=found.name or "it has no name", expected=wanted, remedy=remedy)


def _writable(found: DomainController) -> Check:
    expected = "a writable one"
    remedy = "Choose a writable domain controller of the DR site: users are moved on it."
    if found.writable is None:
        seen = "it does not say what it is capable of"
        return unknown(AREA, WRITABLE, seen=seen, expected=expected, remedy="Check what directory.url leads to.")
    seen = "writable" if found.writable else "it is read-only"
    return judge(AREA, WRITABLE, found.writable, seen=seen, expected=expected, remedy=remedy)


def _site(session: Session, found: DomainController) -> Check:
    """AD's own map says: by the addresses of the servers of both pools. One that is lost with the pool is a failure."""
    params = session.params
    ours, lost = _site_of_pool(session, params.target_pool), _site_of_pool(session, params.failed_pool)
    expected = f"in the AD site of {params.target_pool.fqdn}"
    if not found.site or not ours:
        seen = f"Active Directory knows no subnet of {params.target_pool.fqdn}" if found.site else "it names no site"
        remedy = "See to it by hand that it stands at the DR site."
        return unknown(AREA, SITE, seen=seen, expected=expected, remedy=remedy, soft=True)
    remedy = "Choose a domain controller of the DR site: this one would be lost with the pool."
    will_be_lost = found.site == lost != ours
    return judge(
        AREA, SITE, found.site == ours, seen=found.site, expected=expected, remedy=remedy, soft=not will_be_lost
    )


def _site_of_pool(session: Session, pool: Pool) -> str:
    """The AD site of its servers; empty where no subnet holds them, or they stand in several sites."""
    base = session.params.directory.base
    sites = {domain_controller.site_of(session.directory, base, server.address) for server in pool.servers}
    return sites.pop() if len(sites) == 1 else ""


def _replication(session: Session) -> Checklist:
    """What it has not heard of yet, the inventory has not either."""
    base, expected = session.params.directory.base, f"changes of others arrived within {_hours(LAG)}"
    checks = Checklist()
    with checks.asking(AREA, REPLICATION, expected, soft=True):
        neighbors = domain_controller.read_neighbors(session.directory, base)
        count = domain_controller.count_domain_controllers(session.directory, base)
        if neighbors:
            checks.add(_lag(neighbors, session.clock.now(), expected))
        elif count == 1:
            seen = "the forest has no other domain controller"
            checks.add(judge(AREA, REPLICATION, True, seen=seen, expected=expected, soft=True))
        else:
            seen = "it does not tell this account whom it replicates from"
            remedy = "Let the account of directory.bind monitor replication, or look at: repadmin /showrepl"
            checks.add(unknown(AREA, REPLICATION, seen=seen, expected=expected, remedy=remedy, soft=True))
    return checks


def _lag(neighbors: tuple[Neighbor, ...], now: dt.datetime, expected: str) -> Check:
    late = [one for one in neighbors if one.failures or one.last_success is None or now - one.last_success > LAG]
    seen = "; ".join(map(_in_words, late or neighbors))
    remedy = "Mend replication; until then users who were made or moved elsewhere are not seen here."
    return judge(AREA, REPLICATION, not late, seen=seen, expected=expected, remedy=remedy, soft=True)


def _in_words(one: Neighbor) -> str:
    last = stamp(one.last_success) if one.last_success else "never"
    return f"from {one.name}: {last}" + (f", {one.failures} failures since" if one.failures else "")


def _hours(span: dt.timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"
