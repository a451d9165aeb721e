"""Who is on the lost pool at the end of an activation, and was in no plan."""

from __future__ import annotations

import pytest

from lyncdr_helpers.directory.users import Kind, User
from lyncdr_helpers.errors import Incomplete
from lyncdr_helpers.phases import newcomers
from lyncdr_helpers.phases.activation_plan import ENDPOINT, MOVE
from lyncdr_helpers.phases.newcomers import Newcomer
from lyncdr_helpers.plan import Change, Plan

POOL, DR = "pool01.x.test", "dr.x.test"


def user(address: str, dn: str = "", kind: Kind = Kind.USER) -> User:
    return User(address, address, dn or f"CN={address}", "", POOL, enabled=True, kind=kind, option_flags=0)


def plan(*changes: tuple[str, str]) -> Plan:
    moved = (Change(kind, target, POOL, DR, {"dn": f"CN={target}"}) for kind, target in changes)
    return Plan.of("r", "d", "", {}, moved)


MADE = plan((MOVE, "ana@x.test"), (MOVE, "bo@x.test"), (ENDPOINT, "fax@x.test"))


@pytest.mark.parametrize(
    ("homed", "found"),
    [
        ((), ()),
        ((user("ana@x.test"), user("fax@x.test", kind=Kind.APPLICATION)), ()),
        ((user("ana@x.test", "CN=ana,OU=elsewhere"),), ()),
        ((user("new@x.test"),), (Newcomer("new@x.test"),)),
        ((user("lobby@x.test", kind=Kind.APPLICATION),), (Newcomer("lobby@x.test"),)),
        ((user("bob@x.test", "CN=bo@x.test"),), (Newcomer("bob@x.test", "bo@x.test"),)),
        ((user("cloud@x.test", kind=Kind.CLOUD), user("branch@x.test", kind=Kind.BRANCH)), ()),
    ],
    ids=["nobody", "whose move failed", "in another folder", "new user", "new phone", "renamed", "no plan has them"],
)
def test_who_is_new(homed: tuple[User, ...], found: tuple[Newcomer, ...]) -> None:
    """An account is known by its address; by its DN it is known to have had another one."""
    assert newcomers.find(MADE, homed) == found


def test_what_is_said() -> None:
    """The first five by name, what the plan calls them, and a way on."""
    many = [Newcomer("bob@x.test", "bo@x.test"), *(Newcomer(f"u{number}@x.test") for number in range(5))]
    error = newcomers.incomplete(POOL, many)
    assert isinstance(error, Incomplete)
    assert error.exit_code == 4
    assert "6 came to pool01.x.test since the plan was made" in str(error)
    assert "bob@x.test (in the plan as bo@x.test), u0@x.test" in str(error)
    assert "u4@x.test" not in str(error)
    assert "--run new" in str(error)
