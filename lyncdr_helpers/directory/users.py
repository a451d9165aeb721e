"""One SIP-enabled object of the directory, and how it is told from the others that must not be moved like it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lyncdr_helpers.ports import Entry

ON_PREMISES = "SRV:"
"""msRTCSIP-DeploymentLocator of a user who is not in the cloud."""

ENTERPRISE_VOICE = 128
"""The bit of msRTCSIP-OptionFlags."""

DEVICE = "urn:device:"
"""How msRTCSIP-OwnerUrn of an account begins that is no person: that of a meeting room, urn:device:roomsystem."""

ATTRIBUTES = (
    "objectClass",
    "displayName",
    "userPrincipalName",
    "msRTCSIP-PrimaryUserAddress",
    "msRTCSIP-UserEnabled",
    "msRTCSIP-PrimaryHomeServer",
    "msRTCSIP-TargetHomeServer",
    "msRTCSIP-DeploymentLocator",
    "msRTCSIP-OptionFlags",
    "msRTCSIP-Line",
    "msRTCSIP-OwnerUrn",
)
"""What `from_entry` reads."""


class Kind(StrEnum):
    """USER moves with Move-CsUser; APPLICATION, a contact or a room, has cmdlets of its own; CLOUD and BRANCH stay."""

    USER = "user"
    APPLICATION = "application"
    CLOUD = "cloud"
    BRANCH = "branch"


@dataclass(frozen=True)
class User:
    """A user, or an application contact, as the directory has it.

    address: the SIP address in lower case, without `sip:`. logon: the UPN. home: the FQDN of the pool; the raw DN where
    no pool object explains it; empty without a home. moving_to: likewise, of a move that is half done. line: the
    telephone as a `tel:` URI. owner: of an application contact, what it belongs to, `urn:application:RGS`.
    """

    address: str
    display_name: str
    dn: str
    logon: str
    home: str
    enabled: bool
    kind: Kind
    option_flags: int
    moving_to: str = ""
    line: str = ""
    owner: str = ""

    @property
    def voice(self) -> bool:
        """Whether Enterprise Voice is on."""
        return bool(self.option_flags & ENTERPRISE_VOICE)


def from_entry(entry: Entry, pool_of: Callable[[str], str], *, branch: Callable[[str], bool]) -> User:
    """The user in the entry. `pool_of`: home DN -> pool; `branch`: whether a home DN is no ordinary pool's."""
    home = entry.first("msRTCSIP-PrimaryHomeServer")
    return User(
        address=bare_address(entry.first("msRTCSIP-PrimaryUserAddress")),
        display_name=entry.first("displayName"),
        dn=entry.dn,
        logon=entry.first("userPrincipalName"),
        home=pool_of(home),
        enabled=entry.first("msRTCSIP-UserEnabled").upper() == "TRUE",
        kind=_kind(entry, in_branch=branch(home)),
        option_flags=int(entry.first("msRTCSIP-OptionFlags", "0")),
        moving_to=pool_of(entry.first("msRTCSIP-TargetHomeServer")),
        line=entry.first("msRTCSIP-Line"),
        owner=entry.first("msRTCSIP-OwnerUrn"),
    )


def bare_address(uri: str) -> str:
    """`sip:O'Brien@lync.test` -> `o'brien@lync.test`."""
    lower = uri.strip().lower()
    return lower.removeprefix("sip:")


def _kind(entry: Entry, *, in_branch: bool) -> Kind:
    """What stays where it is comes first: a cloud user may still carry the home of earlier days."""
    if "contact" in (name.lower() for name in entry.all("objectClass")):
        return Kind.APPLICATION
    if entry.first("msRTCSIP-DeploymentLocator", ON_PREMISES).upper() != ON_PREMISES:
        return Kind.CLOUD
    if entry.first("msRTCSIP-OwnerUrn").lower().startswith(DEVICE):
        return Kind.APPLICATION
    return Kind.BRANCH if in_branch else Kind.USER
