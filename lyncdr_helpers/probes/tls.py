"""What a server's certificate proves: its names, its dates, and who vouches for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lyncdr_helpers.checks import Check, Verdict, judge
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.ports import TlsFacts

RENEW_BEFORE = dt.timedelta(days=30)

WHERE_RECORDED = (
    "sipinternal",
    "sipexternal",
    "meet",
    "dialin",
    "admin",
    "lyncdiscover",
    "lyncdiscoverinternal",
)
"""Hosts a SIP domain may have; the certificate needs those that DNS leads to the DR pool."""


def expected_names(params: Params) -> tuple[str, ...]:
    """The names that the DR pool's certificate must hold before the disaster.

    Its FQDN, `sip.` of every SIP domain, and those other well-known hosts that the cutover leads to it. Source:
    Microsoft, certificate requirements for internal servers.
    """
    recorded = {record.name for record in params.dns.records}
    hosts = (f"{host}.{domain}" for domain in params.sip_domains for host in WHERE_RECORDED)
    always = [params.target_pool.fqdn, *(f"sip.{domain}" for domain in params.sip_domains)]
    return tuple(dict.fromkeys([*always, *(host for host in hosts if host in recorded)]))


def judge_certificate(facts: TlsFacts, names: Iterable[str], now: dt.datetime) -> list[Check]:
    """Three checks: it stands for all the names, it is valid now and for a while, and its chain is trusted."""
    return [_names(facts, list(names)), _dates(facts, now), _trust(facts)]


def _names(facts: TlsFacts, names: list[str]) -> Check:
    missing = [name for name in names if not facts.covers(name)]
    return judge(
        "certificate",
        "certificate names",
        not missing,
        seen=f"lacks {', '.join(missing)}" if missing else f"all {len(names)}",
        expected=", ".join(names),
        remedy="Request a new certificate for this server with the missing names: clients refuse it as it is.",
    )


def _dates(facts: TlsFacts, now: dt.datetime) -> Check:
    name, expected = "certificate dates", f"valid now and {RENEW_BEFORE.days} days from now"
    seen = f"{stamp(facts.not_before)} to {stamp(facts.not_after)}"
    if not facts.not_before <= now <= facts.not_after:
        remedy = "Renew the certificate, or put this machine's clock right."
        return Check("certificate", name, Verdict.FAIL, seen, expected, remedy)
    ok = now + RENEW_BEFORE <= facts.not_after
    return judge("certificate", name, ok, seen=seen, expected=expected, remedy="Renew the certificate.", soft=True)


def _trust(facts: TlsFacts) -> Check:
    return judge(
        "certificate",
        "certificate trust",
        not facts.trusted,
        seen=facts.trusted or f"issued by {facts.issuer}",
        expected="a chain to a CA that clients trust",
        remedy="Install the chain on the server, or name the right CA file in the parameters.",
    )
