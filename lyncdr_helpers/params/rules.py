"""What no single section can know: how the parameters must fit together.

Each rule says which top-level sections it reads, and runs as soon as those are sound, whatever else is broken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from lyncdr_helpers.params import dns_rules
from lyncdr_helpers.params.findings import Finding, repeated
from lyncdr_helpers.params.mistakes import Location
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.sites import Pool, Server


@dataclass(frozen=True)
class Rule:
    """`findings(params)` may read the sections in `needs` and no others."""

    needs: frozenset[str]
    findings: Callable[[Params], Iterator[Finding]]


def pool_names(params: Params) -> Iterator[Finding]:
    """A pool stands in one site, once: a DR pool that is the primary pool would be lost with it."""
    yield from repeated(((*place, "fqdn"), pool.fqdn) for place, pool in _pools(params))


def machines(params: Params) -> Iterator[Finding]:
    """A machine, and an address, stands in one site, once."""
    servers = list(_servers(params))
    yield from repeated(((*place, "fqdn"), server.fqdn) for place, server in servers)
    others = [
        (("sites", name, "addresses", index), address)
        for name, site in (("primary", params.sites.primary), ("dr", params.sites.dr))
        for index, address in enumerate(site.addresses)
    ]
    yield from repeated([*(((*place, "address"), server.address) for place, server in servers), *others])


def editions(params: Params) -> Iterator[Finding]:
    """A Standard Edition pool is one machine that holds its own database."""
    for place, pool in _pools(params):
        if pool.edition == "standard" and len(pool.servers) > 1:
            yield Finding((*place, "servers"), "a Standard Edition pool is one server; or the edition is enterprise")
        if pool.edition == "standard" and pool.sql:
            yield Finding((*place, "sql"), "is for Enterprise Edition: a Standard Edition pool holds its own database")


def back_ends(params: Params) -> Iterator[Finding]:
    """The dbimpexp of Lync 2010 reads an Enterprise pool from its SQL server."""
    for place, pool in _pools(params):
        if params.generation == "lync2010" and pool.edition == "enterprise" and not pool.sql:
            yield Finding((*place, "sql"), "is missing: dbimpexp exports an Enterprise pool from its SQL server")


def failover_pools(params: Params) -> Iterator[Finding]:
    """The lost pool is one of the primary site's, the pool that takes over one of the DR site's."""
    primary = [pool.fqdn for pool in params.sites.primary.pools]
    standby = [pool.fqdn for pool in params.sites.dr.pools]
    if params.failover.from_pool not in primary:
        yield Finding(
            ("failover", "from"),
            f"{params.failover.from_pool} is not a pool of sites.primary",
            f"from: {primary[0]}",
        )
    if params.failover.to_pool not in standby:
        yield Finding(("failover", "to"), f"{params.failover.to_pool} is not a pool of sites.dr", f"to: {standby[0]}")


def archiving(params: Params) -> Iterator[Finding]:
    """Archiving that nobody needs holds nobody back."""
    answered = params.requirements.archiving
    place: Location = ("requirements", "archiving", "must_be_up_to_sign_in")
    if answered.must_be_up_to_sign_in and not answered.needed:
        yield Finding(place, "is for archiving that is needed: or set needed to true", "must_be_up_to_sign_in: false")


def group_chat_backup(params: Params) -> Iterator[Finding]:
    """Group Chat comes back from its backup, which needs a section of its own."""
    needed, section = params.requirements.group_chat, params.group_chat
    if needed and not section:
        wrong = "is true, and nothing of it is backed up: the section group_chat is missing"
        yield Finding(("requirements", "group_chat"), wrong, "group_chat: false")


def directory_sign_in(params: Params) -> Iterator[Finding]:
    """A simple or NTLM bind needs a user and a password; a simple bind sends the password and so needs TLS."""
    access = params.directory
    bind: Location = ("directory", "bind")
    needs = {"simple": "a simple bind needs it", "ntlm": "an NTLM bind needs it"}.get(access.bind.method)
    if needs and not access.bind.user:
        yield Finding((*bind, "user"), f"is missing: {needs}")
    if needs and not access.bind.password:
        yield Finding((*bind, "password"), f"is missing: {needs}")
    encrypted = access.url.startswith("ldaps://") or access.start_tls
    if access.bind.method == "simple" and not encrypted:
        yield Finding(("directory", "url"), "a simple bind would send the password in clear: use ldaps, or start_tls")
    if access.url.startswith("ldaps://") and access.start_tls:
        yield Finding(
            ("directory", "start_tls"), "is for ldap:// only: ldaps:// speaks TLS from the start", "start_tls: false"
        )


def management_sign_in(params: Params) -> Iterator[Finding]:
    """WinRM needs an endpoint, a user and a password; with Kerberos a ticket may stand for the last two."""
    host = params.management_host
    if host.transport != "winrm":
        return
    if not host.url:
        yield Finding(("management_host", "url"), "is missing: winrm needs it")
    ticket = host.auth == "kerberos" and not host.user and not host.password
    if not host.user and not ticket:
        yield Finding(("management_host", "user"), "is missing: winrm needs it")
    if not host.password and not ticket:
        yield Finding(("management_host", "password"), "is missing: winrm needs it")
    if host.auth == "basic" and host.url.startswith("http://"):
        yield Finding(("management_host", "url"), "basic sign-in would send the password in clear: use https")


def store_access(params: Params) -> Iterator[Finding]:
    """A path is reached as this account; an endpoint and its CA are for s3:// alone, and a CA proves only https."""
    backup = params.backup
    scheme = backup.store.partition("://")[0] if "://" in backup.store else ""
    if backup.store_login and not scheme:
        yield Finding(
            ("backup", "store_login"), "is for smb:// and s3:// only: a path or a UNC path is reached as this account"
        )
    if backup.s3_endpoint and scheme != "s3":
        yield Finding(("backup", "s3_endpoint"), "is for a store at s3:// only")
    if backup.store_ca_file and scheme != "s3":
        yield Finding(("backup", "store_ca_file"), "is for a store at s3:// only")
    elif backup.store_ca_file and (backup.s3_endpoint or "").startswith("http://"):
        yield Finding(("backup", "store_ca_file"), "is for https: s3_endpoint speaks no TLS")


def _pools(params: Params) -> Iterator[tuple[Location, Pool]]:
    for name, site in (("primary", params.sites.primary), ("dr", params.sites.dr)):
        for index, pool in enumerate(site.pools):
            yield ("sites", name, "pools", index), pool


def _servers(params: Params) -> Iterator[tuple[Location, Server]]:
    for place, pool in _pools(params):
        for index, server in enumerate(pool.servers):
            yield (*place, "servers", index), server


RULES = (
    Rule(frozenset({"sites"}), pool_names),
    Rule(frozenset({"sites"}), machines),
    Rule(frozenset({"sites"}), editions),
    Rule(frozenset({"sites", "generation"}), back_ends),
    Rule(frozenset({"sites", "failover"}), failover_pools),
    Rule(frozenset({"requirements"}), archiving),
    Rule(frozenset({"requirements", "group_chat"}), group_chat_backup),
    Rule(frozenset({"directory"}), directory_sign_in),
    Rule(frozenset({"management_host"}), management_sign_in),
    Rule(frozenset({"backup"}), store_access),
    Rule(frozenset({"dns"}), dns_rules.names),
    Rule(frozenset({"dns"}), dns_rules.update_methods),
    Rule(frozenset({"dns"}), dns_rules.zones),
    Rule(frozenset({"dns"}), dns_rules.record_sets),
    Rule(frozenset({"dns", "sip_domains"}), dns_rules.sip_domains),
    Rule(frozenset({"dns", "sites"}), dns_rules.targets),
    Rule(frozenset({"dns"}), dns_rules.service_records),
)
