"""What `ports.Directory` promises, over each server: every answer is complete, and no error looks like an empty one."""

from __future__ import annotations

import pytest
from directory_lab import Lab

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.directory import names
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER
from lyncdr_helpers.ports import Scope

PEOPLE = f"OU=Lync,{BASE_DN}"
ADDRESS = "msRTCSIP-PrimaryUserAddress"


def test_search_gives_every_entry_of_every_page_once(lab: Lab, directory: LdapDirectory) -> None:
    """More entries than a page holds arrive complete, and none twice."""
    found = [
        entry.first(ADDRESS) for entry in directory.search(PEOPLE, f"(&(objectClass=user)({ADDRESS}=*))", [ADDRESS])
    ]
    expected = [f"sip:{one.address}" for one in lab.deployment.people if one.kind == "user" and one.address]
    assert len(found) > 1000
    assert sorted(found) == sorted(expected)


def test_only_asked_attributes_come_in_the_asked_spelling(directory: LdapDirectory) -> None:
    """A name keeps the case it was asked in; what has no value is absent."""
    wanted = ["DISPLAYNAME", "msrtcsip-primaryuseraddress", "msRTCSIP-TargetHomeServer"]
    (entry,) = directory.search(PEOPLE, f"({ADDRESS}=sip:{people.NON_ASCII})", wanted)
    assert entry.attributes == {
        "DISPLAYNAME": ("Zoë Ångström 山田",),
        "msrtcsip-primaryuseraddress": (f"sip:{people.NON_ASCII}",),
    }


def test_a_dn_with_a_comma_can_be_read_again(directory: LdapDirectory) -> None:
    """The DN that a search gives is good for a read, whatever characters are in it."""
    (entry,) = directory.search(PEOPLE, f"({ADDRESS}=sip:{people.COMMA})", ["cn"])
    again = directory.read(entry.dn, ["cn"])
    assert again is not None
    assert again.first("cn") == "Müller, Jürgen"
    assert names.key(again.dn) == names.key(entry.dn)


def test_multiple_values_all_arrive(directory: LdapDirectory) -> None:
    """An attribute with several values keeps them all."""
    (entry,) = directory.search(PEOPLE, f"({ADDRESS}=sip:{people.NON_ASCII})", ["msRTCSIP-UserPolicies"])
    assert sorted(entry.all("msRTCSIP-UserPolicies")) == ["0=1", "1=7"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.BASE, {"Pools"}), (Scope.LEVEL, {"1", "2", "3"}), (Scope.SUBTREE, {"Pools", "1", "2", "3"})],
)
def test_scopes_reach_as_deep_as_they_say(directory: LdapDirectory, scope: Scope, expected: set[str]) -> None:
    """Base is the object, level its children, subtree both and below."""
    pools = f"CN=Pools,CN=RTC Service,CN=Services,CN=Configuration,{BASE_DN}"
    found = {entry.first("cn") for entry in directory.search(pools, "(objectClass=*)", ["cn"], scope)}
    if scope is Scope.SUBTREE:
        assert found == expected | {"Microsoft", "Lc Services"}
    else:
        assert found == expected


def test_the_configuration_partition_is_not_below_the_domain(directory: LdapDirectory) -> None:
    """A search of the domain does not see pools, as in Active Directory."""
    assert not list(directory.search(BASE_DN, "(objectClass=msRTCSIP-Pool)", ["cn"]))
    assert len(list(directory.search(f"CN=Configuration,{BASE_DN}", "(objectClass=msRTCSIP-Pool)", ["cn"]))) == 3


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (f"({ADDRESS}=SIP:{people.APOSTROPHE.upper()})", 1),
        (f"(&(objectClass=user)({ADDRESS}=sip:o'b*))", 1),
        ("(&(objectClass=user)(msRTCSIP-UserEnabled=FALSE)(displayName=On Leave))", 1),
        (f"(&(cn=u0000*)(!({ADDRESS}=*)))", 0),
        ("(|(cn=nolync1)(cn=nolync2))", 2),
        (f"(&(cn=nolync*)(!({ADDRESS}=*)))", 3),
        ("(&(cn=monitor*)(msRTCSIP-OptionFlags>=256))", 2),
        ("(cn=Müller\\2c J\\c3\\bcrgen)", 1),
        ("(cn=*\\2a*)", 0),
        ("(noSuchAttributeAnywhere=1)", 0),
    ],
)
def test_filters_mean_what_rfc_4515_says(directory: LdapDirectory, wanted: str, count: int) -> None:
    """And, or, not, presence, substrings, order and escapes; an unknown attribute matches nothing."""
    assert len(list(directory.search(PEOPLE, wanted, ["cn"]))) == count


def test_nothing_found_is_empty_and_not_an_error(directory: LdapDirectory) -> None:
    """A search that succeeds and matches nothing gives nothing."""
    assert list(directory.search(PEOPLE, "(cn=nobody at all)", ["cn"])) == []


def test_a_missing_object_is_none_but_a_missing_base_raises(directory: LdapDirectory) -> None:
    """`read` says that it is not there; `search` below it does not pretend to have looked."""
    missing = f"OU=Gone,{BASE_DN}"
    assert directory.read(missing, ["ou"]) is None
    with pytest.raises(OperationError, match="OU=Gone"):
        list(directory.search(missing, "(objectClass=*)", ["ou"]))


@pytest.mark.parametrize("base", ["not a name", f"CN=,,{BASE_DN}", "DC=another,DC=forest"])
def test_a_base_that_is_no_place_here_raises(directory: LdapDirectory, base: str) -> None:
    """A malformed base, or another forest's, is an error: for a read too."""
    with pytest.raises(OperationError):
        list(directory.search(base, "(objectClass=*)", ["cn"]))


@pytest.mark.parametrize("wanted", ["", "cn=x)", "((cn=x)", "(cn)"])
def test_a_malformed_filter_raises_and_the_connection_stays_good(directory: LdapDirectory, wanted: str) -> None:
    """A bad question is this question's error only."""
    with pytest.raises(OperationError):
        list(directory.search(PEOPLE, wanted, ["cn"]))
    assert directory.read(PEOPLE, ["ou"]) is not None


def test_two_searches_can_be_read_alternately(directory: LdapDirectory) -> None:
    """A page of one search does not disturb the pages of another."""
    first = directory.search(PEOPLE, f"({ADDRESS}=*)", ["cn"])
    second = directory.search(PEOPLE, f"({ADDRESS}=*)", ["cn"])
    pairs = list(zip(first, second, strict=True))
    assert len(pairs) > 1000
    assert all(one == other for one, other in pairs)


def test_a_closed_directory_opens_again_when_asked(directory: LdapDirectory) -> None:
    """Closing is harmless, twice too, and the next question signs in anew."""
    directory.close()
    directory.close()
    assert directory.read(PEOPLE, ["ou"]) is not None


@pytest.mark.parametrize("user", [DIRECTORY_USER, DIRECTORY_USER.upper(), f"CN=svc-lyncdr,CN=Users,{BASE_DN}"])
def test_every_name_of_the_account_signs_in(lab: Lab, user: str) -> None:
    """UPN and DN are both names of the account, in any case."""
    directory = lab.directory(bind={"user": user})
    assert directory.read(PEOPLE, ["ou"]) is not None
    directory.close()


def test_start_tls_protects_a_plain_connection(lab: Lab) -> None:
    """With start_tls the well-known LDAP port serves as LDAPS does."""
    url = f"ldap://{lab.blueprint.domain_controller}:{lab.blueprint.ldap_port}"
    directory = lab.directory(url=url, start_tls=True)
    assert directory.read(PEOPLE, ["ou"]) is not None
    directory.close()
