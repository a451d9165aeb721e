"""What the lab's own tools may do to each directory: the administrator writes, and the schema is kept."""

from __future__ import annotations

from collections.abc import Iterator

import ldap3
import pytest
from directory_lab import Lab

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.directory.inventory import read_homes
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.forest import POOLS

HOME = "msRTCSIP-PrimaryHomeServer"
FLAGS = "msRTCSIP-OptionFlags"
MOVED = f"CN=u00010,OU=Lync,{BASE_DN}"
NEW = f"CN=New Entry,OU=Lync,{BASE_DN}"

REFUSED = {"constraintViolation", "noSuchObject", "invalidAttributeSyntax", "attributeOrValueExists"}


@pytest.fixture
def administrator(lab: Lab) -> Iterator[ldap3.Connection]:
    connection = lab.administrator()
    yield connection
    connection.modify(MOVED, {HOME: [(ldap3.MODIFY_REPLACE, [POOLS[PRIMARY_POOL].service])]})
    connection.delete(NEW)
    connection.unbind()


def replace(**values: object) -> dict[str, list[tuple[str, list[object]]]]:
    return {name.replace("_", "-"): [(ldap3.MODIFY_REPLACE, [value])] for name, value in values.items()}


def test_a_written_home_is_what_the_next_reader_sees(administrator: ldap3.Connection, directory: LdapDirectory) -> None:
    """A move by the administrator shows at once on the connection of somebody else."""
    assert read_homes(directory, BASE_DN, [MOVED]) == {MOVED: PRIMARY_POOL}
    assert administrator.modify(MOVED, replace(msRTCSIP_PrimaryHomeServer=POOLS[DR_POOL].service))
    assert read_homes(directory, BASE_DN, [MOVED]) == {MOVED: DR_POOL}


def test_the_service_account_only_reads(lab: Lab, directory: LdapDirectory) -> None:
    """Its write is refused for lack of rights, and nothing changes."""
    reader = lab.connect(user=DIRECTORY_USER, password=lab.secret("directory"))
    assert reader.bind()
    assert not reader.modify(MOVED, replace(msRTCSIP_PrimaryHomeServer=POOLS[DR_POOL].service))
    assert reader.result["description"] == "insufficientAccessRights"
    assert not reader.delete(MOVED)
    reader.unbind()
    assert read_homes(directory, BASE_DN, [MOVED]) == {MOVED: PRIMARY_POOL}


@pytest.mark.parametrize(
    ("name", "values", "description"),
    [
        ("msRTCSIP-NoSuchThing", ["1"], {"noSuchAttribute", "undefinedAttributeType"}),
        ("dNSHostName", ["host.lync.test"], {"objectClassViolation"}),
        (FLAGS, ["many"], REFUSED),
        (FLAGS, ["257", "385"], REFUSED),
        ("msRTCSIP-UserEnabled", ["perhaps"], REFUSED),
        (HOME, ["not a name"], REFUSED | {"invalidDNSyntax"}),
        (HOME, [f"CN=Lc Services,CN=Microsoft,CN=9,CN=Pools,{BASE_DN}"], REFUSED),
        ("objectClass", ["container"], {"objectClassViolation", "objectClassModsProhibited", "unwillingToPerform"}),
    ],
)
def test_what_does_not_fit_the_schema_is_refused(
    administrator: ldap3.Connection, directory: LdapDirectory, name: str, values: list[str], description: set[str]
) -> None:
    """Unknown and foreign attributes, wrong syntax, two values for one, a home that is not there: refused."""
    before = directory.read(MOVED, [name, FLAGS, HOME])
    assert not administrator.modify(MOVED, {name: [(ldap3.MODIFY_REPLACE, values)]})
    assert administrator.result["description"] in description
    assert directory.read(MOVED, [name, FLAGS, HOME]) == before


def test_a_modification_is_all_or_nothing(administrator: ldap3.Connection, directory: LdapDirectory) -> None:
    """When the second change is refused the first one has not happened."""
    good = {"displayName": [(ldap3.MODIFY_REPLACE, ["Changed"])]}
    assert not administrator.modify(MOVED, {**good, FLAGS: [(ldap3.MODIFY_REPLACE, ["many"])]})
    entry = directory.read(MOVED, ["displayName"])
    assert entry is not None
    assert entry.first("displayName") != "Changed"


def test_add_modify_and_delete_do_what_they_say(administrator: ldap3.Connection, directory: LdapDirectory) -> None:
    """The life of one entry, with each of the three kinds of modification."""
    person = {"sAMAccountName": "newentry", "displayName": "New Entry"}
    assert administrator.add(NEW, ["user"], person), administrator.result
    assert not administrator.add(NEW, ["user"], person)
    assert administrator.result["description"] == "entryAlreadyExists"

    policies = "msRTCSIP-UserPolicies"
    for kind, given, left in (
        (ldap3.MODIFY_ADD, ["0=1", "1=7"], ["0=1", "1=7"]),
        (ldap3.MODIFY_DELETE, ["0=1"], ["1=7"]),
        (ldap3.MODIFY_REPLACE, ["0=2"], ["0=2"]),
        (ldap3.MODIFY_DELETE, [], []),
    ):
        assert administrator.modify(NEW, {policies: [(kind, given)]}), administrator.result
        entry = directory.read(NEW, [policies, "objectClass", "cn", "distinguishedName"])
        assert entry is not None
        assert sorted(entry.all(policies)) == left
    assert entry.all("objectClass") == ("top", "person", "organizationalPerson", "user")
    assert (entry.first("cn"), entry.first("distinguishedName")) == ("New Entry", NEW)

    assert administrator.modify(NEW, replace(sAMAccountName="renamed"))
    for account, count in (("newentry", 0), ("renamed", 1)):
        assert len(list(directory.search(BASE_DN, f"(sAMAccountName={account})", ["cn"]))) == count

    assert administrator.delete(NEW)
    assert directory.read(NEW, ["cn"]) is None
    for account in ("newentry", "renamed"):
        assert not list(directory.search(BASE_DN, f"(sAMAccountName={account})", ["cn"]))
    assert not administrator.delete(NEW)
    assert administrator.result["description"] == "noSuchObject"


@pytest.mark.parametrize(
    ("kind", "given", "description"),
    [
        (ldap3.MODIFY_DELETE, ["0=99"], {"noSuchAttribute"}),
        (ldap3.MODIFY_ADD, ["0=1"], {"attributeOrValueExists"}),
    ],
)
def test_adding_what_is_there_and_deleting_what_is_not_is_refused(
    administrator: ldap3.Connection, kind: str, given: list[str], description: set[str]
) -> None:
    """A client that believes something else about the entry is told so."""
    assert not administrator.modify(MOVED, {"msRTCSIP-UserPolicies": [(kind, given)]})
    assert administrator.result["description"] in description


def test_only_whole_branches_are_refused_deletion(administrator: ldap3.Connection) -> None:
    """An entry with children stays."""
    assert not administrator.delete(f"OU=Lync,{BASE_DN}")
    assert administrator.result["description"] == "notAllowedOnNonLeaf"


@pytest.mark.parametrize(
    ("dn", "kind", "description"),
    [
        (f"CN=x,OU=Gone,{BASE_DN}", "user", {"noSuchObject"}),
        (f"CN=x,OU=Lync,{BASE_DN}", "unheard", {"objectClassViolation", "noSuchAttribute"}),
        ("no name", "user", {"invalidDNSyntax"}),
    ],
)
def test_an_impossible_entry_is_refused(
    administrator: ldap3.Connection, dn: str, kind: str, description: set[str]
) -> None:
    """No parent, no such class, no name."""
    assert not administrator.add(dn, [kind])
    assert administrator.result["description"] in description
