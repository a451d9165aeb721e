"""A pool's registrar: SIP over TLS, answering strangers as a Lync Front End does, and gone while its site is lost."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterable
from email.utils import formatdate

from lyncdr_helpers.lab import sites
from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, Blueprint
from lyncdr_helpers.probes import sip

WATCH_SECONDS = 0.05
PRODUCT = {"lync2010": "RTC/4.0", "lync2013": "RTC/5.0", "sfb2015": "RTC/6.0", "sfb2019": "RTC/7.0"}
"""The Server header by generation; that of 2019 is inferred."""

METHODS = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "REGISTER", "SUBSCRIBE", "NOTIFY", "SERVICE", "MESSAGE", "INFO")
MANDATORY = ("via", "from", "to", "call-id", "cseq")

Headers = list[tuple[str, str]]


class Registrar:
    """The registrar of one pool, on a thread of its own.

    start: listens, or raises OSError when the address is taken; while the pool cannot be reached nothing listens and no
    connection lives. stop: ends at once.
    """

    def __init__(self, blueprint: Blueprint, pool: str) -> None:
        self._folder = blueprint.folder
        self._pool = pool
        self._address = blueprint.dr_server if pool == DR_POOL else blueprint.primary_server
        self._port = blueprint.sip_port
        self._answers = Answers(pool, PRODUCT[blueprint.generation])
        self._tls = _server_context(blueprint, pool)
        self._open: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._listener: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._run, name=f"registrar {pool}", daemon=True)

    def start(self) -> None:
        """Listen, unless the site is lost just now."""
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._follow_sites(), self._loop).result()
        except OSError:
            self.stop()
            raise
        asyncio.run_coroutine_threadsafe(self._watch(), self._loop)

    def stop(self) -> None:
        """Cut every connection and end the thread."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def _run(self) -> None:
        self._loop.run_until_complete(self._until_stopped())
        self._loop.close()

    async def _until_stopped(self) -> None:
        await self._stopping.wait()
        await self._leave()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self._follow_sites()

    async def _follow_sites(self) -> None:
        """Be there if the site is there, and not otherwise."""
        try:
            reachable = sites.read(self._folder).reachable(self._pool)
        except PermissionError:
            return  # Windows, in the moment the file is replaced: the next look sees it
        if reachable and self._listener is None:
            self._listener = await asyncio.start_server(self._serve, self._address, self._port, ssl=self._tls)
        elif not reachable:
            await self._leave()

    async def _leave(self) -> None:
        """Close the listening socket and cut the connections, so that clients see a dead host and not a silent one."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._listener is None:
            writer.transport.abort()  # the site was lost during the handshake
            return
        self._open.add(writer)
        stream = sip.Stream()
        try:
            while piece := await reader.read(8192):
                for message in stream.feed(piece):
                    writer.write(self._answers.to(message))
                await writer.drain()
        except (OSError, ValueError):
            pass  # cut, or garbage: a registrar hangs up without a word
        finally:
            self._open.discard(writer)
            writer.transport.abort()


class Answers:
    """What the registrar of a pool says to somebody who has not signed in."""

    def __init__(self, pool: str, product: str) -> None:
        self._pool = pool
        self._server = f"fe01.{DOMAIN}" if pool != DR_POOL else pool
        self._product = product

    def to(self, message: sip.Message) -> bytes:
        """The bytes to send back; none for an ACK."""
        method, _, rest = message.start.partition(" ")
        uri, _, version = rest.rpartition(" ")
        if method == "ACK":
            return b""
        status, extra = self._decide(method, uri, version, message)
        return self._compose(message, status, extra)

    def _decide(self, method: str, uri: str, version: str, message: sip.Message) -> tuple[str, Headers]:
        """The status line's rest and the headers that belong to it (RFC 3261, 8.2)."""
        if version != "SIP/2.0":
            return "505 Version Not Supported", []
        if not all(message.first(name) for name in MANDATORY):
            return "400 Bad Request", []
        if message.first("max-forwards") == "0":
            return "483 Too Many Hops", []
        if method == "OPTIONS":
            return "200 OK", [("Allow", ", ".join(METHODS))]
        if method != "REGISTER":
            return "405 Method Not Allowed", [("Allow", "OPTIONS, REGISTER")]
        if uri.lower() not in (f"sip:{DOMAIN}", f"sip:{self._pool}"):
            return "404 Not Found", [("ms-diagnostics", f'1003;reason="User does not exist";source="{self._server}"')]
        return "401 Unauthorized", [("Date", formatdate(usegmt=True)), *self._challenges()]

    def _challenges(self) -> Headers:
        """The three ways to sign in that a Front End offers."""
        token = f"https://{self._pool}:443/CertProv/CertProvisioningService.svc"
        offers = {
            "NTLM": f'targetname="{self._server}", version=4',
            "Kerberos": f'targetname="sip/{self._server}", version=4',
            "TLS-DSK": f'targetname="{self._server}", version=4, sts-uri="{token}"',
        }
        return [("WWW-Authenticate", f'{scheme} realm="{sip.REALM}", {rest}') for scheme, rest in offers.items()]

    def _compose(self, message: sip.Message, status: str, extra: Headers) -> bytes:
        echoed: Headers = [("Via", value) for value in message.all("via")]
        echoed += [(name, message.first(name.lower())) for name in ("From", "Call-ID", "CSeq")]
        to = message.first("to")
        echoed.append(("To", to if ";tag=" in to else f"{to};tag={self._pool.replace('.', '')}"))
        return _spell(f"SIP/2.0 {status}", [*echoed, *extra, ("Server", self._product), ("Content-Length", "0")])


def _spell(start: str, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _server_context(blueprint: Blueprint, pool: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    chain, key = blueprint.certificate(pool.partition(".")[0])
    context.load_cert_chain(chain, key)
    return context
