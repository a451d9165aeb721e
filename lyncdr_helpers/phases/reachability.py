"""Questions to the parts of a deployment that more than one phase asks."""

from __future__ import annotations

from lyncdr_helpers.checks import Checklist
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.probes.certificates import expected_names, judge_certificate
from lyncdr_helpers.probes.sip import judge_registrar
from lyncdr_helpers.session import Session


def registrar(session: Session, pool: Pool) -> Checklist:
    """Each server of the pool: its certificate against the names it must carry, and its registrar's SIP answers."""
    return Checklist([*certificates(session, pool), *answers(session, pool)])


def certificates(session: Session, pool: Pool) -> Checklist:
    """The certificate that each server of the pool shows to whoever signs in."""
    checks = Checklist()
    for server in pool.servers:
        with checks.asking("service", f"{server.fqdn} certificate", "a certificate with every name clients use"):
            facts = session.dialer.tls(server.address, pool.sip_port, pool.fqdn)
            names, days = expected_names(session.params, pool.fqdn), session.params.thresholds.certificate_days
            checks.add(*judge_certificate(facts, names, session.clock.now(), renew_days=days))
    return checks


def answers(session: Session, pool: Pool) -> Checklist:
    """What the registrar of each server of the pool says to a client that has not signed in."""
    checks = Checklist()
    for server in pool.servers:
        with checks.asking("service", f"{server.fqdn} registrar", "a Lync registrar that asks clients to sign in"):
            said = session.dialer.sip(server.address, pool.sip_port, session.params.sip_domains[0], pool.fqdn)
            checks.add(judge_registrar(said, f"{server.fqdn} registrar"))
    return checks
