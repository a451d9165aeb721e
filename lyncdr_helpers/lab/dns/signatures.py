"""TSIG on the server's side: who signed a request, and the answer to a request that was signed wrongly.

The answer to BADKEY and BADSIG carries the error without a signature; the one to BADTIME is signed (RFC 8945, 5.2).
"""

from __future__ import annotations

import struct
import time

import dns.message
import dns.rcode
import dns.rrset
import dns.tsig
from dns.rdtypes.ANY.TSIG import TSIG


class BadlySigned(Exception):
    """The request's signature does not count; `answer` is the whole response."""

    def __init__(self, answer: dns.message.Message) -> None:
        super().__init__(dns.rcode.to_text(dns.rcode.NOTAUTH))
        self.answer = answer


def read(wire: bytes, key: dns.tsig.Key) -> dns.message.Message:
    """The request, verified where it is signed. Raises BadlySigned; DNSException when it is malformed."""
    try:
        return dns.message.from_wire(wire, keyring={key.name: key})
    except (dns.message.UnknownTSIGKey, dns.tsig.BadKey, dns.tsig.BadAlgorithm) as cause:
        raise BadlySigned(_unsigned(wire, dns.rcode.BADKEY)) from cause
    except dns.tsig.BadSignature as cause:
        raise BadlySigned(_unsigned(wire, dns.rcode.BADSIG)) from cause
    except dns.tsig.BadTime as cause:
        raise BadlySigned(_late(wire, key)) from cause


def _unsigned(wire: bytes, error: dns.rcode.Rcode) -> dns.message.Message:
    request = dns.message.from_wire(wire, keyring=False)
    response = _not_authorised(request)
    assert request.keyname is not None
    response.tsig = dns.rrset.from_rdata(request.keyname, 0, _signature(request).replace(mac=b"", error=error))
    return response


def _late(wire: bytes, key: dns.tsig.Key) -> dns.message.Message:
    """Time signed is the client's own time, other data is ours (RFC 8945, 5.2.3)."""
    request = dns.message.from_wire(wire, keyring=False)
    theirs = _signature(request)
    response = _not_authorised(request)
    now = int(time.time())
    error = theirs.replace(mac=b"", error=dns.rcode.BADTIME, other=struct.pack("!HI", now >> 32, now & 0xFFFFFFFF))
    signed, _ = dns.tsig.sign(response.to_wire(), key, error, theirs.time_signed, theirs.mac)  # type: ignore[no-untyped-call]
    response.tsig = dns.rrset.from_rdata(key.name, 0, signed)
    return response


def _not_authorised(request: dns.message.Message) -> dns.message.Message:
    response = dns.message.make_response(request)  # not signed: the request was read without a keyring
    response.set_rcode(dns.rcode.NOTAUTH)
    return response


def _signature(request: dns.message.Message) -> TSIG:
    assert request.tsig is not None
    signature = request.tsig[0]
    assert isinstance(signature, TSIG)
    return signature
