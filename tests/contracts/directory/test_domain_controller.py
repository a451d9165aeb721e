"""What a domain controller says of itself, the embedded one as a real one does."""

from __future__ import annotations

import ldap3
import pytest
from directory_lab import Lab

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.directory import domain_controller
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import BASE_DN
from lyncdr_helpers.lab.directory import site_map


def test_who_it_is(directory: LdapDirectory) -> None:
    """Its name, that it takes writes, and that it stands in an AD site."""
    found = domain_controller.read_domain_controller(directory)
    assert (found.name, found.writable) == ("dc1.lync.test", True)
    assert found.site


def test_it_is_the_only_one(directory: LdapDirectory) -> None:
    """Nobody to replicate from: one domain controller in the forest, and no neighbor."""
    assert domain_controller.count_domain_controllers(directory, BASE_DN) == 1
    assert domain_controller.read_neighbors(directory, BASE_DN) == ()


def test_an_address_without_a_subnet(directory: LdapDirectory) -> None:
    """Nobody guesses a site."""
    assert domain_controller.site_of(directory, BASE_DN, "198.51.100.7") == ""
    assert domain_controller.site_of(directory, BASE_DN, "2001:db8::7") == ""


def test_the_narrowest_subnet_counts(lab: Lab, directory: LdapDirectory) -> None:
    """A subnet inside another one has the site; one whose name is none is passed over."""
    sites = f"CN=Sites,CN=Configuration,{BASE_DN}"
    wide, narrow = f"CN=Wide,{sites}", f"CN=Narrow,{sites}"
    subnets = {
        f"CN=10.0.0.0/8,CN=Subnets,{sites}": wide,
        f"CN=10.1.2.0/24,CN=Subnets,{sites}": narrow,
        f"CN=2001:db8::/32,CN=Subnets,{sites}": wide,
    }
    administrator = lab.administrator()
    try:
        for site in (wide, narrow):
            assert administrator.add(site, ["site"]), administrator.result
        for subnet, site in subnets.items():
            assert administrator.add(subnet, ["subnet"], {"siteObject": site}), administrator.result
        addresses = ("10.1.2.3", "10.9.9.9", "2001:db8::1", "11.0.0.1")
        found = [domain_controller.site_of(directory, BASE_DN, address) for address in addresses]
        assert found == ["Narrow", "Wide", "Wide", ""]
    finally:
        for dn in (*subnets, wide, narrow):
            administrator.delete(dn)
        administrator.unbind()


def test_the_embedded_one_plays_others(embedded: Lab) -> None:
    """A lab's domain controller can be made another, or a read-only one; then it says so."""
    administrator, directory = embedded.administrator(), embedded.directory()

    def replace(dn: str, attribute: str, value: str) -> None:
        assert administrator.modify(dn, {attribute: [(ldap3.MODIFY_REPLACE, [value])]}), administrator.result

    try:
        replace(site_map.SERVER, "dNSHostName", "DC9.lync.test")
        replace(site_map.SETTINGS, "msDS-isRODC", "TRUE")
        found = domain_controller.read_domain_controller(directory)
        assert (found.name, found.writable) == ("dc9.lync.test", False)
    finally:
        replace(site_map.SERVER, "dNSHostName", "dc1.lync.test")
        replace(site_map.SETTINGS, "msDS-isRODC", "FALSE")
        directory.close()
        administrator.unbind()


NAMELESS = "<DS_REPL_NEIGHBOR><pszSourceDsaDN>CN=A</pszSourceDsaDN></DS_REPL_NEIGHBOR>"


@pytest.mark.parametrize("said", ["?", "<x/>", NAMELESS])
def test_neighbors_in_another_form(embedded: Lab, said: str) -> None:
    """What is no neighbor is an error: nobody takes it for nobody."""
    administrator, directory = embedded.administrator(), embedded.directory()
    try:
        change = {domain_controller.NEIGHBORS: [(ldap3.MODIFY_REPLACE, [said])]}
        assert administrator.modify(BASE_DN, change), administrator.result
        with pytest.raises(OperationError, match="form that is not known"):
            domain_controller.read_neighbors(directory, BASE_DN)
    finally:
        administrator.modify(BASE_DN, {domain_controller.NEIGHBORS: [(ldap3.MODIFY_REPLACE, [])]})
        directory.close()
        administrator.unbind()
