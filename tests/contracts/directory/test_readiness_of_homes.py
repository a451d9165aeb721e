"""What a readiness check says of a directory is the same on the lab's own server and on a Samba domain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import ldap3
import pytest
from directory_lab import Lab

from lyncdr_helpers.checks import Check
from lyncdr_helpers.lab import params
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import APPLICATION_CONTACTS, POOLS, RTC_SERVICE
from lyncdr_helpers.lab.people import APOSTROPHE, BRANCH_USER
from lyncdr_helpers.phases import prepare
from lyncdr_helpers.phases.readiness import domain_controller, homes

HOME, TARGET, OWNER = "msRTCSIP-PrimaryHomeServer", "msRTCSIP-TargetHomeServer", "msRTCSIP-OwnerUrn"
ATTENDANT = f"CN=Conferencing Attendant,{APPLICATION_CONTACTS}"
DIAL_IN = f"dial-in access numbers on {PRIMARY_POOL}"
CLOUD = "cloud.user1@lync.test"


@dataclass(frozen=True)
class Asked:
    """What the phase's step for the directory says, by name."""

    checks: dict[str, Check]

    def changed(self, before: Asked) -> dict[str, str]:
        gone = dict.fromkeys(before.checks.keys() - self.checks.keys(), "gone")
        others = {name: str(one.verdict) for name, one in self.checks.items() if before.verdict(name) != one.verdict}
        return gone | others

    def verdict(self, name: str) -> str:
        return str(self.checks[name].verdict) if name in self.checks else ""


def asked(lab: Lab, old: str = "", new: str = "") -> Asked:
    """`old` is a text in the parameters that `new` replaces. Nobody answers for the management host."""
    text = params.render(lab.blueprint, lab.blueprint.folder)
    assert old in text
    path = lab.blueprint.folder / "lab.yml"
    path.write_text(text.replace(old, new) if old else text, encoding="utf-8")
    session = prepare.begin(path)
    try:
        found = [*domain_controller.check(session), *homes.check(session)]
    finally:
        session.close()
    return Asked({one.name: one for one in found})


@pytest.fixture(scope="module")
def before() -> dict[str, Asked]:
    """What each of the labs said when nothing was wrong with it, by its subnet."""
    return {}


@pytest.fixture
def ready(lab: Lab, before: dict[str, Asked]) -> Asked:
    if lab.blueprint.subnet not in before:
        before[lab.blueprint.subnet] = asked(lab)
    return before[lab.blueprint.subnet]


@contextmanager
def attribute(lab: Lab, dn: str, name: str, value: str) -> Iterator[None]:
    """It has that one value, until the end."""
    administrator = lab.administrator()
    administrator.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[name])
    before = [raw.decode() for raw in administrator.response[0]["raw_attributes"].get(name, [])]
    assert administrator.modify(dn, {name: [(ldap3.MODIFY_REPLACE, [value])]}), administrator.result
    try:
        yield
    finally:
        assert administrator.modify(dn, {name: [(ldap3.MODIFY_REPLACE, before)]}), administrator.result
        administrator.unbind()


def person(lab: Lab, address: str) -> str:
    return next(one.dn for one in lab.deployment.people if one.address == address)


def test_a_directory_that_is_ready(ready: Asked) -> None:
    """Everybody is counted; what a forced move leaves behind is named, as on any directory."""
    assert ready.verdict("sign-in") == ready.verdict(domain_controller.NAME) == "pass"
    assert ready.verdict(domain_controller.WRITABLE) == ready.verdict(domain_controller.REPLICATION) == "pass"
    assert ready.checks["users to move"].seen == "1,100"
    assert ready.checks["users of branch appliances"].seen == f"1: {BRANCH_USER}"
    assert ready.verdict(DIAL_IN) == "pass"


@pytest.mark.parametrize(
    ("who", "name", "value", "row"),
    [
        (APOSTROPHE, TARGET, POOLS[DR_POOL].service, "half-done moves"),
        (APOSTROPHE, HOME, RTC_SERVICE, "homes that no pool explains"),
        (CLOUD, HOME, POOLS[PRIMARY_POOL].service, f"cloud users on {PRIMARY_POOL}"),
    ],
    ids=["half-done move", "no pool", "cloud"],
)
def test_a_user_who_is_not_where_they_should_be(
    lab: Lab, ready: Asked, who: str, name: str, value: str, row: str
) -> None:
    """Exactly the row changes that names the user."""
    with attribute(lab, person(lab, who), name, value):
        found = asked(lab)
    assert found.changed(ready) == {row: "warn"}
    assert found.checks[row].seen == f"1: {who}"


def test_a_contact_of_another_kind(lab: Lab, ready: Asked) -> None:
    """The owner of a contact tells what it is."""
    with attribute(lab, ATTENDANT, OWNER, "urn:device:commonareaphone"):
        found = asked(lab)
    assert found.changed(ready) == {DIAL_IN: "gone"}
    phones = f"common area phones on {PRIMARY_POOL}"
    assert "conferencing-attendant@lync.test" in found.checks[phones].seen
    assert "conferencing-attendant@lync.test" not in ready.checks[phones].seen


def test_a_production_user_on_the_standby(lab: Lab, ready: Asked) -> None:
    """Whoever is homed there is counted."""
    row = f"users on {DR_POOL}"
    with attribute(lab, person(lab, APOSTROPHE), HOME, POOLS[DR_POOL].service):
        found = asked(lab)
    assert APOSTROPHE in found.checks[row].seen
    assert APOSTROPHE not in ready.checks[row].seen


def test_another_domain_controller_answers(lab: Lab, ready: Asked) -> None:
    """Cmdlets would be told to work on one that is not asked."""
    found = asked(lab, "domain_controller: dc1.lync.test", "domain_controller: dc9.lync.test")
    assert found.changed(ready)[domain_controller.NAME] in ("fail", "unknown")


def test_a_wrong_password(lab: Lab, ready: Asked) -> None:
    """Nothing is said of what could not be read: unknown, never an empty domain."""
    found = asked(lab, "secrets/directory", "secrets/management")
    assert {name: found.verdict(name) for name in found.checks} == {
        domain_controller.NAME: "unknown",
        "sign-in": "unknown",
    }
