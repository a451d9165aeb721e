"""The lab's nameserver: the zone lync.test on UDP and TCP, changed by signed updates, kept in a file."""

from __future__ import annotations

import contextlib
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Iterable
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.tsig
import dns.update

from lyncdr_helpers.errors import OperationError, Refusal
from lyncdr_helpers.lab.blueprint import TSIG_KEY, Blueprint
from lyncdr_helpers.lab.dns import signatures, zone
from lyncdr_helpers.lab.dns.answer import PAYLOAD, answer
from lyncdr_helpers.lab.dns.update import Rejected, updated
from lyncdr_helpers.ports import RecordSet

HEADER = 12
PLAIN_UDP = 512
MAX_MESSAGE = 65535
IDLE_SECONDS = 10
POLL_SECONDS = 0.05


class ZoneServer:
    """The nameserver of one lab, on `blueprint.nameserver:dns_port`. Its zone survives a restart.

    Updates need the TSIG key `lyncdr.` (hmac-sha256, its secret in base64 in the file `blueprint.secret("tsig")`).
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._file = blueprint.folder / "dns" / "lync.test.zone"
        self._changing = threading.Lock()
        self._servers: list[socketserver.BaseServer] = []
        self._threads: list[threading.Thread] = []
        self._zone: zone.Zone
        self._key: dns.tsig.Key

    def load(self, records: Iterable[RecordSet]) -> None:
        """Fill the empty zone, before the start. Raises Refusal when there is a zone already."""
        if self._file.exists():
            raise Refusal(f"The zone {self._file} is there already.", "Take the lab down first.")
        zone.write(self._file, zone.fresh(self._blueprint, records))

    def start(self) -> None:
        """Answer from now on. Raises OperationError when the address is taken, Refusal when there is no zone."""
        try:
            self._zone = zone.read(self._file)
        except FileNotFoundError as cause:
            raise Refusal(f"There is no zone in {self._file}.", "Load one first.") from cause
        self._key = dns.tsig.Key(TSIG_KEY, self._blueprint.secret("tsig").read_text(encoding="ascii").strip())
        address = (self._blueprint.nameserver, self._blueprint.dns_port)
        try:
            for kind in (_Udp, _Tcp):
                self._servers.append(kind(address, self))
        except OSError as cause:
            self.stop()
            raise OperationError(
                f"The lab's nameserver cannot listen on {address[0]}:{address[1]}: {cause.strerror}.",
                "Stop what listens there, or choose another subnet.",
            ) from cause
        for server in self._servers:
            thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Answer no more; harmless when not started."""
        for server in self._servers[: len(self._threads)]:
            server.shutdown()
        for thread in self._threads:
            thread.join()
        for server in self._servers:
            server.server_close()
        self._servers, self._threads = [], []

    def respond(self, wire: bytes, *, datagram: bool) -> bytes | None:
        """The response to one message, cut to what a datagram to this client may carry; None where there is none."""
        if len(wire) < HEADER or wire[2] & 0x80:  # noise, or itself a response: answering could go on for ever
            return None
        try:
            request = signatures.read(wire, self._key)
        except signatures.BadlySigned as bad:
            return bad.answer.to_wire()
        except dns.exception.DNSException:
            return _bare(wire, dns.rcode.FORMERR)
        limit = min(max(request.payload, PLAIN_UDP), PAYLOAD) if datagram else MAX_MESSAGE
        return self._respond_to(request).to_wire(max_size=limit, prefer_truncation=True)

    def _respond_to(self, request: dns.message.Message) -> dns.message.Message:
        if isinstance(request, dns.update.UpdateMessage):
            return self._update(request)
        if request.opcode() == dns.opcode.QUERY:
            return answer(self._zone, request)
        return _response(request, dns.rcode.NOTIMP)

    def _update(self, request: dns.update.UpdateMessage) -> dns.message.Message:
        """The zone is on disk before anybody hears of it."""
        if not request.had_tsig:
            return _response(request, dns.rcode.REFUSED)
        with self._changing:
            try:
                changed = updated(self._zone, request)
                if changed is not self._zone:
                    zone.write(self._file, changed)
                    self._zone = changed
            except Rejected as rejected:
                return _response(request, rejected.rcode)
            except OSError:
                return _response(request, dns.rcode.SERVFAIL)
        return _response(request, dns.rcode.NOERROR)


class _Udp(socketserver.UDPServer):
    max_packet_size = MAX_MESSAGE

    def __init__(self, address: tuple[str, int], zone_server: ZoneServer) -> None:
        self.zone_server = zone_server
        super().__init__(address, _Datagram)


class _Datagram(socketserver.BaseRequestHandler):
    server: _Udp

    def handle(self) -> None:
        wire, sock = self.request
        response = self.server.zone_server.respond(wire, datagram=True)
        if response is not None:
            with contextlib.suppress(OSError):  # who asked is gone
                sock.sendto(response, self.client_address)


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = os.name == "posix"  # on Windows it would let two servers share the port
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], zone_server: ZoneServer) -> None:
        self.zone_server = zone_server
        self._open: set[socket.socket] = set()
        super().__init__(address, _Stream)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        super().server_close()
        for request in list(self._open):
            with contextlib.suppress(OSError):  # closed by its own thread meanwhile
                request.shutdown(socket.SHUT_RDWR)


class _Stream(socketserver.BaseRequestHandler):
    server: _Tcp

    def handle(self) -> None:
        """Any number of messages, each after its length (RFC 7766)."""
        self.request.settimeout(IDLE_SECONDS)
        with contextlib.suppress(OSError):  # idle too long, or cut off
            while wire := self._read_message():
                response = self.server.zone_server.respond(wire, datagram=False)
                if response is None:
                    return
                self.request.sendall(struct.pack("!H", len(response)) + response)

    def _read_message(self) -> bytes:
        length = self._read(2)
        return self._read(struct.unpack("!H", length)[0]) if length else b""

    def _read(self, count: int) -> bytes:
        """So many bytes, or none when the stream ends before."""
        taken = b""
        while len(taken) < count:
            piece = self.request.recv(count - len(taken))
            if not piece:
                return b""
            taken += piece
        return taken


def _response(request: dns.message.Message, rcode: dns.rcode.Rcode) -> dns.message.Message:
    response = dns.message.make_response(request)
    response.set_rcode(rcode)
    return response


def _bare(wire: bytes, rcode: dns.rcode.Rcode) -> bytes:
    """A response of a header alone, to a request that cannot be read."""
    opcode = wire[2] & 0x78
    return wire[:2] + bytes([0x80 | opcode | wire[2] & 0x01, rcode]) + bytes(8)
