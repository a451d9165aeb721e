"""The lab's certificates and passwords: made for one lab, readable by its owner, gone with it."""

from __future__ import annotations

import base64
import datetime as dt
import secrets
from collections.abc import Sequence

import trustme

from lyncdr_helpers import files
from lyncdr_helpers.lab.blueprint import DOMAIN, Blueprint
from lyncdr_helpers.signatures import SigningKey

POOL_HOSTS = ("sip", "sipinternal", "meet", "dialin", "admin", "lyncdiscoverinternal")
"""What a pool's certificate stands for beside its own names."""

VALID = dt.timedelta(days=730)

PASSWORDS = ("directory", "management", "administrator")


def issue(blueprint: Blueprint) -> None:
    """Make the lab's CA and the certificates of dc1, mgmt, pool01 and drse01. The CA's own key is not kept."""
    authority = trustme.CA(organization_name="lyncdr lab")
    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    files.replace(blueprint.ca_file, authority.cert_pem.bytes())
    for host, names in _identities(blueprint).items():
        issued = authority.issue_cert(*names, common_name=names[0], not_before=since, not_after=since + VALID)
        chain, key = blueprint.certificate(host)
        files.replace(chain, b"".join(piece.bytes() for piece in issued.cert_chain_pems))
        files.replace(key, issued.private_key_pem.bytes())


def _identities(blueprint: Blueprint) -> dict[str, Sequence[str]]:
    shared = [f"{host}.{DOMAIN}" for host in POOL_HOSTS]
    return {
        "dc1": [f"dc1.{DOMAIN}", blueprint.domain_controller],
        "mgmt": [f"mgmt.{DOMAIN}", blueprint.management_host],
        "pool01": [f"pool01.{DOMAIN}", f"fe01.{DOMAIN}", *shared],
        "drse01": [f"drse01.{DOMAIN}", *shared],
    }


def make_secrets(blueprint: Blueprint) -> None:
    """Make the lab's passwords and keys. `files.replace` leaves a file to its owner alone."""
    for name in PASSWORDS:
        # Letters of both cases, a digit and a sign: what Samba and Windows call complex.
        files.replace(blueprint.secret(name), f"Lab-only-1-{secrets.token_hex(8)}\n".encode())
    files.replace(blueprint.secret("tsig"), base64.b64encode(secrets.token_bytes(32)) + b"\n")
    files.replace(blueprint.secret("signing"), SigningKey.new().pem().encode())
