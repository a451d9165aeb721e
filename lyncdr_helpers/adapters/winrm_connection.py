"""One WinRM connection of pypsrp: who the server must prove to be, how we sign in, and what its errors mean here."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree.ElementTree import ParseError

import requests
from pypsrp.exceptions import AuthenticationError, WinRMError, WSManFaultError
from pypsrp.wsman import WSMan, WSManAction
from spnego.exceptions import SpnegoError
from urllib3.exceptions import NewConnectionError

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import AccessDenied, InputError, OperationError, Unreachable, Untrusted
from lyncdr_helpers.params.access import ManagementHost

try:
    from krb5 import Krb5Error
except ImportError:  # Kerberos is optional; pyspnego imports it when it is asked for it, and then raises this again
    KERBEROS_ERRORS: tuple[type[Exception], ...] = (ImportError,)
else:
    KERBEROS_ERRORS = (ImportError, Krb5Error)

FOREIGN_ERRORS = (requests.RequestException, WinRMError, SpnegoError, ParseError)
"""Everything pypsrp lets through when a server, a network or a sign-in is not as it should be."""

CONNECT_SECONDS = 15
"""How long one connection attempt may take."""

POLL_SECONDS = 20
"""How long the server may hold back the answer to a question for news (WS-Management's OperationTimeout)."""

CLOSE_SECONDS = 5
"""How long stopping a command or closing a shell may take: nobody depends on it."""

ACCESS_DENIED = 5
NO_SUCH_SHELL = 2150858843
TOO_MANY_SHELLS = 2150859173
TOO_MANY_OPERATIONS = 2150859174
REFUSED_UNREAD = {ACCESS_DENIED, NO_SUCH_SHELL, TOO_MANY_SHELLS, TOO_MANY_OPERATIONS}
"""WS-Management faults from before a server looks at a command. Others, above all a timeout, may come after."""


class Connection(WSMan):
    """pypsrp's connection without its patience: a lost answer is reported, never asked for again behind our back."""

    def receive(
        self,
        resource_uri: str,
        resource: Any,
        option_set: Any = None,
        selector_set: Any = None,
        timeout: int | None = None,
    ) -> Any:
        """Pypsrp repeats a Receive up to five times, which would outlast the deadline of a command."""
        answer = self.invoke(WSManAction.RECEIVE, resource_uri, resource, option_set, selector_set, timeout)
        return answer.find("s:Body", {"s": "http://www.w3.org/2003/05/soap-envelope"})

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        """Every message passes here; what signing in may raise besides pypsrp's own errors becomes one of them."""
        try:
            return super().invoke(*args, **kwargs)
        except KeyError as cause:  # pypsrp looks up the negotiation that the server should have begun
            raise WinRMError("It does not ask who we are") from cause
        except KERBEROS_ERRORS as cause:
            raise AuthenticationError(str(cause)) from cause

    def signal(self, *args: Any, **kwargs: Any) -> Any:
        return super().signal(*args, **{"timeout": CLOSE_SECONDS, **kwargs})

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        return super().delete(*args, **{"timeout": CLOSE_SECONDS, **kwargs})


def connect(host: ManagementHost, base_folder: Path) -> Connection:
    """A connection that has not spoken yet. Raises InputError for what is wrong with the parameters themselves."""
    url = urlsplit(host.url)
    secure = url.scheme == "https"
    if host.auth == "basic" and not (secure and host.user and host.password):
        raise InputError(
            f"The management host {host.url} cannot be used with basic: that needs https, user and password.",
            "Complete management_host, or set auth to negotiate.",
        )
    password = SecretReference.parse(host.password, base_folder).reveal() if host.password else ""
    _keep_quiet()
    connection = Connection(
        url.hostname or "",
        port=url.port or (5986 if secure else 5985),
        ssl=secure,
        path=url.path.strip("/") or "wsman",
        auth=host.auth,
        username=host.user or None,
        password=password or None,
        operation_timeout=POLL_SECONDS,
        read_timeout=POLL_SECONDS + 10,
        connection_timeout=CONNECT_SECONDS,
        no_proxy=True,
        negotiate_hostname_override=host.server_name,
    )
    if secure:
        session = connection.transport.session = _proving_session(connection, host, base_folder)
        if host.auth == "basic":
            # requests would write the pair in Latin-1, which has no room for many a password (RFC 7617: UTF-8)
            session.auth = requests.auth.HTTPBasicAuth(host.user.encode(), password.encode())
    return connection


def _proving_session(connection: Connection, host: ManagementHost, base_folder: Path) -> requests.Session:
    """An HTTP session that holds the server to its certificate: signed by the CA, and in the name it should have.

    pypsrp has no setting for a name that differs from the URL's host, so the session it would build on its first
    message is built here, and its TLS adapter told the name. The system's CAs are added because requests itself knows
    only those of certifi, which on Windows misses an enterprise CA.
    """
    ca_file = base_folder / host.ca_file if host.ca_file else None
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as cause:
        raise InputError(
            f"The CA certificate {ca_file} of the management host cannot be read: {cause}.",
            "Put the CA's certificate there, in PEM, or leave ca_file out to trust the system's.",
        ) from cause
    session = connection.transport._build_session()
    session.trust_env = False  # no proxy, password or CA bundle of this machine's other programs; and a tenth less work
    tls: dict[str, Any] = {"ssl_context": context}
    if host.server_name:
        tls |= {"server_hostname": host.server_name, "assert_hostname": host.server_name}
    session.verify = str(ca_file) if ca_file else session.verify
    adapter = session.get_adapter("https://")
    assert isinstance(adapter, requests.adapters.HTTPAdapter)
    adapter.poolmanager.connection_pool_kw.update(tls)
    return session


def _keep_quiet() -> None:
    """Python prints the errors of a library nobody listens to; whatever pypsrp logs, we raise."""
    log = logging.getLogger("pypsrp")
    if not log.handlers:
        log.addHandler(logging.NullHandler())


def translate(error: Exception, host: ManagementHost) -> OperationError:
    """What a foreign error means when nothing was done yet. The message never holds a password: none of them do."""
    if isinstance(error, AuthenticationError | SpnegoError) or _is_fault(error, ACCESS_DENIED):
        why = f": {_reason(error.__cause__)}" if error.__cause__ else ""
        return AccessDenied(
            f"The management host {host.url} does not let {host.user or 'this account'} in with {host.auth}{why}.",
            "Check user, password and auth of management_host, and that the account may use PowerShell remoting there.",
        )
    if isinstance(error, requests.exceptions.SSLError) and not _hung_up(error):
        return Untrusted(
            f"The certificate of the management host {host.url} does not prove that it is "
            f"{host.server_name or urlsplit(host.url).hostname}: {_reason(error)}.",
            "Check ca_file and server_name of management_host; do not go on if the certificate should have been right.",
        )
    if isinstance(error, requests.RequestException):
        return Unreachable(
            f"The management host {host.url} does not answer: {_reason(error)}.",
            "Check that the machine is up, that its WinRM service runs, and that the port is open from here.",
        )
    return OperationError(
        f"The management host {host.url} answers, but not as WinRM does: {_reason(error)}.",
        "Check the path of the URL (wsman), and what listens on that port.",
    )


def never_sent(error: Exception) -> bool:
    """Whether the request that met this error provably did not leave this machine, or was refused unread."""
    if isinstance(error, WSManFaultError):
        return error.code in REFUSED_UNREAD
    if isinstance(error, requests.ConnectTimeout | AuthenticationError | SpnegoError):
        return True
    return any(isinstance(cause, NewConnectionError | ssl.SSLCertVerificationError) for cause in _causes(error))


def is_lost_shell(error: Exception) -> bool:
    """Whether the server says that it no longer has our shell."""
    return _is_fault(error, NO_SUCH_SHELL)


def _hung_up(error: Exception) -> bool:
    """Whether the other side closed the line in the middle of TLS, which says nothing about its certificate."""
    return any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in _causes(error))


def _is_fault(error: Exception, code: int) -> bool:
    return isinstance(error, WSManFaultError) and error.code == code


def _causes(error: BaseException) -> list[BaseException]:
    """The error and everything it wraps: requests keeps urllib3's error in its arguments, urllib3 in `reason`."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [*each.args, getattr(each, "reason", None), each.__cause__, each.__context__]
    return found


def _reason(error: BaseException) -> str:
    """The innermost words of an error, without the layers around them."""
    if isinstance(error, WinRMError):
        return str(error).strip(". ")
    words = (_words(cause) for cause in reversed(_causes(error)))
    return next((each for each in words if each), type(error).__name__).strip(". ")


def _words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError) and error.verify_message:
        return error.verify_message
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)
    return str(error) if all(isinstance(each, str) for each in error.args) else ""
