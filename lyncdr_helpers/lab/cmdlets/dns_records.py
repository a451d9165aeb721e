"""The cmdlets of a Windows DNS server, for whoever stands in front of it: they change the lab's zone."""

from __future__ import annotations

from typing import Any

from lyncdr_helpers.adapters.dns import DnsNameserver, authoritative
from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab.blueprint import DOMAIN, TSIG_KEY, Blueprint
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.params.dns import DnsServer, Tsig
from lyncdr_helpers.ports import RecordChange, RecordSet

DATA = {"A": "IPv4Address", "AAAA": "IPv6Address", "CName": "HostNameAlias", "Srv": "DomainName"}
"""The switch of each type, and the parameter that holds its value."""


def remove(call: Call, state: State) -> None:
    """-RRType: every record of that name and type. An error where there is none."""
    state.heed(call, "ZoneName", "Name", "RRType", "Force")
    old = _server(state.blueprint).ask(_owner(call), str(call.get("RRType")))
    if old is None:
        raise _refused(call, f"Failed to get {call.get('Name')} record in {call.get('ZoneName')} zone.")
    _update(state.blueprint, call, RecordChange(old, None))


def add(call: Call, state: State) -> None:
    """One value more. An error where it is there already."""
    state.heed(call, "ZoneName", "Name", "TimeToLive", *DATA, *DATA.values(), "Priority", "Weight", "Port")
    given = [kind for kind in DATA if call.switch(kind)]
    if len(given) != 1:
        raise _refused(call, "Parameter set cannot be resolved using the specified named parameters.")
    rtype, name = given[0].upper(), _owner(call)
    try:
        new = records.record_set(
            name, rtype, _seconds(str(call.get("TimeToLive", "01:00:00"))), [_value(call, given[0])]
        )
    except InputError as cause:
        raise _refused(call, cause.message) from cause
    old = _server(state.blueprint).ask(name, rtype)
    values = {*(old.values if old else ()), *new.values}
    if old and set(old.values) == values:
        raise _refused(call, f"Resource record in {call.get('ZoneName')} zone already exists.")
    _update(state.blueprint, call, RecordChange(old, RecordSet(name, rtype, new.ttl, tuple(sorted(values)))))


def _owner(call: Call) -> str:
    if call.get("ZoneName") != DOMAIN:
        raise _refused(call, f"The zone {call.get('ZoneName')} was not found on server.")
    name = str(call.get("Name"))
    return DOMAIN if name == "@" else f"{name}.{DOMAIN}"


def _value(call: Call, kind: str) -> str:
    value = str(call.get(DATA[kind], ""))
    return value if kind != "Srv" else f"{call.get('Priority')} {call.get('Weight')} {call.get('Port')} {value}"


def _seconds(span: str) -> int:
    """`1.00:05:00` -> 86700."""
    days, _, clock = span.rpartition(".")
    hours, minutes, seconds = map(int, clock.split(":"))
    return int(days or 0) * 86_400 + hours * 3600 + minutes * 60 + seconds


def _server(lab: Blueprint) -> DnsNameserver:
    """The lab's nameserver, with the right to update it, which the parameters may keep back from the product."""
    if lab.dns == "samba":
        raise CmdletError("The lab's DNS cmdlets do not reach Samba's own zone.", "NotImplemented")
    given: dict[str, Any] = {"name": "ns", "address": lab.nameserver, "port": lab.dns_port, "zones": [DOMAIN]}
    key = Tsig(name=TSIG_KEY, secret="file:secrets/tsig")
    return authoritative(DnsServer(**given, update="tsig", tsig=key), lab.folder)


def _update(lab: Blueprint, call: Call, change: RecordChange) -> None:
    try:
        _server(lab).update(DOMAIN, [change])
    except LyncdrError as cause:
        raise _refused(call, cause.message) from cause


def _refused(call: Call, why: str) -> CmdletError:
    return CmdletError(why, f"WIN32,{call.name}", Category.InvalidOperation, str(call.get("Name", "")))
