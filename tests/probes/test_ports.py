"""Which ports must answer: the data, and the targets that follow from it."""

from __future__ import annotations

from collections import Counter

import pytest

from lyncdr_helpers.checks import Severity
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.probes.ports import EVERY, LISTENING, Machine, Role, Shown, targets

STANDARD = frozenset({Role.FRONT_END, Role.WEB, Role.CONFERENCING, Role.RESPONSE_GROUPS, Role.CENTRAL_MANAGEMENT})


def machine(*roles: Role, fqdn: str = "drse01.lync.test", address: str = "192.0.2.21", **more: object) -> Machine:
    return Machine(fqdn, address, frozenset(roles), **more)  # type: ignore[arg-type]


def ports(*machines: Machine, generation: Generation = "lync2010", severity: Severity | None = None) -> list[int]:
    return sorted(one.port for one in targets(machines, generation) if severity in (None, one.severity))


# -- the data ---------------------------------------------------------------------------------------------------------
def test_the_table_is_sound() -> None:
    """Each role and port stands there once, with a purpose; every role is there; ports are ports."""
    assert max(Counter((one.role, one.port) for one in LISTENING).values()) == 1
    assert {one.role for one in LISTENING} == set(Role)
    assert all(one.purpose and 0 < one.port < 65536 and set(one.generations) <= set(EVERY) for one in LISTENING)


@pytest.mark.parametrize("role", Role)
def test_every_role_has_a_port_that_it_cannot_do_without(role: Role) -> None:
    """A role whose ports all only should answer could be wholly dead and warn."""
    assert any(one.severity is Severity.MUST for one in LISTENING if one.role is role)


def test_the_ports_of_the_reference() -> None:
    """What Microsoft lists for a Front End is there, but for UDP and what it calls from."""
    listed = {5061, 443, 444, 135, 80, 4443, 8080, 5062, 5063, 5064, 5065, 5071, 5072, 5073, 5075, 8057, 8058}
    listed |= {8060, 8061, 8404, 445}
    assert listed <= {one.port for one in LISTENING}
    assert {5067, 5068, 5070} <= {one.port for one in LISTENING if one.role is Role.MEDIATION}
    assert {443, 5061, 5062, 4443} <= {one.port for one in LISTENING if one.role is Role.EDGE}
    assert {5041, 881} <= {one.port for one in LISTENING if one.role is Role.PERSISTENT_CHAT}


# -- targets ----------------------------------------------------------------------------------------------------------
def test_a_standard_edition_server() -> None:
    """What must answer for sign-in, conferences, Response Groups and the configuration."""
    must = ports(machine(*STANDARD), severity=Severity.MUST)
    assert must == [135, 443, 444, 445, 5061, 5062, 5063, 5065, 5071, 8057]


def test_roles_that_nobody_has_add_nothing() -> None:
    """No role, no port; a Director is asked for none of a pool's conferences."""
    assert ports(machine()) == []
    assert 5063 not in ports(machine(Role.DIRECTOR))


@pytest.mark.parametrize(
    ("role", "port", "there"),
    [
        (Role.MOBILITY, 5086, ["lync2013", "sfb2015", "sfb2019"]),
        (Role.PERSISTENT_CHAT, 5041, ["lync2013", "sfb2015"]),
        (Role.WEB_APPS, 443, ["lync2013", "sfb2015", "sfb2019"]),
        (Role.FRONT_END, 5061, list(EVERY)),
    ],
)
def test_generations(role: Role, port: int, there: list[Generation]) -> None:
    """A port is asked only of the generations that have it."""
    assert [generation for generation in EVERY if port in ports(machine(role), generation=generation)] == there


def test_a_port_that_two_roles_share() -> None:
    """It is one target, needed as much as by the one that needs it more, with the purposes and names of both."""
    (web,) = [one for one in targets([machine(Role.WEB, Role.EDGE)], "lync2010") if one.port == 4443]
    assert (web.severity, len(web.purposes)) == (Severity.MUST, 2)
    (sip,) = [one for one in targets([machine(Role.FRONT_END, Role.EDGE)], "lync2010") if one.port == 5061]
    assert sip.shows == (Shown.SIGN_IN, Shown.OWN)


def test_two_machines() -> None:
    """Each has its own targets, in their order; two names for one address are one machine."""
    front_ends = [
        machine(Role.FRONT_END, fqdn=f"fe0{n}.lync.test", address=f"192.0.2.{n}", pool="p.lync.test") for n in (2, 1)
    ]
    found = targets(front_ends, "lync2013")
    assert [str(one) for one in found][::3] == ["fe02.lync.test:5061", "fe01.lync.test:5061"]
    assert {one.server_name for one in found} == {"p.lync.test"}
    assert len(targets([machine(Role.FRONT_END), machine(Role.FRONT_END, fqdn="alias.lync.test")], "lync2013")) == 3


def test_a_registrar_on_a_port_of_its_own() -> None:
    """Where the parameters give the pool another SIP port, that one is asked, and 5061 is not."""
    found = ports(machine(Role.FRONT_END, sip_port=5071))
    assert 5071 in found
    assert 5061 not in found
