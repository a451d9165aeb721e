"""What goes wrong on the way to the directory: one clear line each, of the right kind, and never with the password."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from directory_lab import Lab
from relay import Relay

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.errors import AccessDenied, InputError, LyncdrError, OperationError, Unreachable, Untrusted
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER

PLACE = "127.53.23.1"
PEOPLE = f"OU=Lync,{BASE_DN}"


def ask(directory: LdapDirectory) -> None:
    directory.read(BASE_DN, ["objectClass"])


def test_a_wrong_password_is_access_denied_and_stays_secret(lab: Lab, tmp_path: Path) -> None:
    """The error names the user, never what was given as the password."""
    wrong = tmp_path / "wrong"
    wrong.write_text("Planted-Secret-1")
    with pytest.raises(AccessDenied, match=DIRECTORY_USER) as caught:
        ask(lab.directory(bind={"password": f"file:{wrong}"}))
    told = [caught.value, caught.value.__cause__, caught.value.__context__]
    assert not any("Planted-Secret-1" in f"{error} {error!r} {vars(error)}" for error in told)
    assert "\n" not in str(caught.value)


def test_an_unknown_user_is_access_denied(lab: Lab) -> None:
    """Nobody learns from the error whether the user exists."""
    with pytest.raises(AccessDenied, match="user or the password"):
        ask(lab.directory(bind={"user": "nobody@lync.test"}))


def test_a_foreign_ca_is_untrusted(lab: Lab, tmp_path: Path) -> None:
    """A chain that leads to another CA ends the talk before the password is sent."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    with pytest.raises(Untrusted, match="does not prove"):
        ask(lab.directory(ca_file=tmp_path / "other.pem"))


@pytest.mark.parametrize("start_tls", [False, True])
def test_another_servers_name_is_untrusted_although_the_address_fits(lab: Lab, start_tls: bool) -> None:
    """The certificate also stands for the IP address in the URL; what counts is the domain controller's name."""
    here = lab.blueprint
    url = f"ldap://{here.domain_controller}:{here.ldap_port}" if start_tls else lab.access().url
    with pytest.raises(Untrusted, match=r"dc2\.lync\.test"):
        ask(lab.directory(domain_controller="dc2.lync.test", url=url, start_tls=start_tls))


def test_a_dead_port_is_unreachable(lab: Lab) -> None:
    """Nobody listens: the address is in the message."""
    with pytest.raises(Unreachable, match=f"{PLACE}:6360"):
        ask(lab.directory(url=f"ldaps://{PLACE}:6360"))


def test_a_name_that_does_not_resolve_is_unreachable(lab: Lab) -> None:
    """A host that DNS does not know is nobody."""
    with pytest.raises(Unreachable, match="no-such-host"):
        ask(lab.directory(url="ldaps://no-such-host.invalid"))


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """A server that accepts and says nothing."""
    with socket.create_server((PLACE, 0)) as server:
        yield server.getsockname()


@pytest.mark.parametrize(("scheme", "start_tls"), [("ldaps", False), ("ldap", True)])
def test_a_silent_server_is_unreachable_in_time(
    embedded: Lab, silent: tuple[str, int], scheme: str, start_tls: bool
) -> None:
    """An answer that does not come within timeout_seconds is none."""
    url = f"{scheme}://{silent[0]}:{silent[1]}"
    with pytest.raises(Unreachable, match=PLACE):
        ask(embedded.directory(url=url, start_tls=start_tls, timeout_seconds=1))


def test_a_server_that_speaks_no_tls_is_an_operation_error(embedded: Lab) -> None:
    """Somebody answered, but not in TLS: neither unreachable nor untrusted."""
    with socket.create_server((PLACE, 0)) as server:

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        talk = threading.Thread(target=babble)
        talk.start()
        with pytest.raises(OperationError) as caught:
            ask(embedded.directory(url=f"ldaps://{PLACE}:{server.getsockname()[1]}"))
        talk.join()
    assert type(caught.value) is OperationError


def test_a_password_in_clear_is_refused_before_it_is_sent(embedded: Lab) -> None:
    """ldap:// without start_tls and a simple bind is a mistake in the parameters."""
    with pytest.raises(InputError, match="in clear"):
        embedded.directory(url="ldap://127.53.20.10:3890")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_an_input_error(embedded: Lab, tmp_path: Path, content: str | None) -> None:
    """A CA file that is missing or no PEM file is found at once, with its path."""
    path = tmp_path / "ca.pem"
    if content:
        path.write_text(content)
    with pytest.raises(InputError, match=str(path)):
        embedded.directory(ca_file=path)


def test_a_missing_secret_names_its_place(embedded: Lab) -> None:
    """The reference is shown, so that somebody can put the secret there."""
    with pytest.raises(InputError, match="file:secrets/absent"):
        ask(embedded.directory(bind={"password": "file:secrets/absent"}))


def test_ntlm_ends_in_one_clear_error(lab: Lab) -> None:
    """Neither server takes ldap3's NTLM; whatever the reason, it is an error of ours."""
    with pytest.raises(LyncdrError) as caught:
        ask(lab.directory(bind={"method": "ntlm", "user": "LYNC\\svc-lyncdr"}))
    assert "\n" not in str(caught.value)
    assert lab.secret("directory") not in str(caught.value)


def test_anonymous_and_nameless_password_reads_are_refused(lab: Lab) -> None:
    """Without an account only the root DSE is told."""
    with lab.connect() as nobody:
        nobody.search(PEOPLE, "(objectClass=*)", attributes=["cn"])
        assert nobody.result["description"] == "operationsError"
        assert not nobody.entries
        nobody.search("", "(objectClass=*)", "BASE", attributes=["defaultNamingContext"])
        assert nobody.response[0]["raw_attributes"]["defaultNamingContext"] == [BASE_DN.encode()]


def test_a_password_over_a_plain_connection_is_refused(lab: Lab) -> None:
    """The server itself takes no simple bind without TLS, even a right one."""
    plain = lab.connect(tls=False, user=DIRECTORY_USER, password=lab.secret("directory"))
    assert not plain.bind()
    assert plain.result["description"] in ("confidentialityRequired", "strongerAuthRequired")
    plain.unbind()


# -- connections that die ---------------------------------------------------------------------------------------------
@pytest.fixture
def relay(lab: Lab) -> Iterator[Relay]:
    relay = Relay(PLACE, (lab.blueprint.domain_controller, lab.blueprint.ldaps_port))
    yield relay
    relay.close()


def test_a_question_after_a_cut_is_asked_again_on_a_new_connection(lab: Lab, relay: Relay) -> None:
    """A firewall that drops an idle connection is not noticed."""
    directory = lab.directory(url=relay.url)
    ask(directory)
    relay.cut()
    ask(directory)
    assert relay.accepted == 2
    directory.close()


def test_a_cut_between_two_pages_is_unreachable_and_not_a_short_answer(lab: Lab, relay: Relay) -> None:
    """Half of the users are never taken for all of them."""
    directory = lab.directory(url=relay.url)
    found = directory.search(PEOPLE, "(objectClass=user)", ["cn"])
    next(found)
    relay.cut()
    with pytest.raises(Unreachable):
        list(found)
    ask(directory)
    directory.close()


def test_a_cut_within_a_page_is_unreachable(lab: Lab, relay: Relay) -> None:
    """A connection that dies amid an answer, each time, gives no entries at all."""
    directory = lab.directory(url=relay.url)
    relay.cut_after = 20_000
    with pytest.raises(Unreachable):
        list(directory.search(PEOPLE, "(objectClass=user)", ["cn", "displayName", "msRTCSIP-PrimaryHomeServer"]))
    directory.close()


def test_a_server_that_is_gone_for_good_is_unreachable(lab: Lab, relay: Relay) -> None:
    """The one repetition fails too, and that is told."""
    directory = lab.directory(url=relay.url)
    ask(directory)
    relay.close()
    with pytest.raises(Unreachable):
        ask(directory)


# -- Kerberos ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def kerberos(samba: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setenv("KRB5_CONFIG", str(samba.control.krb5_config))
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{tmp_path / 'tickets'}")
    return samba


@pytest.mark.real("samba")
def test_a_kerberos_ticket_signs_in(kerberos: Lab) -> None:
    """With a ticket of the service account no password is needed."""
    subprocess.run(["kinit", "svc-lyncdr@LYNC.TEST"], input=kerberos.secret("directory").encode(), check=True)
    directory = kerberos.directory(bind={"method": "kerberos", "user": "", "password": None})
    assert directory.read(PEOPLE, ["ou"]) is not None
    directory.close()


@pytest.mark.real("samba")
def test_no_kerberos_ticket_is_access_denied(kerberos: Lab) -> None:
    """Without a ticket the error says so, in one line."""
    assert not Path(os.environ["KRB5CCNAME"].removeprefix("FILE:")).exists()
    with pytest.raises(AccessDenied, match="Kerberos") as caught:
        ask(kerberos.directory(bind={"method": "kerberos", "user": "", "password": None}))
    assert "\n" not in str(caught.value)
