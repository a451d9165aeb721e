"""How long a survey of a whole site takes when half of it is dead."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from authority import Wish, authorities, issue
from dead_ends import blackhole, says_nothing, served
from sip_servers import PORT, Endpoint, kamailio

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.checks import Severity
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import Unreachable
from lyncdr_helpers.lab import pki, seed
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.phases.readiness.answers import AUTHORITATIVE, PATIENCE, Answers, Server
from lyncdr_helpers.ports import Door
from lyncdr_helpers.probes.ports import Machine, Role, Shown, Target
from lyncdr_helpers.probes.survey import AT_ONCE, PROBE_SECONDS, survey

pytestmark = [pytest.mark.real("kamailio"), pytest.mark.slow]

SUBNET = "127.53.64"
TLS = [f"{SUBNET}.{number}" for number in range(1, 11)]
PLAIN, BLACK, HANGING = f"{SUBNET}.20", f"{SUBNET}.21", f"{SUBNET}.22"
TARGETS, QUESTIONS = 300, 40
PROMISE = 10.0
"""Seconds in which all of this must be over. On a machine with two cores it takes six to seven, nearly all of them
waiting: one round of silence for the ports, one for the nameservers."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Target]]:
    """Half of 300 targets answer: ten real SIP servers, asked for TLS, and plain listeners; half are dead.

    Of the dead, most drop every packet, and the others take the connection and never speak.
    """
    folder = tmp_path_factory.mktemp("scale")
    chain, key = issue(Wish("drse01.lync.test"), authorities("scale")[1]).save(folder, "own")
    with ExitStack() as stack:
        stack.enter_context(kamailio(folder / "kamailio", [Endpoint(address, chain, key) for address in TLS]))
        plain = stack.enter_context(served(PLAIN, says_nothing))
        black = [stack.enter_context(blackhole(BLACK)) for _ in range(10)]
        hanging = stack.enter_context(served(HANGING, says_nothing))
        alive = [target(TLS[n % 10], PORT, Shown.OWN) for n in range(40)] + [target(PLAIN, plain) for _ in range(110)]
        dead = [target(BLACK, black[n % 10]) for n in range(120)]
        dead += [target(HANGING, hanging, Shown.OWN) for _ in range(30)]
        yield [one for pair in zip(alive, dead, strict=True) for one in pair]


def target(address: str, port: int, *shows: Shown) -> Target:
    return Target(Machine(address, address, frozenset({Role.FRONT_END})), port, Severity.MUST, ("x",), shows)


@pytest.fixture(scope="module")
def nameservers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers that answer for the lab's zone, and two that are silent."""
    blueprint = Blueprint(tmp_path_factory.mktemp("zone"), subnet=SUBNET)
    pki.make_secrets(blueprint)
    server = ZoneServer(blueprint)
    server.load(seed.generate(blueprint).zone_records())
    server.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((SUBNET + ".54", 0))
        alive, dead = (blueprint.nameserver, blueprint.dns_port), silent.getsockname()
        yield [
            Server(AUTHORITATIVE, f"ns{n}", DnsNameserver(f"ns{n}", *where, timeout=PATIENCE))
            for n, where in enumerate([alive, dead] * 2)
        ]
    server.stop()


def test_a_site_that_is_half_dead(site: list[Target], nameservers: list[Server]) -> None:
    """300 ports and 40 questions, half of them to the dead, take a fraction of what one after the other would."""
    questions = [(server, f"host{n}.lync.test A") for n in range(QUESTIONS // 4) for server in nameservers]
    began = time.monotonic()
    found = survey(site, SocketDialer(60, None), SystemClock())
    names = Answers()
    names.ask(questions)
    took = time.monotonic() - began

    assert len(found) == TARGETS
    assert [one.target for one in found] == site
    assert [one.door for one in found[::2]] == [Door.OPEN] * 150
    assert all(one.facts and one.versions for one in found[:80:2])
    dead = found[1::2]
    assert [one.door for one in dead] == [Door.SILENT] * 120 + [Door.OPEN] * 30
    assert all(one.facts is None and "did not answer in time" in one.error for one in dead[120:])
    assert [isinstance(names.of(*one), Unreachable) for one in questions] == [False, True] * (QUESTIONS // 2)
    assert sorted(str(one) for one in names.dead) == ["server ns1", "server ns3"]

    one_by_one = 150 * PROBE_SECONDS + QUESTIONS / 2 * PATIENCE
    assert took < one_by_one / 40
    assert took < PROMISE
    assert not [one for one in threading.enumerate() if one.name.startswith("ask")]


def test_twice_as_many_dead(site: list[Target]) -> None:
    """What a dead target costs does not grow with how many there are, as long as all of them fit in at once."""
    dead = [one for one in site if one.machine.address == BLACK]
    look = partial(survey, dialer=SocketDialer(60, None), clock=SystemClock(), probe_seconds=1.0)
    times = []
    for some in (dead[:30], dead[:120]):
        began = time.monotonic()
        assert {one.door for one in look(some)} == {Door.SILENT}
        times.append(time.monotonic() - began)
    assert len(dead) <= AT_ONCE
    assert times[1] < times[0] * 2
