"""One authoritative DNS server, or one resolver that clients use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, order=True)
class RecordSet:
    """All records of one name and type (RFC 2181, 5). `name` is absolute, lower case, without the final dot.

    `values` are sorted, in presentation form, names in them absolute with a final dot (`0 0 5061 drse01.lync.test.`).
    `ttl` in seconds.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]

    @property
    def key(self) -> str:
        """`sip.lync.test A`."""
        return f"{self.name} {self.type}"


@dataclass(frozen=True, order=True)
class RecordChange:
    """Replace `old` (None: nothing is there) with `new` (None: remove it), and only if `old` still stands."""

    old: RecordSet | None
    new: RecordSet | None

    @property
    def key(self) -> str:
        some = self.new or self.old
        assert some is not None, "a change of nothing"
        return some.key


class Nameserver(Protocol):
    """One DNS server.

    Questions may be repeated. None means the server answered that no such record exists (NXDOMAIN or NODATA); silence,
    SERVFAIL and REFUSED raise. Updates (RFC 2136) carry the old values as prerequisites, so the server itself refuses
    when the world has changed; one update is all or nothing. Raises Unreachable, AccessDenied; UnknownOutcome when an
    update was sent and no verifiable answer came, which on some servers is how a lost race ends.
    """

    def within(self, seconds: float) -> Nameserver:
        """The same server, which gets so many seconds for every question, and for every update and its answer."""

    def ask(self, name: str, type: str) -> RecordSet | None:
        """The record set at that name, as this server has it now."""

    def prove_update(self, zone: str) -> None:
        """Prove, by an update that changes nothing, that this server takes ours. May be repeated.

        It proves the key, the clocks and the way there. A server that judges each record by itself (BIND's
        update-policy, Active Directory's permissions) may still refuse one. Raises Refusal where updates are made by
        hand, AccessDenied when the server refuses, OperationError when it proves nothing.
        """

    def update(self, zone: str, changes: Sequence[RecordChange]) -> bool:
        """Change the zone. True: done; False: withheld. Raises Refusal when an `old` no longer stands."""
