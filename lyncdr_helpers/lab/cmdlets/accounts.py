"""The lab's accounts, as its cmdlets read them in the directory and change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPOperationResult

from lyncdr_helpers.directory import names
from lyncdr_helpers.lab.blueprint import BASE_DN, Blueprint
from lyncdr_helpers.lab.cmdlets.lines import DOMAIN_CONTROLLER, end, lines
from lyncdr_helpers.lab.forest import CMS_POINTER, CONFERENCE_DIRECTORIES, CONFIGURATION, RTC_SERVICE, LabPool
from lyncdr_helpers.lab.winrm import Category, CmdletError

CHUNK = 100
"""Accounts looked up in one search."""
LINES = 4
"""Connections that change accounts side by side."""
PAGE = 500
PREFIX = "msRTCSIP-"
ATTRIBUTES = [
    *("objectClass", "sAMAccountName", "userPrincipalName", "displayName", "givenName", "mail"),
    *(f"{PREFIX}{name}" for name in ("PrimaryUserAddress", "UserEnabled", "PrimaryHomeServer", "UserPolicies")),
    *(f"{PREFIX}{name}" for name in ("DeploymentLocator", "OptionFlags", "Line", "TargetHomeServer", "OwnerUrn")),
]
ENABLED_FOR_LYNC = f"(&(objectClass=user)({PREFIX}PrimaryUserAddress=*)(!({PREFIX}OwnerUrn=*)){{}})"
ENDPOINTS = f"(&(|(objectClass=contact)({PREFIX}OwnerUrn=*))({PREFIX}PrimaryUserAddress=*){{}})"


@dataclass(frozen=True)
class Account:
    """One user, or one endpoint, that has a SIP address. `values`: attribute -> its values as text."""

    dn: str
    values: Mapping[str, tuple[str, ...]]

    def first(self, name: str) -> str:
        """The attribute's first value, or an empty text."""
        return next(iter(self.values.get(name, ())), "")

    def lync(self, name: str) -> str:
        """The first value of an attribute whose name begins with msRTCSIP-."""
        return self.first(PREFIX + name)

    @property
    def address(self) -> str:
        """Without `sip:`, lower case: what pool stores go by."""
        return self.lync("PrimaryUserAddress").lower().removeprefix("sip:")

    @property
    def home_entries(self) -> tuple[str, ...]:
        """The entries `0=<TagId>` of UserPolicies: one, or none."""
        return tuple(entry for entry in self.values.get(f"{PREFIX}UserPolicies", ()) if entry.startswith("0="))

    def is_called(self, identity: str) -> bool:
        """Whether a cmdlet's -Identity means this account. A display name may hold wildcards."""
        wanted = identity.lower()
        logon, account = self.first("userPrincipalName").lower(), self.first("sAMAccountName").lower()
        if wanted in (f"sip:{self.address}", self.address, logon, f"lync\\{account}"):
            return True
        if _is_dn(identity):
            return names.key(identity) == names.key(self.dn)
        return fnmatchcase(self.first("displayName").lower(), wanted)


class Accounts:
    """The directory, signed in to as its administrator. Raises CmdletError, terminating, when it does not answer."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._lines: dict[int, Any] = {}

    def close(self, *, hang_up: bool) -> None:
        """hang_up: something went wrong, and what a connection says next may still belong to that."""
        for connection in self._lines.values():
            if hang_up:
                end(connection)
            else:
                lines(self._blueprint).give_back(connection)
        self._lines.clear()

    def find(self, identities: Sequence[str]) -> Iterator[tuple[str, list[Account]]]:
        """(identity, the users it means), in the order given; two searches for two hundred of them."""
        for start in range(0, len(identities), CHUNK):
            some = identities[start : start + CHUNK]
            found = list(self.search(f"(|{''.join(map(_clause, some))})"))
            known = {name: account for account in found for name in (f"sip:{account.address}", account.address)}
            for identity in some:
                exact = known.get(identity.lower())
                yield identity, [exact] if exact else [one for one in found if one.is_called(identity)]

    def search(self, clause: str = "") -> Iterator[Account]:
        """The users with a SIP address that a filter's clause picks."""
        for entry in self._search(BASE_DN, ENABLED_FOR_LYNC.format(clause), ATTRIBUTES):
            yield Account(entry["dn"], _texts(entry["raw_attributes"]))

    def endpoints(self, identities: Sequence[str] = ()) -> list[Account]:
        """What has a SIP address and is no user: those meant by an identity, or all of them."""
        clause = f"(|{''.join(map(_clause, identities))})" if identities else ""
        return [
            Account(entry["dn"], _texts(entry["raw_attributes"]))
            for base in (BASE_DN, CONFIGURATION)
            for entry in self._search(base, ENDPOINTS.format(clause), ATTRIBUTES)
        ]

    def below_rtc_service(self, kind: str, *attributes: str) -> list[tuple[str, ...]]:
        """The first values of some attributes, which every object of that class below CN=RTC Service must have."""
        found = self._search(RTC_SERVICE, f"(objectClass={kind})", attributes)
        return [tuple(_texts(entry["raw_attributes"])[name][0] for name in attributes) for entry in found]

    def rehome_conference_directory(self, number: int, to: LabPool) -> None:
        """Make the pool the directory's home."""
        wanted = {f"{PREFIX}ConferenceDirectoryHomePool": [(ldap3.MODIFY_REPLACE, [to.dn])]}
        if why := _modify(self._line(0), f"CN={number},{CONFERENCE_DIRECTORIES}", wanted):
            raise CmdletError(f"The conference directory {number} cannot be changed. {why}", "ADOperationException")

    def rehome(self, accounts: Sequence[Account], to: LabPool) -> Iterator[tuple[Account, str]]:
        """Make the pool their home, both values of it; (account, why not: empty when done).

        Several connections work side by side, each in a thread of its own. (ldap3 can also pipeline on one, but then
        reads and writes a TLS socket from two threads at once, and answers get lost.)
        """
        shares = [accounts[line::LINES] for line in range(min(LINES, len(accounts)))]
        with ThreadPoolExecutor(LINES) as workers:
            for done in workers.map(lambda line: self._rehome(self._line(line), shares[line], to), range(len(shares))):
                yield from done

    def _rehome(self, connection: Any, accounts: Iterable[Account], to: LabPool) -> list[tuple[Account, str]]:
        return [(account, _modify(connection, account.dn, _rehoming(account, to))) for account in accounts]

    def repoint_cms(self, store: str) -> None:
        """Have the forest's one pointer name another Central Management Store, `fqdn\\instance`."""
        wanted = {f"{PREFIX}BackEndServer": [(ldap3.MODIFY_REPLACE, [store])]}
        if why := _modify(self._line(0), CMS_POINTER, wanted):
            raise CmdletError(f"The service control point cannot be changed. {why}", "ADOperationException")

    # -- the connections --------------------------------------------------------------------------------------------

    def _line(self, number: int) -> Any:
        """One of the connections, taken at its first use."""
        if number not in self._lines:
            with _speaking():
                self._lines[number] = lines(self._blueprint).take()
        return self._lines[number]

    def _search(self, base: str, wanted: str, attributes: Sequence[str]) -> list[dict[str, Any]]:
        with _speaking():
            found = self._line(0).extend.standard.paged_search(
                base, wanted, attributes=list(attributes), paged_size=PAGE, generator=False
            )
        return [entry for entry in found if entry["type"] == "searchResEntry"]


@contextmanager
def _speaking() -> Iterator[None]:
    """What goes wrong between the management host and the directory, as PowerShell has it."""
    try:
        yield
    except LDAPException as cause:
        raise CmdletError(
            f"The domain controller {DOMAIN_CONTROLLER} does not answer as it should: {cause}",
            "ADOperationException",
            Category.ConnectionError,
            DOMAIN_CONTROLLER,
        ) from cause


def _modify(connection: Any, dn: str, changes: Mapping[str, Any]) -> str:
    """Why the directory refuses the change; empty when it does not."""
    with _speaking():
        try:
            connection.modify(dn, changes)
        except LDAPOperationResult as refusal:
            return f"{refusal.description}: {refusal.message}"
    return ""


def _rehoming(account: Account, to: LabPool) -> dict[str, list[tuple[str, list[str]]]]:
    policies = [(ldap3.MODIFY_DELETE, list(account.home_entries))] if account.home_entries else []
    return {
        f"{PREFIX}PrimaryHomeServer": [(ldap3.MODIFY_REPLACE, [to.service])],
        f"{PREFIX}UserPolicies": [*policies, (ldap3.MODIFY_ADD, [f"0={to.tag}"])],
    }


def _clause(identity: str) -> str:
    """One -Identity as a clause of a filter: address, logon, DN or display name."""
    text = names.escaped(identity)
    if identity.lower().startswith("sip:"):
        return f"({PREFIX}PrimaryUserAddress={text})"
    if _is_dn(identity):
        return f"(distinguishedName={text})"
    if "@" in identity:
        return f"({PREFIX}PrimaryUserAddress=sip:{text})(userPrincipalName={text})"
    if "\\" in identity:
        return f"(sAMAccountName={names.escaped(identity.partition(chr(92))[2])})"
    return f"(displayName={text.replace(chr(92) + '2a', '*')})"


def _is_dn(identity: str) -> bool:
    return identity.lower().startswith(("cn=", "ou="))


def _texts(raw: Mapping[str, Sequence[bytes]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(value.decode() for value in values) for name, values in raw.items()}
