"""The management host's connections to the directory: signed in once, and used by one call after the other."""

from __future__ import annotations

import select
from contextlib import suppress
from functools import cache
from typing import Any

import ldap3
from ldap3.core.exceptions import LDAPException

from lyncdr_helpers.adapters import ldap_tls
from lyncdr_helpers.lab.blueprint import DOMAIN, Blueprint

ADMINISTRATOR = f"administrator@{DOMAIN}"
DOMAIN_CONTROLLER = f"dc1.{DOMAIN}"
PATIENCE = 30


class Lines:
    """Connections that no call uses just now. Whoever takes one has it alone until it is given back."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._idle: list[Any] = []

    def take(self) -> Any:
        """One that is signed in. Raises LDAPException when the directory does not answer or lets nobody in."""
        while self._idle:
            with suppress(IndexError):  # another thread took it
                line = self._idle.pop()
                if _is_quiet(line):
                    return line
                end(line)
        return self._connect()

    def give_back(self, line: Any) -> None:
        """After a call in which it did all that was asked of it; end it otherwise."""
        self._idle.append(line)

    def _connect(self) -> Any:
        blueprint = self._blueprint
        tls = ldap_tls.NamedTls(ldap_tls.trust(blueprint.ca_file), DOMAIN_CONTROLLER)
        server = ldap3.Server(
            blueprint.domain_controller,
            blueprint.ldaps_port,
            use_ssl=True,
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=PATIENCE,
        )
        password = blueprint.secret("administrator").read_text(encoding="utf-8").strip()
        return ldap3.Connection(
            server,
            ADMINISTRATOR,
            password,
            auto_bind=True,
            receive_timeout=PATIENCE,
            check_names=False,
            return_empty_attributes=False,
            auto_referrals=False,
            raise_exceptions=True,
        )


@cache
def lines(blueprint: Blueprint) -> Lines:
    """Those of that lab, in this process."""
    return Lines(blueprint)


def end(line: Any) -> None:
    """Hang up, also where the other side did so before."""
    with suppress(LDAPException):
        line.unbind()


def _is_quiet(line: Any) -> bool:
    """Nothing was said since the last answer: not even goodbye, which a server says when it ends, however it ends."""
    return not line.closed and not select.select([line.socket], [], [], 0)[0]
