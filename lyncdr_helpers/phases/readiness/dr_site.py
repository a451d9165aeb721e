"""The DR site's machines: do their ports answer, do their certificates hold, does the registrar let clients sign in?"""

from __future__ import annotations

from dataclasses import dataclass

from lyncdr_helpers.checks import Checklist
from lyncdr_helpers.phases import reachability, readiness_probes
from lyncdr_helpers.phases.dr_machines import simple_url_hosts
from lyncdr_helpers.phases.readiness import reverse_proxy
from lyncdr_helpers.phases.readiness_probes import Row
from lyncdr_helpers.session import Session
from lyncdr_helpers.topology.document import Topology


@dataclass
class DrSite(Checklist):
    """The checks, and one row for each port that was looked at; see readiness_probes.Row."""

    ports: tuple[Row, ...] = ()


def check(session: Session, topology: Topology | None) -> DrSite:
    """Ports from wherever the parameters say; where this machine must not see them all, the SIP port's certificate."""
    found, probes, pool = DrSite(), session.params.probes, session.params.target_pool
    for wanted, look in (
        (probes.from_here, readiness_probes.from_here),
        (probes.from_management_host, readiness_probes.from_management_host),
    ):
        if wanted:
            probed = look(session, topology)
            found.add(*probed.checks)
            found.ports += probed.rows
    if probes.from_here:
        found.add(*reverse_proxy.check(session, simple_url_hosts(topology)))
    else:
        found.add(*reachability.certificates(session, pool))
    found.add(*reachability.answers(session, pool))
    if found.ports:
        session.keep("ports", found.ports)
    return found
