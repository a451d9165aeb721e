"""One DNS server: questions over UDP and TCP, updates in one signed message (RFC 1035, RFC 2136)."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update

from lyncdr_helpers.adapters.dns_connection import Connection, Unproven
from lyncdr_helpers.adapters.gss_tsig import NegotiatedKey
from lyncdr_helpers.adapters.tsig import Signer, shared_key
from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import AccessDenied, InputError, OperationError, Refusal, UnknownOutcome, Unreachable
from lyncdr_helpers.params.dns import DnsServer, Resolver
from lyncdr_helpers.ports import RecordChange, RecordSet

TIMEOUT = 5.0
TRIES = (0.4, 0.6)
"""How often a question is asked, and which part of the timeout each time has."""
CHANGED = {dns.rcode.NXRRSET, dns.rcode.YXRRSET, dns.rcode.NXDOMAIN, dns.rcode.YXDOMAIN}
DENIED = {dns.rcode.NOTAUTH, dns.rcode.REFUSED}


class DnsNameserver:
    """One server at `address:port`, as the port `Nameserver` promises. A server without a signer takes no updates.

    recursive: it is a resolver and answers from its cache; otherwise only an authoritative answer counts.
    timeout: seconds for a question, asked twice, and for an update and its answer.
    """

    def __init__(
        self,
        name: str,
        address: str,
        port: int = 53,
        *,
        signer: Signer | None = None,
        recursive: bool = False,
        timeout: float = TIMEOUT,
    ) -> None:
        self._name = name
        self._address = address
        self._port = port
        self._signer = signer
        self._recursive = recursive
        self._timeout = timeout

    def __str__(self) -> str:
        return f"DNS server {self._name} ({self._address}:{self._port})"

    def within(self, seconds: float) -> DnsNameserver:
        other = copy.copy(self)
        other._timeout = seconds
        return other

    # -- questions --------------------------------------------------------------------------------------------------
    def ask(self, name: str, type: str) -> RecordSet | None:
        code = records.type_code(type)
        owner = dns.name.from_text(records.owner(name))
        question = dns.message.make_query(owner, code, flags=dns.flags.RD if self._recursive else 0)
        answer = self._answer(question)
        found = answer.get_rrset(answer.answer, owner, question.question[0].rdclass, code)
        if found:
            return records.record_set(name, type, found.ttl, [item.to_text() for item in found])
        self._require_knowledge(answer, name)
        return None

    def _answer(self, question: dns.message.QueryMessage) -> dns.message.Message:
        asked = question.question[0].to_text()
        try:
            answer = self._exchange_twice(question)
        except (dns.exception.Timeout, OSError) as cause:
            raise Unreachable(
                f"{self} does not answer {asked}, asked {len(TRIES)} times: {_without_dot(cause)}.",
                "Check the address, the network and the server.",
            ) from cause
        except (dns.exception.DNSException, EOFError) as cause:
            raise OperationError(
                f"{self} answers {asked} with something that is no DNS answer: {_without_dot(cause)}.",
                "Check what listens there.",
            ) from cause
        if answer.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            raise OperationError(
                f"{self} answers {asked} with {dns.rcode.to_text(answer.rcode())}.",
                "Check that it serves this zone, and that this machine may ask it.",
            )
        return answer

    def _exchange_twice(self, question: dns.message.QueryMessage) -> dns.message.Message:
        *early, last = (share * self._timeout for share in TRIES)
        for seconds in early:
            with contextlib.suppress(dns.exception.Timeout):
                return self._exchange_once(question, seconds)
        return self._exchange_once(question, last)

    def _exchange_once(self, question: dns.message.QueryMessage, seconds: float) -> dns.message.Message:
        answer, _ = dns.query.udp_with_fallback(
            question, self._address, seconds, self._port, ignore_unexpected=True, ignore_errors=True
        )
        return answer

    def _require_knowledge(self, answer: dns.message.Message, name: str) -> None:
        """An empty answer counts only from who is authoritative, or from a resolver that recursed (RFC 2308, 2.2)."""
        knows = answer.flags & (dns.flags.AA | (dns.flags.RA if self._recursive else 0))
        if not knows:
            raise OperationError(
                f"{self} knows nothing about {name}: it refers to other servers.",
                "Name a server that is authoritative for the zone.",
            )

    # -- updates ----------------------------------------------------------------------------------------------------
    def prove_update(self, zone: str) -> None:
        """One prerequisite that always stands, and no change: RFC 2136 has nothing that it could do (3.4.2)."""
        if self._signer is None:
            raise Refusal(f"{self} takes no updates from here.", f"Have somebody at hand who changes {zone} there.")
        origin = dns.name.from_text(records.owner(zone))
        message = dns.update.UpdateMessage(origin)
        message.present(origin, dns.rdatatype.SOA)
        try:
            self._judge(self._send(self._signer, message), zone, ())
        except UnknownOutcome as cause:
            raise OperationError(f"{cause.message[:-1]}; it was to change nothing.", "Check the key.") from cause

    def update(self, zone: str, changes: Sequence[RecordChange]) -> bool:
        if self._signer is None:
            raise Refusal(
                f"{self} takes no updates from here; the zone {zone} is changed by hand.",
                "Make these changes on the server: " + "; ".join(map(_in_words, changes)),
            )
        message = update_message(zone, changes)
        # The prerequisites guard against a race only: Samba lets an old value pass that is just part of what stands.
        if stale := self._stale(changes):
            raise _changed_since(stale, f"seen on {self}")
        self._judge(self._send(self._signer, message), zone, changes)
        return True

    def _send(self, signer: Signer, message: dns.update.UpdateMessage) -> dns.rcode.Rcode:
        """Sign and send it. Before the update goes out nothing can have happened; after that only a proof counts."""
        with self._connected() as connection:
            key = self._key(signer, connection)
            message.use_tsig(key)
            try:
                answer = connection.exchange(message, lambda _, name: key if name == key.name else None)
            except dns.tsig.PeerError as cause:
                raise self._signature_refused(cause) from cause
            except (Unproven, OSError) as cause:
                raise self._unknown(str(cause)) from cause
        if not answer.had_tsig:
            raise self._unknown(f"it says {dns.rcode.to_text(answer.rcode())}, unsigned")
        return answer.rcode()

    def _connected(self) -> Connection:
        try:
            return Connection(self._address, self._port, self._timeout)
        except OSError as cause:
            raise Unreachable(
                f"{self} accepts no connection: {cause}.", "Check the address, the network and the server."
            ) from cause

    def _key(self, signer: Signer, connection: Connection) -> dns.tsig.Key:
        try:
            return signer.key(connection.exchange)
        except OSError as cause:
            raise Unreachable(
                f"{self} does not answer while a key is agreed on: {cause}. Nothing was changed.",
                "Check the network and the server, then run the phase again.",
            ) from cause
        except (Unproven, dns.tsig.PeerError) as cause:
            raise AccessDenied(
                f"{self} did not agree on a key: {cause or type(cause).__name__}. Nothing was changed.",
                "Check the server's name and this account's Kerberos ticket.",
            ) from cause

    def _signature_refused(self, cause: dns.tsig.PeerError) -> AccessDenied:
        """The server's word that a signature is bad is itself unsigned (RFC 8945, 5.3.2); it did not act on it."""
        late = isinstance(cause, dns.tsig.PeerBadTime)
        return AccessDenied(
            f"{self} refuses the signature: {type(cause).__name__.removeprefix('Peer')}. Nothing was changed.",
            "Compare the clocks of both machines." if late else "Compare the key's name, algorithm and secret.",
        )

    def _unknown(self, got: str) -> UnknownOutcome:
        return UnknownOutcome(
            f"{self} was sent an update and gave no proof of what it did: {got}.",
            "Ask for the records: they show whether the update was made.",
        )

    def _judge(self, rcode: dns.rcode.Rcode, zone: str, changes: Sequence[RecordChange]) -> None:
        if rcode == dns.rcode.NOERROR:
            return
        code = dns.rcode.to_text(rcode)
        if rcode in CHANGED:
            with contextlib.suppress(OperationError):  # it is refused, whether or not we learn which record it was
                changes = self._stale(changes) or changes
            raise _changed_since(changes, f"{code} from {self}")
        if rcode in DENIED:
            raise AccessDenied(
                f"{self} refuses an update of {zone}: {code}.",
                "Check that it is the primary of the zone and that the key may change these records.",
            )
        raise OperationError(f"{self} did not update {zone}: {code}.", "Look into the server's log.")

    def _stale(self, changes: Sequence[RecordChange]) -> list[RecordChange]:
        """The changes whose old values do not stand now."""
        return [change for change in changes if not records.same_values(self.ask(*change.key.split()), change.old)]


def update_message(zone: str, changes: Sequence[RecordChange]) -> dns.update.UpdateMessage:
    """One update: each old record set as a prerequisite, then its replacement (RFC 2136, 2.4 and 2.5).

    Raises InputError for a change outside the zone, or one whose old and new are not the same record.
    """
    origin = dns.name.from_text(records.owner(zone))
    message = dns.update.UpdateMessage(origin)
    for change in changes:
        name, rtype = _placed(change, origin)
        if change.old is None:
            message.absent(name, rtype)
        else:
            message.present(name, rtype, *change.old.values)
        if change.new is None:
            message.delete(name, rtype)
        else:
            message.replace(name, change.new.ttl, rtype, *change.new.values)
    return message


def authoritative(server: DnsServer, base_folder: Path) -> DnsNameserver:
    """The authoritative server of the parameters. `base_folder`: where a relative `file:` secret starts from."""
    return DnsNameserver(server.name, server.address, server.port, signer=_signer(server, base_folder))


def resolver(resolver: Resolver) -> DnsNameserver:
    """The resolver of the parameters."""
    return DnsNameserver(resolver.name, resolver.address, resolver.port, recursive=True)


def _signer(server: DnsServer, base_folder: Path) -> Signer | None:
    if server.update == "manual":
        return None
    if server.update == "tsig" and server.tsig is not None:
        return shared_key(server.tsig, base_folder)
    if server.update == "gss-tsig" and server.host is not None:
        return NegotiatedKey(server.host)
    raise InputError(
        f"The DNS server {server.name} says update: {server.update} and not how.",
        "Give it tsig: {name, algorithm, secret} or host: its Kerberos name, or set update: manual.",
    )


def _placed(change: RecordChange, origin: dns.name.Name) -> tuple[dns.name.Name, str]:
    owner, rtype = change.key.split()
    name = dns.name.from_text(owner)
    if not name.is_subdomain(origin):
        raise InputError(f"{change.key} is not in the zone {origin}", "Send each zone its own changes.")
    if change.old is not None and change.old.key != change.key:
        raise InputError(f"{change.old.key} cannot become {change.key}.", "Remove the one and add the other.")
    return name, rtype


def _changed_since(changes: Sequence[RecordChange], evidence: str) -> Refusal:
    return Refusal(
        f"The record changed since the plan: {', '.join(change.key for change in changes)} ({evidence}).",
        "Run the phase again: it makes a new plan from what stands there now.",
    )


def _without_dot(cause: Exception) -> str:
    return str(cause).rstrip(".") or type(cause).__name__


def _in_words(change: RecordChange) -> str:
    old, new = records.as_text(change.old) or "nothing", records.as_text(change.new) or "nothing"
    return f"{change.key}: {old} -> {new}"
