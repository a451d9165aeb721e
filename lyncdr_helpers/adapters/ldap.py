"""The directory over LDAP, with ldap3. One connection, opened by the first question and pinned to one DC.

ldap3 is told to believe the caller: no schema is read, named attributes only, and any result but success raises.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core import exceptions as fault

from lyncdr_helpers.adapters import ldap_faults, ldap_tls
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.params.access import DirectoryAccess
from lyncdr_helpers.ports import Entry, Scope

PAGE = 1000
PAGED_RESULTS = "1.2.840.113556.1.4.319"
SUCCESS = 0
SCOPES = {Scope.BASE: ldap3.BASE, Scope.LEVEL: ldap3.LEVEL, Scope.SUBTREE: ldap3.SUBTREE}


class LdapDirectory:
    """`ports.Directory` over LDAP. `base_folder`: where the relative paths of the parameters start.

    Raises InputError at once for a CA file that is no CA file, and for a password that would cross the wire in clear.
    """

    def __init__(self, access: DirectoryAccess, base_folder: Path) -> None:
        self._access = access
        self._secret = SecretReference.parse(access.bind.password, base_folder) if access.bind.password else None
        self._ca_file = base_folder / access.ca_file if access.ca_file else None
        self._context = ldap_tls.trust(self._ca_file)
        self._connection: ldap3.Connection | None = None
        if access.bind.method == "simple" and not self._encrypted:
            raise InputError(
                f"The password for {access.url} would cross the network in clear.",
                "Use an ldaps:// URL, or set directory.start_tls to true.",
            )

    def search(
        self, base: str, wanted: str, attributes: Sequence[str], scope: Scope = Scope.SUBTREE
    ) -> Iterator[Entry]:
        cookie = b""
        while True:
            result, found = self._ask(base, wanted, attributes, scope, cookie)
            yield from (_entry(item, attributes) for item in found if item["type"] == "searchResEntry")
            cookie = _cookie(result)
            if not cookie:
                return

    def read(self, dn: str, attributes: Sequence[str]) -> Entry | None:
        try:
            return next(self.search(dn, "(objectClass=*)", attributes, Scope.BASE), None)
        except OperationError as error:
            if isinstance(error.__cause__, fault.LDAPNoSuchObjectResult):
                return None
            raise

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            _drop(connection)

    @property
    def _encrypted(self) -> bool:
        return self._access.start_tls or self._access.url.startswith("ldaps:")

    def _ask(
        self, base: str, wanted: str, attributes: Sequence[str], scope: Scope, cookie: bytes
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """One page. The first one is asked for once more where the connection has died since the last question.

        A later page cannot be: its cookie died with the connection.
        """
        again = self._connection is not None and not cookie
        try:
            return self._page(base, wanted, attributes, scope, cookie)
        except fault.LDAPException as cause:
            if not ldap_faults.is_cut(cause):
                raise ldap_faults.translated(cause, self._access, f"the search below {base!r}") from cause
            self.close()
            if not again:
                raise ldap_faults.translated(cause, self._access, f"the search below {base!r}") from cause
        return self._ask(base, wanted, attributes, scope, cookie)

    def _page(
        self, base: str, wanted: str, attributes: Sequence[str], scope: Scope, cookie: bytes
    ) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        connection.search(
            base,
            wanted,
            SCOPES[scope],
            attributes=list(attributes) or ldap3.NO_ATTRIBUTES,
            paged_size=PAGE,
            paged_cookie=cookie or None,
        )
        result: dict[str, Any] = connection.result
        if result["result"] != SUCCESS:  # ldap3 lets referrals and exceeded limits pass
            raise fault.LDAPOperationResult(
                result=result["result"],
                description=result["description"],
                dn=result["dn"],
                message=result["message"],
                response_type=result["type"],
            )
        return result, connection.response

    def _connect(self) -> ldap3.Connection:
        """A bound connection. Raises the translated error: nothing was asked yet, so nothing is asked again."""
        where = urlsplit(self._access.url)
        tls = ldap_tls.NamedTls(self._context, self._access.domain_controller)
        server = ldap3.Server(
            where.hostname,
            where.port,
            use_ssl=where.scheme == "ldaps",
            tls=tls,
            get_info=ldap3.NONE,
            connect_timeout=self._access.timeout_seconds,
        )
        connection = ldap3.Connection(
            server,
            **self._identity(),
            receive_timeout=math.ceil(self._access.timeout_seconds),
            read_only=True,
            check_names=False,
            return_empty_attributes=False,
            raise_exceptions=True,
            auto_referrals=False,
        )
        try:
            connection.open()
            if self._access.start_tls:
                connection.start_tls()
            connection.bind()
        except (fault.LDAPException, *ldap_faults.of_sign_in()) as cause:
            _drop(connection)
            raise ldap_faults.translated(tls.failure or cause, self._access, "the sign-in") from cause
        return connection

    def _identity(self) -> dict[str, Any]:
        """How `Connection` is told who binds."""
        bind = self._access.bind
        if bind.method == "kerberos":
            return {
                "user": bind.user or None,
                "authentication": ldap3.SASL,
                "sasl_mechanism": ldap3.KERBEROS,
                "sasl_credentials": (self._access.domain_controller,),
            }
        if not self._secret:
            raise InputError(
                f"No password is named for {bind.user or 'the directory'}.", "Set directory.bind.password."
            )
        how = ldap3.NTLM if bind.method == "ntlm" else ldap3.SIMPLE
        return {"user": bind.user, "password": self._secret.reveal(), "authentication": how}


def _cookie(result: dict[str, Any]) -> bytes:
    control = result.get("controls", {}).get(PAGED_RESULTS)
    cookie: bytes = control["value"]["cookie"] if control else b""
    return cookie


def _entry(item: dict[str, Any], asked: Sequence[str]) -> Entry:
    """Names as they were asked; bytes that are no UTF-8 survive as surrogates."""
    spelling = {name.lower(): name for name in asked}
    return Entry(
        item["dn"],
        {
            spelling.get(name.lower(), name): tuple(value.decode("utf-8", "surrogateescape") for value in values)
            for name, values in item["raw_attributes"].items()
        },
    )


def _drop(connection: ldap3.Connection) -> None:
    """Hang up. Whether the other side still listens does not matter any more."""
    try:
        connection.unbind()
    except fault.LDAPException:
        return
