"""Whether the DR site's machines answer, and with which certificates: from here, and from the management host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.phases.dr_machines import dr_machines, simple_url_hosts
from lyncdr_helpers.ports import TLS_VERSIONS, Door
from lyncdr_helpers.probes.ports import Need, Target, targets
from lyncdr_helpers.probes.survey import Finding, judge_certificates, judge_ports, survey
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import sockets
from lyncdr_helpers.topology.document import Topology

SILENT_AFTER = 10.0
"""Seconds: Windows gives a connection up after 21, and learns of a refusal within two."""

THERE_SECONDS = 180.0
"""How long the management host is kept at it; it tries one connection after the other."""

Row = dict[str, Any]
"""One port, as people read it.

seen_from, machine, address, port, need (must | should), purpose, door (open | refused | silent | not seen), versions
(TLS, one string), certificate (its subject), ends (a stamp), note. Text but for port; empty where there is nothing.
"""


@dataclass(frozen=True)
class Probed:
    """What was looked at: checks, to be judged by, and one row for each port."""

    checks: tuple[Check, ...]
    rows: tuple[Row, ...]

    def __add__(self, other: Probed) -> Probed:
        return Probed(self.checks + other.checks, self.rows + other.rows)


def probe(session: Session, topology: Topology | None = None) -> Probed:
    """Everything: ports and certificates from here, and the ports that must answer from the management host.

    topology: the published one; without it the parameters' own servers of the DR pool are all that is known.
    """
    return from_here(session, topology) + from_management_host(session, topology)


def from_here(session: Session, topology: Topology | None = None) -> Probed:
    """Every port of every machine of the DR site, and the certificates that they show."""
    machines = dr_machines(session.params, topology)
    found = survey(targets(machines, session.params.generation), session.dialer, session.clock)
    shown = judge_certificates(found, session.params, session.clock.now(), simple_url_hosts(topology))
    checks = [*judge_ports(found, "from here"), *shown]
    return Probed(tuple(checks), tuple(_row(one, "here") for one in found))


def from_management_host(session: Session, topology: Topology | None = None) -> Probed:
    """The ports that must answer, as the management host sees them. Where that is the DR pool's server, so does it.

    UNKNOWN where its session may not try, as in a no-language one. One connection after the other, and a machine that
    was silent once is not asked again.
    """
    host = session.params.management_host
    name = host.server_name or urlsplit(host.url).hostname or "this machine"
    known = targets(dr_machines(session.params, topology), session.params.generation)
    try:
        found = list(_looked(session, [one for one in known if one.need is Need.MUST]))
    except OperationError as error:
        unknown = Check(
            "ports", f"ports from {name}", Verdict.UNKNOWN, error.message, "the DR site's ports open", error.remedy
        )
        return Probed((unknown,), ())
    return Probed(tuple(judge_ports(found, f"from {name}")), tuple(_row(one, name) for one in found))


def _looked(session: Session, needed: Sequence[Target]) -> Iterator[Finding]:
    """Raises OperationError where the management host cannot look."""
    silent = dict[str, int]()
    until = session.clock.monotonic() + THERE_SECONDS
    for target in needed:
        machine = target.machine
        if machine.fqdn in silent:
            yield Finding(target, error=f"the machine was silent on {silent[machine.fqdn]}, and not asked again.")
            continue
        began = session.clock.monotonic()
        if began >= until:
            yield Finding(target, error="there was no time left to look.", remedy="Run it again.")
            continue
        refusal = sockets.refusal(session.shell.invoke(sockets.connect(machine.address, target.port)))
        if refusal and session.clock.monotonic() - began > SILENT_AFTER:
            silent[machine.fqdn] = target.port
        yield Finding(target, _door(refusal, machine.fqdn in silent), error=refusal)


def _door(refusal: str, silent: bool) -> Door:
    """Its words come in that system's language; its haste does not."""
    return Door.SILENT if silent else Door.REFUSED if refusal else Door.OPEN


# -- rows -------------------------------------------------------------------------------------------------------------
def _row(found: Finding, seen_from: str) -> Row:
    target, own = found.target, found.facts.certificate if found.facts else None
    return {
        "seen_from": seen_from,
        "machine": target.machine.fqdn,
        "address": target.machine.address,
        "port": target.port,
        "need": str(target.need),
        "purpose": "; ".join(target.purposes),
        "door": str(found.door or "not seen"),
        "versions": ", ".join(version for version in TLS_VERSIONS if found.versions.get(version)),
        "certificate": own.subject if own else "",
        "ends": stamp(own.not_after) if own else "",
        "note": found.error,
    }
