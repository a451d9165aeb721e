"""Who is homed where: every SIP-enabled object of the forest, read from one domain controller.

A home is a DN below a pool object (msRTCSIP-Pool); the pool's name is that object's dNSHostName, never its number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.directory import names, users
from lyncdr_helpers.directory.users import Kind, User
from lyncdr_helpers.errors import AccessDenied
from lyncdr_helpers.ports import Directory, Entry, Scope

ORDINARY_POOLS = ("5", "10")
"""msRTCSIP-PoolType of Standard and Enterprise Edition; a pool of any other type is taken for a branch appliance."""

CHUNK = 100
"""DNs asked for in one search."""


@dataclass(frozen=True)
class Inventory:
    """users: sorted by address. pools: DN of the pool object -> FQDN in lower case."""

    users: tuple[User, ...]
    pools: Mapping[str, str]

    def homed_on(self, pool: str) -> tuple[User, ...]:
        """Everything homed on the pool: users, application contacts, whatever their state."""
        return tuple(user for user in self.users if user.home == pool.lower())

    def movable(self, pool: str) -> tuple[User, ...]:
        """The users of the pool that a forced move takes: enabled or not, but no application, cloud or branch ones."""
        return tuple(user for user in self.homed_on(pool) if user.kind is Kind.USER)

    def half_moved(self) -> tuple[User, ...]:
        """Those whose move was begun and never ended."""
        return tuple(user for user in self.users if user.moving_to)

    def counts(self) -> dict[tuple[str, Kind], int]:
        """(home, kind) -> how many, sorted."""
        return dict(sorted(Counter((user.home, user.kind) for user in self.users).items()))


def read_inventory(directory: Directory, base: str) -> Inventory:
    """Everything that has a SIP address, in the forest whose root is `base`.

    Raises AccessDenied when there are homes but no pool object explains any: Active Directory hides what an account may
    not read, so the search succeeds and finds nothing.
    """
    pools = read_pools(directory, base)
    entries = {
        entry.dn: entry
        for partition in (base, f"CN=Configuration,{base}")
        for entry in directory.search(partition, "(msRTCSIP-PrimaryUserAddress=*)", users.ATTRIBUTES)
    }
    found = [users.from_entry(entry, pools.name_of, branch=pools.is_branch) for entry in entries.values()]
    if not pools.by_dn and any(user.home for user in found):
        raise AccessDenied(
            f"The directory shows no pool object (msRTCSIP-Pool) below {base}, but there are users with a home.",
            "Let the account of directory.bind read CN=RTC Service: member of RTCUniversalReadOnlyAdmins.",
        )
    return Inventory(tuple(sorted(found, key=lambda user: (user.address, user.dn))), pools.by_dn)


def read_homes(directory: Directory, base: str, dns: Sequence[str]) -> dict[str, str]:
    """DN -> FQDN of the pool that is the object's home now, empty without one. An object that is gone is absent."""
    pools = read_pools(directory, base)
    wanted = {names.key(dn): dn for dn in dns}
    homes: dict[str, str] = {}
    for partition, chunk in _chunks(base, dns):
        either = "".join(f"(distinguishedName={names.escaped(dn)})" for dn in chunk)
        for entry in directory.search(partition, f"(|{either})", ["msRTCSIP-PrimaryHomeServer"]):
            homes[wanted[names.key(entry.dn)]] = pools.name_of(entry.first("msRTCSIP-PrimaryHomeServer"))
    return homes


def read_cms_pointers(directory: Directory, base: str) -> tuple[str, ...]:
    r"""Where the Central Management Store is: `drse01.lync.test\rtc`. A sound forest names one, and each once."""
    settings = below_services(directory, base, "msRTCSIP-GlobalTopologySetting", ["msRTCSIP-BackEndServer"])
    return tuple(sorted({value for entry in settings for value in entry.all("msRTCSIP-BackEndServer")}))


@dataclass(frozen=True)
class Pools:
    """The pool objects of the forest."""

    by_dn: Mapping[str, str]
    by_key: Mapping[names.Key, str]
    branches: frozenset[names.Key]

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Pools:
        found = {entry.dn: entry for entry in entries}
        return cls(
            by_dn={dn: entry.first("dNSHostName").lower() for dn, entry in sorted(found.items())},
            by_key={names.key(dn): entry.first("dNSHostName").lower() for dn, entry in found.items()},
            branches=frozenset(
                names.key(dn) for dn, entry in found.items() if entry.first("msRTCSIP-PoolType") not in ORDINARY_POOLS
            ),
        )

    def name_of(self, home: str) -> str:
        """The pool above the service object; the DN itself where there is none."""
        pool = self._above(home)
        return self.by_key[pool] if pool else home

    def is_branch(self, home: str) -> bool:
        return self._above(home) in self.branches

    def _above(self, home: str) -> names.Key | None:
        key = names.key(home) if home else ()
        above = (key[:length] for length in range(len(key), 0, -1))
        return next((pool for pool in above if pool in self.by_key), None)


def read_pools(directory: Directory, base: str) -> Pools:
    """The pool objects of the forest."""
    return Pools.of(below_services(directory, base, "msRTCSIP-Pool", ["dNSHostName", "msRTCSIP-PoolType"]))


def _chunks(base: str, dns: Sequence[str]) -> Iterator[tuple[str, Sequence[str]]]:
    """(partition, DNs in it): the domain holds users, the configuration partition Lync's own contacts."""
    configuration = names.key(f"CN=Configuration,{base}")
    inside: dict[str, list[str]] = {base: [], f"CN=Configuration,{base}": []}
    for dn in dns:
        here = names.key(dn)[: len(configuration)] == configuration
        inside[f"CN=Configuration,{base}" if here else base].append(dn)
    for partition, there in inside.items():
        yield from ((partition, there[start : start + CHUNK]) for start in range(0, len(there), CHUNK))


def below_services(directory: Directory, base: str, kind: str, attributes: Sequence[str]) -> list[Entry]:
    """Objects of a class, wherever setup put CN=RTC Service: the configuration partition, or the root domain."""
    return [
        entry
        for container in (f"CN=Configuration,{base}", f"CN=System,{base}")
        for entry in directory.search(container, f"(objectClass={kind})", attributes, Scope.SUBTREE)
    ]
