"""The names that clients make from a SIP domain to find a server, in the order in which they try them.

Source: Microsoft, "Determine DNS requirements"; lync.md, 6.
"""

from __future__ import annotations

from dataclasses import dataclass

HOST, SERVICE = ("A", "AAAA", "CNAME"), ("SRV",)

STARTS = {
    "lyncdiscoverinternal": HOST,
    "lyncdiscover": HOST,
    "_sipinternaltls._tcp": SERVICE,
    "_sipinternal._tcp": SERVICE,
    "_sip._tls": SERVICE,
    "sipinternal": HOST,
    "sip": HOST,
    "sipexternal": HOST,
    "_sipfederationtls._tcp": SERVICE,
}
"""What stands before the SIP domain, and the types it may be of. The last is for partners, not for clients."""


@dataclass(frozen=True)
class Question:
    """One name and type to look for."""

    name: str
    type: str

    @property
    def key(self) -> str:
        """`sip.lync.test A`."""
        return f"{self.name} {self.type}"


def questions(sip_domains: list[str]) -> tuple[Question, ...]:
    """Everything a client may look for, in its order, domain by domain."""
    return tuple(
        Question(f"{start}.{domain}", kind)
        for domain in sip_domains
        for start, kinds in STARTS.items()
        for kind in kinds
    )
