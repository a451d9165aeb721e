"""Response Groups, and the meetings of the lab: the values that a pool keeps beside contact lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["AgentGroup", "Queue", "Workflow"]


@dataclass(frozen=True, slots=True)
class ResponseGroup:
    """One object of the Response Group application.

    number: its GUID. owner: the pool it belongs to, which after a failover is not the one that runs it. address: a
    workflow's, else empty. refers_to: the names of the queues or agent groups it hands calls to.
    """

    number: str
    kind: Kind
    name: str
    owner: str
    address: str = ""
    refers_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Meeting:
    """One conference, scheduled by its organiser and kept on the organiser's home."""

    organizer: str
    number: str
    subject: str
