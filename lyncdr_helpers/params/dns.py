"""Nameservers, resolvers, and the records that move."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from lyncdr_helpers.params.values import Address, Fqdn, Model, Name, Port, Secret


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


def in_zone(name: str, zone: str) -> bool:
    """Whether the name is the zone's apex or below it."""
    return name == zone or name.endswith("." + zone)
