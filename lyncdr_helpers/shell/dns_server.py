"""The cmdlets that change records on a Windows DNS server, as typed commands: people run them where we may not update.

They are in no table of Lync's. Source: Microsoft's help on the module DnsServer (Windows Server 2012 and later).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lyncdr_helpers.ports import Command, RecordChange, RecordSet

DAY = 86_400


def change(zone: str, wanted: RecordChange) -> Iterator[Command]:
    """The commands that bring it about: the whole record set away, then each of its new values."""
    if wanted.old:
        yield remove(zone, wanted.old)
    if wanted.new:
        yield from add(zone, wanted.new)


def remove(zone: str, records: RecordSet) -> Command:
    """Every record of that name and type: without -RecordData the cmdlet takes them all."""
    given = {"ZoneName": zone, "Name": relative(zone, records.name), "RRType": records.type, "Force": True}
    return Command("Remove-DnsServerResourceRecord", given, writes=True)


def add(zone: str, records: RecordSet) -> Iterator[Command]:
    """One command for each value."""
    for value in records.values:
        given = {"ZoneName": zone, "Name": relative(zone, records.name), **_data(records.type, value)}
        yield Command("Add-DnsServerResourceRecord", {**given, "TimeToLive": time_span(records.ttl)}, writes=True)


def relative(zone: str, name: str) -> str:
    """`sip.example.org` in `example.org` -> `sip`; the zone itself -> `@`."""
    return "@" if name == zone else name.removesuffix(f".{zone}")


def time_span(seconds: int) -> str:
    """`300` -> `00:05:00`, `86400` -> `1.00:00:00`: a TimeSpan as PowerShell reads it."""
    days, rest = divmod(seconds, DAY)
    clock = f"{rest // 3600:02}:{rest % 3600 // 60:02}:{rest % 60:02}"
    return f"{days}.{clock}" if days else clock


def _data(type: str, value: str) -> Mapping[str, object]:
    match type:
        case "A":
            return {"A": True, "IPv4Address": value}
        case "AAAA":
            return {"AAAA": True, "IPv6Address": value}
        case "CNAME":
            return {"CName": True, "HostNameAlias": value}
        case "SRV":
            priority, weight, port, target = value.split()
            numbers = {"Priority": int(priority), "Weight": int(weight), "Port": int(port)}
            return {"Srv": True, "DomainName": target, **numbers}
    raise ValueError(f"no record of a cutover is of type {type}")
