"""The plan of a fail back: what was seen -> what would change. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.directory.users import User, bare_address
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases import activation_plan, endpoints
from lyncdr_helpers.phases.failback_lists import Lists
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.ports import RecordChange, RecordSet

MOVE = activation_plan.MOVE
ENDPOINT = activation_plan.ENDPOINT
CONFERENCES = activation_plan.CONFERENCES
EDGE = activation_plan.EDGE
MERGE = "merge-contacts"
RESPONSE_GROUP = "return-response-group"
ORIGINAL = "original"
"""In a Response Group's detail: what it was called before it came to the DR pool under another name."""
RECORD = cutover.KIND


@dataclass(frozen=True)
class Travellers:
    """Who goes home. users: on the DR pool now. staying: on the DR pool, but not from the primary.

    strayed: from the primary, and now neither there nor on the DR pool, as `ana@x.test is on pool03.x.test`. home: from
    the primary, and there already.
    """

    users: tuple[User, ...]
    staying: tuple[User, ...] = ()
    strayed: tuple[str, ...] = ()
    home: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What a plan is made from. groups: the Response Groups that go home. came_as: what those are called there that had
    another name before, by that name.

    endpoints: what came from the primary and is no user, by address. directories: the conference directories that came
    from there and are at the DR pool now, by number. moved_edges: what the activation made of each Edge. edges: the
    next hop of each now. group_chat: what bringing it home changes. recorded, records: what each record was before the
    disaster, and is now, by key.
    """

    travellers: Travellers
    lists: Lists
    inventory: Inventory
    groups: tuple[str, ...] = ()
    came_as: Mapping[str, str] = field(default_factory=dict)
    endpoints: frozenset[str] = frozenset()
    directories: tuple[str, ...] = ()
    moved_edges: Mapping[str, Change] = field(default_factory=dict)
    edges: Mapping[str, str] = field(default_factory=dict)
    group_chat: tuple[Change, ...] = ()
    recorded: Mapping[str, RecordSet | None] = field(default_factory=dict)
    records: Mapping[str, RecordSet | None] = field(default_factory=dict)


def travellers(inventory: Inventory, params: Params, known: Iterable[str]) -> Travellers:
    """known: whoever was the primary's before, by the backup or by what an activation moved."""
    primary, dr = params.failed_pool.fqdn, params.target_pool.fqdn
    theirs, there = frozenset(known), inventory.movable(dr)
    now = {user.address: user.home for user in inventory.users}
    elsewhere = sorted(one for one in theirs if now.get(one) not in (primary, dr))
    return Travellers(
        users=tuple(user for user in there if user.address in theirs),
        staying=tuple(user for user in there if user.address not in theirs),
        strayed=tuple(f"{one} is {_whereabouts(now.get(one))}" for one in elsewhere),
        home=tuple(sorted(one for one in theirs if now.get(one) == primary)),
    )


def _whereabouts(home: str | None) -> str:
    """Of somebody by their home; None for whom the directory has no longer."""
    return "gone" if home is None else f"on {home or 'no pool'}"


def make(run: str, params: Params, basis: Mapping[str, str], seen: Seen, pilot: str = "") -> Plan:
    """Everybody from the primary goes home, with their lists made whole, and the records say what they said before.

    basis: the parameters' digest and the sets it rests on. pilot: who goes first; empty for the first of them.
    """
    primary, dr = params.failed_pool.fqdn, params.target_pool.fqdn
    users = seen.travellers.users
    first = choose_pilot(users, pilot)
    changes = [
        *(Change(MOVE, user.address, dr, primary, {"dn": user.dn}) for user in users),
        *_endpoints(seen, dr, primary),
        *(Change(CONFERENCES, number, dr, primary) for number in seen.directories),
        *_lists(seen.lists),
        *_groups(seen, dr, primary),
        *_edges(seen),
        *map(cutover.to_plan, _records(seen.recorded, seen.records)),
        *seen.group_chat,
    ]
    scope = f"{dr} -> {primary}, {len(users):,} users"
    return Plan.of(run, params.deployment, scope, {**basis, "pilot": first}, changes)


def choose_pilot(users: Sequence[User], wanted: str = "") -> str:
    """Who goes first: who is wanted, else the first who may sign in; empty where nobody goes home.

    Raises InputError for one who does not go home.
    """
    pilot = bare_address(wanted)
    if pilot and pilot not in {user.address for user in users}:
        raise InputError(f"The pilot {pilot} is not among the {len(users):,} who go home.", "Name one who is.")
    first = min(users, key=lambda user: (not user.enabled, user.address), default=None)
    return pilot or (first.address if first else "")


def _endpoints(seen: Seen, dr: str, primary: str) -> Iterable[Change]:
    for endpoint, some in endpoints.by_kind(seen.inventory.homed_on(dr)).items():
        for one in some:
            if one.address in seen.endpoints:
                yield Change(ENDPOINT, one.address, dr, primary, {"dn": one.dn, "what": endpoint.name})


def _groups(seen: Seen, dr: str, primary: str) -> Iterable[Change]:
    originals = {called: name for name, called in seen.came_as.items() if called}
    for name in seen.groups:
        detail = {ORIGINAL: originals[name]} if name in originals else {}
        yield Change(RESPONSE_GROUP, name, dr, primary, detail)


def _edges(seen: Seen) -> Iterable[Change]:
    """Back to where each was; one that somebody has pointed elsewhere since is theirs."""
    for edge, moved in seen.moved_edges.items():
        if seen.edges.get(edge) == moved.new:
            yield Change(EDGE, edge, moved.new, moved.old)


def _lists(lists: Lists) -> Iterable[Change]:
    """Everybody's list is proven at home; `merged` says how many pieces of it the DR pool does not have."""
    for user, digest in lists.digests.items():
        merged = len(lists.merges[user].merged) if user in lists.merges else 0
        yield Change(MERGE, user, "", digest, {"contacts": str(lists.contacts[user]), "merged": str(merged)})


def _records(recorded: Mapping[str, RecordSet | None], now: Mapping[str, RecordSet | None]) -> Iterable[RecordChange]:
    return (RecordChange(now[key], before) for key, before in sorted(recorded.items()) if now[key] != before)
