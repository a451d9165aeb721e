"""The people of the lab, and the applications that have addresses like people, with their directory entries."""

from __future__ import annotations

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DOMAIN, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import APPLICATION_CONTACTS, CLOUD, ON_PREMISES, PEOPLE, POOLS, DirectoryEntry

LOCALES = ("en_US", "de_DE", "pl_PL", "es_ES", "cs_CZ", "sv_SE", "el_GR", "ja_JP")
NAMES_PER_LOCALE = 30

# Every lab has these, so that tests and trainees find them by name.
NO_CONTACTS = f"newcomer@{DOMAIN}"
THOUSAND_CONTACTS = f"switchboard@{DOMAIN}"
APOSTROPHE = f"o'brien@{DOMAIN}"
NON_ASCII = f"zoe.angstrom@{DOMAIN}"
COMMA = f"jurgen.muller@{DOMAIN}"
DISABLED = f"on.leave@{DOMAIN}"
BRANCH_USER = f"branch.clerk@{DOMAIN}"
TEST_USERS = (f"monitor1@{DOMAIN}", f"monitor2@{DOMAIN}")

SPECIALS = (
    (APOSTROPHE, "Siobhán", "Siobhán O'Brien"),
    (NON_ASCII, "Zoë", "Zoë Ångström 山田"),
    (COMMA, "Jürgen", "Müller, Jürgen"),
    (NO_CONTACTS, "New", "New Comer"),
    (THOUSAND_CONTACTS, "Switch", "Switchboard"),
    (DISABLED, "On", "On Leave"),
)
"""Address, given name, display name; their CN is the display name, as administrators' tools make it."""

ATTENDANT, RESPONSE_GROUP = "urn:application:Caa", "urn:application:RGS"
"""msRTCSIP-OwnerUrn of dial-in access numbers, and of Response Groups."""

PHONE, ANALOG, ROOM = "urn:device:commonareaphone", "urn:device:analogdevice", "urn:device:roomsystem"
"""Of common area phones, of analog devices, and of meeting rooms, which Lync 2010 does not know."""

APPLICATIONS = (
    (f"conferencing-attendant@{DOMAIN}", "Conferencing Attendant", ATTENDANT),
    (f"help-desk@{DOMAIN}", "Help Desk", RESPONSE_GROUP),
    (f"sales@{DOMAIN}", "Sales Hotline", RESPONSE_GROUP),
    (f"reception@{DOMAIN}", "Reception", RESPONSE_GROUP),
    (f"paging@{DOMAIN}", "Paging", "urn:application:com.lync.test.paging"),
    (f"lobby-phone@{DOMAIN}", "Lobby", PHONE),
    (f"canteen-phone@{DOMAIN}", "Canteen", PHONE),
    (f"fax@{DOMAIN}", "Fax", ANALOG),
    (f"voice-mail@{DOMAIN}", "Voice Mail", ""),
)
"""Address, display name, owner. Exchange UM's has none, as far as anybody says."""

ROOMS = ((f"boardroom@{DOMAIN}", "Board Room"),)

SHARE_DISABLED = 0.02
SHARE_VOICE = 0.4

ACTIVE, DISABLED_ACCOUNT = "544", "514"
"""userAccountControl: a normal account that needs no password, so that a real DC takes it; a disabled one."""


@dataclass(frozen=True, slots=True)
class Person:
    """One account. address: without `sip:`, empty for someone who is not enabled for Lync.

    cn: unique in its container. pool: the home; empty in the cloud and without Lync. option_flags: 257 IM only, 385
    with voice. owner: the URN of what an application's contact belongs to.
    """

    cn: str
    account: str
    address: str
    given_name: str
    display_name: str
    phone: str
    pool: str = PRIMARY_POOL
    kind: Literal["user", "application"] = "user"
    enabled: bool = True
    locator: str = ON_PREMISES
    option_flags: int = 257
    owner: str = ""

    @property
    def dn(self) -> str:
        container = APPLICATION_CONTACTS if self.owner.startswith("urn:application:") else PEOPLE
        return "CN=" + self.cn.replace(",", "\\,") + "," + container

    def entry(self) -> DirectoryEntry:
        """Its object in the directory."""
        return self.dn, {**self._account(), **self._lync()}

    def _account(self) -> dict[str, list[str]]:
        named = {"cn": [self.cn], "displayName": [self.display_name], "telephoneNumber": [self.phone]}
        if self.kind == "application" and not self.account:
            return {"objectClass": ["contact"], **named}
        principal = self.address or f"{self.account}@{DOMAIN}"
        return {
            "objectClass": ["user"],
            **named,
            "sAMAccountName": [self.account],
            "userPrincipalName": [principal],
            "givenName": [self.given_name],
            "mail": [principal],
            "userAccountControl": [ACTIVE if self.enabled else DISABLED_ACCOUNT],
        }

    def _lync(self) -> dict[str, list[str]]:
        if not self.address:
            return {}
        facts = {
            "msRTCSIP-PrimaryUserAddress": [f"sip:{self.address}"],
            "msRTCSIP-UserEnabled": ["TRUE" if self.enabled else "FALSE"],
            "msRTCSIP-DeploymentLocator": [self.locator],
            "msRTCSIP-OptionFlags": [str(self.option_flags)],
        }
        if self.option_flags & 128:
            facts["msRTCSIP-Line"] = [f"tel:{self.phone}"]
        if self.owner:
            facts["msRTCSIP-OwnerUrn"] = [self.owner]
        if self.pool:
            home = POOLS[self.pool]
            facts["msRTCSIP-PrimaryHomeServer"] = [home.service]
            facts["msRTCSIP-UserPolicies"] = [f"0={home.tag}", "1=7"]
        return facts


def everyone(users: int, draw: random.Random, seed: int) -> Iterator[Person]:
    """`users` people homed on the primary pool, the specials first, then the few that live elsewhere."""
    yield from _specials(users)
    yield from _ordinary(range(len(SPECIALS) + 1, users + 1), draw, seed)
    yield from _elsewhere()
    yield from _applications()


def _specials(users: int) -> Iterator[Person]:
    for number, (address, given, display) in enumerate(SPECIALS[:users], 1):
        enabled = address != DISABLED
        yield Person(display, f"special{number}", address, given, display, f"+1555010{number}", enabled=enabled)


def _ordinary(numbers: range, draw: random.Random, seed: int) -> Iterator[Person]:
    given_names, family_names = zip(*_names(seed), strict=True)
    taken: Counter[str] = Counter()
    for number in numbers:
        account = f"u{number:05d}"
        given, family = draw.choice(given_names), draw.choice(family_names)
        yield Person(
            account,
            account,
            _address(given, family, number, taken),
            given,
            f"{given} {family}",
            f"+1555{number:06d}",
            enabled=draw.random() > SHARE_DISABLED,
            option_flags=385 if draw.random() < SHARE_VOICE else 257,
        )


def _elsewhere() -> Iterator[Person]:
    for number in range(1, 6):
        name, address = f"cloud{number}", f"cloud.user{number}@{DOMAIN}"
        yield Person(name, name, address, "Cloud", f"Cloud User {number}", "+15550400", pool="", locator=CLOUD)
    for number in range(1, 4):
        yield Person(f"nolync{number}", f"nolync{number}", "", "No", f"No Lync {number}", "+15550500", pool="")
    for number, address in enumerate(TEST_USERS, 1):
        name = f"monitor{number}"
        yield Person(name, name, address, "Health", f"Health Monitor {number}", "+15550600", pool=DR_POOL)
    yield Person("branch1", "branch1", BRANCH_USER, "Branch", "Branch Clerk", "+15550300", BRANCH_POOL)


def _applications() -> Iterator[Person]:
    for address, display, owner in APPLICATIONS:
        yield Person(display, "", address, "", display, "+15550900", kind="application", owner=owner)


def rooms() -> Iterator[Person]:
    """Meeting rooms on the primary pool: accounts of their own, that sign in to nothing but Lync."""
    for number, (address, display) in enumerate(ROOMS, 1):
        yield Person(display, f"room{number}", address, display, display, "+15550800", kind="application", owner=ROOM)


def is_called_by_name(one: Person) -> bool:
    """Whether people have it in their contact lists: each other, the Response Groups and the attendant."""
    return one.kind == "user" or one.owner in (ATTENDANT, RESPONSE_GROUP)


def _names(seed: int) -> list[tuple[str, str]]:
    from faker import Faker  # whoever serves the lab knows people, and never makes any

    pool = []
    for locale in LOCALES:
        fake = Faker(locale, providers=["faker.providers.person"])
        fake.seed_instance(seed)
        pool += [(fake.first_name(), fake.last_name()) for _ in range(NAMES_PER_LOCALE)]
    return pool


def _address(given: str, family: str, number: int, taken: Counter[str]) -> str:
    """A unique address in ASCII; people whose names have none get their number."""
    plain = f"{_ascii(given)}.{_ascii(family)}".strip(".") or f"user{number}"
    taken[plain] += 1
    return f"{plain}{taken[plain] if taken[plain] > 1 else ''}@{DOMAIN}"


def _ascii(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).lower()
    return "".join(letter for letter in folded if letter.isascii() and letter.isalnum())
