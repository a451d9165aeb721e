"""What every DNS server says of every record: many questions at once, and a dead server is asked but one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.params.dns import DnsServer, in_zone
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

AT_ONCE = 32
"""Questions under way at the same time."""
AUTHORITATIVE, RESOLVER = "server", "resolver"


@dataclass(frozen=True)
class Server:
    """One server that is asked. kind: AUTHORITATIVE or RESOLVER."""

    kind: str
    name: str
    nameserver: Nameserver

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Answer = RecordSet | OperationError | None
Question = tuple[Server, str]
"""A server, and the key of a record: `sip.lync.test A`."""


@dataclass
class Answers:
    """What every server said of every record. dead: servers that do not answer at all, and why."""

    said: dict[Question, Answer] = field(default_factory=dict)
    dead: dict[Server, OperationError] = field(default_factory=dict)

    def of(self, server: Server, key: str) -> Answer:
        """What a server that was asked said; None where it has no such record."""
        return self.dead.get(server) or self.said.get((server, key))

    def found(self, key: str) -> list[tuple[Server, RecordSet]]:
        """Who has the record, and how; authoritative servers first."""
        having = [
            (one, said) for (one, asked), said in self.said.items() if asked == key and isinstance(said, RecordSet)
        ]
        return sorted(having, key=lambda one: (one[0].kind != AUTHORITATIVE, one[0].name))


def authoritative(session: Session, key: str) -> Server | None:
    """The server that an activation would change the record on."""
    server = session.params.dns.server_for(_name(key))
    return as_server(session, server) if server else None


def as_server(session: Session, server: DnsServer) -> Server:
    """An authoritative server of the parameters."""
    return Server(AUTHORITATIVE, server.name, session.nameservers[server.name])


def watchers(session: Session) -> list[Server]:
    """Every resolver, and every authoritative server that is not the one for all that it holds."""
    others = [
        as_server(session, one)
        for one in session.params.dns.servers
        if any(session.params.dns.server_for(zone) is not one for zone in one.zones)
    ]
    return [*others, *(Server(RESOLVER, name, one) for name, one in session.resolvers.items())]


def _asks(session: Session, key: str) -> list[Server]:
    """Who is asked for a record: whoever is authoritative for it, and who clients ask."""
    name = _name(key)
    holds = {one.name for one in session.params.dns.servers if any(in_zone(name, zone) for zone in one.zones)}
    others = [one for one in watchers(session) if one.kind == RESOLVER or one.name in holds]
    first = authoritative(session, key)
    return [*([first] if first else []), *(one for one in others if one != first)]


def ask(session: Session, keys: Sequence[str]) -> Answers:
    """One question to each server tells who is dead; the others are asked for the rest, many at once."""
    questions = [(server, key) for key in keys for server in _asks(session, key)]
    first = list({server: (server, key) for server, key in reversed(questions)}.values())
    answers = Answers(dict(zip(first, ask_all(first, _answer, AT_ONCE), strict=True)))
    answers.dead = {server: said for (server, _), said in answers.said.items() if isinstance(said, Unreachable)}
    rest = [question for question in questions if question not in answers.said and question[0] not in answers.dead]
    answers.said |= dict(zip(rest, ask_all(rest, _answer, AT_ONCE), strict=True))
    return answers


def _answer(question: Question) -> Answer:
    server, key = question
    name, _, kind = key.partition(" ")
    try:
        return server.nameserver.ask(name, kind)
    except OperationError as error:
        return error


def _name(key: str) -> str:
    return key.partition(" ")[0]
