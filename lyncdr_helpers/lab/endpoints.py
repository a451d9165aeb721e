"""Every socket of a lab: whose it is, where it is, and whether it answers in its own protocol."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import dns.exception
import dns.message
import dns.query
import dns.rcode
import ldap3
from ldap3.core.exceptions import LDAPException

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import DIRECTORY_USER, DOMAIN, DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.probes.sip import judge_registrar

PATIENCE = 2
"""Seconds for one answer: everything here is on this machine."""


@dataclass(frozen=True)
class Endpoint:
    """One server's socket. `role`: the lab process that holds it."""

    server: str
    role: str
    address: str
    port: int

    def __str__(self) -> str:
        return f"{self.server} on {self.address}:{self.port}"


def endpoints(blueprint: Blueprint) -> tuple[Endpoint, ...]:
    """The servers of the lab, those first that take longest to come up."""
    dns_role = "directory" if blueprint.dns == "samba" else "dns"
    return (
        Endpoint("directory", "directory", blueprint.domain_controller, blueprint.ldaps_port),
        Endpoint("nameserver", dns_role, blueprint.nameserver, blueprint.dns_port),
        Endpoint("management host", "hosts", blueprint.management_host, blueprint.winrm_port),
        Endpoint(PRIMARY_POOL, "hosts", blueprint.primary_server, blueprint.sip_port),
        Endpoint(DR_POOL, "hosts", blueprint.dr_server, blueprint.sip_port),
    )


def answers(blueprint: Blueprint, endpoint: Endpoint) -> bool:
    """Whether the server there does its work: a bind, a zone's SOA, a request for credentials, a challenge."""
    ask: dict[str, Callable[[Blueprint, Endpoint], bool]] = {
        "directory": _directory,
        "nameserver": _nameserver,
        "management host": _management_host,
    }
    return ask.get(endpoint.server, _registrar)(blueprint, endpoint)


def _directory(blueprint: Blueprint, endpoint: Endpoint) -> bool:
    server = ldap3.Server(
        endpoint.address,
        endpoint.port,
        use_ssl=True,
        get_info=ldap3.NONE,
        connect_timeout=PATIENCE,
        tls=ldap3.Tls(validate=ssl.CERT_NONE),
    )
    password = blueprint.secret("directory").read_text(encoding="utf-8").strip()
    connection = ldap3.Connection(server, DIRECTORY_USER, password, receive_timeout=PATIENCE)
    try:
        return bool(connection.bind())
    except LDAPException:
        return False
    finally:
        connection.unbind()


def _nameserver(_: Blueprint, endpoint: Endpoint) -> bool:
    question = dns.message.make_query(DOMAIN, "SOA")
    try:
        said = dns.query.udp(question, endpoint.address, PATIENCE, endpoint.port)
    except (OSError, dns.exception.DNSException):
        return False
    return said.rcode() == dns.rcode.NOERROR and bool(said.answer)


def _management_host(_: Blueprint, endpoint: Endpoint) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection(endpoint.address, endpoint.port, timeout=PATIENCE, context=context)
    try:
        connection.request("POST", "/wsman", headers={"Content-Length": "0"})
        return connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _registrar(blueprint: Blueprint, endpoint: Endpoint) -> bool:
    dialer = SocketDialer(PATIENCE, blueprint.ca_file)
    try:
        said = dialer.sip(endpoint.address, endpoint.port, DOMAIN, endpoint.server)
    except OperationError:
        return False
    return judge_registrar(said).verdict is Verdict.PASS
