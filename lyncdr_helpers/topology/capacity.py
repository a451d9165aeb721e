"""Whether the standby pool can carry those who would arrive: how many users, and how much its database may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.topology.pools import Edition, Pool

AREA = "capacity"

STANDARD_USERS: Mapping[Generation, int] = {"lync2010": 5_000, "lync2013": 2_500}
"""What a Standard Edition server is planned for. Microsoft, capacity planning; for 2015 and 2019 no number is known."""

PAIRED_USERS: Mapping[Generation, int] = {"lync2013": 5_000}
"""What it carries together with the users of the pool that it backs up, for as long as that is down."""

BYTES_PER_USER = 128 << 10
BYTES_PER_CONTACT = 2 << 10
"""ESTIMATES: no source says what a user takes in the database beside contacts, nor what a contact takes.

They are chosen so that Microsoft's own model, 5,000 users with 80 contacts each on a Standard Edition server of 2010,
fits with its margin into what that server brings along.
"""

MARGIN = 2
"""An estimate counts as proven only where so many times as much would fit."""

GIB = 1 << 30


@dataclass(frozen=True)
class ExpressLimit:
    """How large one database may become in the SQL Server Express that a Standard Edition server brings along."""

    product: str
    gib: int


EXPRESS: Mapping[Generation, ExpressLimit] = {
    "lync2010": ExpressLimit("SQL Server 2008 Express", 4),
    "lync2013": ExpressLimit("SQL Server 2012 Express", 10),
    "sfb2015": ExpressLimit("SQL Server 2014 Express", 10),
    "sfb2019": ExpressLimit("SQL Server 2016 Express", 10),
}
"""As it is installed; every Express edition since 2008 R2 holds 10 GB. Which one 2015 and 2019 bring is (?).

Source: Configure SQL Server for Lync Server 2010 (library gg398669); Microsoft's limits of SQL Server Express.
"""

UPGRADED: Mapping[Generation, ExpressLimit] = {"lync2010": ExpressLimit("SQL Server 2008 R2 Express", 10)}
"""What it may be upgraded to, by the same page."""


@dataclass(frozen=True)
class Load:
    """Who would be on the standby pool. contacts: of those who arrive and those there, together."""

    arriving: int
    there: int
    contacts: int

    @property
    def users(self) -> int:
        return self.arriving + self.there

    @property
    def bytes(self) -> int:
        """How large the database of users would be: an estimate."""
        return self.users * BYTES_PER_USER + self.contacts * BYTES_PER_CONTACT


def users(pool: Pool, load: Load, generation: Generation, *, carries: bool) -> Check:
    """The users that would arrive, with those there, against what the standby pool is planned for.

    carries: the pool is paired with the lost one and carries its users for a while. An Enterprise pool, an edition that
    nobody knows and a generation without a published number are UNKNOWN: nothing is guessed.
    """
    name, seen = f"users on {pool.fqdn}", f"{load.arriving:,} would arrive, {load.there:,} are there: {load.users:,}"
    if pool.edition is not Edition.STANDARD:
        expected = f"no number is known for a pool of {pool.edition} edition"
        return Check(AREA, name, Verdict.UNKNOWN, seen, expected, "Size it with Microsoft's planning tool.")
    limits = PAIRED_USERS if carries and generation in PAIRED_USERS else STANDARD_USERS
    limit = limits.get(generation)
    if limit is None:
        expected = f"no number is known for Standard Edition of {generation}"
        return Check(AREA, name, Verdict.UNKNOWN, seen, expected, "Size it with Microsoft's planning tool.")
    expected = f"at most {limit:,} on a Standard Edition server of {generation}"
    if load.users <= limit:
        return Check(AREA, name, Verdict.PASS, seen, expected)
    remedy = f"{load.users - limit:,} users too many: add a pool at the DR site, or an Enterprise pool."
    return Check(AREA, name, Verdict.FAIL, seen, expected, remedy)


def database(pool: Pool, load: Load, generation: Generation) -> Check:
    """The estimated size of the users' database against the limit of SQL Server Express.

    It is estimated, so it passes only where MARGIN times as much would fit, and warns up to the limit. An Enterprise
    pool has a SQL Server without such a limit.
    """
    name = f"database of {pool.fqdn}"
    size = f"about {load.bytes / GIB:.1f} GB, estimated for {load.users:,} users with {load.contacts:,} contacts"
    if pool.edition is Edition.ENTERPRISE:
        return Check(AREA, name, Verdict.PASS, size, "no limit: the pool has a SQL Server of its own")
    if pool.edition is Edition.UNKNOWN:
        return Check(AREA, name, Verdict.UNKNOWN, size, "the pool's edition is not known", "Look in Topology Builder.")
    limit, upgraded = EXPRESS[generation], UPGRADED.get(generation)
    expected = f"{MARGIN} times as much fits into the {limit.gib} GB of {limit.product}"
    measure = "Measure the rtc database of the pool that is to be saved: this is only an estimate."
    if load.bytes * MARGIN <= limit.gib * GIB:
        return Check(AREA, name, Verdict.PASS, size, expected)
    if upgraded and load.bytes * MARGIN <= upgraded.gib * GIB:
        remedy = f"Upgrade {pool.fqdn} to {upgraded.product}, which holds {upgraded.gib} GB. {measure}"
        return Check(AREA, name, Verdict.WARN, size, expected, remedy)
    largest = upgraded or limit
    if load.bytes <= largest.gib * GIB:
        return Check(AREA, name, Verdict.WARN, size, expected, measure)
    remedy = f"More than the {largest.gib} GB of {largest.product}: plan an Enterprise pool. {measure}"
    return Check(AREA, name, Verdict.FAIL, size, expected, remedy)
