"""Whether the DR site's machines answer, and with which certificates: from here, and from the management host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lyncdr_helpers.checks import Check, Severity
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.phases.dr_machines import dr_machines, simple_url_hosts
from lyncdr_helpers.ports import TLS_VERSIONS, Door
from lyncdr_helpers.probes.ports import Target, targets
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

seen_from, machine, address, port, severity (must | should), purpose, door (open | refused | silent | not seen),
versions (of TLS), certificate (its subject), ends (a stamp), note. Text but for port; empty where there is nothing.
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
    """The ports that must answer, as the management host sees them.

    Where it is a machine of the DR site itself, what must answer must answer there too; from another one it should.
    UNKNOWN where its session may not try, as in a no-language one. One connection after the other, and a machine that
    was silent once is not asked again.
    """
    host = session.params.management_host
    name = host.server_name or urlsplit(host.url).hostname or "this machine"
    machines = dr_machines(session.params, topology)
    soft = name not in {one.fqdn for one in machines}
    known = targets(machines, session.params.generation)
    found = FromThere(session).look([one for one in known if one.severity is Severity.MUST])
    checks = judge_ports(found, f"from {name}", soft=soft)
    return Probed(tuple(checks), tuple(_row(one, name) for one in found))


class FromThere:
    """The management host as it looks at one port after the other, until it may not, or there is no time left."""

    def __init__(self, session: Session) -> None:
        self._shell, self._clock = session.shell, session.clock
        self._until = self._clock.monotonic() + THERE_SECONDS
        self._spared: dict[str, str] = {}
        """Machines that are not asked again, and why."""

    def look(self, needed: Sequence[Target]) -> list[Finding]:
        """A finding for each, in their order."""
        found = list[Finding]()
        try:
            for target in needed:
                found.append(self._one(target))
        except OperationError as error:
            rest = needed[len(found) :]
            found += [Finding(one, error=error.message, remedy=error.remedy) for one in rest]
        return found

    def _one(self, target: Target) -> Finding:
        """Raises OperationError where no port can be looked at any more."""
        machine = target.machine
        if machine.fqdn in self._spared:
            return Finding(target, error=self._spared[machine.fqdn])
        began = self._clock.monotonic()
        if began >= self._until:
            raise OperationError("There was no time left to look.", "Run it again.")
        refusal = sockets.refusal(self._shell.invoke(sockets.connect(machine.address, target.port)))
        # Its words come in that system's language; how long it took does not.
        if refusal and self._clock.monotonic() - began > SILENT_AFTER:
            self._spared[machine.fqdn] = f"It was silent on {target.port}, and was not asked again."
            return Finding(target, Door.SILENT, error=refusal)
        return Finding(target, Door.REFUSED if refusal else Door.OPEN, error=refusal)


# -- rows -------------------------------------------------------------------------------------------------------------
def _row(found: Finding, seen_from: str) -> Row:
    target, own = found.target, found.facts.certificate if found.facts else None
    return {
        "seen_from": seen_from,
        "machine": target.machine.fqdn,
        "address": target.machine.address,
        "port": target.port,
        "severity": str(target.severity),
        "purpose": "; ".join(target.purposes),
        "door": str(found.door or "not seen"),
        "versions": ", ".join(version for version in TLS_VERSIONS if found.versions.get(version)),
        "certificate": own.subject if own else "",
        "ends": stamp(own.not_after) if own else "",
        "note": found.error,
    }
