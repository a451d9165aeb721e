"""A survey of ports: what it sees on real sockets, how long it takes, and what is made of it."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from dead_ends import blackhole, resets_midway, says_garbage, says_nothing, served

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.checks import Check, Severity
from lyncdr_helpers.clock import SetClock, SystemClock
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import Certificate, Door, TlsFacts
from lyncdr_helpers.probes.ports import Machine, Role, Shown, Target
from lyncdr_helpers.probes.survey import Finding, judge_certificates, judge_ports, survey

ADDRESS = "127.53.63.1"
PATIENCE = 0.4
NOW = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
FRONT_END = Machine("drse01.lync.test", ADDRESS, frozenset({Role.FRONT_END}), "drse01.lync.test")


def target(port: int, *shows: Shown, severity: Severity = Severity.MUST, machine: Machine = FRONT_END) -> Target:
    return Target(machine, port, severity, (f"purpose {port}",), shows)


@pytest.fixture
def places() -> Iterator[dict[str, int]]:
    """A port of each kind."""
    with ExitStack() as stack:
        talks = {"hangs": says_nothing, "garbage": says_garbage, "resets": resets_midway}
        found = {name: stack.enter_context(served(ADDRESS, talk)) for name, talk in talks.items()}
        found["silent"] = stack.enter_context(blackhole(ADDRESS))
        yield {**found, "closed": 1}


def looked_at(*targets: Target, **more: float) -> list[Finding]:
    return survey(targets, SocketDialer(60, None), SystemClock(), probe_seconds=PATIENCE, **more)  # type: ignore[arg-type]


# -- looking ----------------------------------------------------------------------------------------------------------
def test_each_kind_of_port(places: dict[str, int]) -> None:
    """What answers, refuses, is silent, hangs, talks nonsense: each in its place, in the order it was asked for."""
    kinds = ["silent", "hangs", "closed", "garbage", "resets"]
    found = looked_at(*(target(places[kind], Shown.SIGN_IN) for kind in kinds))
    assert [one.target.port for one in found] == [places[kind] for kind in kinds]
    assert [one.door for one in found] == [Door.SILENT, Door.OPEN, Door.REFUSED, Door.OPEN, Door.OPEN]
    assert [one.error.split(" ", 1)[-1][:10] for one in found] == ["", "did not an", "", "takes the ", "takes the "]
    assert all(one.facts is None for one in found)


def test_a_port_without_tls_is_not_asked_for_it(places: dict[str, int]) -> None:
    """Where no certificate is expected an open port is enough."""
    (found,) = looked_at(target(places["hangs"]))
    assert (found.door, found.error) == (Door.OPEN, "")


def test_a_dead_target_costs_its_own_time_only(places: dict[str, int]) -> None:
    """Twenty silent ones beside twenty that answer take as long as one, when all are asked at once."""
    began = time.monotonic()
    found = looked_at(*(target(places[kind]) for _ in range(20) for kind in ("silent", "hangs")))
    assert time.monotonic() - began < 20 * PATIENCE / 2
    assert [one.door for one in found] == [Door.SILENT, Door.OPEN] * 20


def test_no_target_is_begun_when_time_is_up(places: dict[str, int]) -> None:
    """After the survey's own time whoever has not been looked at is said not to have been, and nobody waits."""
    began = time.monotonic()
    found = looked_at(*(target(places["silent"]) for _ in range(50)), at_once=2, survey_seconds=PATIENCE * 1.5)
    assert time.monotonic() - began < PATIENCE * 4
    doors = [one.door for one in found]
    begun = doors.count(Door.SILENT)
    assert 2 <= begun <= 4
    assert doors == [Door.SILENT] * begun + [None] * (50 - begun)
    assert found[-1].error == "There was no time left to look."


def test_no_time_at_all() -> None:
    """The clock is the session's: with no time, nobody is asked."""
    (found,) = survey([target(1)], SocketDialer(1, None), SetClock(NOW), survey_seconds=0)
    assert found.door is None


def test_a_name_that_is_none() -> None:
    """A machine without an address is not called dead: nobody could look."""
    lost = replace(FRONT_END, address="no-such-host.invalid")
    (found,) = looked_at(target(5061, machine=lost))
    assert found.door is None
    assert "no address" in found.error


def test_no_thread_stays(places: dict[str, int]) -> None:
    """When the survey is over nobody is looking any more."""
    looked_at(*(target(places["silent"]) for _ in range(10)))
    assert not [one for one in threading.enumerate() if one.name.startswith("ask")]


# -- judging ports ----------------------------------------------------------------------------------------------------
def judged(*findings: Finding) -> dict[str, str]:
    return {one.name: str(one.verdict) for one in judge_ports(findings, "from here")}


MUST, SHOULD = "drse01.lync.test must answer from here", "drse01.lync.test should answer from here"


@pytest.mark.parametrize(
    ("severity", "doors", "verdict"),
    [
        (Severity.MUST, [Door.OPEN, Door.OPEN], "pass"),
        (Severity.MUST, [Door.OPEN, Door.REFUSED], "fail"),
        (Severity.MUST, [Door.OPEN, Door.SILENT], "fail"),
        (Severity.MUST, [Door.OPEN, None], "unknown"),
        (Severity.MUST, [Door.REFUSED, None], "fail"),
        (Severity.SHOULD, [Door.OPEN, Door.OPEN], "pass"),
        (Severity.SHOULD, [Door.OPEN, Door.REFUSED], "warn"),
        (Severity.SHOULD, [Door.SILENT, None], "unknown"),
    ],
)
def test_verdicts(severity: Severity, doors: list[Door | None], verdict: str) -> None:
    """What must answer fails, what should warns, and what nobody saw is unknown and never green."""
    findings = [Finding(target(port, severity=severity), door, error="why") for port, door in enumerate(doors, 1)]
    assert list(judged(*findings).values()) == [verdict]


def test_what_a_check_says() -> None:
    """Every port that does not answer is named with what is lost, and each way not to answer has its own remedy."""
    findings = [
        Finding(target(5061), Door.OPEN),
        Finding(target(443), Door.REFUSED),
        Finding(target(444), Door.SILENT),
        Finding(target(445), error="no route", remedy="Mend it."),
    ]
    (check,) = judge_ports(findings, "from here")
    assert check == Check(
        "ports",
        MUST,
        check.verdict,
        "443 refused (purpose 443); 444 silent (purpose 444); 445 not seen: no route",
        "5061, 443, 444, 445 open",
        "Start the services behind 443: Get-CsWindowsService. "
        "Look at firewalls on the way to 444, and whether the machine runs. Mend it.",
    )


def test_a_check_for_each_machine_and_need() -> None:
    """One machine's fault is not another's, and what should answer is apart from what must."""
    other = replace(FRONT_END, fqdn="fe02.lync.test")
    found = judged(
        Finding(target(1), Door.OPEN),
        Finding(target(2, severity=Severity.SHOULD), Door.SILENT),
        Finding(target(1, machine=other), Door.REFUSED),
        Finding(target(3), Door.OPEN),
    )
    assert found == {MUST: "pass", SHOULD: "warn", "fe02.lync.test must answer from here": "fail"}
    assert judged() == {}


# -- judging certificates ---------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Params:
    folder = tmp_path_factory.mktemp("params")
    path = folder / "lab.yml"
    path.write_text(render(Blueprint(folder), folder))
    return read_params(Path(path)).params


VERSIONS = {"TLSv1.2": True}
SIGN_IN = ("drse01.lync.test", "sip.lync.test", "sipinternal.lync.test")
WEB = ("meet.lync.test", "dialin.lync.test", "lyncdiscoverinternal.lync.test")


def showing(*names: str) -> TlsFacts:
    own = Certificate(
        "CN=drse01",
        "CN=Root",
        names,
        NOW - dt.timedelta(1),
        NOW + dt.timedelta(300),
        fingerprint=f"fingerprint of {names}",
        key="RSA 2048",
        signed_with="sha256",
    )
    root = replace(own, subject="CN=Root", fingerprint="root")
    return TlsFacts("TLSv1.2", (own,), (own, root))


def shown(port: int, facts: TlsFacts | None, *shows: Shown, **versions: bool) -> Finding:
    return Finding(target(port, *shows), Door.OPEN, facts, versions or VERSIONS)


def faults(params: Params, *findings: Finding) -> dict[str, str]:
    checks = judge_certificates(findings, params, NOW)
    return {one.name: one.seen for one in checks if one.verdict != "pass"}


def test_one_certificate_for_everything(params: Params) -> None:
    """A certificate that several ports show is judged once, against what all of them need it for."""
    facts = showing(*SIGN_IN, *WEB)
    found = [shown(5061, facts, Shown.SIGN_IN), shown(443, facts, Shown.WEB), shown(4443, facts, Shown.EXTERNAL)]
    names = [one.name for one in judge_certificates(found, params, NOW)]
    assert names == [
        f"drse01.lync.test:5061,443,4443 {what}" for what in ("names", "dates", "trust", "strength", "TLS versions")
    ]
    assert faults(params, *found) == {}


def test_two_certificates(params: Params) -> None:
    """Sign-in and web services may show their own: each is asked for its own names only."""
    found = [shown(5061, showing(*SIGN_IN), Shown.SIGN_IN), shown(443, showing(SIGN_IN[0], *WEB), Shown.WEB)]
    assert faults(params, *found) == {}
    swapped = [replace(found[0], facts=found[1].facts), replace(found[1], facts=found[0].facts)]
    assert faults(params, *swapped) == {
        "drse01.lync.test:5061 names": "lacks sip.lync.test, sipinternal.lync.test",
        "drse01.lync.test:443 names": f"lacks {', '.join(WEB)}",
    }


def test_no_web_service_to_be_seen(params: Params) -> None:
    """Where 443 shows nothing, the sign-in certificate is asked for the web names: most servers have but one."""
    found = [shown(5061, showing(*SIGN_IN), Shown.SIGN_IN), Finding(target(443, Shown.WEB), Door.REFUSED)]
    assert faults(params, *found) == {"drse01.lync.test:5061 names": f"lacks {', '.join(WEB)}"}


def test_an_open_port_that_shows_none(params: Params) -> None:
    """Its certificate is unknown, for the reason that was seen, and that is not green."""
    found = Finding(target(5061, Shown.SIGN_IN), Door.OPEN, error="It hangs.", remedy="Restart it.")
    (check,) = judge_certificates([found], params, NOW)
    assert (check.name, check.verdict, check.seen, check.remedy) == (
        "drse01.lync.test:5061 certificate",
        "unknown",
        "It hangs.",
        "Restart it.",
    )


def test_a_shut_port_shows_nothing(params: Params) -> None:
    """What is not open is told by the ports' own checks, once."""
    shut = [Finding(target(5061, Shown.SIGN_IN), door, error="why") for door in (Door.SILENT, Door.REFUSED, None)]
    assert judge_certificates(shut, params, NOW) == []


def test_external_web_services_have_names_of_their_own(params: Params) -> None:
    """Nobody here knows the names that the reverse proxy asks for: dates and trust are judged, names are not."""
    checks = judge_certificates([shown(4443, showing("webext.lync.test"), Shown.EXTERNAL)], params, NOW)
    assert [one.name.rpartition(":4443 ")[2] for one in checks] == ["dates", "trust", "strength", "TLS versions"]


def test_a_server_among_servers(params: Params) -> None:
    """An Edge or a Mediation Server stands for itself."""
    assert faults(params, shown(5061, showing("drse01.lync.test"), Shown.OWN)) == {}
    assert list(faults(params, shown(5061, showing("other.lync.test"), Shown.OWN))) == ["drse01.lync.test:5061 names"]


def test_ports_that_differ_in_their_versions(params: Params) -> None:
    """The same certificate on two ports is told apart where one of them speaks old versions only."""
    facts = showing(*SIGN_IN, *WEB)
    old = replace(shown(443, facts, Shown.WEB), versions={"TLSv1": True, "TLSv1.2": False})
    assert faults(params, shown(5061, facts, Shown.SIGN_IN), old) == {"drse01.lync.test:443 TLS versions": "TLSv1"}
