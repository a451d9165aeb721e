"""The parameters of one deployment: what params/*.yml may say. `example.yml` shows every key with its comment."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError

LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
HOST = rf"^{LABEL}(\.{LABEL})+$"
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
AUTHORITY = r"(\[[0-9A-Fa-f:.]+\]|[^/:@\[\]\s]+)(:\d{1,5})?"  # a host and perhaps a port; never user:password@


def _reference(text: str) -> str:
    try:
        SecretReference.parse(text, Path())
    except InputError:
        raise ValueError(
            "must say where the secret is kept (env:NAME, keyring:SERVICE/USER or file:PATH), not the secret itself"
        ) from None
    return text


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise ValueError("must be an IP address") from None


def _fqdn(text: str) -> str:
    if text.rpartition(".")[2].isdigit():
        raise ValueError("must be a name, not an address")
    return text.lower()


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("must be a URL whose port is from 1 to 65535") from None
    if port == 0:
        raise ValueError("must be a URL whose port is from 1 to 65535")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or a password")
    return text


def _path(value: Any) -> Any:
    if value == "":
        raise ValueError("must be a path; leave the key out where there is none")
    return value


def _textfile(path: Path) -> Path:
    if path.suffix != ".prom":
        raise ValueError("must be a file whose name ends with .prom: node_exporter reads no other")
    return path


Fqdn = Annotated[str, StringConstraints(pattern=HOST, max_length=253), AfterValidator(_fqdn)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
Address = Annotated[
    str, AfterValidator(_address), Field(json_schema_extra={"anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
]
Port = Annotated[int, Field(ge=1, le=65535)]
Url = Annotated[str, AfterValidator(_url)]
Secret = Annotated[str, AfterValidator(_reference), Field(json_schema_extra={"pattern": "^(env|keyring|file):."})]
LocalPath = Annotated[Path, BeforeValidator(_path), Field(strict=False)]
Textfile = Annotated[LocalPath, AfterValidator(_textfile), Field(json_schema_extra={"pattern": r"[^\\/]\.prom$"})]
Generation = Literal["lync2010", "lync2013", "sfb2015", "sfb2019"]


class Model(BaseModel):
    """A part of the parameters: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True, allow_inf_nan=False)


class Server(Model):
    """One machine of a pool."""

    fqdn: Fqdn = Field(description="The machine's own name.", examples=["fe01.example.org"])
    address: Address = Field(description="Its IP address.", examples=["192.0.2.11"])


class Pool(Model):
    """One pool: a Standard Edition server is a pool of one."""

    fqdn: Fqdn = Field(description="The pool's name, as in Topology Builder.", examples=["pool01.example.org"])
    edition: Literal["standard", "enterprise"] = Field(
        description="Standard Edition or Enterprise Edition.", examples=["standard"]
    )
    sql: str = Field(
        "", description="Enterprise only: the back end, as dbimpexp wants it.", examples=["sql01.example.org\\rtc"]
    )
    sip_port: Port = Field(5061, description="Where its registrar listens for TLS.", examples=[5061])
    servers: list[Server] = Field(
        min_length=1,
        description="Its machines.",
        examples=[[{"fqdn": "fe01.example.org", "address": "192.0.2.11"}]],
    )


_PRIMARY_POOL = {
    "fqdn": "pool01.example.org",
    "edition": "standard",
    "servers": [{"fqdn": "fe01.example.org", "address": "192.0.2.11"}],
}
_DR_POOL = {
    "fqdn": "drse01.example.org",
    "edition": "standard",
    "servers": [{"fqdn": "drse01.example.org", "address": "192.0.2.21"}],
}


class Site(Model):
    """One site of the deployment."""

    name: str = Field(min_length=1, description="How people call it.", examples=["Head office"])
    pools: list[Pool] = Field(min_length=1, description="The pools that stand there.", examples=[[_PRIMARY_POOL]])
    addresses: list[Address] = Field(
        default_factory=list,
        description="Other addresses of this site that DNS may point to: reverse proxy, load balancer, Edge.",
        examples=[["198.51.100.10"]],
    )

    def holds(self, address: str) -> bool:
        """Whether the IP address belongs to this site."""
        servers = {server.address for pool in self.pools for server in pool.servers}
        return address in servers | set(self.addresses)


class Sites(Model):
    """The site that may be lost, and the site that takes over."""

    primary: Site = Field(
        description="The site that may be lost.", examples=[{"name": "Head office", "pools": [_PRIMARY_POOL]}]
    )
    dr: Site = Field(description="The site that takes over.", examples=[{"name": "Standby site", "pools": [_DR_POOL]}])


class Failover(Model):
    """Which pool's users go where."""

    from_pool: Fqdn = Field(alias="from", description="The pool that is lost.", examples=["pool01.example.org"])
    to_pool: Fqdn = Field(
        alias="to", description="The pool at the DR site that takes its users.", examples=["drse01.example.org"]
    )


class Bind(Model):
    """How lyncdr signs in to the directory. Reading is enough."""

    method: Literal["simple", "ntlm", "kerberos"] = Field(description="How to bind.", examples=["kerberos"])
    user: str = Field("", description="Who binds; empty with kerberos.", examples=["svc-lyncdr@example.org"])
    password: Secret | None = Field(
        None, description="Where the password is kept.", examples=["keyring:lyncdr/directory"]
    )


class DirectoryAccess(Model):
    """One domain controller of the DR site: every read and every write is pinned to it."""

    url: Url = Field(
        pattern=rf"^ldaps?://{AUTHORITY}$",
        description="ldaps://address, or ldap:// with start_tls.",
        examples=["ldaps://dc2.example.org"],
    )
    start_tls: bool = Field(False, description="Begin TLS on an ldap:// connection.", examples=[False])
    base: str = Field(
        pattern=r"^[Dd][Cc]=[^,=]+(,[Dd][Cc]=[^,=]+)*$",
        description="The forest's root.",
        examples=["DC=example,DC=org"],
    )
    domain_controller: Fqdn = Field(
        description="The DC's name: what its certificate says and what cmdlets are given.", examples=["dc2.example.org"]
    )
    ca_file: LocalPath | None = Field(
        None, description="The CA that signed its certificate; empty: the system's.", examples=["ca.pem"]
    )
    bind: Bind = Field(description="How to sign in to it.")
    timeout_seconds: float = Field(15, gt=0, le=600, description="How long one answer may take.", examples=[15])


class Exchange(Model):
    """One folder seen from two sides: the management host writes exports there, lyncdr reads them."""

    there: str = Field(min_length=1, description="The folder as the management host names it.", examples=["D:\\lyncdr"])
    here: LocalPath = Field(description="The same folder as this machine reaches it.", examples=["\\\\mgmt02\\lyncdr$"])

    def path_there(self, name: str) -> str:
        """A file in the folder, as the management host names it."""
        windows = "\\" in self.there or ":" in self.there
        return str((PureWindowsPath if windows else PurePosixPath)(self.there) / name)

    def path_here(self, name: str) -> Path:
        """The same file, from here."""
        return self.here / name


class ManagementHost(Model):
    """The Windows machine at the DR site with the Lync management shell and dbimpexp.exe."""

    transport: Literal["winrm", "local", "script"] = Field(
        description="winrm: over the network; local: this machine; script: write .ps1 files for a person to run.",
        examples=["winrm"],
    )
    url: Url = Field(
        "",
        pattern=rf"^(https?://{AUTHORITY}(/[\w/]*)?)?$",
        description="winrm: its endpoint.",
        examples=["https://mgmt02.example.org:5986/wsman"],
    )
    server_name: Fqdn | None = Field(
        None,
        description="winrm: the name in its certificate, where the URL holds an address.",
        examples=["mgmt02.example.org"],
    )
    auth: Literal["negotiate", "kerberos", "ntlm", "basic"] = Field(
        "negotiate", description="winrm: how to sign in.", examples=["negotiate"]
    )
    user: str = Field("", description="winrm: who signs in.", examples=["EXAMPLE\\svc-lyncdr"])
    password: Secret | None = Field(
        None, description="winrm: where the password is kept.", examples=["keyring:lyncdr/management"]
    )
    ca_file: LocalPath | None = Field(
        None, description="winrm: the CA of its certificate; empty: the system's.", examples=["ca.pem"]
    )
    dbimpexp: str = Field(
        "dbimpexp.exe",
        min_length=1,
        description="Where dbimpexp is on that machine.",
        examples=["C:\\Program Files\\Common Files\\Microsoft Lync Server 2010\\Support\\DBImpExp.exe"],
    )
    exchange: Exchange = Field(description="The folder that the management host and this machine share.")
    timeout_seconds: float = Field(3600, gt=0, le=86400, description="How long one command may take.", examples=[3600])


_MANAGEMENT_HOST = {
    "transport": "winrm",
    "url": "https://mgmt02.example.org:5986/wsman",
    "user": "EXAMPLE\\svc-lyncdr",
    "password": "keyring:lyncdr/management",
    "exchange": {"there": "D:\\lyncdr", "here": "\\\\mgmt02\\lyncdr$"},
}


class Tsig(Model):
    """The key of signed updates (RFC 8945)."""

    name: str = Field(min_length=1, description="The key's name.", examples=["lyncdr."])
    algorithm: Literal["hmac-sha256", "hmac-sha384", "hmac-sha512"] = Field(
        "hmac-sha256", description="Its algorithm.", examples=["hmac-sha256"]
    )
    secret: Secret = Field(description="Where the key is kept, in base64.", examples=["file:secrets/tsig"])


class DnsServer(Model):
    """One authoritative server and the zones it answers for."""

    name: Name = Field(description="How to call it in tables.", examples=["dc2"])
    address: Address = Field(description="Its address.", examples=["192.0.2.20"])
    port: Port = Field(53, description="Its port.", examples=[53])
    zones: list[Fqdn] = Field(min_length=1, description="The zones to change there.", examples=[["example.org"]])
    update: Literal["tsig", "gss-tsig", "manual"] = Field(
        description="How it takes updates; manual: a person does.", examples=["gss-tsig"]
    )
    tsig: Tsig | None = Field(None, description="tsig: the key.")
    host: Fqdn | None = Field(
        None, description="gss-tsig: the server's name, as Kerberos knows it.", examples=["dc2.example.org"]
    )


class Resolver(Model):
    """One resolver that clients use, to be watched."""

    name: Name = Field(description="How to call it in tables.", examples=["branch"])
    address: Address = Field(description="Its address.", examples=["192.0.2.53"])
    port: Port = Field(53, description="Its port.", examples=[53])


class CutoverRecord(Model):
    """One record that must point to the DR site after activation."""

    name: Fqdn = Field(description="The record's name.", examples=["sip.example.org"])
    type: Literal["A", "AAAA", "CNAME", "SRV"] = Field(description="Its type.", examples=["A"])
    to: list[str] = Field(min_length=1, description="Its values in DR.", examples=[["192.0.2.21"]])
    ttl: int = Field(300, ge=0, le=86400, description="Its time to live from then on, in seconds.", examples=[300])


_DNS_SERVER = {
    "name": "dc2",
    "address": "192.0.2.20",
    "zones": ["example.org"],
    "update": "gss-tsig",
    "host": "dc2.example.org",
}


class Dns(Model):
    """Names: who answers for them, who is watched, and what must move."""

    servers: list[DnsServer] = Field(min_length=1, description="Authoritative servers.", examples=[[_DNS_SERVER]])
    resolvers: list[Resolver] = Field(default_factory=list, description="Resolvers to watch.")
    records: list[CutoverRecord] = Field(min_length=1, description="Records that move in an activation.")

    def server_for(self, name: str) -> DnsServer | None:
        """The server whose zone holds the name; the longest zone wins."""
        found = [(len(zone), server) for server in self.servers for zone in server.zones if in_zone(name, zone)]
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def zone_of(self, name: str) -> str:
        """The longest declared zone that holds the name, or an empty string."""
        return max((z for s in self.servers for z in s.zones if in_zone(name, z)), key=len, default="")


class Backup(Model):
    """Where backup sets go, and where they are made."""

    store: Url = Field(
        min_length=1,
        description="The store at the DR site: a path, a UNC path or a URL.",
        examples=["\\\\drfs01\\lyncdr"],
    )
    work_folder: LocalPath = Field(
        description="Where a set is put together on this machine.",
        examples=["C:\\ProgramData\\lyncdr\\work"],
    )
    metrics_file: Textfile | None = Field(
        None,
        description="Where each backup leaves its numbers for Prometheus.",
        examples=["C:\\ProgramData\\textfile\\lyncdr.prom"],
    )


class Retention(Model):
    """How many backup sets are kept. A set that no rule keeps may be removed by `lyncdr backups prune`."""

    last: int = Field(7, ge=1, le=10_000, description="The newest sets.", examples=[7])
    daily: int = Field(14, ge=0, le=10_000, description="The newest of so many days that have a set.", examples=[14])
    weekly: int = Field(8, ge=0, le=10_000, description="The newest of so many weeks that have a set.", examples=[8])
    monthly: int = Field(
        12, ge=0, le=10_000, description="The newest of so many months that have a set.", examples=[12]
    )


class Thresholds(Model):
    """The promises of this deployment."""

    export_age_hours: float = Field(26, gt=0, description="The newest complete backup may not be older.", examples=[26])
    rto_minutes: float = Field(60, gt=0, description="Service must be back within.", examples=[60])
    batch_users: int = Field(100, ge=1, le=5000, description="Users per forced-move batch.", examples=[100])


class Params(Model):
    """One deployment."""

    deployment: Name = Field(description="A short name; it is part of every record.", examples=["contoso"])
    generation: Generation = Field(description="The product generation of the pools.", examples=["lync2010"])
    sip_domains: list[Fqdn] = Field(min_length=1, description="The SIP domains.", examples=[["example.org"]])
    sites: Sites = Field(description="The two sites, with their pools and servers.")
    failover: Failover = Field(description="Which pool's users go where.")
    directory: DirectoryAccess = Field(description="The domain controller to ask.")
    management_host: ManagementHost = Field(description="Where cmdlets and dbimpexp run.", examples=[_MANAGEMENT_HOST])
    dns: Dns = Field(description="Nameservers, resolvers, and the records that move.")
    backup: Backup = Field(description="Where backup sets are made and kept.")
    retention: Retention = Field(default_factory=Retention, description="How many backup sets are kept.")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="The promises of this deployment.")
    runs_folder: LocalPath = Field(description="Where run folders are kept.", examples=["../runs"])

    @property
    def failed_pool(self) -> Pool:
        return next(pool for pool in self.sites.primary.pools if pool.fqdn == self.failover.from_pool)

    @property
    def target_pool(self) -> Pool:
        return next(pool for pool in self.sites.dr.pools if pool.fqdn == self.failover.to_pool)


def in_zone(name: str, zone: str) -> bool:
    """Whether the name is the zone's apex or below it."""
    return name == zone or name.endswith("." + zone)


def is_host(text: str) -> bool:
    """Whether the text is a name of at least two labels."""
    return re.fullmatch(HOST, text) is not None and not text.rpartition(".")[2].isdigit()
