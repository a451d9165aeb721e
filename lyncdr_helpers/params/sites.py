"""Sites, pools and their servers, as the parameters name them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lyncdr_helpers.params.values import Address, Fqdn, Model, Port


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
