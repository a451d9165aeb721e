"""From what must work again to what the DR site must hold: pure, and each answer with its reason and its source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.requirements import Requirements
from lyncdr_helpers.topology import roles

GUIDE = "base document: the design of the DR site"
PLANNING = "Microsoft, Lync Server planning"
READERS = "base document: its readers' questions"


class Part(StrEnum):
    """What a DR site is made of."""

    CENTRAL_SITE = "central site of its own"
    POOL = "Front End pool"
    FILE_STORE = "file store"
    INDEPENDENCE = "independence of the lost site"
    CMS = "Central Management Store"
    CONFERENCING = "conferencing service"
    WEB = "web services"
    SIMPLE_URLS = "simple URLs"
    APPLICATIONS = "application service"
    MEDIATION = "Mediation Server"
    GATEWAY = "PSTN gateway"
    EXCHANGE = "Exchange UM"
    GROUP_CHAT_SQL = "SQL Server for Group Chat"
    GROUP_CHAT_SERVER = "Windows server for Group Chat"
    ARCHIVING = "Archiving"
    MONITORING = "Monitoring"
    EDGE = "Edge Server"
    NEXT_HOP = "next hop of the Edge Server"
    POOL_EDGE = "Edge Server of the pool"
    REVERSE_PROXY = "reverse proxy"


@dataclass(frozen=True)
class Component:
    """One thing that DR must hold.

    needed_for: the keys of params' requirements. roles: the services that it consists of, all of them, `count` each;
    none where a topology document never holds it. must: without it the activation does not bring back what is needed.
    """

    part: Part
    needed_for: tuple[str, ...]
    why: str
    source: str
    roles: tuple[str, ...] = ()
    count: int = 1
    must: bool = True


def components(wanted: Requirements, generation: Generation) -> tuple[Component, ...]:
    """What the DR site must hold for these workloads, in the order in which it is built; each part once."""
    found: dict[Part, Component] = {}
    for one in _needed(wanted, generation):
        known = found.get(one.part)
        found[one.part] = one if not known else _joined(known, one)
    order = list(Part)
    return tuple(sorted(found.values(), key=lambda one: order.index(one.part)))


def _joined(known: Component, other: Component) -> Component:
    return replace(known, needed_for=known.needed_for + other.needed_for, must=known.must or other.must)


def _needed(wanted: Requirements, generation: Generation) -> Iterator[Component]:
    archiving = wanted.archiving
    yield from _foundation()
    for needed, found in (
        (wanted.conferencing, _conferencing()),
        (wanted.web, _web()),
        (wanted.response_groups, _response_groups()),
        (wanted.enterprise_voice, _voice()),
        (wanted.exchange_um, _exchange()),
        (wanted.group_chat, _group_chat(generation)),
        (archiving.needed, _archiving(generation, must=archiving.must_be_up_to_sign_in)),
        (wanted.monitoring, _monitoring(generation)),
        (wanted.remote_access, _edge("remote_access")),
        (wanted.remote_access, _reverse_proxy()),
        (wanted.federation, _edge("federation")),
    ):
        if needed:
            yield from found


def _foundation() -> Iterator[Component]:
    always = ("im_presence",)
    yield Component(
        Part.CENTRAL_SITE,
        always,
        "A pool of the same central site is lost with the site, or taken for a part of it.",
        GUIDE,
    )
    yield Component(
        Part.POOL,
        always,
        "The users of the lost pool are moved to it.",
        GUIDE,
        (roles.REGISTRAR, roles.USER_SERVICES, roles.USER_STORE),
    )
    yield Component(
        Part.FILE_STORE,
        always,
        "Address book, meeting content and the replica of the topology are files.",
        PLANNING,
        (roles.FILE_STORE,),
    )
    yield Component(
        Part.INDEPENDENCE, always, "What the DR pool needs of the lost site is lost with the site.", READERS
    )
    yield Component(
        Part.CMS,
        always,
        "Without it neither users nor the topology can be changed, and so nobody can be moved.",
        GUIDE,
        (roles.CENTRAL_MANAGEMENT, roles.CENTRAL_MANAGEMENT_STORE),
    )


def _conferencing() -> Iterator[Component]:
    why = "New meetings are held on the pool of whoever calls them."
    yield Component(Part.CONFERENCING, ("conferencing",), why, GUIDE, (roles.CONFERENCING,))
    yield Component(
        Part.WEB, ("conferencing",), "Meeting content and the address book are fetched from it.", PLANNING,
        (roles.WEB_SERVICES,),
    )  # fmt: skip


def _web() -> Iterator[Component]:
    yield Component(
        Part.WEB, ("web",), "The simple URLs lead to a pool's web services.", PLANNING, (roles.WEB_SERVICES,)
    )
    yield Component(
        Part.SIMPLE_URLS,
        ("web",),
        "Their names must be in the DR pool's certificate, and DNS must point them to DR.",
        PLANNING,
    )


def _response_groups() -> Iterator[Component]:
    yield Component(
        Part.APPLICATIONS,
        ("response_groups",),
        "Response Groups run in it, and are imported into its store.",
        GUIDE,
        (roles.APPLICATION_SERVER, roles.APPLICATION_STORE),
    )


def _voice() -> Iterator[Component]:
    voice = ("enterprise_voice",)
    yield Component(Part.MEDIATION, voice, "Calls to the telephone network pass through it.", GUIDE, (roles.MEDIATION,))
    yield Component(
        Part.GATEWAY, voice, "Calls leave the building by a gateway that stands in DR.", GUIDE, (roles.GATEWAY,)
    )


def _exchange() -> Iterator[Component]:
    why = "Voice mail is Exchange's: it must survive the site, and its contacts are moved to the DR pool."
    yield Component(Part.EXCHANGE, ("exchange_um",), why, PLANNING)


def _group_chat(generation: Generation) -> Iterator[Component]:
    later = " It is not installed beforehand: it would join the topology." if generation == "lync2010" else ""
    yield Component(
        Part.GROUP_CHAT_SQL, ("group_chat",), "Its database is restored there; the logins must be there already.", GUIDE
    )
    yield Component(
        Part.GROUP_CHAT_SERVER, ("group_chat",), f"Its server is installed there during the activation.{later}", GUIDE
    )


def _archiving(generation: Generation, *, must: bool) -> Iterator[Component]:
    """From 2013 on the Front Ends archive themselves; only a store is left."""
    why = "Nobody may sign in before it works." if must else "What is written in DR must be kept as well."
    server = (roles.ARCHIVING_SERVER,) if generation == "lync2010" else ()
    yield Component(Part.ARCHIVING, ("archiving",), why, GUIDE, (*server, roles.ARCHIVING_STORE), must=must)


def _monitoring(generation: Generation) -> Iterator[Component]:
    server = (roles.MONITORING_SERVER,) if generation == "lync2010" else ()
    why = "Calls made in DR are to be recorded; nobody is kept from working without it."
    yield Component(Part.MONITORING, ("monitoring",), why, PLANNING, (*server, roles.MONITORING_STORE), must=False)


def _edge(key: str) -> Iterator[Component]:
    yield Component(Part.EDGE, (key,), "The Edge Server of the lost site is lost with it.", GUIDE, (roles.EDGE,))
    yield Component(Part.NEXT_HOP, (key,), "An Edge Server that hands on to the lost pool reaches nobody.", GUIDE)
    yield Component(Part.POOL_EDGE, (key,), "A pool reaches the outside through the Edge Server it is given.", GUIDE)


def _reverse_proxy() -> Iterator[Component]:
    why = "From outside, address book, meetings and the simple URLs come through it to the DR pool's web services."
    yield Component(Part.REVERSE_PROXY, ("remote_access",), why, READERS)
