"""TLS for ldap3: the chain is checked against one CA, the name against the domain controller's, never the URL's."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import ldap3

from lyncdr_helpers.errors import InputError


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """A context that trusts the CA file, or the system's CAs. Raises InputError when the file is no CA file."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as cause:  # an SSLError is one
        raise InputError(
            f"The CA file {ca_file} cannot be used: {cause.strerror or cause}.",
            "Give the PEM file of the CA that signed the domain controller's certificate as directory.ca_file.",
        ) from cause


class NamedTls(ldap3.Tls):  # type: ignore[misc]  # ldap3 has no types
    """ldap3's own check also accepts the URL's host; this one accepts the given name and nothing else.

    `failure` keeps the TLS error, because ldap3 turns it into a socket error.
    """

    def __init__(self, context: ssl.SSLContext, name: str) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context
        self._name = name
        self.failure: ssl.SSLError | None = None

    def wrap_socket(self, connection: Any, do_handshake: bool = True) -> None:  # noqa: ARG002  # ldap3's signature
        try:
            connection.socket = self._context.wrap_socket(connection.socket, server_hostname=self._name)
        except ssl.SSLError as error:
            self.failure = error
            raise
