"""Signing with Kerberos: a key agreed on for one connection (RFC 3645), as Active Directory wants."""

from __future__ import annotations

import time
import uuid

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.TKEY
import dns.tsig

from lyncdr_helpers.adapters.dns_connection import Exchange
from lyncdr_helpers.errors import AccessDenied, InputError

GSS_API_MODE = 3
LIFETIME = 3600
ROUNDS = 8
"""More rounds than any mechanism needs; a server that never finishes is cut off."""


class NegotiatedKey:
    """A key negotiated as the account that runs this process: its ticket cache on Linux, its logon on Windows.

    host: the server's name as Kerberos knows it; the ticket is for DNS/host.
    """

    def __init__(self, host: str) -> None:
        self._host = host

    def key(self, exchange: Exchange) -> dns.tsig.Key:
        context = _Context(self._host)
        key = dns.tsig.Key(dns.name.from_text(f"{uuid.uuid4()}."), context, dns.tsig.GSS_TSIG)  # type: ignore[arg-type]
        keyring = dns.tsig.GSSTSigAdapter({key.name: key})  # type: ignore[no-untyped-call]  # steps the context with each answer it reads
        context.step(None)
        for _ in range(ROUNDS):
            answer = exchange(_tkey_query(key.name, context.token), keyring)
            self._require_agreement(answer, key.name)
            if context.complete:
                return key
        raise AccessDenied(f"DNS/{self._host} never agreed on a key.", "Look into the server's log.")

    def _require_agreement(self, answer: dns.message.Message, name: dns.name.Name) -> None:
        tkey = answer.get_rrset(answer.answer, name, dns.rdataclass.ANY, dns.rdatatype.TKEY)
        error = tkey[0].error if tkey else answer.rcode()
        if error or not tkey:
            raise AccessDenied(
                f"DNS/{self._host} does not accept this account's ticket: {dns.rcode.to_text(error, tsig=True)}.",
                "Check the server's name, the account and both clocks.",
            )


class _Context:
    """What dnspython calls on a GSS-API context, on pyspnego's: SSPI on Windows, GSSAPI elsewhere."""

    def __init__(self, host: str) -> None:
        self._host = host
        self.token: bytes | None = None
        try:
            import spnego  # optional: only where a server is updated with Kerberos

            self._errors = (spnego.exceptions.SpnegoError, OSError)
            self._context = spnego.client(
                hostname=host,
                service="DNS",
                protocol="kerberos",
                context_req=spnego.ContextReq.mutual_auth | spnego.ContextReq.integrity,
            )
        except ImportError as cause:
            raise InputError(
                f"GSS-TSIG needs Kerberos for Python: {cause}.", "Run: pip install lyncdr-helpers[kerberos]"
            ) from cause
        except self._errors as cause:
            raise self._denied(cause) from cause

    @property
    def complete(self) -> bool:
        return self._context.complete

    def step(self, token: bytes | None) -> None:
        """Take the server's token and make the next one."""
        if self.complete:
            return
        try:
            self.token = self._context.step(token)
        except self._errors as cause:
            raise self._denied(cause) from cause

    def get_signature(self, data: bytes) -> bytes:
        return self._context.sign(data)

    def verify_signature(self, data: bytes, signature: bytes) -> None:
        """Verify as RFC 3645 says, else as Samba 4.17 signs answers: without the length of the request's MAC."""
        try:
            self._context.verify(data, signature)
        except self._errors:
            self._context.verify(data[2:], signature)

    def _denied(self, cause: Exception) -> AccessDenied:
        return AccessDenied(
            f"No Kerberos ticket for DNS/{self._host}: {cause}.",
            "Sign in to the domain (kinit on Linux) with an account that may change the zone.",
        )


def _tkey_query(name: dns.name.Name, token: bytes | None) -> dns.message.QueryMessage:
    now = int(time.time())
    query = dns.message.make_query(name, dns.rdatatype.TKEY, dns.rdataclass.ANY, flags=0)
    record = dns.rdtypes.ANY.TKEY.TKEY(  # type: ignore[no-untyped-call]
        dns.rdataclass.ANY,
        dns.rdatatype.TKEY,
        dns.tsig.GSS_TSIG,
        now,
        now + LIFETIME,
        GSS_API_MODE,
        0,
        token or b"",
        b"",
    )
    query.find_rrset(query.additional, name, dns.rdataclass.ANY, dns.rdatatype.TKEY, create=True).add(record)
    return query
