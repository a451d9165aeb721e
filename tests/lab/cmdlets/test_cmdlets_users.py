"""Get-CsUser and Move-CsUser: who is found, who moves, what goes along, and who is refused."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest

from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets
from lyncdr_helpers.lab.cmdlets.lines import lines
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.winrm.call import Call, Stopped

FORCED = {"Force": True, "Confirm": False}
PLAIN = {"Confirm": False}


@pytest.fixture(params=["embedded", pytest.param("samba", marks=pytest.mark.real("samba"))])
def lab(request: pytest.FixtureRequest) -> Any:
    """The same cmdlets on the embedded directory and on a real domain controller."""
    found = request.getfixturevalue(request.param)
    found.first_day()
    return found


def sip(users: list[str]) -> list[str]:
    return [f"sip:{user}" for user in users]


def with_contacts(lab: Any) -> str:
    """A user who has both contacts and meetings."""
    organizers = {meeting.organizer for meeting in lab.deployment.meetings_of(PRIMARY_POOL)}
    return next(found.user for found in lab.deployment.contact_lists(PRIMARY_POOL) if found.user in organizers)


# -- Get-CsUser -----------------------------------------------------------------------------------------------------


def test_everybody(lab):
    """Without parameters, every user with an address is shown, cloud users too, applications and others not."""
    shown = {row["SipAddress"] for row in lab.call("Get-CsUser").rows}
    assert shown == {f"sip:{one.address}" for one in lab.deployment.people if one.kind == "user" and one.address}


@pytest.mark.parametrize(
    "spelled", ["sip:{0}", "SIP:{0}", "{0}", "LYNC\\special1", "CN=Siobhán O'Brien,OU=Lync,DC=lync,DC=test"]
)
def test_identities(lab, spelled):
    """A user is found by address in any case, by logon, by domain and account, and by DN."""
    (row,) = lab.call("Get-CsUser", Identity=spelled.format(people.APOSTROPHE)).rows
    assert row["SipAddress"] == f"sip:{people.APOSTROPHE}"
    assert row["RegistrarPool"] == PRIMARY_POOL
    assert (row["Enabled"], row["DisplayName"]) == (True, "Siobhán O'Brien")


def test_dn_with_comma(lab):
    """A DN whose name holds a comma is one DN."""
    (row,) = lab.call("Get-CsUser", Identity=r"CN=Müller\, Jürgen,OU=Lync,DC=lync,DC=test").rows
    assert row["DisplayName"] == "Müller, Jürgen"


def test_wildcards(lab):
    """A display name may hold wildcards, and then means everybody it fits: nobody should be moved by it."""
    assert len(lab.call("Get-CsUser", Identity="Cloud User *").rows) == 5


def test_fed(lab):
    """Identities come by the pipeline too; the answers keep their order."""
    said = lab.call("Get-CsUser", feed=sip([people.DISABLED, people.NON_ASCII]))
    assert [row["Enabled"] for row in said.rows] == [False, True]


@pytest.mark.parametrize(
    "identity", ["nobody@lync.test", "sip:*", "nolync1@lync.test", "CN=none,DC=lync,DC=test", "*)(cn=*"]
)
def test_unknown_user(lab, identity):
    """An unknown user is an error record and no end, also where the text looks like a filter."""
    said = lab.call("Get-CsUser", feed=[identity, f"sip:{people.NON_ASCII}"])
    (error,) = said.errors
    assert error.target == identity
    assert "Management object not found" in error.message
    assert len(said.rows) == 1


def test_filter(lab):
    """-Filter picks by property, -ResultSize cuts."""
    wanted = f'{{RegistrarPool -eq "{PRIMARY_POOL}" -and Enabled -eq $false}}'
    assert f"sip:{people.DISABLED}" in {row["SipAddress"] for row in lab.call("Get-CsUser", Filter=wanted).rows}
    assert len(lab.call("Get-CsUser", Filter=f"RegistrarPool -ne '{PRIMARY_POOL}'").rows) == 8
    assert len(lab.call("Get-CsUser", Filter=f"RegistrarPool -eq '{PRIMARY_POOL}'", ResultSize=3).rows) == 3


@pytest.mark.parametrize("wanted", ["RegistrarPool -like 'p*'", "Nothing -eq 'x'", "RegistrarPool"])
def test_filter_it_cannot_read(lab, wanted):
    """A filter that the lab cannot act on is an error, not an empty answer."""
    said = lab.call("Get-CsUser", Filter=wanted)
    assert said.ended is not None
    assert not said.rows


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"LdapFilter": "(cn=*)"}, "NotImplemented"),
        ({"Pool": PRIMARY_POOL}, "NamedParameterNotFound,Get-CsUser"),
        ({"DomainController": "dc9.lync.test"}, "DomainController"),
    ],
)
def test_parameters_refused(lab, parameters, error):
    """A parameter that the help does not list, or that the lab does not act on, is refused; so is an unknown DC."""
    said = lab.call("Get-CsUser", **parameters)
    assert said.ended is not None
    assert said.ended.error_id == error


# -- a plain move ---------------------------------------------------------------------------------------------------


def test_plain_move(lab):
    """While both pools are up, a plain move rehomes the user and carries contacts and meetings."""
    user = with_contacts(lab)
    buddies = lab.buddies(PRIMARY_POOL, user)
    said = lab.call("Move-CsUser", Identity=f"sip:{user}", Target=DR_POOL, **PLAIN)
    assert (said.errors, said.ended, said.rows) == ([], None, [])
    assert lab.home(user) == (DR_POOL, ("1=7", "0=2"))
    assert lab.buddies(DR_POOL, user) == buddies
    assert lab.buddies(PRIMARY_POOL, user) is None
    with lab.store(DR_POOL) as store:
        assert store.meetings(user)


def test_there_and_back(lab):
    """A user who goes and comes back has what they had, and what they added meanwhile."""
    user = with_contacts(lab)
    buddies = lab.buddies(PRIMARY_POOL, user)
    lab.call("Move-CsUser", Identity=user, Target=DR_POOL, **PLAIN)
    with lab.store(DR_POOL) as store:
        (found,) = store.lists(user)
        store.add(render(user, found.groups, [type(found.contacts[0])("new@fabrikam.test")]))
    lab.call("Move-CsUser", Identity=user, Target=PRIMARY_POOL, **PLAIN)
    assert lab.buddies(PRIMARY_POOL, user) == [*buddies, "new@fabrikam.test"]
    assert lab.home(user)[0] == PRIMARY_POOL


@pytest.mark.parametrize("part", ["primary", "wan"])
def test_plain_move_from_a_lost_pool(lab, part):
    """While the source is down, or cut off, a plain move fails for each user and moves nobody."""
    users = lab.users()[:3]
    lab.fail(part)
    said = lab.call("Move-CsUser", feed=sip(users), Target=DR_POOL, PassThru=True, **PLAIN)
    assert [error.target for error in said.errors] == sip(users)
    assert all(PRIMARY_POOL in error.message for error in said.errors)
    assert (said.rows, said.ended) == ([], None)
    assert {lab.home(user)[0] for user in users} == {PRIMARY_POOL}


@pytest.mark.parametrize("mode", [PLAIN, FORCED])
def test_move_to_a_lost_pool(lab, mode):
    """While the target is down nobody moves there, forced or not."""
    lab.fail("primary")
    (user,) = lab.users(DR_POOL)[:1]
    said = lab.call("Move-CsUser", Identity=user, Target=PRIMARY_POOL, **mode)
    assert len(said.errors) == 1
    assert lab.home(user)[0] == DR_POOL


# -- a forced move --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [True, False])
def test_forced_move(lab, lost):
    """A forced move rehomes, whether or not the source lives, and the list is lost on the target."""
    user = with_contacts(lab)
    if lost:
        lab.fail("primary")
    said = lab.call("Move-CsUser", Identity=f"sip:{user}", Target=DR_POOL, PassThru=True, **FORCED)
    assert said.errors == []
    assert [(row["SipAddress"], row["RegistrarPool"]) for row in said.rows] == [(f"sip:{user}", DR_POOL)]
    assert lab.home(user)[0] == DR_POOL
    assert lab.buddies(DR_POOL, user) is None
    with lab.store(DR_POOL) as store:
        assert store.meetings(user) == []


def test_what_a_lost_pool_keeps(lab):
    """A pool that is down cannot be told to forget: its rows are stale when it comes back."""
    user = with_contacts(lab)
    lab.fail("primary")
    lab.call("Move-CsUser", Identity=user, Target=DR_POOL, **FORCED)
    assert lab.buddies(PRIMARY_POOL, user)


def test_what_a_living_pool_forgets(lab):
    """A forced move loses the list for good: a source that is up forgets it, and a stale one on the target goes."""
    user = with_contacts(lab)
    with lab.store(DR_POOL) as store:
        store.add(next(found for found in lab.deployment.lists if found.user == user))
    lab.call("Move-CsUser", Identity=user, Target=DR_POOL, **FORCED)
    assert lab.buddies(PRIMARY_POOL, user) is None
    assert lab.buddies(DR_POOL, user) is None


def test_forced_move_again(lab):
    """Moving a user to where they are changes nothing: what was imported meanwhile stays."""
    user = with_contacts(lab)
    lab.call("Move-CsUser", Identity=user, Target=DR_POOL, **FORCED)
    with lab.store(DR_POOL) as store:
        store.add(next(found for found in lab.deployment.lists if found.user == user))
    said = lab.call("Move-CsUser", Identity=user, Target=DR_POOL, PassThru=True, **FORCED)
    assert [row["RegistrarPool"] for row in said.rows] == [DR_POOL]
    assert lab.buddies(DR_POOL, user)


def test_all_at_once(lab):
    """All users of a lost pool go in one call, the disabled too; those fed wrongly stay and are named."""
    lab.fail("primary")
    users = lab.users()
    said = lab.call(
        "Move-CsUser", feed=["nobody@lync.test", *sip(users), "sip:"], Target=DR_POOL, PassThru=True, **FORCED
    )
    assert [error.target for error in said.errors] == ["nobody@lync.test", "sip:"]
    assert {row["SipAddress"] for row in said.rows} == set(sip(users))
    assert {lab.home(user)[0] for user in users} == {DR_POOL}


# -- who is refused -------------------------------------------------------------------------------------------------


def test_cloud_user(lab):
    """A cloud user never moves to a pool."""
    said = lab.call("Move-CsUser", Identity="cloud.user1@lync.test", Target=DR_POOL, **FORCED)
    assert "cloud" in said.errors[0].message


def test_application_contact(lab):
    """An application contact is no user: Move-CsUser does not find it."""
    said = lab.call("Move-CsUser", Identity="sip:help-desk@lync.test", Target=DR_POOL, **FORCED)
    assert "not found" in said.errors[0].message


def test_branch_user(lab):
    """A branch user stands behind the same link: plain while it is up, forced when it is not."""
    lab.fail("wan")
    plain = lab.call("Move-CsUser", Identity=people.BRANCH_USER, Target=DR_POOL, **PLAIN)
    assert BRANCH_POOL in plain.errors[0].message
    assert lab.call("Move-CsUser", Identity=people.BRANCH_USER, Target=DR_POOL, **FORCED).errors == []
    assert lab.home(people.BRANCH_USER) == (DR_POOL, ("1=7", "0=2"))


def test_unknown_target(lab):
    """A target that is not in the topology ends the call."""
    said = lab.call("Move-CsUser", Identity=lab.users()[0], Target="pool9.lync.test", **FORCED)
    assert said.ended is not None
    assert said.ended.target == "pool9.lync.test"


def test_cms_down(lab):
    """While the pool of the Central Management Store is down nobody can be moved anywhere."""
    lab.fail("dr")
    user = lab.users()[0]
    said = lab.call("Move-CsUser", Identity=user, Target=BRANCH_POOL, **FORCED)
    assert said.ended is not None
    assert DR_POOL in said.ended.message
    assert lab.home(user)[0] == PRIMARY_POOL


def test_confirmation(lab):
    """Move-CsUser asks, and nobody is there to answer: without -Confirm:$false it fails and moves nobody."""
    user = lab.users()[0]
    for parameters in ({}, {"Confirm": True}, {"Force": True}):
        said = lab.call("Move-CsUser", Identity=user, Target=DR_POOL, **parameters)
        assert said.ended is not None
        assert "NonInteractive" in said.ended.message
    assert lab.home(user)[0] == PRIMARY_POOL


def test_what_if(lab):
    """-WhatIf changes nothing, and still says who could not move."""
    user = with_contacts(lab)
    said = lab.call("Move-CsUser", feed=[user, "nobody@lync.test"], Target=DR_POOL, WhatIf=True, **FORCED)
    assert [error.target for error in said.errors] == ["nobody@lync.test"]
    assert lab.home(user)[0] == PRIMARY_POOL
    assert lab.buddies(PRIMARY_POOL, user)


def test_stop_at_the_first_error(lab):
    """With -ErrorAction Stop the first user who cannot move ends the call."""
    said = lab.call(
        "Move-CsUser", feed=["nobody@lync.test", lab.users()[0]], Target=DR_POOL, ErrorAction="Stop", **FORCED
    )
    assert said.ended is not None
    assert lab.home(lab.users()[0])[0] == PRIMARY_POOL


def test_client_gone(lab):
    """A client who hangs up in the middle leaves nobody half moved: whoever has a new home has the list there."""
    users = [user for user in lab.users() if lab.buddies(PRIMARY_POOL, user)]

    class Gone(type(lab.call("Get-CsPool"))):
        def output(self, value):
            raise Stopped

    call = Call("Move-CsUser", {"Target": DR_POOL, "PassThru": True, **PLAIN}, sip(users), "LYNC\\svc-lyncdr", Gone())
    with pytest.raises(Stopped):
        cmdlets(lab.blueprint)["Move-CsUser"](call)
    homes = {user: lab.home(user)[0] for user in users}
    assert DR_POOL in homes.values()
    assert all(lab.buddies(home, user) for user, home in homes.items())


def test_directory_gone(lab):
    """When the directory does not let the management host in, the call ends with one clear error."""
    secret = lab.blueprint.secret("administrator")
    kept = secret.read_text()
    secret.write_text("wrong\n")
    lines.cache_clear()  # nobody is signed in any more
    try:
        said = lab.call("Get-CsUser")
    finally:
        secret.write_text(kept)
    assert said.ended is not None
    assert "dc1.lync.test" in said.ended.message


def test_a_connection_that_broke_meanwhile(lab):
    """Calls keep their connection for those that come after; one that the other side ended is made anew."""
    assert not lab.call("Get-CsUser").errors
    line = lines(lab.blueprint).take()
    lines(lab.blueprint).give_back(line)
    assert lines(lab.blueprint).take() is line
    lines(lab.blueprint).give_back(line)
    line.socket.shutdown(socket.SHUT_RDWR)
    said = lab.call("Get-CsUser")
    assert (said.ended, said.errors, len(said.rows) > len(lab.users())) == (None, [], True)
    assert lines(lab.blueprint).take() is not line


def test_rate(lab):
    """Forty users there and back take far less than a second of processor time per hundred."""
    users = sip(lab.users())
    began = time.process_time()
    for target in (DR_POOL, PRIMARY_POOL):
        assert not lab.call("Move-CsUser", feed=users, Target=target, **PLAIN).errors
    assert (time.process_time() - began) / (2 * len(users)) < 0.01
