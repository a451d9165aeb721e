"""What a server's certificate proves: the names it stands for, its dates, who vouches for it, and how strong it is.

Source: Microsoft, certificate requirements for internal servers and wildcard certificate support (Lync Server 2013;
those of the other generations say the same).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, Severity, Verdict, judge, unknown
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.ports import TLS_VERSIONS, Certificate, TlsFacts, Trust

AREA = "certificate"

SIGN_IN_HOSTS = ("sipinternal", "sipexternal")
WEB_HOSTS = ("meet", "dialin", "admin", "lyncdiscover", "lyncdiscoverinternal")
"""Hosts a SIP domain may have; the certificate needs those that the cutover leads to the DR site."""

WEAK_DIGESTS = frozenset({"md2", "md5", "sha1"})
LEAST_BITS = {"RSA": 2048, "DSA": 2048, "EC": 256}
MODERN = frozenset(TLS_VERSIONS[2:])


@dataclass(frozen=True)
class Names:
    """What a certificate must stand for. Each of `literal` must be in it as it is, `wild` may be held by a wildcard.

    Microsoft supports wildcards for the simple URLs and for lyncdiscover and lyncdiscoverinternal, nothing else.
    """

    literal: tuple[str, ...] = ()
    wild: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.literal, *self.wild)))

    def __add__(self, other: Names) -> Names:
        return Names(
            tuple(dict.fromkeys((*self.literal, *other.literal))), tuple(dict.fromkeys((*self.wild, *other.wild)))
        )


# -- which names ------------------------------------------------------------------------------------------------------
def sign_in_names(params: Params, pool: str, server: str = "") -> Names:
    """What the registrar's certificate must hold: the pool, the server, `sip.` of every SIP domain, and its kin.

    The kin are sipinternal and sipexternal, where dns.records has them. pool, server: their names; a Standard Edition
    server is both.
    """
    return Names(
        tuple(
            dict.fromkeys(
                (
                    pool,
                    *((server,) if server else ()),
                    *(f"sip.{domain}" for domain in params.sip_domains),
                    *_recorded(params, SIGN_IN_HOSTS),
                )
            )
        )
    )


def web_names(params: Params, simple_urls: Iterable[str] = ()) -> Names:
    """What the web services' certificate must hold beside the pool: those of WEB_HOSTS that dns.records has.

    simple_urls: the hosts of the deployment's own simple URLs, where its topology tells them.
    """
    return Names(wild=tuple(dict.fromkeys((*_recorded(params, WEB_HOSTS), *simple_urls))))


def expected_names(params: Params, pool: str = "") -> Names:
    """Both, for the DR pool unless said otherwise: its servers show one certificate for everything, as a rule."""
    return sign_in_names(params, pool or params.target_pool.fqdn) + web_names(params)


def _recorded(params: Params, hosts: Iterable[str]) -> tuple[str, ...]:
    recorded = {record.name for record in params.dns.records}
    names = (f"{host}.{domain}" for domain in params.sip_domains for host in hosts)
    return tuple(name for name in names if name in recorded)


# -- judging ----------------------------------------------------------------------------------------------------------
def judge_certificate(
    facts: TlsFacts, names: Names, now: dt.datetime, *, renew_days: float, of: str = AREA
) -> list[Check]:
    """Three checks: it stands for all the names, it is valid now and for a while, and its chain is trusted.

    renew_days: how long before its end it warns. of: how the checks' names begin. Any of them fails for its own reason
    only: an expired certificate of a known CA is trusted, and expired.
    """
    return [_names(facts, names, of), _dates(facts, now, of, renew_days), _trust(facts, of)]


def judge_strength(facts: TlsFacts, *, of: str = AREA) -> Check:
    """Whether keys and signatures are such as today's clients accept: no SHA-1, no RSA key below 2048 bits."""
    found = facts.path or facts.chain
    weak = [fault for one in found for fault in _weak(one)]
    return judge(
        AREA,
        f"{of} strength",
        not weak,
        seen="; ".join(weak) or f"{facts.certificate.key}, {facts.certificate.signed_with}",
        expected="RSA keys of 2048 bits or more, signed with SHA-256 or better",
        remedy="Have it issued again by a CA that signs with SHA-256: newer Windows and phones refuse the old ones.",
        soft=True,
    )


def judge_versions(accepted: Mapping[str, bool], *, of: str = AREA) -> Check:
    """Whether the server speaks TLS 1.2 or 1.3. accepted: what Dialer.tls_versions says of it."""
    spoken = [version for version in TLS_VERSIONS if accepted.get(version)]
    name, expected = f"{of} TLS versions", "TLS 1.2 or 1.3 among them"
    if not spoken:
        remedy = "Look at the server's own event log: Schannel says why it ends a handshake."
        seen = "it accepts none of those asked for one by one"
        return unknown(AREA, name, seen=seen, expected=expected, remedy=remedy, soft=True)
    return judge(
        AREA,
        name,
        not MODERN.isdisjoint(spoken),
        seen=", ".join(spoken),
        expected=expected,
        remedy="Install the server's cumulative updates and enable TLS 1.2 in Schannel: clients whose system has "
        "switched TLS 1.0 and 1.1 off cannot sign in here.",
        soft=True,
    )


def _names(facts: TlsFacts, wanted: Names, of: str) -> Check:
    name, expected = f"{of} names", ", ".join(wanted.all)
    missing = [one for one in wanted.all if not facts.covers(one)]
    wild = [one for one in wanted.literal if facts.covers(one) and not facts.names_literally(one)]
    if missing and len(missing) == len(wanted.all):
        seen = f"none of them: it stands for {', '.join(facts.certificate.names) or 'no name at all'}"
        remedy = "This is another server's certificate: assign the right one, or mend the address in the parameters."
        return Check(AREA, name, Verdict.FAIL, seen, expected, remedy)
    if missing:
        remedy = "Request a new certificate for this server with the missing names: clients refuse it as it is."
        return Check(AREA, name, Verdict.FAIL, f"lacks {', '.join(missing)}", expected, remedy)
    if wild:
        remedy = "Request one that spells them out: wildcards are supported for simple URLs and lyncdiscover only."
        return _warning(name, f"by a wildcard only: {', '.join(wild)}", expected, remedy)
    return judge(AREA, name, True, seen=f"all {len(wanted.all)}", expected=expected)


def _dates(facts: TlsFacts, now: dt.datetime, of: str, renew_days: float) -> Check:
    """Of the whole path: a chain lives no longer than the first of its certificates that ends."""
    name, expected = f"{of} dates", f"valid now and {renew_days:g} days from now"
    found = facts.path or facts.chain
    ends, begins = min(found, key=lambda one: one.not_after), max(found, key=lambda one: one.not_before)
    if now > ends.not_after:
        seen = f"expired: {_which(facts, ends)} ended {stamp(ends.not_after)}"
        return Check(AREA, name, Verdict.FAIL, seen, expected, "Renew it, or put this machine's clock right.")
    if now < begins.not_before:
        seen = f"not yet valid: {_which(facts, begins)} begins {stamp(begins.not_before)}"
        return Check(AREA, name, Verdict.FAIL, seen, expected, "Put the clock right, here or at the CA that issued it.")
    seen = f"{_which(facts, ends)} ends {stamp(ends.not_after)}, in {(ends.not_after - now).days} days"
    if now + dt.timedelta(days=renew_days) > ends.not_after:
        return _warning(name, seen, expected, "Renew it, and restart the server's services in a quiet hour.")
    return judge(AREA, name, True, seen=seen, expected=expected)


def _trust(facts: TlsFacts, of: str) -> Check:
    name, expected = f"{of} trust", "a chain to a CA that clients trust, sent whole"
    if facts.path:
        return _whole(facts, name, expected)
    last = facts.chain[-1]
    seen, remedy = {
        Trust.SELF_SIGNED: (
            "self-signed: nobody vouches for it",
            "Request a certificate from the organisation's CA and assign it.",
        ),
        Trust.UNKNOWN_CA: (
            f"unknown CA: the chain leads to {last.subject}, who is not trusted here",
            "Have it issued by a CA that clients trust, or name that CA's file in the parameters.",
        ),
        Trust.NO_ISSUER: (
            f"incomplete chain or unknown CA: {last.issuer} is neither sent nor trusted here",
            "If that is an intermediate, install it on the server; if it is a root, clients must trust it too.",
        ),
    }.get(facts.trust, (facts.trusted, "Look at the chain on the server, and have the certificate issued again."))
    return Check(AREA, name, Verdict.FAIL, seen, expected, remedy)


def _whole(facts: TlsFacts, name: str, expected: str) -> Check:
    """A path was found; but what only this machine happens to have, clients may lack."""
    sent = {one.fingerprint for one in facts.chain}
    held_back = [one.subject for one in facts.path if one.fingerprint not in sent and not one.issued_itself]
    if held_back:
        remedy = "Install the missing certificate on the server, in its Intermediate Certification Authorities."
        return _warning(name, f"incomplete chain: it does not send {', '.join(held_back)}", expected, remedy)
    return judge(AREA, name, True, seen=f"issued by {facts.certificate.issuer}", expected=expected)


def _warning(name: str, seen: str, expected: str, remedy: str) -> Check:
    """The mild form of a check that otherwise must be green: it works for now, or for most."""
    return Check(AREA, name, Verdict.WARN, seen, expected, remedy, Severity.SHOULD)


def _which(facts: TlsFacts, found: Certificate) -> str:
    return "it" if found == facts.certificate else f"the certificate of its CA {found.subject}"


def _weak(found: Certificate) -> Iterable[str]:
    """What is weak about one certificate. A root's own signature proves nothing, and so cannot be weak."""
    kind, _, size = found.key.rpartition(" ")
    least = LEAST_BITS.get(kind.partition(" ")[0], 0)
    if not found.key:
        yield f"{found.subject}: a key of no known kind"
    elif int(size) < least:
        yield f"{found.subject}: {found.key}"
    if not found.issued_itself and (not found.signed_with or found.signed_with in WEAK_DIGESTS):
        yield f"{found.subject}: signed with {found.signed_with or 'an algorithm nobody knows'}"
