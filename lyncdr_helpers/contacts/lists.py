"""A user's contact list, as a pool keeps it and dbimpexp carries it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lyncdr_helpers import files

Broken = Callable[[str, str], None]
"""Told of a user's record that cannot be read, by (address, reason); the record is left out, and the others go on."""

OTHER_CONTACTS = "~"
"""The name of group 1, which clients show as "Other Contacts"."""

CONTAINERS = {100: "external", 200: "colleagues", 300: "workgroup", 400: "friends", 32000: "blocked"}
"""What the numbers of privacy containers mean."""


@dataclass(frozen=True, slots=True)
class Group:
    """One contact group. `external_uri` is set where the group mirrors a distribution group, and identifies it."""

    number: int
    name: str
    external_uri: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same group on another pool, where its number may differ: the address, or the name."""
        return ("", self.external_uri.lower()) if self.external_uri else (self.name, "")


@dataclass(frozen=True, slots=True)
class Contact:
    """One buddy. `buddy`: address without `sip:`, lower case. `groups`: numbers of the groups it is in."""

    buddy: str
    subscribe: bool = True
    groups: tuple[int, ...] = (1,)
    display_name: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Member:
    """Somebody in one of the user's privacy containers: whom the user blocked, or calls a colleague or a friend."""

    container: int
    address: str

    def __str__(self) -> str:
        return f"{CONTAINERS.get(self.container, f'container {self.container}')}: {self.address}"


@dataclass(frozen=True, slots=True)
class ContactList:
    """One user's list. `user`: address without `sip:`, lower case.

    `element` is the whole HomedResource as canonical XML (C14N 1.0, UTF-8) and the truth; the other fields are what we
    understand of it. Whoever carries a list carries the element, and with it what nobody here understands.
    """

    user: str
    groups: tuple[Group, ...]
    contacts: tuple[Contact, ...]
    element: bytes
    members: tuple[Member, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the element."""
        return files.digest(self.element)


def address(text: str) -> str:
    """`sip:Ana@Example.test` -> `ana@example.test`: the one spelling under which addresses are compared."""
    lower = text.strip().lower()
    return lower.removeprefix("sip:")
