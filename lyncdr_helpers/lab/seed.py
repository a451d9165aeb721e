"""The seeded deployment: the same blueprint always gives the same people, lists, Response Groups and meetings."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.lab import contact_lists, forest, people
from lyncdr_helpers.lab.blueprint import DOMAIN, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.forest import DirectoryEntry
from lyncdr_helpers.lab.people import Person
from lyncdr_helpers.lab.response_groups import Kind, Meeting, ResponseGroup
from lyncdr_helpers.ports import RecordSet

TTL = 60
SHARE_IN_EXCHANGE = 50
"""From 2013 on one user in so many, and two more, have their contacts in Exchange."""
SUBJECTS = ("Weekly review", "Jour fixe", "Reunión de equipo", "1:1", "Quarterly numbers")
TEAMS = (("Help Desk", "help-desk"), ("Sales Hotline", "sales"), ("Reception", "reception"))


@dataclass(frozen=True)
class Deployment:
    """Everything that stands in the lab on its first day."""

    blueprint: Blueprint
    people: tuple[Person, ...]
    lists: tuple[ContactList, ...]
    response_groups: tuple[ResponseGroup, ...]
    meetings: tuple[Meeting, ...]
    in_exchange: frozenset[str] = frozenset()

    def directory_entries(self) -> list[DirectoryEntry]:
        """Every object of the directory, parents first; each `(dn, attributes as text)`."""
        lab = self.blueprint
        return [*forest.entries(lab.generation, lab.cms_pool), *(person.entry() for person in self.people)]

    def homed(self, pool: str) -> Iterator[str]:
        """The addresses of the users, enabled or not, whose home is the pool."""
        return (person.address for person in self.people if person.kind == "user" and person.pool == pool)

    def contact_lists(self, pool: str) -> Iterator[ContactList]:
        """The lists that the pool keeps: not those that are in Exchange."""
        here = set(self.homed(pool)) - self.in_exchange
        return (found for found in self.lists if found.user in here)

    def lists_in_exchange(self) -> Iterator[ContactList]:
        """The lists in the unified contact store."""
        return (found for found in self.lists if found.user in self.in_exchange)

    def meetings_of(self, pool: str) -> Iterator[Meeting]:
        """The meetings that the pool keeps."""
        here = set(self.homed(pool))
        return (meeting for meeting in self.meetings if meeting.organizer in here)

    def response_groups_of(self, pool: str) -> Iterator[ResponseGroup]:
        """The Response Groups that the pool runs: each begins where its owner is."""
        return (group for group in self.response_groups if group.owner == pool)

    def zone_records(self) -> list[RecordSet]:
        """The zone lync.test but for its SOA and NS, sorted."""
        lab = self.blueprint
        hosts = {
            **dict.fromkeys(
                ("sip", "sipinternal", "lyncdiscoverinternal", "meet", "dialin", "admin"), lab.primary_server
            ),
            **dict.fromkeys(("pool01", "fe01"), lab.primary_server),
            "drse01": lab.dr_server,
            "dc1": lab.domain_controller,
            "mgmt": lab.management_host,
        }
        records = [RecordSet(f"{host}.{DOMAIN}", "A", TTL, (address,)) for host, address in hosts.items()]
        signpost = RecordSet(f"_sipinternaltls._tcp.{DOMAIN}", "SRV", TTL, (f"0 0 5061 {PRIMARY_POOL}.",))
        return sorted([*records, signpost])


def generate(blueprint: Blueprint) -> Deployment:
    """The deployment of that blueprint: its seed and its numbers decide everything but the addresses."""
    draw = random.Random(f"{blueprint.seed}/{blueprint.users}")
    rooms = () if blueprint.generation == "lync2010" else tuple(people.rooms())
    everyone = (*people.everyone(blueprint.users, draw, blueprint.seed), *rooms)
    users = [person.address for person in everyone if person.kind == "user" and person.pool]
    known = [(one.address, one.display_name) for one in everyone if one.address and people.is_called_by_name(one)]
    return Deployment(
        blueprint,
        everyone,
        tuple(contact_lists.generate(users, known, blueprint.contacts, draw)),
        tuple(_response_groups(draw)),
        tuple(_meetings(users, draw)),
        _in_exchange(blueprint, everyone),
    )


def _in_exchange(blueprint: Blueprint, everyone: Iterable[Person]) -> frozenset[str]:
    """A few users of the primary pool whom nothing else sets apart; Lync 2010 knows no unified contact store."""
    if blueprint.generation == "lync2010":
        return frozenset()
    plain = {one.address for one in everyone if (one.kind, one.pool, one.enabled) == ("user", PRIMARY_POOL, True)}
    ordinary = sorted(plain - {address for address, _, _ in people.SPECIALS})
    draw = random.Random(f"{blueprint.seed}/{blueprint.users}/exchange")
    return frozenset(draw.sample(ordinary, min(len(ordinary), 2 + blueprint.users // SHARE_IN_EXCHANGE)))


def _response_groups(draw: random.Random) -> Iterator[ResponseGroup]:
    for team, address in TEAMS:
        agents, queue = f"{team} Agents", f"{team} Queue"
        yield _response_group(draw, "AgentGroup", agents)
        yield _response_group(draw, "Queue", queue, refers_to=(agents,))
        yield _response_group(draw, "Workflow", team, f"{address}@{DOMAIN}", (queue,))


def _response_group(
    draw: random.Random, kind: Kind, name: str, address: str = "", refers_to: tuple[str, ...] = ()
) -> ResponseGroup:
    return ResponseGroup(_guid(draw), kind, name, PRIMARY_POOL, address, refers_to)


def _meetings(users: list[str], draw: random.Random) -> Iterator[Meeting]:
    for user in users:
        for _ in range(draw.choice((0, 0, 0, 1, 1, 3))):
            yield Meeting(user, _guid(draw), draw.choice(SUBJECTS))


def _guid(draw: random.Random) -> str:
    return str(uuid.UUID(int=draw.getrandbits(128), version=4))
