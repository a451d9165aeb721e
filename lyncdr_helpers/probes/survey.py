"""Many ports looked at together: which of them answer, and what the TLS ones among them show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby

from lyncdr_helpers.checks import Check, Severity, Verdict, unknown
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.ports import Dialer, Door, TlsFacts
from lyncdr_helpers.probes import certificates
from lyncdr_helpers.probes.certificates import Names
from lyncdr_helpers.probes.ports import Shown, Target

AT_ONCE = 160
"""Targets looked at together: a thread each, which does little but wait."""

PROBE_SECONDS = 2.5
"""For one exchange with one target. A lost packet is sent again after one second, and Windows refuses after two."""

SURVEY_SECONDS = 60.0
"""For all of them: no target is begun later."""


@dataclass(frozen=True)
class Finding:
    """What one target showed.

    door: None where nobody could look; then, and where an open port shows no TLS, `error` and `remedy` say why. facts
    and versions: of a TLS port that answers; versions as Dialer.tls_versions gives them.
    """

    target: Target
    door: Door | None = None
    facts: TlsFacts | None = None
    versions: Mapping[str, bool] = field(default_factory=dict)
    error: str = ""
    remedy: str = ""


def survey(
    targets: Sequence[Target],
    dialer: Dialer,
    clock: Clock,
    *,
    at_once: int = AT_ONCE,
    probe_seconds: float = PROBE_SECONDS,
    survey_seconds: float = SURVEY_SECONDS,
) -> list[Finding]:
    """What each target showed, in their order. After survey_seconds no target is begun; those under way are waited for.

    A dead target costs probe_seconds, at_once of them at the same time, and so does one that is open and hangs in its
    TLS. What is known by name alone takes as long on top as this system's resolver does.
    """
    look = partial(_look, dialer=dialer.within(probe_seconds), clock=clock, until=clock.monotonic() + survey_seconds)
    return ask_all(targets, look, at_once)


def _look(target: Target, *, dialer: Dialer, clock: Clock, until: float) -> Finding:
    if clock.monotonic() >= until:
        return Finding(target, error="There was no time left to look.", remedy="Run it again.")
    where = (target.machine.address, target.port)
    door = None
    try:
        door = dialer.door(*where)
        if door is not Door.OPEN or not target.shows:
            return Finding(target, door)
        facts = dialer.tls(*where, target.server_name)
        return Finding(target, door, facts, dialer.tls_versions(*where, target.server_name))
    except OperationError as error:
        return Finding(target, door, error=error.message, remedy=error.remedy)


def judge_ports(findings: Iterable[Finding], seen_from: str, *, soft: bool = False) -> list[Check]:
    """For each machine, whether all that must answer does, and whether all that should: a check each, where any is.

    seen_from: ends the checks' names, as `from here`. soft: a place from where nothing must answer.
    """
    groups: dict[tuple[str, Severity], list[Finding]] = {}
    for one in findings:
        severity = Severity.SHOULD if soft else one.target.severity
        groups.setdefault((one.target.machine.fqdn, severity), []).append(one)
    return [
        _answering(f"{fqdn} {severity} answer {seen_from}", severity, some) for (fqdn, severity), some in groups.items()
    ]


def _answering(name: str, severity: Severity, findings: list[Finding]) -> Check:
    shut = [one for one in findings if one.door in (Door.REFUSED, Door.SILENT)]
    unseen = [one for one in findings if one.door is None]
    verdict = Verdict.UNKNOWN if unseen else Verdict.WARN if shut else Verdict.PASS
    if shut and severity is Severity.MUST:
        verdict = Verdict.FAIL
    seen = [f"{one.target.port} {one.door} ({', '.join(one.target.purposes)})" for one in shut]
    if unseen:
        seen.append(f"{_ports(unseen)} not seen: {unseen[0].error}")
    expected = f"{_ports(findings)} open"
    said = "; ".join(seen) or f"all {len(findings)} open"
    return Check("ports", name, verdict, said, expected, _remedy(findings), severity)


def _remedy(findings: list[Finding]) -> str:
    """A refusal comes from the machine itself, silence from something before it, or from nothing at all."""
    refused = [one for one in findings if one.door is Door.REFUSED]
    silent = [one for one in findings if one.door is Door.SILENT]
    parts = [
        f"Start the services behind {_ports(refused)}: Get-CsWindowsService." if refused else "",
        f"Look at firewalls on the way to {_ports(silent)}, and whether the machine runs." if silent else "",
        *(one.remedy for one in findings if one.door is None),
    ]
    return " ".join(dict.fromkeys(part for part in parts if part))


def _ports(findings: Iterable[Finding]) -> str:
    return ", ".join(str(one.target.port) for one in findings)


# -- certificates -----------------------------------------------------------------------------------------------------
def judge_certificates(
    findings: Iterable[Finding], params: Params, now: dt.datetime, simple_urls: Sequence[str] = ()
) -> list[Check]:
    """Each certificate of each machine once, against all that its ports need it for.

    UNKNOWN where an open port shows none; a port that is not open shows nothing, and judge_ports says so. The names of
    the web services are asked of the sign-in certificate where no web service shows one: most servers have but one.
    """
    checks = list[Check]()
    for _, some in groupby(findings, lambda one: one.target.machine):
        shown = [one for one in some if one.target.shows and one.door is Door.OPEN]
        seen = [one for one in shown if one.facts]
        web = any(Shown.WEB in one.target.shows for one in seen)
        for alike in _by_certificate(seen):
            checks += _judge_alike(alike, params, now, simple_urls, web)
        checks += [_not_shown(one) for one in shown if not one.facts]
    return checks


def _by_certificate(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    """The ports of one machine that show the same chain and speak the same versions, together."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for one in findings:
        assert one.facts is not None
        groups.setdefault((one.facts.chain, *one.versions.items()), []).append(one)
    return groups.values()


def _judge_alike(
    findings: list[Finding], params: Params, now: dt.datetime, simple_urls: Sequence[str], web: bool
) -> list[Check]:
    first, facts = findings[0], findings[0].facts
    assert facts is not None
    of = f"{first.target.machine.fqdn}:{_ports(findings).replace(' ', '')}"
    names = Names()
    for one in findings:
        names += _names(one.target, params, simple_urls, web)
    named, *others = certificates.judge_certificate(
        facts, names, now, renew_days=params.thresholds.certificate_days, of=of
    )
    return [
        *([named] if names.all else []),
        *others,
        certificates.judge_strength(facts, of=of),
        certificates.judge_versions(first.versions, of=of),
    ]


def _names(target: Target, params: Params, simple_urls: Sequence[str], web: bool) -> Names:
    """What the certificate of this port must hold. web: whether the web services show one of their own."""
    found, pool = Names(), target.server_name
    if Shown.SIGN_IN in target.shows:
        found += certificates.sign_in_names(params, pool, target.machine.fqdn)
    if Shown.WEB in target.shows or (Shown.SIGN_IN in target.shows and not web):
        found += Names((pool,)) + certificates.web_names(params, simple_urls)
    if Shown.OWN in target.shows:
        found += Names((pool,))
    return found


def _not_shown(found: Finding) -> Check:
    name, expected = f"{found.target} certificate", "a certificate, in a TLS handshake"
    soft = found.target.severity is Severity.SHOULD
    return unknown(certificates.AREA, name, seen=found.error, expected=expected, remedy=found.remedy, soft=soft)
