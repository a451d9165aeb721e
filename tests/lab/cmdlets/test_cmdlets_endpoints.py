"""What has a SIP address and is no user: each kind is moved by its own cmdlet, and by no other."""

from __future__ import annotations

import pytest

from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.lines import DOMAIN_CONTROLLER
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.shell import endpoints

MOVES = {
    "conferencing-attendant": endpoints.move_application_endpoints,
    "help-desk": endpoints.move_application_endpoints,
    "paging": endpoints.move_application_endpoints,
    "lobby-phone": endpoints.move_common_area_phones,
    "fax": endpoints.move_analog_devices,
    "voice-mail": endpoints.move_um_contacts,
}
KINDS = sorted({build.__name__ for build in MOVES.values()})


def home(lab, name: str) -> tuple[str, tuple[str, ...]]:
    """Both values of the directory: the pool that PrimaryHomeServer names, and UserPolicies."""
    with State(lab.blueprint) as state:
        (account,) = state.accounts.endpoints([f"sip:{name}@{DOMAIN}"])
        pool = state.home(account)
        return pool.fqdn if pool else "", tuple(sorted(account.values["msRTCSIP-UserPolicies"]))


def move(lab, kind: str, *names: str, **changed: object):
    command = getattr(endpoints, kind)(DR_POOL, DOMAIN_CONTROLLER)
    return lab.call(command.cmdlet, [f"sip:{name}@{DOMAIN}" for name in names], **{**command.parameters, **changed})


@pytest.mark.parametrize("name", MOVES)
def test_each_kind_moves(lab, name: str) -> None:
    """Both values of the directory change, also when the pool that is left is lost."""
    lab.fail("primary")
    assert home(lab, name)[0] == PRIMARY_POOL
    said = move(lab, MOVES[name].__name__, name)
    assert (said.ended, said.errors, said.rows) == (None, [], [])
    assert home(lab, name) == (DR_POOL, ("0=2", "1=7"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_other_kind_moves(lab, kind: str) -> None:
    """A cmdlet does not find what is of another kind, or a user, and goes on to the next."""
    own = [name for name, build in MOVES.items() if build.__name__ == kind]
    others = [name for name in MOVES if name not in own]
    said = move(lab, kind, *others, "newcomer", *own)
    assert [error.target for error in said.errors] == [f"sip:{name}@{DOMAIN}" for name in (*others, "newcomer")]
    assert {home(lab, name)[0] for name in others} == {PRIMARY_POOL}
    assert {home(lab, name)[0] for name in own} == {DR_POOL}


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_answers_its_question(lab, kind: str) -> None:
    """Without -Confirm:$false it asks, even with -Force, and nothing moves."""
    name = next(name for name, build in MOVES.items() if build.__name__ == kind)
    said = move(lab, kind, name, Confirm=True)
    assert said.ended is not None
    assert "NonInteractive" in said.ended.message
    assert home(lab, name)[0] == PRIMARY_POOL


def test_without_force_both_pools_must_be_up(lab) -> None:
    """A plain move away from a lost pool is an error record, and a plain move between living ones works."""
    plain = {"Force": False}
    assert move(lab, "move_analog_devices", "fax", **plain).errors == []
    lab.first_day()
    lab.fail("primary")
    assert "pool01.lync.test cannot be contacted" in move(lab, "move_analog_devices", "fax", **plain).errors[0].message


def test_a_user_cmdlet_sees_no_endpoint(lab) -> None:
    """Get-CsUser shows people alone."""
    shown = {row["SipAddress"] for row in lab.call("Get-CsUser").rows}
    assert shown.isdisjoint({f"sip:{address}" for address, _, _ in people.APPLICATIONS})


def test_response_groups_take_their_contacts_along(lab) -> None:
    """An import homes the contacts of its workflows where they run now."""
    file = r"C:\lyncdr\rgs.zip"
    assert (
        lab.call("Export-CsRgsConfiguration", Source=f"ApplicationServer:{PRIMARY_POOL}", FileName=file).ended is None
    )
    lab.fail("primary")
    assert (
        lab.call("Import-CsRgsConfiguration", Destination=f"ApplicationServer:{DR_POOL}", FileName=file).ended is None
    )
    assert {home(lab, name)[0] for name in ("help-desk", "sales", "reception")} == {DR_POOL}
    assert home(lab, "paging")[0] == PRIMARY_POOL
