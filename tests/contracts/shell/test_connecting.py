"""Before anything is sent: who answers, whether it is who it should be, and whether we are let in."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.errors import AccessDenied, InputError, LyncdrError, OperationError, Unreachable, Untrusted
from lyncdr_helpers.lab.winrm import WinrmServer
from lyncdr_helpers.ports import Program
from lyncdr_helpers.shell import cmdlets

from .conftest import PASSWORD, USER, Host, quickly

COMMAND = cmdlets.update_user_database("drse01.lync.test")
LONELY = "127.53.41.1"


def refusal(shell: WinrmShell) -> LyncdrError:
    """The error of a writing command; it and everything it wraps must keep the password to itself."""
    with pytest.raises(LyncdrError) as caught:
        shell.invoke(COMMAND)
    each: BaseException | None = caught.value
    while each:
        assert PASSWORD not in str(each)
        assert "wröng-secret" not in str(each)
        each = each.__cause__ or each.__context__
    return caught.value


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_signing_in(host: Host, auth: str) -> None:
    """Every way of signing in that the lab knows leads to the same session."""
    session = host.shell(auth=auth)
    assert session.invoke(COMMAND).faults == ()
    assert session.invoke(COMMAND).faults == ()
    session.close()


@pytest.mark.parametrize("auth", ["basic", "ntlm", "negotiate"])
def test_a_wrong_password(host: Host, auth: str) -> None:
    """AccessDenied, in every way of signing in, and nothing was done."""
    error = refusal(host.shell(auth=auth, password="file:wrong"))
    assert type(error) is AccessDenied
    assert "svc-lyncdr" in error.message
    assert host.deployment.moved == []


def test_kerberos_without_a_realm(host: Host, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where Kerberos is not set up on this machine, or not installed, signing in fails like any other way."""
    (tmp_path / "krb5.conf").write_text("[libdefaults]\n", encoding="utf-8")
    monkeypatch.setenv("KRB5_CONFIG", str(tmp_path / "krb5.conf"))
    error = refusal(host.shell(auth="kerberos"))
    assert type(error) is AccessDenied
    assert "with kerberos" in error.message


@pytest.mark.parametrize("auth", ["basic", "ntlm"])
def test_an_unknown_user(host: Host, auth: str) -> None:
    """Who is not known is not let in."""
    assert type(refusal(host.shell(auth=auth, user="LYNC\\mallory"))) is AccessDenied


def test_a_program_is_refused_too(host: Host) -> None:
    """Programs open a shell of their own, with the same answer."""
    with pytest.raises(AccessDenied):
        host.shell(password="file:wrong").run(Program("dbimpexp.exe"))


def test_two_servers_with_different_passwords(host: Host, folder: Path) -> None:
    """Each server keeps its own users, also where they have the same name in one process."""
    certificate = (folder / "ca-host.pem", folder / "ca-host.key")
    with WinrmServer(LONELY, 0, certificate, {USER: "another"}, host.deployment.cmdlets(), {}) as other:
        theirs = host.params(auth="ntlm", url=f"https://{LONELY}:{other.port}/wsman")
        assert type(refusal(host.shell(auth="ntlm", url=theirs.url))) is AccessDenied
        session = host.shell(auth="ntlm")
        assert session.invoke(COMMAND).faults == ()
        session.close()


def test_a_server_leaves_no_password_behind(host: Host, folder: Path) -> None:
    """The users' file goes when the server stops, and is the owner's alone while it stands."""
    server = WinrmServer(LONELY, 0, (folder / "ca-host.pem", folder / "ca-host.key"), {USER: "another"}, {}, {})
    before = set(folder.iterdir())
    server.start()
    (file,) = set(folder.iterdir()) - before
    assert file.stat().st_mode & 0o077 == 0
    server.stop()
    assert set(folder.iterdir()) == before
    server.stop()


def test_a_certificate_of_another_ca(host: Host) -> None:
    """Untrusted, before the password is shown to anybody."""
    error = refusal(host.shell(ca_file=Path("other.pem")))
    assert type(error) is Untrusted
    assert "do not go on" in error.remedy
    assert "unable to get local issuer certificate" in error.message


def test_a_certificate_that_only_the_system_could_know(host: Host) -> None:
    """Without a ca_file the system's CAs decide, and they do not know this one."""
    assert type(refusal(host.shell(ca_file=None))) is Untrusted


def test_a_certificate_in_another_name(host: Host) -> None:
    """The server proves to be mgmt.lync.test; who expects mgmt03 is not satisfied."""
    error = refusal(host.shell(server_name="mgmt03.lync.test"))
    assert type(error) is Untrusted
    assert "hostname 'mgmt03.lync.test' doesn't match 'mgmt.lync.test'" in error.message


def test_an_address_is_no_name(host: Host) -> None:
    """Without server_name the certificate would have to hold the address in the URL."""
    assert type(refusal(host.shell(server_name=None))) is Untrusted


def test_nobody_listens(host: Host) -> None:
    """A dead port is Unreachable, at once."""
    shell = host.shell(url=f"https://{LONELY}:9/wsman")
    error = refusal(shell)
    assert type(error) is Unreachable
    assert "refused" in error.message
    assert quickly(lambda: refusal(shell)) < 2


def test_a_server_that_hangs_up_on_tls(host: Host) -> None:
    """A line that closes before the certificate was shown is Unreachable: nobody was distrusted."""
    with socket.create_server((LONELY, 0)) as listener:

        def hang_up() -> None:
            connection, _ = listener.accept()
            connection.recv(1)
            connection.recv(65536)
            connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        error = refusal(host.shell(url=f"https://{LONELY}:{listener.getsockname()[1]}/wsman"))
        thread.join()
    assert type(error) is Unreachable


def test_a_server_that_speaks_no_tls(host: Host) -> None:
    """A plain web server behind an https URL proves nothing."""
    with listening(Friendly) as port:
        assert isinstance(refusal(host.shell(url=f"https://{LONELY}:{port}/wsman")), Untrusted)


def test_a_server_that_is_no_winrm(host: Host) -> None:
    """Another web server answers: an error that says so."""
    with listening(Friendly) as port:
        error = refusal(host.shell(url=f"http://{LONELY}:{port}/wsman", auth="ntlm"))
    assert type(error) is OperationError
    assert "not as WinRM does" in error.message


def test_a_wrong_path(host: Host) -> None:
    """The machine is right, the path is not."""
    error = refusal(host.shell(url=f"https://127.53.40.20:{host.server.port}/powershell"))
    assert type(error) is OperationError
    assert "path" in error.remedy


def test_basic_never_goes_in_clear(host: Host) -> None:
    """basic over http is bad input: nothing leaves this machine."""
    assert type(refusal(host.shell(url=f"http://127.53.40.20:{host.server.port}/wsman"))) is InputError


@pytest.mark.parametrize("lacking", [{"user": ""}, {"password": None}])
def test_basic_needs_user_and_password(host: Host, lacking: dict[str, None]) -> None:
    """Bad input, not a failed sign-in."""
    assert type(refusal(host.shell(**lacking))) is InputError


def test_a_ca_file_that_is_not_there(host: Host) -> None:
    """Named with its path."""
    error = refusal(host.shell(ca_file=Path("nowhere.pem")))
    assert type(error) is InputError
    assert "nowhere.pem" in error.message


def test_a_ca_file_that_is_no_certificate(host: Host) -> None:
    """A file of something else is bad input, too."""
    assert type(refusal(host.shell(ca_file=Path("password")))) is InputError


def test_a_missing_secret(host: Host) -> None:
    """Named by its reference."""
    error = refusal(host.shell(password="file:nowhere"))
    assert type(error) is InputError
    assert "file:nowhere" in error.message


def test_garbage_does_not_hurt_the_server(host: Host) -> None:
    """A client that speaks no HTTP, or no SOAP, or hangs up, leaves the others alone."""
    with socket.create_connection(("127.53.40.20", host.server.port)) as connection:
        connection.sendall(b"\x00garbage\r\n\r\n")
    session = host.shell()
    assert session.invoke(COMMAND).faults == ()
    session.close()


def test_closing_twice_is_harmless(host: Host) -> None:
    """And closing what was never opened."""
    session = host.shell()
    session.close()
    session.invoke(COMMAND)
    session.close()
    session.close()


def test_an_address_that_is_taken(host: Host, folder: Path) -> None:
    """A second server on the same address fails to start, and leaves nothing behind."""
    before = set(folder.iterdir())
    certificate = (folder / "ca-host.pem", folder / "ca-host.key")
    with pytest.raises(OSError, match="in use"):
        WinrmServer("127.53.40.20", host.server.port, certificate, {USER: "x"}, {}, {}).start()
    assert set(folder.iterdir()) == before


class Friendly(http.server.BaseHTTPRequestHandler):
    """A web server that greets whoever comes."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@contextmanager
def listening(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[int]:
    """A plain web server; gives its port."""
    server = http.server.HTTPServer((LONELY, 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
