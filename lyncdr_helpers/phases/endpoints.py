"""What has a SIP address and is no user: told by its owner, and what brings it to another pool."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lyncdr_helpers.directory.users import Kind, User
from lyncdr_helpers.shell import endpoints
from lyncdr_helpers.shell.endpoints import Move


@dataclass(frozen=True)
class Endpoint:
    """One kind. move: what rehomes it. imported: an import of Response Groups brings it along, as far as known (?)."""

    name: str
    move: Move
    imported: bool = False

    @property
    def cmdlet(self) -> str:
        return self.move("", "").cmdlet


OWNERS: Mapping[str, Endpoint] = {
    "urn:application:rgs": Endpoint("Response Group contacts", endpoints.move_application_endpoints, imported=True),
    "urn:application:caa": Endpoint("dial-in access numbers", endpoints.move_application_endpoints),
    "urn:device:commonareaphone": Endpoint("common area phones", endpoints.move_common_area_phones),
    "urn:device:analog": Endpoint("analog devices", endpoints.move_analog_devices),
    "urn:device:roomsystem": Endpoint("meeting rooms", endpoints.move_meeting_rooms),
    "urn:application:": Endpoint("trusted application contacts", endpoints.move_application_endpoints),
}
"""By how msRTCSIP-OwnerUrn begins; the first that fits. Source: what administrators' scripts search for."""

OTHERS = Endpoint("contacts without an owner", endpoints.move_um_contacts)
"""Exchange UM's own, as far as anybody says (?)."""

KINDS: Mapping[str, Endpoint] = {one.name: one for one in (*OWNERS.values(), OTHERS)}
"""By name, in the order in which they are moved."""


def endpoint_of(owner: str) -> Endpoint:
    """The kind of an object with that owner, an URN or nothing."""
    fitting = (endpoint for begin, endpoint in OWNERS.items() if owner.lower().startswith(begin))
    return next(fitting, OTHERS)


def by_kind(homed: Iterable[User]) -> Mapping[Endpoint, list[User]]:
    """Those of them that are no users, kind by kind."""
    found: dict[Endpoint, list[User]] = defaultdict(list)
    for one in homed:
        if one.kind is Kind.APPLICATION:
            found[endpoint_of(one.owner)].append(one)
    return found
