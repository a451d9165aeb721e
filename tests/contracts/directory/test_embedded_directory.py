"""The embedded server alone: limits, bad clients, what a kill leaves behind, and forests with something missing."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import ldap3
import pytest
from directory_lab import Lab, prepared

from lyncdr_helpers.directory import names
from lyncdr_helpers.directory.inventory import read_cms_pointers, read_inventory
from lyncdr_helpers.errors import AccessDenied, OperationError
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER, Blueprint
from lyncdr_helpers.lab.directory import DirectoryServer

PEOPLE = f"OU=Lync,{BASE_DN}"
SERVE = """
import sys, threading
from pathlib import Path
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.directory import DirectoryServer
DirectoryServer(Blueprint(Path(sys.argv[1]), sys.argv[2])).start()
print("ready", flush=True)
threading.Event().wait()
"""
"""A directory server in a process of its own."""


@pytest.fixture
def reader(embedded: Lab) -> Iterator[ldap3.Connection]:
    connection = embedded.connect(user=DIRECTORY_USER, password=embedded.secret("directory"))
    assert connection.bind()
    yield connection
    connection.unbind()


# -- limits -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("limit", "expected"), [(0, 1000), (7, 7)])
def test_an_answer_without_pages_ends_at_the_limit(reader: ldap3.Connection, limit: int, expected: int) -> None:
    """A client that asks for no pages gets a thousand entries, or as many as it wants, and is told of the rest."""
    reader.search(PEOPLE, "(objectClass=user)", attributes=["cn"], size_limit=limit)
    assert (reader.result["description"], len(reader.entries)) == ("sizeLimitExceeded", expected)


def test_a_cookie_is_good_for_its_search_only(reader: ldap3.Connection) -> None:
    """Another search's cookie, a used one and an invented one are refused."""
    reader.search(PEOPLE, "(objectClass=user)", attributes=["cn"], paged_size=10)
    cookie = reader.result["controls"]["1.2.840.113556.1.4.319"]["value"]["cookie"]
    assert cookie
    for wanted, given in (("(cn=*)", cookie), ("(objectClass=user)", cookie), ("(objectClass=user)", b"77")):
        assert not reader.search(PEOPLE, wanted, attributes=["cn"], paged_size=10, paged_cookie=given)
        assert reader.result["description"] == "unwillingToPerform"


def test_pages_come_in_one_order(embedded: Lab) -> None:
    """Two readings give the same entries in the same order: that of their names."""
    directory = embedded.directory()
    first, second = ([entry.dn for entry in directory.search(PEOPLE, "(cn=*)", ["cn"])] for _ in range(2))
    directory.close()
    assert len(first) > 1000
    assert first == second == sorted(first, key=names.key)


def test_a_number_too_large_is_refused(embedded: Lab) -> None:
    """Integers have 32 bits, as in Active Directory."""
    administrator = embedded.administrator()
    change = {"msRTCSIP-OptionFlags": [(ldap3.MODIFY_REPLACE, [str(2**31)])]}
    assert not administrator.modify(f"CN=u00010,{PEOPLE}", change)
    assert administrator.result["description"] == "invalidAttributeSyntax"
    administrator.unbind()


def test_who_am_i_tells_an_account_from_nobody(embedded: Lab) -> None:
    """RFC 4532: empty for nobody, Active Directory's spelling for an account."""
    administrator = embedded.administrator()
    assert administrator.extend.standard.who_am_i() == "u:LYNC\\administrator"
    administrator.unbind()
    with embedded.connect() as nobody:
        assert not nobody.extend.standard.who_am_i()


def test_an_unknown_critical_control_is_refused(reader: ldap3.Connection) -> None:
    """What the server cannot do it does not silently leave out; a control that is not critical is no matter."""
    controls = [("1.2.3.4", True, None)]
    assert not reader.search(PEOPLE, "(cn=u00010)", attributes=["cn"], controls=controls)
    assert reader.result["description"] == "unavailableCriticalExtension"
    assert reader.search(PEOPLE, "(cn=u00010)", attributes=["cn"], controls=[("1.2.3.4", False, None)])


def test_a_name_without_a_password_is_nobody(embedded: Lab) -> None:
    """An empty password does not sign in, and a failed bind ends what the bind before allowed."""
    connection = embedded.connect(user=DIRECTORY_USER, password=embedded.secret("directory"))
    assert connection.bind()
    assert not connection.rebind(user=DIRECTORY_USER, password="wrong")
    assert not connection.search(PEOPLE, "(cn=u00010)", attributes=["cn"])
    assert connection.result["description"] == "operationsError"
    connection.unbind()


# -- bad clients ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x30\x03\x02\x01\x01",
        bytes.fromhex("300c020101600702010304008000")[:-1] + b"\xff",
        b"\x30\x84\x00\x00\x00\x05hello",
        bytes.fromhex("30050201014200"),
    ],
)
def test_garbage_ends_that_connection_and_no_other(embedded: Lab, reader: ldap3.Connection, garbage: bytes) -> None:
    """A client that speaks something else is hung up on, or left waiting; the others are served on."""
    trust = ssl.create_default_context(cafile=embedded.blueprint.ca_file)
    address = embedded.blueprint.domain_controller, embedded.blueprint.ldaps_port
    with trust.wrap_socket(socket.create_connection(address, 5), server_hostname="dc1.lync.test") as client:
        client.sendall(garbage)
        client.settimeout(0.2)
        with contextlib.suppress(TimeoutError, ssl.SSLError):
            assert client.recv(100) == b""
    assert reader.search(PEOPLE, "(cn=u00010)", attributes=["cn"])


def test_many_clients_at_once_all_get_whole_answers(embedded: Lab) -> None:
    """Readers and a writer, each on a connection of its own, do not disturb each other."""
    found: list[int] = []

    def read() -> None:
        directory = embedded.directory()
        found.append(len(read_inventory(directory, BASE_DN).users))
        directory.close()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for thread in readers:
        thread.start()
    administrator = embedded.administrator()
    for number in range(50):
        change = {"title": [(ldap3.MODIFY_REPLACE, [str(number)])]}
        assert administrator.modify(f"CN=u00030,{PEOPLE}", change)
    administrator.unbind()
    for thread in readers:
        thread.join()
    expected = sum(bool(one.address) for one in embedded.deployment.people)
    assert found == [expected] * 4


# -- staying ----------------------------------------------------------------------------------------------------------
def test_answered_writes_survive_kill_9(tmp_path: Path) -> None:
    """What was answered before the kill is there after the next start, and nothing else is."""
    blueprint = prepared(tmp_path, "127.53.24", users=20)
    deployment = seed.generate(blueprint)
    DirectoryServer(blueprint).load(deployment.directory_entries())
    lab = Lab(blueprint, deployment, None)
    added, changed, deleted = (f"CN={name},{PEOPLE}" for name in ("added", "u00010", "u00011"))

    process = _serve(blueprint)
    try:
        administrator = lab.administrator()
        assert administrator.add(added, ["contact"], {"displayName": "Ä", "msRTCSIP-UserPolicies": ["0=1", "1=7"]})
        assert administrator.modify(changed, {"msRTCSIP-OptionFlags": [(ldap3.MODIFY_REPLACE, ["385"])]})
        assert administrator.delete(deleted)
    finally:
        process.kill()
        process.wait()

    process = _serve(blueprint)
    try:
        directory = lab.directory()
        new = directory.read(added, ["displayName", "msRTCSIP-UserPolicies"])
        assert new is not None
        assert dict(new.attributes) == {"displayName": ("Ä",), "msRTCSIP-UserPolicies": ("0=1", "1=7")}
        entry = directory.read(changed, ["msRTCSIP-OptionFlags"])
        assert entry is not None
        assert entry.first("msRTCSIP-OptionFlags") == "385"
        assert directory.read(deleted, ["cn"]) is None
        assert len(read_inventory(directory, BASE_DN).movable("pool01.lync.test")) == 19
        directory.close()
    finally:
        process.kill()
        process.wait()


def test_a_server_stops_starts_and_stops_again(tmp_path: Path) -> None:
    """Its address is free when stop returns, and what it held comes back."""
    blueprint = prepared(tmp_path, "127.53.25", users=10)
    deployment = seed.generate(blueprint)
    server = DirectoryServer(blueprint)
    server.stop()
    server.start()
    server.load(deployment.directory_entries())
    lab = Lab(blueprint, deployment, server)
    for _ in range(2):
        directory = lab.directory()
        assert len(read_inventory(directory, BASE_DN).movable("pool01.lync.test")) == 10
        server.stop()
        with pytest.raises(OperationError):
            directory.read(BASE_DN, ["dc"])
        server.start()
    server.stop()


def test_a_taken_address_is_told(embedded: Lab, tmp_path: Path) -> None:
    """A second lab on the same addresses does not start, and says why."""
    second = DirectoryServer(prepared(tmp_path, "127.53.20"))
    with pytest.raises(OperationError, match=r"127\.53\.20\.10"):
        second.start()
    second.stop()


# -- forests with something missing -----------------------------------------------------------------------------------
def test_homes_that_no_pool_explains_are_a_matter_of_rights(tmp_path: Path) -> None:
    """Active Directory hides what an account may not read: homes without any pool object are no empty forest."""
    blueprint = prepared(tmp_path, "127.53.26", users=10)
    deployment = seed.generate(blueprint)
    hidden = {"msRTCSIP-Pool": "container", "msRTCSIP-GlobalTopologySetting": "container"}
    server = DirectoryServer(blueprint)
    server.load(
        (dn, {"objectClass": [hidden[values["objectClass"][0]]]} if values["objectClass"][0] in hidden else values)
        for dn, values in deployment.directory_entries()
    )
    server.start()
    directory = Lab(blueprint, deployment, server).directory()
    try:
        with pytest.raises(AccessDenied, match="RTC Service"):
            read_inventory(directory, BASE_DN)
        assert read_cms_pointers(directory, BASE_DN) == ()
    finally:
        directory.close()
        server.stop()


def test_an_empty_forest_has_an_empty_inventory(tmp_path: Path) -> None:
    """No users and no pools is an answer, not an error."""
    blueprint = prepared(tmp_path, "127.53.27")
    server = DirectoryServer(blueprint)
    server.start()
    directory = Lab(blueprint, seed.generate(blueprint), server).directory()
    try:
        inventory = read_inventory(directory, BASE_DN)
        assert (inventory.users, dict(inventory.pools)) == ((), {})
    finally:
        directory.close()
        server.stop()


def _serve(blueprint: Blueprint) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SERVE, str(blueprint.folder), blueprint.subnet]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process
