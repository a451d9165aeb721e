"""Who may sign in to the embedded directory: the service account, which reads, and the administrator, who writes."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER, DOMAIN, Blueprint

ADMINISTRATOR = f"administrator@{DOMAIN}"
NETBIOS = "LYNC"


@dataclass(frozen=True)
class Account:
    """One account. `writes`: whether it may change the directory."""

    logon: str
    writes: bool
    password: str

    @property
    def short(self) -> str:
        return self.logon.partition("@")[0]

    @property
    def dn(self) -> str:
        return f"CN={self.short},CN=Users,{BASE_DN}"

    @property
    def netbios(self) -> str:
        r"""`LYNC\svc-lyncdr`."""
        return f"{NETBIOS}\\{self.short}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be called in a simple bind (MS-ADTS 5.1.1.1.1)."""
        return self.logon, self.dn, self.netbios

    def accepts(self, password: bytes) -> bool:
        return hmac.compare_digest(self.password.encode(), password)

    def entry(self) -> tuple[str, Mapping[str, list[str]]]:
        """Its object in the directory."""
        return self.dn, {
            "objectClass": ["user"],
            "sAMAccountName": [self.short],
            "userPrincipalName": [self.logon],
            "userAccountControl": ["512"],
        }


def of(blueprint: Blueprint) -> tuple[Account, ...]:
    """The accounts of a lab, with the passwords that are in its folder now."""
    return (
        Account(DIRECTORY_USER, writes=False, password=_secret(blueprint, "directory")),
        Account(ADMINISTRATOR, writes=True, password=_secret(blueprint, "administrator")),
    )


def _secret(blueprint: Blueprint, name: str) -> str:
    return blueprint.secret(name).read_text(encoding="utf-8").strip()
