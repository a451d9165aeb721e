"""The TCP ports that each role listens on, and the targets that follow from a site's machines.

Source: Microsoft, "Ports and protocols for internal servers" (Lync Server 2010 and 2013) and "Port and protocol
requirements for servers" (Skype for Business Server 2015 and 2019); for the Edge, its internal firewall's port summary.
Left out are UDP ports (SQL Browser 1434, STUN 3478, media), where silence proves nothing, and ports that a server calls
from and does not listen on (Mediation 5081 and 5082, E9-1-1 5066).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import get_args

from lyncdr_helpers.checks import Severity
from lyncdr_helpers.params.generation import Generation

SIP = 5061


class Role(StrEnum):
    """What a machine does. A Standard Edition server does most of these."""

    FRONT_END = "Front End"
    WEB = "web services"
    CONFERENCING = "conferencing"
    DIAL_IN = "dial-in conferencing"
    RESPONSE_GROUPS = "Response Groups"
    CALL_PARK = "call park"
    MOBILITY = "mobility"
    CENTRAL_MANAGEMENT = "Central Management"
    MEDIATION = "Mediation"
    DIRECTOR = "Director"
    EDGE = "Edge"
    PERSISTENT_CHAT = "Persistent Chat"
    WEB_APPS = "Office Web Apps"
    BACK_END = "SQL Server, default instance"
    FILE_STORE = "file store"


class Shown(StrEnum):
    """Which certificate a TLS port shows, and so which names it must hold. NONE: no TLS, or none worth a look.

    OWN: of a server that only servers talk to. EXTERNAL: behind the reverse proxy, whose names nobody here knows.
    """

    NONE = ""
    SIGN_IN = "sign-in"
    WEB = "web"
    EXTERNAL = "external web"
    OWN = "own"


SHOULD = Severity.SHOULD
EVERY: tuple[Generation, ...] = get_args(Generation)
SINCE_2013 = EVERY[1:]


@dataclass(frozen=True)
class Listening:
    """That a role listens on a port, what for, and in which generations.

    severity: MUST where users or administrators cannot work without it; SHOULD where not every site has it, or a part
    of the service goes on.
    """

    role: Role
    port: int
    purpose: str
    severity: Severity = Severity.MUST
    shows: Shown = Shown.NONE
    generations: tuple[Generation, ...] = EVERY


LISTENING = (
    Listening(Role.FRONT_END, SIP, "clients sign in, servers talk SIP", shows=Shown.SIGN_IN),
    Listening(Role.FRONT_END, 444, "conferences and branch appliances reach the Focus"),
    Listening(Role.FRONT_END, 135, "users are moved with their data (DCOM)"),
    Listening(Role.WEB, 443, "address book, meetings, certificates (internal web services)", shows=Shown.WEB),
    Listening(Role.WEB, 4443, "the reverse proxy, and other pools' autodiscover", SHOULD, Shown.EXTERNAL),
    Listening(Role.WEB, 80, "web services without TLS: device updates, root certificates", SHOULD),
    Listening(Role.WEB, 8080, "the reverse proxy, without TLS", SHOULD),
    Listening(Role.WEB, 8060, "web services among themselves", SHOULD),
    Listening(Role.WEB, 8061, "web services among themselves", SHOULD),
    Listening(Role.CONFERENCING, 5062, "messages in conferences"),
    Listening(Role.CONFERENCING, 5063, "audio and video conferences"),
    Listening(Role.CONFERENCING, 5065, "application sharing"),
    Listening(Role.CONFERENCING, 8057, "web conferences (PSOM)"),
    Listening(Role.CONFERENCING, 8058, "web conferences with older clients (PSOM)", SHOULD),
    Listening(Role.DIAL_IN, 5064, "callers of dial-in conferences"),
    Listening(Role.DIAL_IN, 5072, "the Conferencing Attendant"),
    Listening(Role.DIAL_IN, 5073, "the Conferencing Announcement service", SHOULD),
    Listening(Role.RESPONSE_GROUPS, 5071, "callers of Response Groups"),
    Listening(Role.RESPONSE_GROUPS, 8404, "Response Groups among servers", SHOULD),
    Listening(Role.CALL_PARK, 5075, "call park"),
    Listening(Role.MOBILITY, 5086, "mobile clients, internal", generations=SINCE_2013),
    Listening(Role.MOBILITY, 5087, "mobile clients, external", generations=SINCE_2013),
    Listening(Role.CENTRAL_MANAGEMENT, 445, "the configuration's way to the other servers"),
    Listening(Role.MEDIATION, 5070, "calls from the Front Ends", shows=Shown.OWN),
    # A gateway uses one of the two.
    Listening(Role.MEDIATION, 5067, "calls from the gateway, by TLS", SHOULD),
    Listening(Role.MEDIATION, 5068, "calls from the gateway, by TCP", SHOULD),
    Listening(Role.DIRECTOR, SIP, "clients sign in, servers talk SIP", shows=Shown.SIGN_IN),
    Listening(Role.DIRECTOR, 444, "Front Ends reach the Director"),
    Listening(Role.DIRECTOR, 443, "web services", shows=Shown.WEB),
    Listening(Role.DIRECTOR, 4443, "the reverse proxy", SHOULD, Shown.EXTERNAL),
    Listening(Role.DIRECTOR, 80, "web services without TLS", SHOULD),
    Listening(Role.EDGE, SIP, "remote users and federation, on to the next hop", shows=Shown.OWN),
    Listening(Role.EDGE, 5062, "who may use the media relay"),
    Listening(Role.EDGE, 4443, "the configuration comes from the Central Management Store"),
    Listening(Role.EDGE, 443, "media of users inside (STUN over TCP)"),
    Listening(Role.EDGE, 8057, "web conferences with people outside (PSOM)", SHOULD),
    # A product of its own in 2010, whose server is installed in an activation only; gone in 2019.
    Listening(Role.PERSISTENT_CHAT, 5041, "chat rooms (SIP)", generations=("lync2013", "sfb2015"), shows=Shown.OWN),
    Listening(Role.PERSISTENT_CHAT, 881, "chat rooms among servers (WCF)", generations=("lync2013", "sfb2015")),
    Listening(Role.PERSISTENT_CHAT, 443, "files of chat rooms", SHOULD, generations=("lync2013", "sfb2015")),
    Listening(Role.WEB_APPS, 443, "presentations in meetings", generations=SINCE_2013, shows=Shown.OWN),
    # A named instance chooses its port itself and tells it over UDP.
    Listening(Role.BACK_END, 1433, "the pool's databases"),
    Listening(Role.FILE_STORE, 445, "the pool's file share"),
)
"""Every role and port, once."""


@dataclass(frozen=True)
class Machine:
    """A server and what it does. address: an IP address, or its name where only DNS knows. pool: the name it serves."""

    fqdn: str
    address: str
    roles: frozenset[Role]
    pool: str = ""
    sip_port: int = SIP


@dataclass(frozen=True)
class Target:
    """One port of one machine. purposes: all that is lost when it does not answer. shows: see Shown."""

    machine: Machine
    port: int
    severity: Severity
    purposes: tuple[str, ...]
    shows: tuple[Shown, ...] = ()

    def __str__(self) -> str:
        return f"{self.machine.fqdn}:{self.port}"

    @property
    def server_name(self) -> str:
        """Whom a client means when it comes here."""
        return self.machine.pool or self.machine.fqdn


def targets(machines: Iterable[Machine], generation: Generation) -> tuple[Target, ...]:
    """What must answer, in the order of the machines, each port of each address once."""
    found: dict[tuple[str, int], Target] = {}
    for machine in machines:
        for one in LISTENING:
            if one.role in machine.roles and generation in one.generations:
                target = _target(machine, one)
                key = (machine.address, target.port)
                found[key] = _both(found[key], target) if key in found else target
    return tuple(found.values())


def _target(machine: Machine, one: Listening) -> Target:
    port = machine.sip_port if one.role is Role.FRONT_END and one.port == SIP else one.port
    return Target(machine, port, one.severity, (one.purpose,), (one.shows,) if one.shows else ())


def _both(one: Target, other: Target) -> Target:
    """A port that two roles share is needed as much as the one that needs it more."""
    return Target(
        one.machine,
        one.port,
        Severity.MUST if Severity.MUST in (one.severity, other.severity) else Severity.SHOULD,
        tuple(dict.fromkeys(one.purposes + other.purposes)),
        tuple(dict.fromkeys(one.shows + other.shows)),
    )
