"""What the directory's tests share: one seeded lab on either server, and ways to talk to it besides the product's."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER, Blueprint
from lyncdr_helpers.lab.seed import Deployment
from lyncdr_helpers.params.access import DirectoryAccess

ADMINISTRATOR = "administrator@lync.test"
USERS = 1100
"""So that answers have pages."""


def prepared(folder: Path, subnet: str, **more: Any) -> Blueprint:
    """A lab's folder with its certificates and passwords; nothing runs in it."""
    blueprint = Blueprint(folder, subnet, **more)
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    return blueprint


@dataclass(frozen=True)
class Lab:
    """A running directory. `control`: the server object itself, with start and stop."""

    blueprint: Blueprint
    deployment: Deployment
    control: Any

    def access(self, **changes: Any) -> DirectoryAccess:
        """Right parameters, but for the given changes; `bind` changes go into the bind."""
        bind = {"method": "simple", "user": DIRECTORY_USER, "password": "file:secrets/directory"}
        right = {
            "url": f"ldaps://{self.blueprint.domain_controller}:{self.blueprint.ldaps_port}",
            "base": BASE_DN,
            "domain_controller": "dc1.lync.test",
            "ca_file": Path("ca.pem"),
            "timeout_seconds": 10,
        }
        return DirectoryAccess.model_validate(
            {**right, **changes, "bind": {**bind, **changes.get("bind", {})}}, strict=False
        )

    def directory(self, **changes: Any) -> LdapDirectory:
        return LdapDirectory(self.access(**changes), self.blueprint.folder)

    def secret(self, name: str) -> str:
        return self.blueprint.secret(name).read_text().strip()

    def connect(self, *, tls: bool = True, **identity: Any) -> ldap3.Connection:
        """A plain ldap3 connection, open and not bound; results are looked at, not raised."""
        trust = ldap3.Tls(
            validate=ssl.CERT_REQUIRED, ca_certs_file=str(self.blueprint.ca_file), valid_names=["dc1.lync.test"]
        )
        port = self.blueprint.ldaps_port if tls else self.blueprint.ldap_port
        server = ldap3.Server(self.blueprint.domain_controller, port, use_ssl=tls, tls=trust, get_info=ldap3.NONE)
        connection = ldap3.Connection(server, check_names=False, receive_timeout=10, **identity)
        connection.open()
        return connection

    def administrator(self) -> ldap3.Connection:
        """A bound connection that may write."""
        connection = self.connect(user=ADMINISTRATOR, password=self.secret("administrator"))
        assert connection.bind(), connection.result
        return connection
