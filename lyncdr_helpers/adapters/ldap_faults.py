"""What ldap3, TLS and Kerberos raise, in the words of errors.py. The secret is in none of these messages."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module

from ldap3.core import exceptions as fault

from lyncdr_helpers.errors import AccessDenied, OperationError, Unreachable, Untrusted
from lyncdr_helpers.params.access import DirectoryAccess

CUT = (
    fault.LDAPSessionTerminatedByServerError,
    fault.LDAPSocketReceiveError,
    fault.LDAPSocketSendError,
    fault.LDAPResponseTimeoutError,
)
REFUSED = (
    fault.LDAPInsufficientAccessRightsResult,
    fault.LDAPAuthMethodNotSupportedResult,
    fault.LDAPInappropriateAuthenticationResult,
    fault.LDAPOperationsErrorResult,
)
UNPROTECTED = (fault.LDAPConfidentialityRequiredResult, fault.LDAPStrongerAuthRequiredResult)


def of_sign_in() -> tuple[type[Exception], ...]:
    """What signing in raises besides ldap3's own: a hash that this Python lacks (NTLM), no ticket (Kerberos)."""
    return ValueError, *_kerberos_errors()


def is_cut(error: BaseException) -> bool:
    """Whether the connection died, so that asking again on a new one makes sense."""
    return isinstance(error, CUT)


def translated(error: Exception, access: DirectoryAccess, doing: str) -> OperationError:
    """The error in one line: what, where, what next. `doing`: `the sign-in`, `the search below 'DC=…'`."""
    error = _real_reason(error)
    where = f"{access.domain_controller} ({access.url})"
    who = access.bind.user or "the Kerberos ticket"
    if isinstance(error, ssl.SSLCertVerificationError):
        reason = error.verify_message.rstrip(".")
        return Untrusted(
            f"The certificate of {where} does not prove that it is {access.domain_controller}: {reason}.",
            "Check directory.ca_file and directory.domain_controller, and who answers at that address.",
        )
    if _is_silence(error):
        return Unreachable(
            f"No answer from the domain controller {where} during {doing}: {_first_line(error)}.",
            "Check the address, the port and the network; then run the same command again.",
        )
    if isinstance(error, fault.LDAPInvalidCredentialsResult):
        return AccessDenied(
            f"The domain controller {where} does not accept the user or the password of {who}.",
            "Check directory.bind, and whether the account is locked or its password has expired.",
        )
    if isinstance(error, UNPROTECTED):
        return AccessDenied(
            f"The domain controller {where} takes no sign-in over an unprotected connection.",
            "Use an ldaps:// URL, or set directory.start_tls to true.",
        )
    if isinstance(error, (*REFUSED, *of_sign_in())) and not isinstance(error, fault.LDAPExceptionError):
        return AccessDenied(
            f"The domain controller {where} refuses {who} {doing}: {_first_line(error)}.",
            "Check directory.bind and the rights of the account.",
        )
    return OperationError(
        f"The domain controller {where} could not complete {doing}: {_first_line(error)}.",
        "Check directory.base and the names in the parameters.",
    )


def _is_silence(error: Exception) -> bool:
    """Whether nobody answered, or not in time. ldap3 mixes its own error types with those of the socket."""
    if isinstance(error, ssl.SSLError):
        return False
    return isinstance(error, (*CUT, fault.LDAPSocketOpenError)) or (
        isinstance(error, fault.LDAPStartTLSError) and isinstance(error, OSError)
    )


def _real_reason(error: Exception) -> Exception:
    """The Kerberos error behind it: ldap3 gives such a bind up, and raises what the server says to that."""
    kinds = tuple(_kerberos_errors())
    before = error.__context__
    return before if isinstance(before, Exception) and isinstance(before, kinds) else error


def _kerberos_errors() -> Iterator[type[Exception]]:
    """One per Kerberos library that is here: gssapi with the extra, winkerberos on Windows, often neither."""
    for library in ("gssapi.exceptions", "winkerberos"):
        with suppress(ImportError):
            yield import_module(library).GSSError


def _first_line(error: Exception) -> str:
    """ldap3 writes result, code and message into one string; the server's words are enough."""
    words = [getattr(error, "description", None), getattr(error, "message", None)]
    text = ", ".join(word for word in words if word) or str(error)
    return text.replace("\x00", "").strip().splitlines()[0].rstrip(".") if text.strip() else type(error).__name__
