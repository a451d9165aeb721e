"""The lab's nameserver: the zone lync.test, changed by signed updates and kept in a file."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import dns.exception
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.lab.blueprint import TSIG_KEY, Blueprint
from lyncdr_helpers.lab.dns import signatures, zone
from lyncdr_helpers.lab.dns.answer import PAYLOAD, answer
from lyncdr_helpers.lab.dns.sockets import MAX_MESSAGE, DnsSockets
from lyncdr_helpers.lab.dns.update import Rejected, updated
from lyncdr_helpers.ports import RecordSet

HEADER = 12
PLAIN_UDP = 512
QR, OPCODE, RD = 0x80, 0x78, 0x01
"""Bits of a message's third byte (RFC 1035, 4.1.1)."""


class ZoneServer:
    """The nameserver of one lab, on `blueprint.nameserver:dns_port`. Its zone survives a restart.

    Updates need the TSIG key `lyncdr.` (hmac-sha256, its secret in base64 in the file `blueprint.secret("tsig")`).
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._file = blueprint.folder / "dns" / "lync.test.zone"
        self._sockets = DnsSockets(blueprint.nameserver, blueprint.dns_port, self._respond)
        self._changing = threading.Lock()
        self._zone: zone.Zone
        self._key: dns.tsig.Key

    def load(self, records: Iterable[RecordSet]) -> None:
        """Fill the empty zone, before the start. Raises Refusal when there is a zone already."""
        if self._file.exists():
            raise Refusal(f"The zone {self._file} is there already.", "Take the lab down first.")
        zone.write(self._file, zone.fresh(self._blueprint, records))

    def start(self) -> None:
        """Answer from now on. Raises Refusal when there is no zone, OperationError when the address is taken."""
        try:
            self._zone = zone.read(self._file)
        except FileNotFoundError as cause:
            raise Refusal(f"There is no zone in {self._file}.", "Load one first.") from cause
        self._key = dns.tsig.Key(TSIG_KEY, self._blueprint.secret("tsig").read_text(encoding="ascii").strip())
        self._sockets.start()

    def stop(self) -> None:
        """Answer no more; harmless when not started."""
        self._sockets.stop()

    def _respond(self, wire: bytes, *, datagram: bool) -> bytes | None:
        if len(wire) < HEADER or wire[2] & QR:  # noise, or itself a response: answering those could go on for ever
            return None
        try:
            request = signatures.read(wire, self._key)
        except signatures.BadlySigned as bad:
            return bad.answer.to_wire()
        except dns.exception.DNSException:
            return wire[:2] + bytes([QR | wire[2] & (OPCODE | RD), dns.rcode.FORMERR]) + bytes(8)
        limit = min(max(request.payload, PLAIN_UDP), PAYLOAD) if datagram else MAX_MESSAGE
        return self._respond_to(request).to_wire(max_size=limit, prefer_truncation=True)

    def _respond_to(self, request: dns.message.Message) -> dns.message.Message:
        if isinstance(request, dns.update.UpdateMessage):
            return _response(request, self._update(request))
        if request.opcode() == dns.opcode.QUERY:
            return answer(self._zone, request)
        return _response(request, dns.rcode.NOTIMP)

    def _update(self, request: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Change the zone; it is on disk before anybody sees it or hears of it."""
        if not request.had_tsig:
            return dns.rcode.REFUSED
        with self._changing:
            try:
                changed = updated(self._zone, request)
                if changed is not self._zone:
                    zone.write(self._file, changed)
                    self._zone = changed
            except Rejected as rejected:
                return rejected.rcode
            except OSError:
                return dns.rcode.SERVFAIL
        return dns.rcode.NOERROR


def _response(request: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    response = dns.message.make_response(request)
    response.set_rcode(rcode)
    return response
