"""OpenLDAP's own clients against the embedded server: it is LDAP, not merely what ldap3 understands."""

from __future__ import annotations

import os
import subprocess

import pytest
from directory_lab import ADMINISTRATOR, Lab

from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER

pytestmark = pytest.mark.real("ldap-utils")

PEOPLE = f"OU=Lync,{BASE_DN}"
INSUFFICIENT_ACCESS, OPERATIONS_ERROR, NO_SUCH_OBJECT, INVALID_CREDENTIALS = 50, 1, 32, 49


def run(lab: Lab, program: str, *arguments: str, user: str = DIRECTORY_USER, feed: str = "") -> tuple[int, str]:
    """(exit code, output) of one client; over LDAPS unless the arguments give a URL."""
    secret = lab.secret("directory" if user == DIRECTORY_USER else "administrator") if user else ""
    url = f"ldaps://{lab.blueprint.domain_controller}:{lab.blueprint.ldaps_port}"
    where = [] if "-H" in arguments else ["-H", url]
    identity = ["-D", user, "-w", secret] if user else []
    done = subprocess.run(
        [program, "-x", *where, *identity, *arguments],
        input=feed,
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, "LDAPTLS_CACERT": str(lab.blueprint.ca_file), "LDAPTLS_REQCERT": "demand"},
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_ldapsearch_reads_page_by_page(embedded: Lab) -> None:
    """Every user arrives through pages of 200."""
    paged = ["-LLL", "-E", "pr=200/noprompt", "-o", "ldif-wrap=no", "-b", PEOPLE]
    code, output = run(embedded, "ldapsearch", *paged, "(objectClass=user)", "cn")
    expected = sum(one.kind == "user" for one in embedded.deployment.people)
    assert (code, output.count("dn:")) == (0, expected)


def test_ldapsearch_reads_over_start_tls(embedded: Lab) -> None:
    """-ZZ insists on TLS on the plain port."""
    url = f"ldap://{embedded.blueprint.domain_controller}:{embedded.blueprint.ldap_port}"
    wanted = f"(msRTCSIP-PrimaryUserAddress=sip:{people.APOSTROPHE})"
    code, output = run(embedded, "ldapsearch", "-H", url, "-ZZ", "-LLL", "-b", PEOPLE, wanted, "mail")
    assert (code, "mail: o'brien@lync.test" in output) == (0, True)


def test_ldapsearch_tells_its_errors(embedded: Lab) -> None:
    """A missing base, nobody, and a wrong name have the exit codes of their LDAP results."""
    assert run(embedded, "ldapsearch", "-b", f"OU=Gone,{BASE_DN}")[0] == NO_SUCH_OBJECT
    assert run(embedded, "ldapsearch", "-b", PEOPLE, user="")[0] == OPERATIONS_ERROR
    assert run(embedded, "ldapsearch", "-b", PEOPLE, user="nobody@lync.test")[0] == INVALID_CREDENTIALS


def test_ldapsearch_follows_the_reference_to_the_configuration(embedded: Lab) -> None:
    """A search of the domain names the other partition, as Active Directory does."""
    code, output = run(embedded, "ldapsearch", "-b", BASE_DN, "(cn=u00010)", "cn")
    assert (code, f"ldap://dc1.lync.test/CN=Configuration,{BASE_DN}" in output) == (0, True)


def test_ldapsearch_reads_the_root_dse(embedded: Lab) -> None:
    """Anybody may ask what the server is."""
    code, output = run(embedded, "ldapsearch", "-LLL", "-s", "base", "-b", "", "defaultNamingContext", user="")
    assert (code, f"defaultNamingContext: {BASE_DN}" in output) == (0, True)


def test_ldapmodify_writes_for_the_administrator_only(embedded: Lab) -> None:
    """The same LDIF: refused for the service account, done for the administrator."""
    dn = f"CN=u00040,{PEOPLE}"
    change = f"dn: {dn}\nchangetype: modify\nreplace: msRTCSIP-Line\nmsRTCSIP-Line: tel:+4930123456\n"
    assert run(embedded, "ldapmodify", feed=change)[0] == INSUFFICIENT_ACCESS
    assert run(embedded, "ldapmodify", user=ADMINISTRATOR, feed=change)[0] == 0
    _, output = run(embedded, "ldapsearch", "-LLL", "-b", dn, "-s", "base", "msRTCSIP-Line")
    assert "msRTCSIP-Line: tel:+4930123456" in output


def test_ldapadd_and_ldapdelete(embedded: Lab) -> None:
    """An entry comes and goes."""
    dn = f"CN=Visitor,{PEOPLE}"
    added = run(embedded, "ldapadd", user=ADMINISTRATOR, feed=f"dn: {dn}\nobjectClass: contact\nsn: Visitor\n")
    assert added[0] == 0, added[1]
    assert run(embedded, "ldapdelete", dn, user=ADMINISTRATOR)[0] == 0
    assert run(embedded, "ldapdelete", dn, user=ADMINISTRATOR)[0] == NO_SUCH_OBJECT


def test_ldapwhoami(embedded: Lab) -> None:
    """The server knows who asks."""
    assert run(embedded, "ldapwhoami") == (0, "u:LYNC\\svc-lyncdr\n")
